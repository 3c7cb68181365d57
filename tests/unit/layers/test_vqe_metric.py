"""The ground state that chooses metrics, alone and at work in a model."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from hybrid_opt.classical.attention_scale import no_decay_parameter_names
from hybrid_opt.classical.components import build_component, component_names
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.metric_choices import SoftmaxMetricChoice
from hybrid_opt.classical.metric_freezing import freeze_metrics
from hybrid_opt.classical.recomputed_activations import recompute_activations
from hybrid_opt.layers.vqe_metric import VQEMetricChoice, build_vqe_metric

TOKENS = (torch.arange(24).reshape(2, 12) * 7) % 20
METRICS = ["l1", "l2", "squared_l2", "cosine"]
SPEC = {"name": "vqe_metric", "metrics": METRICS, "simulator": "native"}


def model_of(**settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    return DistanceGPT(DistanceTransformerConfig(**{**sizes, "metric_choice": SPEC, **settings}))


def choice_of(start=(0, 3), n_options: int = 4, **settings: Any) -> VQEMetricChoice:
    return VQEMetricChoice(start, n_options, **{"simulator": "native", "seed": 2, **settings})


def test_the_gradient_through_a_layer_is_that_of_the_mixture():
    # A loss that is linear in what the last attention adds: its straight-through gradient is exact there.
    torch.manual_seed(0)
    model = model_of(num_hidden_layers=1).double().train()
    stack, direction = model.model.stack, torch.randn(2, 12, 16, dtype=torch.float64)
    block, choice = stack.blocks[0], stack.metric_choice
    torch.nn.init.normal_(choice.coefficients)
    hidden = torch.randn(2, 12, 16, dtype=torch.float64)
    (made,) = stack.choose_metrics()
    output = block.attention(hidden, metric_probabilities=made.probabilities)[0]
    (output * direction).sum().backward()
    outputs = []
    for index in range(4):
        block.attention.choose(index)
        outputs.append(block.attention(hidden)[0].detach())

    def mixture() -> float:
        with torch.no_grad():
            return float((torch.einsum("k,kbtc->btc", choice()[0], torch.stack(outputs)) * direction).sum())

    step = 1e-5
    for term in range(3):
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                choice.coefficients[0, term] += sign * step
            ends.append(mixture())
            with torch.no_grad():
                choice.coefficients[0, term] -= sign * step
        slope = (ends[0] - ends[1]) / (2 * step)
        assert choice.coefficients.grad[0, term].item() == pytest.approx(slope, rel=1e-3, abs=1e-6)


def test_it_learns_another_choice():
    choice, wanted = choice_of(), torch.tensor([2, 1])
    optimizer = torch.optim.Adam(choice.parameters(), lr=0.1)
    for _ in range(40):
        optimizer.zero_grad()
        (-choice()[torch.arange(2), wanted].log().sum()).backward()
        optimizer.step()
    assert choice().argmax(-1).tolist() == wanted.tolist()


def test_aer_and_the_native_simulator_agree():
    aer = choice_of(simulator="aer")
    assert "Aer" in aer.choice.label
    torch.testing.assert_close(aer(), choice_of()(), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("n_options", [2, 4])
def test_the_softmax_it_is_compared_with_has_as_many_parameters(n_options: int):
    quantum = sum(part.numel() for part in choice_of((0, 1), n_options).parameters())
    assert quantum == 2 * (n_options - 1)
    assert sum(part.numel() for part in SoftmaxMetricChoice((0, 1), n_options).parameters()) >= quantum


def test_at_work_in_a_model_saved_loaded_and_frozen_bit_for_bit(tmp_path):
    model = model_of().train()
    recompute_activations(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        model(input_ids=TOKENS, labels=TOKENS).loss.backward()
        optimizer.step()
    assert (model.model.stack.metric_choice.coefficients.grad.abs().max(1).values > 0).all()
    with torch.no_grad():
        model.model.stack.metric_choice.coefficients[0] = torch.tensor([2.0, 1.0, -1.0])
    logits = model.eval()(input_ids=TOKENS).logits
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert torch.equal(loaded(input_ids=TOKENS).logits, logits)
    names = [layer.metrics[0] for layer in loaded.attention_layers()]
    assert names[0] != "l1"
    frozen = freeze_metrics(loaded)
    assert frozen.config.metric == names
    assert torch.equal(frozen(input_ids=TOKENS).logits, logits)


def test_generation_finds_the_ground_state_once(monkeypatch):
    model, calls = model_of().eval(), []
    choice = model.model.stack.metric_choice
    whole = type(choice)._ground_states

    def counted(self, coefficients):
        calls.append(1)
        return whole(self, coefficients)

    monkeypatch.setattr(type(choice), "_ground_states", counted)
    model.generate(TOKENS, max_new_tokens=4, do_sample=False, pad_token_id=0)
    assert len(calls) == 1


def test_weight_decay_leaves_choices_alone():
    assert no_decay_parameter_names(choice_of()) == ["coefficients"]


def test_copies_and_casts():
    choice = choice_of()
    assert torch.equal(copy.deepcopy(choice)(), choice())
    assert copy.deepcopy(choice).to(torch.bfloat16)().dtype == torch.float32
    assert choice.to(torch.float64)().dtype == torch.float64


def test_it_is_offered_by_name():
    assert "vqe_metric" in component_names("metric_choice")
    part = build_component("metric_choice", SPEC, num_layers=3, start_metrics=["l1", "l2", "cosine"])
    assert part().argmax(-1).tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    "settings",
    [
        {"metrics": ["l1", "l2", "cosine"]},
        {"metrics": ["l1"]},
        {"metrics": ["l1", "dot"]},
        {"transverse_field": 0.0},
        {"simulator": "gpu"},
        {"seed": 0.5},
        {"choices": "l1"},
    ],
)
def test_illegal_settings(settings):
    with pytest.raises(ComponentError, match="metric_choice 'vqe_metric'"):
        build_vqe_metric({"metrics": METRICS, **settings}, num_layers=2, start_metrics=["l1", "l2"])
