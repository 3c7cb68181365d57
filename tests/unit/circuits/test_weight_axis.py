"""Sparse mixers of large groups of fixed weight against their matrices."""

import numpy as np
import pytest

from hybrid_opt.circuits.subspace_groups import GroupWires
from hybrid_opt.circuits.subspace_mixers import MatrixAxis
from hybrid_opt.circuits.weight_axis import WeightAxis

GROUP = GroupWires(tuple(range(7)), 3)
KINDS = [("complete", True), ("ring", True), ("complete", False), ("ring", False)]


def random_state(seed):
    return np.random.default_rng(seed).normal(size=(2, GROUP.levels, 3, 2))


def as_complex(state):
    return state.view(np.complex128)[..., 0]


@pytest.mark.parametrize(("topology", "exact"), KINDS)
@pytest.mark.parametrize("beta", [-0.4, 0.0, 5.0, -40.0])
def test_forward(topology, exact, beta):
    step, _ = MatrixAxis(GROUP, topology, exact).matrices(beta)
    state = random_state(1)
    expected = np.einsum("kl,olc->okc", step, as_complex(state))
    turned = WeightAxis(GROUP, topology, exact).forward(state, beta)
    np.testing.assert_allclose(as_complex(turned), expected, atol=2e-12)


@pytest.mark.parametrize(("topology", "exact"), KINDS)
def test_backward(topology, exact):
    step, generator = MatrixAxis(GROUP, topology, exact).matrices(0.3)
    state, costate = random_state(1), random_state(2)
    form = np.vdot(as_complex(costate), np.einsum("kl,olc->okc", generator, as_complex(state))).imag
    undone = [np.einsum("kl,olc->okc", step.conj().T, as_complex(vector)) for vector in (state, costate)]
    found, first, second = WeightAxis(GROUP, topology, exact).backward(state, costate, 0.3)
    assert found == pytest.approx(form, abs=1e-11)
    np.testing.assert_allclose(as_complex(first), undone[0], atol=1e-12)
    np.testing.assert_allclose(as_complex(second), undone[1], atol=1e-12)
