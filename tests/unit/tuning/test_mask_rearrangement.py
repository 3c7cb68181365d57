"""The lightest heads of a layer to remove together, against all arrangements."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hybrid_opt.tuning import mask_rearrangement
from hybrid_opt.tuning.mask_rearrangement import lightest_removal

ROOT = np.random.default_rng(0).normal(size=(7, 4))
BLOCK = ROOT @ ROOT.T


def weight(z):
    return float(z @ BLOCK @ z)


def arrangements(removed):
    for chosen in combinations(range(7), removed):
        z = np.zeros(7, dtype=int)
        z[list(chosen)] = 1
        yield z


@pytest.mark.parametrize("removed", range(8))
def test_the_least_of_all_arrangements(removed):
    z = lightest_removal(BLOCK, removed)
    assert z.sum() == removed
    assert weight(z) == pytest.approx(min(map(weight, arrangements(removed))))


@pytest.mark.parametrize("removed", range(1, 7))
def test_swaps_end_where_no_swap_helps(removed, monkeypatch):
    monkeypatch.setattr(mask_rearrangement, "MOST_ARRANGEMENTS", 0)
    z = lightest_removal(BLOCK, removed)
    assert z.sum() == removed
    near = [other for other in arrangements(removed) if np.abs(other - z).sum() <= 2]
    assert weight(z) == pytest.approx(min(map(weight, near)))
    start = np.zeros(7, dtype=int)
    start[np.argsort(np.diag(BLOCK))[:removed]] = 1
    assert weight(z) <= weight(start)


def test_coupling_decides_where_the_diagonal_is_equal():
    block = np.array([[1.0, 0.9, -0.5], [0.9, 1.0, 0.0], [-0.5, 0.0, 1.0]])
    assert lightest_removal(block, 2).tolist() == [1, 0, 1]
