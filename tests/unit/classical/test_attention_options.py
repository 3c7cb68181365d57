"""The plain options of attention: causal, window, dropout, seed."""

from __future__ import annotations

import math

import pytest
import torch

from hybrid_opt.classical.attention_options import check_causal, check_dropout, check_seed, check_window
from hybrid_opt.classical.errors import AttentionError


@pytest.mark.parametrize(
    ("check", "legal"),
    [
        (check_causal, [True, False]), (check_window, [None, 1, 10**9]),
        (check_dropout, [0, 0.0, 0.5, 0.999]), (check_seed, [None, 0, -3, 2**70]),
    ],
)  # fmt: skip
def test_legal_options_come_back(check, legal):
    assert [check(option) for option in legal] == legal


@pytest.mark.parametrize("causal", [0, 1, None, "false", torch.tensor(True)])
def test_causal_is_true_or_false(causal):
    with pytest.raises(AttentionError, match=r"causal is .*give True or False"):
        check_causal(causal)


@pytest.mark.parametrize("window", [0, -1, True, 1.5, 2.0, "3", torch.tensor(3)])
def test_windows_are_integers_from_one(window):
    with pytest.raises(AttentionError, match=r"window is .*integer of at least 1 .*or None"):
        check_window(window)


@pytest.mark.parametrize("dropout", [1.0, 1, -0.1, 1.5, math.nan, True, "0.1", None])
def test_dropout_is_a_probability_below_one(dropout):
    with pytest.raises(AttentionError, match=r"dropout is .*at least 0 and below 1"):
        check_dropout(dropout)


@pytest.mark.parametrize("seed", [1.0, True, "7", torch.Generator()])
def test_seeds_are_integers(seed):
    with pytest.raises(AttentionError, match=r"seed is .*give an integer, or None"):
        check_seed(seed)
