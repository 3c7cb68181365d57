"""Exchanges of two positions on strings of fixed weight against dense matrices."""

import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.exchange_kernels import exchange_sum, exchange_turn, exchange_twist
from hybrid_opt.circuits.weight_walks import weight_patterns

SIZES = [(5, 2), (6, 3), (4, 1), (4, 3)]


def exchange(m, w, a, b):
    """Matrix that exchanges positions a and b where they differ."""
    rows = [tuple(row) for row in weight_patterns(m, w).tolist()]
    matrix = np.zeros((len(rows), len(rows)))
    for x, row in enumerate(rows):
        other = list(row)
        other[a], other[b] = row[b], row[a]
        if tuple(other) != row:
            matrix[x, rows.index(tuple(other))] = 1
    return matrix


def random_state(m, w, seed):
    return np.random.default_rng(seed).normal(size=(2, len(weight_patterns(m, w)), 3, 2))


def as_complex(state):
    return state.view(np.complex128)[..., 0]


@pytest.mark.parametrize(("m", "w"), SIZES)
@pytest.mark.parametrize("pair", [(0, 2), (3, 1), (2, 3)])
def test_turn_and_twist(m, w, pair):
    matrix = exchange(m, w, *pair)
    state, other = random_state(m, w, 1), random_state(m, w, 2)
    form = np.vdot(as_complex(other), np.einsum("kl,olc->okc", matrix, as_complex(state))).imag
    assert exchange_twist(other, state, m, w, *pair) == pytest.approx(form, abs=1e-12)
    expected = np.einsum("kl,olc->okc", expm(-0.3j * matrix), as_complex(state))
    exchange_turn(state, m, w, *pair, 0.3, threads=3)
    np.testing.assert_allclose(as_complex(state), expected, atol=1e-13)


@pytest.mark.parametrize(("m", "w"), SIZES)
def test_sum(m, w):
    pairs = [(0, 1), (1, 3), (0, 2)]
    state = random_state(m, w, 3)
    expected = np.einsum("kl,olc->okc", sum(exchange(m, w, *pair) for pair in pairs), as_complex(state))
    np.testing.assert_allclose(as_complex(exchange_sum(state, m, w, pairs, threads=2)), expected, atol=1e-12)


def test_twist_of_many_strings_does_not_depend_on_threads():
    state, other = (np.random.default_rng(seed).normal(size=(1, 48620, 1, 2)) for seed in (1, 2))
    found = {exchange_twist(other, state, 18, 9, 2, 11, threads) for threads in (1, 2, 5)}
    assert len(found) == 1
