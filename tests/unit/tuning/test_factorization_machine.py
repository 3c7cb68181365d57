"""The factorization machine: its gradient, its formula, and what it learns."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution

from hybrid_opt.tuning import factorization_machine
from hybrid_opt.tuning.factorization_machine import fit_factorization_machine
from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.targets import standardized


def binary_space(n):
    return level_space({f"x{i}": CategoricalDistribution([0, 1]) for i in range(n)})


def test_the_gradient_is_that_of_the_ridged_squared_error():
    rng = np.random.default_rng(0)
    features, targets = rng.random((7, 4)), rng.normal(size=7)
    weights = [rng.normal(size=1), rng.normal(size=4), rng.normal(size=(4, 2))]

    def cost(w):
        w0, linear, vectors = w
        pairs = sum(
            features[:, a] * features[:, b] * (vectors[a] @ vectors[b])
            for a, b in itertools.combinations(range(4), 2)
        )
        error = w0[0] + features @ linear + pairs - targets
        ridge = factorization_machine.RIDGE * ((linear**2).sum() + (vectors**2).sum())
        return 0.5 * (error @ error / len(targets) + ridge)

    slopes = factorization_machine._slopes(weights, features, features**2, targets)
    for k, slope in enumerate(slopes):
        for index in np.ndindex(weights[k].shape):
            values = []
            for step in (1e-6, -1e-6):
                moved = [w.copy() for w in weights]
                moved[k][index] += step
                values.append(cost(moved))
            assert slope[index] == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-7)


def test_a_function_of_low_rank_is_learned():
    space = binary_space(10)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(10, 2))
    everything = np.array(list(itertools.product(range(2), repeat=10)))
    values = np.einsum("si,ij,sj->s", everything, np.triu(vectors @ vectors.T, 1), everything)
    seen = rng.choice(len(everything), 200, replace=False)
    machine = fit_factorization_machine(
        space, space.one_hot(everything[seen]), standardized(values[seen]), rng, exploration=0.0
    )
    assert np.corrcoef(machine.energies(everything), values)[0, 1] > 0.95


def test_levels_of_one_parameter_have_no_pairs():
    space = level_space({"a": CategoricalDistribution([0, 1, 2]), "b": CategoricalDistribution([0, 1])})
    states = np.array(list(itertools.product(range(3), range(2))))
    machine = fit_factorization_machine(
        space, space.one_hot(states), np.arange(6.0), np.random.default_rng(0), 0.0
    )
    assert not machine.couplings[:3, :3].any()
    assert not machine.couplings[3:, 3:].any()
    assert np.array_equal(machine.couplings, machine.couplings.T)


def test_machines_of_other_seeds_differ_and_of_the_same_do_not():
    space = binary_space(6)
    rng = np.random.default_rng(0)
    states = rng.integers(2, size=(30, 6))
    data = (space, space.one_hot(states), rng.normal(size=30))
    first, again, other = (fit_factorization_machine(*data, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first.couplings, again.couplings)
    assert np.abs(first.linear - other.linear).max() > 0.01


def test_a_single_point_is_never_left_out():
    space = binary_space(3)
    for seed in range(10):
        machine = fit_factorization_machine(
            space, space.one_hot(np.array([[0, 1, 0]])), np.array([2.0]), np.random.default_rng(seed)
        )
        assert machine.energies(np.array([[0, 1, 0]]))[0] == pytest.approx(2.0, abs=0.1)
