"""Total spin: orthogonal, diagonal for the Johnson graph, equal histories in equal places, any shape."""

from math import comb

import numpy as np
import pytest

from hybrid_opt.circuits.spin_coupling import couple, uncouple
from hybrid_opt.circuits.spin_stages import spin_places
from hybrid_opt.circuits.weight_walks import weight_patterns

SIZES = [(2, 1), (4, 2), (5, 3), (7, 1), (7, 6), (8, 4), (9, 3), (10, 5), (4, 0), (4, 4)]


def matrix(n, w):
    """The transformation, one column per bit string."""
    size = comb(n, w)
    state = np.zeros((size, size, 1, 2))
    state[:, :, 0, 0] = np.eye(size)
    return couple(state, n, w)[:, :, 0, 0].T


@pytest.mark.parametrize(("n", "w"), SIZES)
def test_the_johnson_graph_is_diagonal_with_its_eigenvalues(n, w):
    patterns = weight_patterns(n, w).astype(int)
    graph = (patterns @ patterns.T == w - 1).astype(float)
    turn = matrix(n, w)
    np.testing.assert_allclose(turn @ turn.T, np.eye(len(turn)), atol=1e-13)
    values = np.zeros(len(turn))
    for spin, places in enumerate(spin_places(n, w)):
        j, m = n / 2 - spin, w - n / 2
        values[places] = j * (j + 1) - m**2 - n / 2
    np.testing.assert_allclose(turn @ graph @ turn.T, np.diag(values), atol=1e-11)


@pytest.mark.parametrize("n", [5, 8, 9])
def test_raising_the_weight_keeps_every_history_in_its_place(n):
    # The sum of raising operators takes |j, m> to sqrt((j - m)(j + m + 1)) |j, m + 1>, nothing else mixed in.
    for w in range(n):
        low, high = weight_patterns(n, w).astype(int), weight_patterns(n, w + 1).astype(int)
        raising = (high @ low.T == w).astype(float)
        image = matrix(n, w + 1) @ raising @ matrix(n, w).T
        expected = np.zeros_like(image)
        for spin, places in enumerate(spin_places(n, w)):
            j, m = n / 2 - spin, w - n / 2
            for k in range(places.start, places.stop):
                if k < len(expected):
                    expected[k, k] = np.sqrt(max(0.0, (j - m) * (j + m + 1)))
        np.testing.assert_allclose(image, expected, atol=1e-12)


@pytest.mark.parametrize(("n", "w"), [(6, 3), (9, 4), (17, 3), (18, 9), (25, 2)])
@pytest.mark.parametrize(("outer", "inner"), [(1, 1), (2, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("threads", [1, 3])
def test_there_and_back_on_any_shape(n, w, outer, inner, threads):
    state = np.random.default_rng(n).normal(size=(outer, comb(n, w), inner, 2))
    before = state.copy()
    coupled = couple(state, n, w, threads)
    np.testing.assert_array_equal(state, before)
    np.testing.assert_allclose(uncouple(coupled, n, w, threads), state, atol=1e-12)
    single = couple(np.ascontiguousarray(state[-1:, :, -1:]), n, w, 1)
    np.testing.assert_allclose(coupled[-1:, :, -1:], single, atol=1e-13)
    assert np.linalg.norm(coupled) == pytest.approx(np.linalg.norm(state), rel=1e-13)


def test_the_uniform_state_has_the_largest_spin():
    state = np.full((1, comb(18, 9), 1, 2), comb(18, 9) ** -0.5)
    coupled = couple(state, 18, 9)[0, :, 0, 0]
    assert coupled[0] == pytest.approx(1.0, abs=1e-13)
    assert np.abs(coupled[1:]).max() < 1e-13
