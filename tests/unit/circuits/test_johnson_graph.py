"""The Johnson graph against its dense adjacency matrix."""

import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.johnson_graph import johnson_eigenvalues, johnson_rotation, johnson_unrotation
from hybrid_opt.circuits.weight_walks import weight_patterns

SIZES = [(5, 2), (5, 3), (6, 3), (8, 4), (8, 6), (7, 1), (7, 6), (2, 1)]


def dense(m, w):
    patterns = weight_patterns(m, w).astype(int)
    return (patterns @ patterns.T == w - 1).astype(float)


def state_of(m, w, inner=3, seed=0):
    shape = (2, len(weight_patterns(m, w)), inner, 2)
    return np.random.default_rng(seed).normal(size=shape)


def as_complex(state):
    return state.view(np.complex128)[..., 0]


@pytest.mark.parametrize(("m", "w"), SIZES)
def test_eigenvalues(m, w):
    found = np.unique(np.linalg.eigvalsh(dense(m, w)).round(9))
    np.testing.assert_allclose(johnson_eigenvalues(m, w), found[::-1], atol=1e-8)


def test_four_eigenvalues_of_six_choose_three():
    assert johnson_eigenvalues(6, 3).tolist() == [9, 3, -1, -3]
    assert johnson_eigenvalues(6, 0).tolist() == johnson_eigenvalues(6, 6).tolist() == [0]


@pytest.mark.parametrize(("m", "w"), SIZES)
@pytest.mark.parametrize("beta", [-0.4, 3.7, 0.0])
def test_rotation(m, w, beta):
    state = state_of(m, w)
    before = state.copy()
    expected = np.einsum("kl,olc->okc", expm(-1j * beta * dense(m, w)), as_complex(state))
    np.testing.assert_allclose(as_complex(johnson_rotation(state, m, w, beta)), expected, atol=1e-12)
    np.testing.assert_array_equal(state, before)


@pytest.mark.parametrize(("m", "w"), SIZES)
def test_unrotation(m, w):
    state, costate = state_of(m, w, seed=1), state_of(m, w, seed=2)
    copies = state.copy(), costate.copy()
    graph, turn = dense(m, w), expm(0.7j * dense(m, w))
    image = np.einsum("kl,olc->okc", graph, as_complex(state))
    form, *before = johnson_unrotation(state, costate, m, w, 0.7)
    assert form == pytest.approx(np.vdot(as_complex(costate), image).imag, abs=1e-11)
    for vector, found, copy in zip((state, costate), before, copies):
        expected = np.einsum("kl,olc->okc", turn, as_complex(vector))
        np.testing.assert_allclose(as_complex(found), expected, atol=1e-12)
        np.testing.assert_array_equal(vector, copy)


def test_rotation_of_a_large_graph_is_undone_and_keeps_the_norm():
    state = np.random.default_rng(1).normal(size=(1, 12870, 1, 2))
    state /= np.linalg.norm(state)
    turned = johnson_rotation(state, 16, 8, -0.7)
    assert np.linalg.norm(turned) == pytest.approx(1, abs=1e-12)
    assert np.abs(turned - state).max() > 1e-3
    np.testing.assert_allclose(johnson_rotation(turned, 16, 8, 0.7), state, atol=1e-13)
