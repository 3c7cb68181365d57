"""The attention layer: shapes, cache, masks, gates, calibration; the attention itself is tested beside it."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch

from hybrid_opt.classical.attention_function import distance_attention
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.transformers_import import DynamicCache


def layer_of(**settings: Any) -> DistanceAttention:
    """A small layer with repeatable weights."""
    torch.manual_seed(0)
    return DistanceAttention(16, 4, **settings)


def tokens(length: int = 9, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, length, 16, generator=torch.Generator().manual_seed(1))


def entropy_share(weights: torch.Tensor) -> torch.Tensor:
    """Entropy over log of the number of keys, mean over all but heads."""
    entropy = -(weights * weights.clamp(min=1e-30).log()).sum(-1) / math.log(weights.shape[-1])
    return entropy.mean((0, 2))


def test_output_is_the_attention_between_projections():
    layer = layer_of(metric="l2", causal=True, num_key_value_heads=2)
    hidden = tokens()
    query, key, value = layer.project(hidden)
    assert (query.shape, key.shape, value.shape) == ((2, 4, 9, 4), (2, 2, 9, 4), (2, 2, 9, 4))
    attended = distance_attention(query, key, value, "l2", scale=layer.effective_scale(), causal=True)
    expected = layer.output_projection(attended.transpose(1, 2).reshape(2, 9, 16))
    output, weights = layer(hidden)
    torch.testing.assert_close(output, expected)
    assert weights is None


def test_weights_on_request_give_the_output():
    layer = layer_of(metric=["l1", "cosine", "dot", "lp"], p=[2.0, 2.0, 2.0, 3.0], window=4)
    hidden = tokens()
    output, weights = layer(hidden, output_attentions=True)
    assert weights is not None
    value = layer.project(hidden)[2]
    attended = (weights @ value).transpose(1, 2).flatten(2)
    torch.testing.assert_close(output, layer.output_projection(attended))


@pytest.mark.parametrize("metric", METRICS)
def test_calibrated_layers_start_with_informative_weights(metric: str):
    torch.manual_seed(0)
    layer = DistanceAttention(64, 4, metric=metric, p=3.0)
    _, weights = layer(torch.randn(1, 256, 64), output_attentions=True)
    assert weights is not None
    share = entropy_share(weights.detach())
    assert share.min() > 0.88
    assert share.max() < 0.95


def test_unit_start_is_the_literal_formula():
    layer = layer_of(metric="squared_l2", scale_init="unit")
    hidden = tokens()
    query, key, _ = layer.project(hidden)
    _, weights = layer(hidden, output_attentions=True)
    distances = (query.unsqueeze(-2) - key.unsqueeze(-3)).square().sum(-1)
    torch.testing.assert_close(weights, (-distances / 2.0).softmax(-1), rtol=1e-4, atol=1e-6)


def test_a_factor_on_lambda_at_the_start():
    plain, sharp = layer_of(metric="l2"), layer_of(metric="l2", scale_factor=3.0)
    torch.testing.assert_close(sharp.effective_scale(), 3.0 * plain.effective_scale())
    assert bool((sharp.log_scale_ratio == 0).all())


@pytest.mark.parametrize("metric", METRICS)
def test_calibrate_brings_rows_to_unit_standard_deviation(metric: str):
    layer = layer_of(metric=metric, scale_init="unit")
    hidden = 3.0 * tokens(length=64)
    scale = layer.calibrate(hidden)
    _, weights = layer(hidden, output_attentions=True)
    assert weights is not None
    torch.testing.assert_close(scale, layer.effective_scale())
    spread = weights.detach().clamp(min=1e-30).log().std(-1).mean((0, 2))
    assert ((spread > 0.8) & (spread < 1.25)).all(), spread


def test_scale_and_exponent_are_learned_where_asked():
    layer = layer_of(metric=["lp", "lp", "l1", "l1"], p=1.5, learn_p=True)
    layer(tokens())[0].square().sum().backward()
    assert layer.log_scale_ratio.grad is not None
    assert (layer.log_scale_ratio.grad != 0).all()
    assert (layer.p_excess.grad != 0).tolist() == [True, True, False, False]
    torch.testing.assert_close(layer.effective_p(), torch.full((4,), 1.5))


def test_fixed_scale_is_a_buffer_and_still_saved():
    layer = layer_of(learn_scale=False)
    assert "log_scale_ratio" not in dict(layer.named_parameters())
    layer.calibrate(2.0 * tokens())
    other = layer_of(learn_scale=False)
    other.load_state_dict(layer.state_dict())
    torch.testing.assert_close(other.effective_scale(), layer.effective_scale())
    assert not torch.equal(layer.effective_scale(), layer_of().effective_scale())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("position", ["none", "rotary"])
def test_cached_decoding_equals_the_full_pass(metric: str, position: str):
    layer = layer_of(
        metric=metric, p=3.0, causal=True, position=position, num_key_value_heads=2, window=5
    ).eval()
    hidden = tokens()
    whole = layer(hidden)[0]
    cache = DynamicCache()
    parts = [layer(part, past_key_values=cache)[0] for part in hidden.split([4, 1, 1, 3], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-5)


def test_keys_across_are_projected_once():
    layer = layer_of()
    encoder, cache = tokens(length=6), DynamicCache()
    first = layer(tokens(), key_value_hidden=encoder, past_key_values=cache)[0]
    second = layer(tokens(), key_value_hidden=torch.zeros_like(encoder), past_key_values=cache)[0]
    torch.testing.assert_close(first, second)
    assert cache.get_seq_length(0) == 6


def test_hidden_keys_are_not_attended():
    layer = layer_of()
    hidden, mask = tokens(), torch.ones(2, 9, dtype=torch.bool)
    mask[1, 6:] = False
    output = layer(hidden, mask=mask)[0]
    torch.testing.assert_close(output[1:, :6], layer(hidden[1:, :6])[0])
    torch.testing.assert_close(output[:1], layer(hidden[:1])[0])


def test_head_mask_and_gates_multiply_heads():
    layer = layer_of().eval()
    hidden = tokens()
    plain = layer(hidden)[0]
    gates = torch.tensor([[1.0, 0.5, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    gated = layer(hidden, head_gates=gates)[0]
    torch.testing.assert_close(gated[1], layer.output_projection.bias.expand(9, 16))
    assert not torch.allclose(gated[0], plain[0])
    layer.head_mask.copy_(gates[0])
    torch.testing.assert_close(layer(hidden)[0][0], gated[0])
    layer.head_mask.copy_(torch.tensor([1.0, 0.5, 0.0, 1.0]))
    by_both = layer(hidden, head_gates=torch.tensor([1.0, 1.0, 1.0, 2.0]))[0]
    torch.testing.assert_close(by_both[0], gated[0])
    layer.head_mask.fill_(1.0)
    torch.testing.assert_close(layer(hidden)[0], plain)


def test_a_replaced_or_loaded_head_mask_is_noticed():
    layer = layer_of().eval()
    plain = layer(tokens())[0]
    state = copy.deepcopy(layer.state_dict())
    state["head_mask"] = torch.tensor([0.0, 1.0, 1.0, 1.0])
    layer.load_state_dict(state)
    assert not torch.allclose(layer(tokens())[0], plain)
    layer.head_mask = torch.ones(4)
    torch.testing.assert_close(layer(tokens())[0], plain)


def test_dropout_acts_in_training_and_repeats_with_the_seed():
    layer = layer_of(dropout=0.5)
    torch.manual_seed(3)
    first = layer(tokens())[0]
    second = layer(tokens())[0]
    torch.manual_seed(3)
    assert torch.equal(layer(tokens())[0], first)
    assert not torch.equal(first, second)
    layer.eval()
    assert torch.equal(layer(tokens())[0], layer(tokens())[0])


def test_half_precision_keeps_the_scale_in_float32():
    layer = layer_of(metric="l2").to(torch.bfloat16)
    assert layer(tokens().to(torch.bfloat16))[0].dtype == torch.bfloat16
    assert layer.effective_scale().dtype == torch.float32


def test_print_shows_the_metric():
    assert "4 heads, metric='l1', causal=True, window=None" in repr(layer_of(causal=True))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "l3"}, "l3"),
        ({"metric": ["l1", "l2"]}, "metric has 2 entries for 4 heads"),
        ({"metric": "lp", "p": 0.5}, "p is 0.5"),
        ({"p": [2.0, 2.0]}, "p has 2 entries for 4 heads"),
        ({"metric": "lp", "p": 1.0, "learn_p": True}, "must be above 1"),
        ({"num_key_value_heads": 3}, "4 heads cannot share 3"),
        ({"window": 0}, "window is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"window": 2.5}, "window is 2.5"),
        ({"dropout": "0.1"}, "dropout is '0.1'"),
        ({"causal": "false"}, "causal is 'false'; give True or False"),
        ({"backend": "flash"}, "backend 'flash' is unknown"),
        ({"metric": "lp", "p": "2"}, "p is '2'"),
        ({"head_dim": 0}, "head_dim is 0"),
        ({"num_key_value_heads": 2.0}, "num_key_value_heads is 2.0"),
        ({"position": "learned"}, "'learned'"),
        ({"position": "rotary", "head_dim": 3}, "even head width"),
        ({"scale_init": "half"}, "scale_init is 'half'"),
        ({"scale_factor": 0}, "scale_factor is 0"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str):
    with pytest.raises(AttentionError, match=message):
        DistanceAttention(16, 4, **settings)


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(AttentionError, match="18 is no multiple of 4"):
        DistanceAttention(18, 4)
