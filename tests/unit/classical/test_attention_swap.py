"""Whole torch models with their attention swapped: same answers with the dot product, or left untouched."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_swap import replace_attention
from hybrid_opt.classical.errors import AttentionError, ConfigurationError
from hybrid_opt.classical.swapped_attention import DistanceMultiheadAttention

PADDING = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
CAUSAL = nn.Transformer.generate_square_subsequent_mask(5)


def encoder(**settings: Any) -> nn.TransformerEncoder:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, **{"batch_first": True, **settings})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about its fused path, which is not what is tested
        return nn.TransformerEncoder(layer, 2)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")  # of the model before
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("settings", [{}, {"norm_first": True}, {"batch_first": False}, {"bias": False}])
@pytest.mark.parametrize(
    "masks", [{}, {"src_key_padding_mask": PADDING}, {"mask": CAUSAL, "is_causal": True}, {"mask": CAUSAL}]
)
def test_encoders(settings: dict[str, Any], masks: dict[str, Any], training: bool):
    before = encoder(**settings).train(training)
    after = copy.deepcopy(before)
    assert replace_attention(after, "dot") == ["layers.0.self_attn", "layers.1.self_attn"]
    x = torch.randn(2, 5, 16) if settings.get("batch_first", True) else torch.randn(5, 2, 16)
    with torch.set_grad_enabled(training):
        expected, found = before(x, **masks), after(x, **masks)
    if "src_key_padding_mask" in masks:  # what stands in padding is anybody's: the fused path makes it 0
        real = ~PADDING if settings.get("batch_first", True) else ~PADDING.T
        expected, found = expected[real], found[real]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_decoder_with_attention_across():
    torch.manual_seed(0)
    layer = nn.TransformerDecoderLayer(16, 4, 32, dropout=0.0, batch_first=True)
    before = nn.TransformerDecoder(layer, 2).eval()
    after = copy.deepcopy(before)
    assert len(replace_attention(after, "dot")) == 4
    x, memory = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
    masks = {"tgt_mask": CAUSAL, "tgt_is_causal": True, "tgt_key_padding_mask": PADDING.float().masked_fill(
        PADDING, float("-inf"))}  # fmt: skip
    torch.testing.assert_close(after(x, memory, **masks), before(x, memory, **masks), atol=1e-5, rtol=1e-4)
    assert [layer.across for layer in attention_report(after, (x, memory)).layers] == [False, True] * 2


def test_another_metric_trains():
    model = encoder()
    replace_attention(model, ["l1", "l2", "cosine", "chebyshev"], window=3)
    model(torch.randn(2, 5, 16), src_key_padding_mask=PADDING).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    report = attention_report(model, {"src": torch.randn(2, 5, 16), "src_key_padding_mask": PADDING})
    assert [layer.statistics.rows for layer in report.layers] == [8, 8]


def test_some_of_the_layers_and_shared_ones():
    model = encoder()
    assert replace_attention(model, "l2", modules="layers.1.*") == ["layers.1.self_attn"]
    assert isinstance(model.layers[0].self_attn, nn.MultiheadAttention)
    shared = nn.MultiheadAttention(8, 2)
    both = nn.ModuleDict({"a": shared, "b": nn.ModuleList([shared])})
    assert replace_attention(both) == ["a"]
    assert both["a"] is both["b"][0]
    assert isinstance(both["a"], DistanceMultiheadAttention)


def test_an_error_leaves_the_model_as_it_was():
    model = nn.ModuleList([nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 2, kdim=4)])
    with pytest.raises(ConfigurationError, match="keys of width 4"):
        replace_attention(model)
    with pytest.raises(AttentionError, match="unknown"):
        replace_attention(model[:1], "l7")
    assert all(isinstance(part, nn.MultiheadAttention) for part in model)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        (nn.Linear(2, 2), {}, r"Linear has no torch.nn.MultiheadAttention$"),
        (nn.ModuleList([nn.Linear(2, 2)]), {"modules": "0"}, "MultiheadAttention named '0'"),
        (nn.MultiheadAttention(8, 2), {}, "itself a torch.nn.MultiheadAttention"),
        ("model", {}, r"torch.nn.Module"),
    ],
)
def test_nothing_to_replace(model: Any, settings: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message):
        replace_attention(model, **settings)
