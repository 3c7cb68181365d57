"""Objectives against brute force, their weights against differences."""

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import CVaR, Expectation, Gibbs

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
