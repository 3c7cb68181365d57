"""Estimates from measured bits: values, errors, bits without an energy."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import CVaR, Expectation, Gibbs
from hybrid_opt.circuits.product_space import Factor, ProductSpace
from hybrid_opt.circuits.shot_estimates import energy_lookup, estimate


@pytest.fixture
def engine(small_qaoa):
    rng = np.random.default_rng(0)
    pairs = {(i, j): rng.normal() for i in range(6) for j in range(i)}
    return small_qaoa(dimod.BinaryQuadraticModel({}, pairs, 0.0, "SPIN"))


@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.3), Gibbs(0.5)])
def test_errors_are_those_of_repeated_estimates(engine, objective):
    angles = [0.2, 0.3], [-0.4, -0.2]
    found = [estimate(engine, *angles, 400, objective=objective, seed=seed) for seed in range(150)]
    values = [one.value for one in found]
    exact = engine.value(*angles, objective)
    assert abs(np.mean(values) - exact) < 0.15 * np.std(values) + 3 * np.std(values) / np.sqrt(150)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(np.std(values), rel=0.2)


def test_expectation_is_the_mean(engine):
    bits = engine.sample([0.2], [-0.3], 50, seed=7)
    energies = energy_lookup(engine)(bits)
    found = estimate(engine, [0.2], [-0.3], 50, seed=7)
    assert found.value == pytest.approx(energies.mean())
    assert found.standard_error == pytest.approx(energies.std(ddof=1) / np.sqrt(50))
    assert found.shots == 50


def test_one_shot_has_no_error(engine):
    assert estimate(engine, [0.2], [-0.3], 1, seed=1).standard_error == np.inf


class OneHot:
    """Two levels of two bits each."""

    space = ProductSpace(2, (Factor((0, 1), np.array([[1, 0], [0, 1]], dtype=np.uint8)),))
    energies = np.array([3.0, 4.0])


def test_bits_of_a_smaller_space():
    bits = np.array([[0, 1], [1, 0], [0, 1]], dtype=np.uint8)
    assert energy_lookup(OneHot())(bits).tolist() == [4, 3, 4]
    with pytest.raises(CircuitError, match="outside"):
        energy_lookup(OneHot())(np.array([[1, 1]], dtype=np.uint8))


def test_wire_0_is_most_significant(engine):
    assert energy_lookup(engine)(np.array([[1, 0, 0, 0, 0, 1]]))[0] == engine.energies[33]


def test_engines_without_a_table(engine):
    engine.energies = None
    with pytest.raises(CircuitError, match="energies="):
        energy_lookup(engine)(np.zeros((1, 6), dtype=np.uint8))


@pytest.mark.parametrize("shots", [0, -1, 1.5, True])
def test_bad_shots(engine, shots):
    with pytest.raises(CircuitError, match="shots"):
        estimate(engine, [0.1], [0.1], shots)


@pytest.mark.parametrize("energies", [lambda bits: np.zeros(3), lambda bits: np.full(len(bits), np.nan)])
def test_bad_energies(engine, energies):
    with pytest.raises(CircuitError, match="finite numbers"):
        estimate(engine, [0.1], [0.1], 5, energies=energies)
