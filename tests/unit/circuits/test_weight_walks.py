"""Bit strings of one Hamming weight in the order of itertools.combinations."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from hybrid_opt.circuits.weight_walks import binomials, jump, step, weight_patterns

SIZES = [(m, w) for m in range(1, 8) for w in range(m + 1)]


@pytest.mark.parametrize(("m", "w"), SIZES)
def test_patterns_are_combinations(m, w):
    rows = [tuple(np.flatnonzero(row)) for row in weight_patterns(m, w)]
    assert rows == list(combinations(range(m), w))


@pytest.mark.parametrize(("m", "w"), [(5, 2), (6, 3), (7, 1), (7, 6), (4, 0), (4, 4)])
def test_jumps_and_steps(m, w):
    expected = list(combinations(range(m), w))
    walker, positions = np.arange(w), np.empty(w, dtype=np.int64)
    for number, places in enumerate(expected):
        jump(positions, number, m, binomials(m))
        assert tuple(positions) == tuple(walker) == places
        step(walker, m)
    assert tuple(walker) == expected[-1]


def test_binomials():
    table = binomials(6)
    assert all(table[a, b] == comb(a, b) for a in range(8) for b in range(8))
