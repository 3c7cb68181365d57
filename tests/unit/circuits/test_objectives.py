"""Objectives against brute force, their weights against differences."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import CircuitQAOA, DiagonalQAOA, SubspaceQAOA
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import EXPECTATION, CVaR, Expectation, Gibbs, weigh

RNG = np.random.default_rng(3)
ENERGIES = np.array([2.0, -1.0, 5.0, -1.0, 0.5, 3.0])
PROBABILITIES = np.array([0.1, 0.15, 0.3, 0.05, 0.25, 0.15])


def tail_mean(energies, probabilities, alpha):
    """Mean of the lowest share, by walking through sorted states and cutting the last."""
    left, total = alpha, 0.0
    for energy, probability in sorted(zip(energies, probabilities)):
        taken = min(left, probability)
        total += taken * energy
        left -= taken
    return total / alpha


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.2, 0.33, 0.45, 0.7, 1.0])
def test_cvar_is_the_mean_of_the_tail(alpha):
    assert CVaR(alpha)(ENERGIES, PROBABILITIES)[0] == pytest.approx(
        tail_mean(ENERGIES, PROBABILITIES, alpha), abs=1e-12
    )


def test_cvar_of_everything_is_the_mean():
    assert CVaR(1.0)(ENERGIES, PROBABILITIES)[0] == pytest.approx(Expectation()(ENERGIES, PROBABILITIES)[0])


def test_cvar_does_not_overshoot_where_the_tail_is_smaller_than_one_level():
    assert CVaR(0.05)(ENERGIES, PROBABILITIES)[0] == pytest.approx(-1.0)


@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.3), CVaR(0.9), Gibbs(0.7), Gibbs(5.0)])
def test_weights_are_derivatives(objective):
    _, weights = objective(ENERGIES, PROBABILITIES)
    for _ in range(5):
        change = RNG.normal(size=6)
        change -= change.mean()  # keeps the sum at 1
        step = 1e-6
        up = objective(ENERGIES, PROBABILITIES + step * change)[0]
        down = objective(ENERGIES, PROBABILITIES - step * change)[0]
        assert (up - down) / (2 * step) == pytest.approx(weights @ change, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.3), Gibbs(0.7)])
def test_splitting_and_order_of_levels_do_not_matter(objective):
    order = RNG.permutation(12)
    twice = np.tile(ENERGIES, 2)[order], np.tile(PROBABILITIES / 2, 2)[order]
    assert objective(*twice)[0] == pytest.approx(objective(ENERGIES, PROBABILITIES)[0])


def test_gibbs_closed_form_and_large_energies():
    assert Gibbs(2.0)(ENERGIES, PROBABILITIES)[0] == pytest.approx(
        -np.log(PROBABILITIES @ np.exp(-2 * ENERGIES))
    )
    value, weights = Gibbs(1.0)(ENERGIES * 1e4, PROBABILITIES)
    assert value == pytest.approx(-1e4 - np.log(0.2))
    assert np.isfinite(weights).all()
    value, weights = Gibbs(1.0)(np.array([-1e4, 0.0]), np.array([0.0, 1.0]))
    assert value == pytest.approx(0.0)
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("alpha", [0, -0.1, 1.1, np.nan, "x", True, None])
def test_illegal_alpha(alpha):
    with pytest.raises(CircuitError, match="alpha is"):
        CVaR(alpha)


@pytest.mark.parametrize("eta", [0, -1, np.inf, np.nan, "x", True])
def test_illegal_eta(eta):
    with pytest.raises(CircuitError, match="eta is"):
        Gibbs(eta)


def test_weights_lie_about_zero_whatever_the_offset():
    value, weights = weigh(EXPECTATION, 1e9 + np.arange(3.0), np.full(3, 1 / 3))
    assert value == pytest.approx(1e9 + 1)
    assert weights.tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        (lambda energies, chances: 1.0, "must give a value and its derivatives"),
        (lambda energies, chances: ("x", energies), "must give a value and its derivatives"),
        (lambda energies, chances: None, "must give a value and its derivatives"),
        (lambda energies, chances: (0.0, energies[:1]), r"derivatives of shape \(1,\)"),
        (lambda energies, chances: (np.nan, energies), "the value nan"),
        (lambda energies, chances: (0.0, energies * np.nan), "NaN or infinite"),
    ],
)
def test_objectives_that_give_something_else(objective, words):
    with pytest.raises(CircuitError, match=words):
        weigh(objective, np.arange(3.0), np.full(3, 1 / 3))
    edge = dimod.BinaryQuadraticModel({"a": 0.5}, {("a", "b"): 1.0}, 0.0, "SPIN")
    for engine in (DiagonalQAOA(edge), DiagonalQAOA(edge, precision="single"), SubspaceQAOA(edge)):
        with pytest.raises(CircuitError, match=words):
            engine.value_and_grad([0.1], [0.1], objective)
    for engine in (DiagonalQAOA(edge), SubspaceQAOA(edge), CircuitQAOA(edge, compute="cpu")):
        with pytest.raises(CircuitError, match=words):
            engine.value([0.1], [0.1], objective)


@pytest.mark.parametrize("objective", ["cvar", None, 3])
def test_what_cannot_be_called(objective):
    edge = dimod.BinaryQuadraticModel({"a": 0.5}, {("a", "b"): 1.0}, 0.0, "SPIN")
    for engine in (DiagonalQAOA(edge), SubspaceQAOA(edge)):
        for call in (engine.value, engine.value_and_grad):
            with pytest.raises(CircuitError, match=r"objective is .*; it must be Expectation"):
                call([0.1], [0.1], objective)
