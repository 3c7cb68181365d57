"""Equal to torch.nn.MultiheadAttention with the dot product, masks and layouts included; what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.errors import AttentionError, ConfigurationError, MaskTypeError
from hybrid_opt.classical.swapped_attention import DistanceMultiheadAttention

CAUSAL = torch.ones(5, 5, dtype=torch.bool).triu(1)
PADDING = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
PAIRS = torch.rand(8, 5, 5, generator=torch.Generator().manual_seed(4)) > 0.6
PAIRS[:, :, 0] = False  # every row may attend something


def pair(**settings: Any) -> tuple[nn.MultiheadAttention, DistanceMultiheadAttention]:
    torch.manual_seed(0)
    before = nn.MultiheadAttention(16, 4, **{"batch_first": True, **settings}).eval()
    for parameter in before.parameters():
        nn.init.normal_(parameter, std=0.4)  # biases are zero at the start, and would hide an error
    return before, DistanceMultiheadAttention.from_multihead(before, "dot")


def as_floats(mask: Tensor) -> Tensor:
    return torch.zeros(mask.shape).masked_fill(mask, float("-inf"))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "masks",
    [
        {},
        {"attn_mask": CAUSAL},
        {"attn_mask": CAUSAL, "is_causal": True, "need_weights": False},
        {"key_padding_mask": PADDING},
        {"key_padding_mask": PADDING, "attn_mask": CAUSAL},
        {"key_padding_mask": as_floats(PADDING), "attn_mask": as_floats(CAUSAL)},
        {"attn_mask": PAIRS, "average_attn_weights": False},
    ],
)
def test_the_dot_product_computes_what_was_there(masks: dict[str, Any], bias: bool):
    before, after = pair(bias=bias)
    x = torch.randn(2, 5, 16)
    for expected, found in zip(before(x, x, x, **masks), after(x, x, x, **masks)):
        assert (expected is None) == (found is None)
        if expected is not None:
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_across_and_time_first():
    before, after = pair(batch_first=False)
    x, y = torch.randn(5, 2, 16), torch.randn(7, 2, 16)
    for given in ((x, y, y), (x, x, x), (x, y, y.clone()), (x[:, 0], y[:, 0], y[:, 0])):
        for expected, found in zip(before(*given), after(*given)):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_one_sequence_without_a_batch():
    before, after = pair()
    x, mask = torch.randn(5, 16), PADDING[1]
    for expected, found in zip(before(x, x, x, key_padding_mask=mask), after(x, x, x, key_padding_mask=mask)):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_gradients_reach_the_input_alike():
    before, after = pair()
    results = []
    for layer in (before, after):
        x = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(1)).requires_grad_()
        layer(x, x, x)[0].square().sum().backward()
        results.append(x.grad)
    torch.testing.assert_close(results[1], results[0], atol=1e-4, rtol=1e-3)


def test_a_row_that_may_attend_nothing_is_zero():
    _, after = pair(bias=False)
    x, mask = torch.randn(1, 3, 16), torch.ones(3, 3, dtype=torch.bool)
    output, weights = after(x, x, x, attn_mask=mask)
    assert (weights == 0).all()
    assert (output == 0).all()


def test_what_is_carried_over():
    before = nn.MultiheadAttention(16, 4, dropout=0.25, dtype=torch.float64).train()
    before.in_proj_weight.requires_grad_(False)
    before.out_proj.bias.requires_grad_(False)
    after = DistanceMultiheadAttention.from_multihead(before, ["l1", "l2", "dot", "lp"], p=3.0, window=2)
    layer = after.attention
    assert (layer.dropout, layer.window, layer.metrics) == (0.25, 2, ("l1", "l2", "dot", "lp"))
    assert after.training
    assert not after.batch_first
    assert layer.query_projection.weight.dtype == torch.float64
    assert not layer.key_projection.weight.requires_grad
    assert layer.key_projection.bias.requires_grad
    assert layer.output_projection.weight.requires_grad
    assert not layer.output_projection.bias.requires_grad
    assert layer.value_projection.weight.data_ptr() != before.in_proj_weight.data_ptr()
    torch.testing.assert_close(layer.effective_scale()[2].item(), 1.0)


def test_other_metrics_start_calibrated_for_the_weights():
    before, _ = pair()
    layer = DistanceMultiheadAttention.from_multihead(before, "l1").attention
    hidden = torch.randn(4, 200, 16)
    fitted = DistanceMultiheadAttention.from_multihead(before, "l1").attention.calibrate(hidden)
    torch.testing.assert_close(layer.effective_scale().detach(), fitted, rtol=0.25, atol=0.0)


def test_fixed_scales_are_no_parameters():
    before, _ = pair()
    layer = DistanceMultiheadAttention.from_multihead(before, "dot", learn_scale=False).attention
    assert "log_scale_ratio" not in dict(layer.named_parameters())
    torch.testing.assert_close(layer.effective_scale(), torch.ones(4))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kdim": 8}, "keys of width 8"),
        ({"add_bias_kv": True}, "extra keys"),
        ({"add_zero_attn": True}, "extra keys"),
    ],
)
def test_what_cannot_be_taken_over(settings: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message):
        DistanceMultiheadAttention.from_multihead(nn.MultiheadAttention(16, 4, **settings))
    with pytest.raises(ConfigurationError, match=r"Linear is no torch.nn.MultiheadAttention"):
        DistanceMultiheadAttention.from_multihead(nn.Linear(2, 2))


X = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("arguments", "masks", "error", "message"),
    [
        ((X, X, X + 1), {}, AttentionError, "values differ from keys"),
        ((X, X, X), {"is_causal": True}, AttentionError, "give attn_mask"),
        ((X, X, X), {"attn_mask": torch.full((5, 5), 0.5)}, MaskTypeError, "other than 0 and minus infinity"),
        ((X, X, X), {"key_padding_mask": torch.zeros(2, 5).long()}, MaskTypeError, "torch.int64"),
        ((X, X, X), {"key_padding_mask": PADDING[:, :4]}, AttentionError, r"\(2, 4\); it must be \(2, 5\)"),
        ((X, X, X), {"attn_mask": CAUSAL[:4]}, AttentionError, r"it must be \(5, 5\)"),
        ((X, X, X), {"attn_mask": PAIRS[:3]}, AttentionError, r"it must be \(8, 5, 5\)"),
    ],
)
def test_what_is_refused(arguments: Any, masks: Any, error: type[Exception], message: str):
    layer = DistanceMultiheadAttention(DistanceAttention(16, 4))
    with pytest.raises(error, match=message):
        layer(*arguments, **masks)
