"""The model that has ended its choice: same outputs, plain configuration, nothing shared."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.choosing_attention import ChoosingAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_pruning import prune_heads
from hybrid_opt.classical.metric_freezing import freeze_metrics

TOKENS = (torch.arange(24).reshape(2, 12) * 7) % 20
SPEC = {"name": "softmax_metric", "metrics": ["l1", "l2", "lp", "squared_l2"]}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"position": "rotary", "num_key_value_heads": 2, "attention_window": 3},
    {"learn_scale": False, "metric_p": [1.5, 2.0, 3.0, 4.0], "attention_bias": False},
    {"controller": {"name": "constant", "scale_factor": 2.0}, "head_gate": {"name": "learned"}},
    {"num_hidden_layers": 4},
]


def model_of(**settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    model = DistanceGPT(DistanceTransformerConfig(**{**sizes, "metric_choice": SPEC, **settings}))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape)
        logits = model.model.stack.metric_choice.metric_logits
        logits.zero_()
        for layer in range(len(logits)):
            logits[layer, [2, 3, 0, 0][layer]] = 1.0
    return model.eval()


@pytest.mark.parametrize("settings", VARIANTS)
def test_outputs_are_the_same_bit_for_bit_before_and_after_saving(settings, tmp_path):
    model = model_of(**settings)
    logits = model(input_ids=TOKENS).logits
    state = torch.get_rng_state()
    frozen = freeze_metrics(model)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(frozen(input_ids=TOKENS).logits, logits)
    assert frozen.config.metric_choice is None
    assert [layer.metrics[0] for layer in frozen.attention_layers()][:2] == ["lp", "squared_l2"]
    assert not any(isinstance(part, ChoosingAttention) for part in frozen.modules())
    assert {name for name in model.state_dict() if "metric_choice" not in name} == set(frozen.state_dict())
    frozen.save_pretrained(tmp_path)
    loaded = DistanceGPT.from_pretrained(tmp_path)
    assert type(loaded.attention_layers()[0]) is DistanceAttention
    assert torch.equal(loaded(input_ids=TOKENS).logits, logits)


def test_a_pruned_model():
    model = model_of()
    prune_heads(model, torch.tensor([True, False, False, True, True, True, False, True]))
    assert torch.equal(freeze_metrics(model)(input_ids=TOKENS).logits, model(input_ids=TOKENS).logits)


def test_the_given_model_stays_and_shares_nothing():
    model = model_of()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    frozen = freeze_metrics(model)
    assert frozen.config is not model.config
    assert frozen.model.config is frozen.config
    assert model.config.metric_choice == SPEC
    with torch.no_grad():
        for parameter in frozen.parameters():
            parameter.zero_()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_it_trains_on_with_mode_type_and_fixed_parameters_kept():
    model = model_of().double().train()
    model.attention_layers()[0].query_projection.weight.requires_grad_(False)
    frozen = freeze_metrics(model)
    attention = frozen.attention_layers()[0]
    assert attention.training
    assert attention.key_projection.weight.dtype == torch.float64
    assert not attention.query_projection.weight.requires_grad
    frozen(input_ids=TOKENS, labels=TOKENS).loss.backward()
    assert attention.query_projection.weight.grad is None
    assert (attention.log_scale_ratio.grad != 0).any()
    assert all(parameter.device.type == "cpu" for parameter in frozen.parameters())


def test_a_model_that_chooses_nothing():
    with pytest.raises(ConfigurationError, match="DistanceGPT has no metric_choice"):
        freeze_metrics(model_of_plain())


def model_of_plain() -> Any:
    sizes = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    return DistanceGPT(DistanceTransformerConfig(**sizes))
