"""Masked heads are removed, and the outputs stay."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.masked_head_pruning import prune_masked_heads


def test_outputs_stay_and_weighted_heads_too():
    torch.manual_seed(0)
    layer, states = DistanceAttention(12, 4), torch.randn(2, 5, 12)
    layer.head_mask.copy_(torch.tensor([0.0, 0.5, 1.0, 0.0]))
    before = layer(states)[0]
    assert prune_masked_heads(layer) is layer
    assert layer.kept_heads == (1, 2)
    torch.testing.assert_close(layer(states)[0], before, rtol=1e-5, atol=1e-6)


def test_nothing_masked_changes_nothing():
    layer = DistanceAttention(12, 4)
    assert prune_masked_heads(layer).kept_heads == (0, 1, 2, 3)


def test_a_layer_without_heads_and_other_attention():
    layer = DistanceAttention(12, 4)
    layer.head_mask.zero_()
    with pytest.raises(ConfigurationError, match="keep at least one per layer"):
        prune_masked_heads(layer)
    other = GPT2LMHeadModel(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=2))
    with pytest.raises(ConfigurationError, match="which has no head mask"):
        prune_masked_heads(other)
