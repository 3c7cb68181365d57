"""Any heads of any model: pruned equals masked, twice equals once, costs are what goes."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForMaskedLM
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_cost import head_costs
from hybrid_opt.classical.head_masking import masked_heads
from hybrid_opt.classical.head_pruning import prune_heads
from hybrid_opt.classical.metrics import METRICS

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]])
PADDED = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
HEADS, LAYERS = 4, 2
SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS}
OURS: dict[str, Any] = {**SIZES, "vocab_size": 30, "intermediate_size": 16, "initializer_range": 0.3}

masks = st.lists(st.booleans(), min_size=HEADS, max_size=HEADS).filter(any)
patterns = st.tuples(masks, masks).map(lambda rows: torch.tensor([*rows[0], *rows[1]]))
configurations = st.fixed_dictionaries(
    {
        "metric": st.lists(st.sampled_from(METRICS), min_size=HEADS, max_size=HEADS),
        "learn_p": st.booleans(),
        "learn_scale": st.booleans(),
        "position": st.sampled_from(("none", "rotary", "learned")),
        "num_key_value_heads": st.sampled_from((None, 1, 2, 4)),
        "attention_window": st.sampled_from((None, 2)),
        "attention_bias": st.booleans(),
        "metric_p": st.just([1.5, 2.0, 2.5, 3.0]),
    }
)


def theirs(family: str) -> Any:
    torch.manual_seed(0)
    if family == "gpt2":
        sizes = {"n_embd": 16, "n_head": HEADS, "n_layer": LAYERS, "vocab_size": 30, "n_positions": 8}
        return GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.3)).eval()
    if family == "bert":
        return BertForSequenceClassification(BertConfig(**OURS)).eval()
    return RobertaForMaskedLM(RobertaConfig(**OURS, max_position_embeddings=10)).eval()


@torch.no_grad()
def logits_of(model: Any) -> torch.Tensor:
    return model(input_ids=TOKENS, attention_mask=PADDED).logits


@settings(max_examples=40)
@given(patterns, configurations, st.booleans())
def test_distance_models(keep: torch.Tensor, given: dict[str, Any], causal: bool):
    torch.manual_seed(1)
    cls = DistanceGPT if causal else DistanceEncoderForMaskedLM
    model = cls(DistanceTransformerConfig(**OURS, **given)).eval()
    model.set_head_mask(torch.rand(LAYERS, HEADS))
    mask = model.head_mask()
    with masked_heads(model, keep):
        expected = logits_of(model)
    prune_heads(model, keep)
    torch.testing.assert_close(logits_of(model), expected, atol=1e-5, rtol=1e-4)
    assert torch.equal(model.head_mask(), mask * keep.view(LAYERS, HEADS))
    again = cls(model.config).eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(logits_of(again), logits_of(model))


@settings(max_examples=25)
@given(patterns, patterns, st.sampled_from((None, 1, 2)))
def test_pruning_in_two_steps(first: torch.Tensor, second: torch.Tensor, groups: int | None):
    both = first & second
    if not bool(both.view(LAYERS, HEADS).any(1).all()):
        both = first
    configuration = DistanceTransformerConfig(**OURS, num_key_value_heads=groups)
    torch.manual_seed(2)
    once = DistanceGPT(configuration).eval()
    twice = DistanceGPT(configuration).eval()
    twice.load_state_dict(once.state_dict())
    prune_heads(once, both)
    prune_heads(prune_heads(twice, first), both[first])
    torch.testing.assert_close(logits_of(twice), logits_of(once), atol=1e-5, rtol=1e-4)
    assert twice.config.kept_heads == once.config.kept_heads or bool(both.all())
    again = DistanceGPT(twice.config).eval()
    again.load_state_dict(twice.state_dict())
    assert torch.equal(logits_of(again), logits_of(twice))


@settings(max_examples=30)
@given(patterns, st.sampled_from(("gpt2", "bert", "roberta")))
def test_models_of_transformers(keep: torch.Tensor, family: str):
    model = theirs(family)
    costs, before = head_costs(model), model.num_parameters()
    with masked_heads(model, keep):
        expected = logits_of(model)
    prune_heads(model, keep)
    torch.testing.assert_close(logits_of(model), expected, atol=1e-5, rtol=1e-4)
    assert before - model.num_parameters() == int(costs[~keep].sum())
    again = prune_heads(theirs(family), keep)
    again.load_state_dict(model.state_dict())
    assert torch.equal(logits_of(again), logits_of(model))
