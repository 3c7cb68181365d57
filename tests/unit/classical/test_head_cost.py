"""Costs of heads: weights against what pruning removes, operations against counted ones and by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_cost import attended_pairs, head_costs
from hybrid_opt.classical.head_pruning import prune_heads

SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
KEEP = torch.tensor([True, False, False, True, False, True, True, True])


def ours(**settings: Any) -> Any:
    return DistanceGPT(DistanceTransformerConfig(**SIZES, vocab_size=50, **settings))


def gpt2() -> Any:
    return GPT2LMHeadModel(GPT2Config(n_embd=16, n_head=4, n_layer=2, vocab_size=50, n_positions=32))


def bert() -> Any:
    return BertForSequenceClassification(BertConfig(**SIZES, vocab_size=50, intermediate_size=16))


@pytest.mark.parametrize(
    "build",
    [
        ours,
        lambda: ours(metric="lp", learn_p=True, head_dim=6),
        lambda: ours(learn_scale=False, attention_bias=False),
        gpt2,
        bert,
    ],
)
def test_parameters_are_those_that_pruning_removes(build: Any):
    model = build()
    costs, before = head_costs(model), model.num_parameters()
    assert costs.dtype == torch.float64
    prune_heads(model, KEEP)
    assert before - model.num_parameters() == int(costs[~KEEP].sum())
    assert torch.equal(head_costs(model), costs[KEEP])


def test_groups_share_their_keys_and_values():
    model = ours(num_key_value_heads=2)
    costs, before = head_costs(model), model.num_parameters()
    keep = torch.tensor([True, True, False, False, False, False, True, True])  # whole groups go
    prune_heads(model, keep)
    assert before - model.num_parameters() == int(costs[~keep].sum())


@pytest.mark.parametrize(("window", "length"), [(None, 1), (None, 7), (1, 7), (3, 7), (7, 7), (9, 7)])
@pytest.mark.parametrize("causal", [True, False])
def test_pairs_are_those_with_weight(causal: bool, window: int | None, length: int):
    layer = DistanceAttention(4, 1, causal=causal, window=window)
    _, weights = layer(torch.randn(1, length, 4), output_attentions=True)
    assert attended_pairs(length, causal=causal, window=window) == int((weights > 0).sum())


@pytest.mark.parametrize("build", [gpt2, bert])
def test_operations_of_products_are_those_that_torch_counts(build: Any):
    model, length = build().eval(), 12
    model.set_attn_implementation("eager")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, length, dtype=torch.long))
    names = [name for name in counter.flop_counts if name.endswith((".attn", ".attention"))]
    assert len(names) == 2
    counted = sum(sum(counter.flop_counts[name].values()) for name in names)
    pairs = attended_pairs(length, causal=build is gpt2)
    products = head_costs(model, "flops", length) - 6 * pairs
    # Products of all pairs are computed there, also of those that causal order then hides.
    hidden = (length**2 - pairs) * 4 * 4 * 8
    assert float(products.sum()) + hidden == counted


@pytest.mark.parametrize(
    ("metric", "logit"),
    [("dot", 8), ("cosine", 8), ("squared_l2", 11), ("l2", 11), ("l1", 12), ("chebyshev", 12), ("lp", 17)],
)
def test_operations_by_metric(metric: str, logit: int):
    layer = DistanceAttention(16, 4, metric=metric, causal=True, window=2, num_key_value_heads=2)
    projections = 2 * 5 * 4 * (16 + 16 / 2 + 16 / 2 + 16)
    expected = projections + 9 * (logit + 6 + 8)
    assert head_costs(layer, "flops", 5).tolist() == [expected] * 4


def test_heads_of_a_layer_may_differ():
    layer = DistanceAttention(16, 4, metric=["l1", "dot", "l1", "lp"])
    costs = head_costs(nn.Sequential(layer), "flops", 8)
    assert costs[0] == costs[2]
    assert costs[1] < costs[0] < costs[3]


@pytest.mark.parametrize("length", [None, 0, -3, 2.0, True, "long"])
def test_operations_need_a_length(length: Any):
    with pytest.raises(ConfigurationError, match="sequence_length is"):
        head_costs(ours(), "flops", length)


def test_another_kind():
    with pytest.raises(ConfigurationError, match='must be "parameters" or "flops"'):
        head_costs(ours(), "latency")


def test_projections_that_are_no_plain_layers():
    layer = DistanceAttention(4, 2)
    layer.query_projection = nn.Sequential(layer.query_projection)
    with pytest.raises(ConfigurationError, match="merge adapters"):
        head_costs(layer)
