"""Costs in every form that a budget may count."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.classical import DistanceGPT, DistanceTransformerConfig, head_costs
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_budget import read_costs
from hybrid_opt.tuning.labelled_batches import read_batches

MODEL = DistanceGPT(
    DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_hidden_layers=2, num_attention_heads=2)
)
IDS = torch.arange(12).view(2, 6) % 9
BATCHES = read_batches([{"input_ids": IDS, "labels": IDS}], MODEL)


def test_words_and_numbers():
    np.testing.assert_array_equal(
        read_costs(MODEL, "parameters", BATCHES), head_costs(MODEL, "parameters").numpy()
    )
    np.testing.assert_array_equal(read_costs(MODEL, "flops", BATCHES), head_costs(MODEL, "flops", 6).numpy())
    np.testing.assert_array_equal(read_costs(MODEL, torch.ones(4), BATCHES), np.ones(4))
    np.testing.assert_array_equal(read_costs(MODEL, [1, 2, 3, 4], BATCHES), [1, 2, 3, 4])


def test_what_is_no_cost():
    with pytest.raises(OptionError, match="'parameters', 'flops'"):
        read_costs(MODEL, "time", BATCHES)
    with pytest.raises(OptionError, match="no numbers"):
        read_costs(MODEL, ["dear", "cheap"], BATCHES)
    embedded = read_batches(
        [{"inputs_embeds": torch.zeros(2, 6, 8), "labels": IDS}], MODEL, task="causal_lm"
    )
    np.testing.assert_array_equal(read_costs(MODEL, "flops", embedded), head_costs(MODEL, "flops", 6).numpy())
    other = [{"pixels": torch.zeros(2, 3), "labels": torch.zeros(2, dtype=torch.long)}]
    with pytest.raises(OptionError, match="give costs as numbers"):
        read_costs(MODEL, "flops", read_batches(other, MODEL))
