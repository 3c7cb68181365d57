"""Whole models that choose their metrics: training, checkpointing, saving, generation, pruning, reports."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder
from hybrid_opt.classical.errors import ComponentError, ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_pruning import prune_heads
from hybrid_opt.classical.metric_choices import FixedMetricChoice
from hybrid_opt.classical.recomputed_activations import recompute_activations
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq

TOKENS = (torch.arange(24).reshape(2, 12) * 7) % 20
METRICS = ["l1", "l2", "cosine", "dot"]
SOFTMAX = {"name": "softmax_metric", "metrics": METRICS}


def config_of(**settings: Any) -> DistanceTransformerConfig:
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    return DistanceTransformerConfig(**{**sizes, "metric": ["l2", "cosine"], **settings})


def model_of(**settings: Any) -> Any:
    torch.manual_seed(0)
    return DistanceGPT(config_of(**{"metric_choice": SOFTMAX, **settings}))


def chosen(model: Any) -> list[str]:
    return [layer.metrics[0] for layer in model.attention_layers()]


def choose(model: Any, *names: str) -> None:
    """Make these the most likely metrics."""
    logits = model.model.stack.metric_choice.metric_logits
    with torch.no_grad():
        logits.zero_()
        for layer, name in enumerate(names):
            logits[layer, METRICS.index(name)] = 2.0
    model.model.stack.choose_metrics()


def test_it_starts_as_the_model_of_its_configuration():
    model = model_of().train()
    plain = model_of(metric_choice=None).train()
    ours, theirs = model(input_ids=TOKENS, labels=TOKENS), plain(input_ids=TOKENS, labels=TOKENS)
    assert torch.equal(ours.logits, theirs.logits)
    ours.loss.backward()
    theirs.loss.backward()
    named = dict(model.named_parameters())
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(named[name].grad, parameter.grad, msg=name)
    assert (named["model.stack.metric_choice.metric_logits"].grad != 0).all()


def test_training_can_change_the_choice():
    # The logits alone are trained, towards what another choice of the same model computes.
    model = model_of(initializer_range=0.3).train()
    choose(model, "dot", "l1")
    with torch.no_grad():
        wanted = model(input_ids=TOKENS).logits
    choose(model, "l2", "cosine")
    logits = model.model.stack.metric_choice.metric_logits
    optimizer = torch.optim.Adam([logits], lr=0.1)
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = (model(input_ids=TOKENS).logits - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert chosen(model) != ["l2", "cosine"]
    assert min(losses) < losses[0]


def test_recomputed_activations_give_the_same_gradients():
    settings = {"attention_dropout": 0.2, "hidden_dropout": 0.1}
    gradients = []
    for recomputed in (False, True):
        model = model_of(**settings).train()
        if recomputed:
            recompute_activations(model)
        torch.manual_seed(3)
        model(input_ids=TOKENS, labels=TOKENS).loss.backward()
        gradients.append({name: part.grad for name, part in model.named_parameters()})
    for name, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][name]), name


def test_in_evaluation_the_choice_gets_no_gradient():
    model = model_of().eval()
    model(input_ids=TOKENS, labels=TOKENS).loss.backward()
    assert model.model.stack.metric_choice.metric_logits.grad is None


def test_saved_and_loaded_bit_for_bit_with_the_choice_in_force(tmp_path):
    model = model_of().eval()
    choose(model, "dot", "l1")
    logits = model(input_ids=TOKENS).logits
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert chosen(loaded) == ["dot", "l1"]  # before the first pass
    assert loaded.config.metric_choice == SOFTMAX
    assert torch.equal(loaded(input_ids=TOKENS).logits, logits)
    for name, saved in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], saved), name


def test_generation_with_a_cache_equals_full_passes():
    model = model_of().eval()
    choose(model, "dot", "l1")
    settings = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
    cached = model.generate(TOKENS, use_cache=True, **settings)
    assert torch.equal(cached, model.generate(TOKENS, use_cache=False, **settings))


def test_a_given_choice_computes_what_the_configuration_would(tmp_path):
    spec = {"name": "fixed_metric", "metrics": METRICS, "choices": ["dot", "l1"]}
    model = model_of(metric_choice=spec).train()
    plain = model_of(metric_choice=None, metric=["dot", "l1"]).train()
    assert isinstance(model.model.stack.metric_choice, FixedMetricChoice)
    assert torch.equal(model(input_ids=TOKENS).logits, plain(input_ids=TOKENS).logits)
    model.model.stack.metric_choice.choices[0] = 0
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert chosen(loaded) == ["l1", "l1"]


def test_pruned_models_choose_on_and_come_back(tmp_path):
    keep = torch.tensor([True, False, False, True, True, True, False, True])
    model, masked = model_of().eval(), model_of().eval()
    for one in (model, masked):
        choose(one, "dot", "l1")
    masked.set_head_mask(keep.reshape(2, 4).float())
    prune_heads(model, keep)
    found = model(input_ids=TOKENS).logits
    torch.testing.assert_close(found, masked(input_ids=TOKENS).logits)
    model.train()(input_ids=TOKENS, labels=TOKENS).loss.backward()
    assert (model.model.stack.metric_choice.metric_logits.grad != 0).all()
    model.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert torch.equal(loaded(input_ids=TOKENS).logits, found)


def test_a_report_and_a_calibration_see_the_metric_in_use():
    model = model_of().eval()
    choose(model, "dot", "l1")
    model.model.stack.blocks[0].attention.choose(0)  # as if the choice had been made since the last pass
    report = attention_report(model, {"input_ids": TOKENS})
    assert [layer.metrics[0] for layer in report.layers] == ["dot", "l1"]
    model.calibrate({"input_ids": TOKENS})
    assert model.attention_layers()[0].metrics == ("dot",) * 4


def test_controllers_gates_and_encoders_go_along():
    config = config_of(
        metric_choice=SOFTMAX, controller={"name": "mlp"}, head_gate={"name": "top_k", "keep": 2}
    )
    torch.manual_seed(0)
    model = DistanceEncoder(config).train()
    for _ in range(2):
        model(input_ids=TOKENS).last_hidden_state.square().sum().backward()
    gradient = next(part.grad for name, part in model.named_parameters() if name.endswith("metric_logits"))
    assert (gradient != 0).any(1).all()


def test_a_component_without_legal_answer_is_named():
    model = model_of()
    model.model.stack.metric_choice = torch.nn.Identity()
    model.model.stack.metric_choice.forward = lambda: torch.ones(3)  # type: ignore[method-assign]
    with pytest.raises(ComponentError, match=r"must return a floating point tensor of shape \(2, 4\)"):
        model(input_ids=TOKENS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metric": "lp"}, "metric of layer 0 is 'lp'; with metric_choice"),
        ({"metric": ["l1", ["l1", "l2", "l1", "l1"]]}, "metric of layer 1 is"),
        ({"metric": ["l1", "l2", "l1", "l1"]}, "metric of layer 0 is"),
        ({"metric_choice": "softmax_metric"}, "metric_choice is 'softmax_metric'; it must be"),
        ({"metric_choice": {"name": "softmax_metric"}}, "metrics of metric_choice 'softmax_metric'"),
        ({"metric_choice": {"name": "softmax_metric", "metrics": ["l2", "l2"]}}, "two different names"),
        ({"metric_choice": {"name": "softmax_metric", "metrics": ["l2", "cosine", "lp"]}, "learn_p": True},
         "learn_p is on and metric_choice names"),
        ({"is_encoder_decoder": True}, "metric_choice is for models of one stack"),
    ],
)  # fmt: skip
def test_configurations_that_contradict_themselves(settings, said):
    with pytest.raises(ConfigurationError, match=said):
        config_of(**{"metric_choice": SOFTMAX, **settings})


def test_an_encoder_decoder_is_refused_also_where_it_sets_the_switch_itself():
    with pytest.raises(ConfigurationError, match="metric_choice is for models of one stack"):
        DistanceSeq2Seq(config_of(metric_choice=SOFTMAX, bos_token_id=1))


def test_an_unknown_component_is_named_when_the_model_is_built():
    with pytest.raises(ComponentError, match="there is no metric_choice 'annealed'"):
        model_of(metric_choice={"name": "annealed", "metrics": METRICS})
