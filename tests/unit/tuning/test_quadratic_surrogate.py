"""A quadratic function of groups: its values, and the model a solver gets."""

from __future__ import annotations

import itertools

import numpy as np
from optuna.distributions import CategoricalDistribution

from hybrid_opt import solve
from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.quadratic_surrogate import QuadraticSurrogate


def random_surrogate(sizes=(2, 3, 4), seed=0):
    space = level_space({f"x{i}": CategoricalDistribution(list(range(k))) for i, k in enumerate(sizes)})
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(space.n_columns, space.n_columns))
    table = (table + table.T) * (space.groups[:, None] != space.groups[None, :])
    return QuadraticSurrogate(space, rng.normal(size=space.n_columns), table, 1.5)


def all_points(space):
    return np.array(list(itertools.product(*map(range, space.sizes))))


def test_energies_add_levels_and_each_pair_once():
    surrogate = random_surrogate()
    linear, table = surrogate.linear, surrogate.couplings
    # x0 = 1, x1 = 2, x2 = 3 are columns 1, 4 and 8.
    expected = 1.5 + linear[[1, 4, 8]].sum() + table[1, 4] + table[1, 8] + table[4, 8]
    assert np.isclose(surrogate.energies(np.array([[1, 2, 3]]))[0], expected)


def test_the_model_has_the_same_values_and_the_parameters_names():
    surrogate = random_surrogate()
    model = surrogate.to_model()
    assert model.variables == ["x0", "x1", "x2"]
    states = all_points(surrogate.space)
    assert np.allclose(model.to_problem().objective(states), surrogate.energies(states))


def test_the_exact_solver_finds_its_minimum():
    surrogate = random_surrogate(seed=3)
    assert np.isclose(
        solve(surrogate.to_model(), "exact", seed=0).objective,
        surrogate.energies(all_points(surrogate.space)).min(),
    )


def test_pairs_without_a_cost_are_not_in_the_model():
    surrogate = random_surrogate()
    plain = QuadraticSurrogate(surrogate.space, surrogate.linear, np.zeros((9, 9)))
    assert len(plain.to_model().to_problem().pairs) == 0
    assert len(surrogate.to_model().to_problem().pairs) == 3
