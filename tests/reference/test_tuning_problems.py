"""The problems that tune samplers are what they say, and their optima are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from tuning_problems import PROBLEMS, make_problem


# A million points with a hundred histories each take half a minute.
@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "contamination"])
def test_the_optimum_is_met_and_by_no_random_point_undercut(name):
    problem = make_problem(name, 3)
    best = problem.optimum()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(problem.on_grid, n_trials=60)
    assert study.best_value >= best - 1e-12
    low, high = problem.bounds or (0.0, 1.0)
    # Down from the best random point by single changes: no way below the optimum either.
    sizes = problem.levels
    unit = [(high - low) / (size - 1) if problem.bounds else 1.0 for size in sizes]
    rng = np.random.default_rng(0)
    state = rng.integers(sizes)
    for _ in range(200):
        i = int(rng.integers(len(sizes)))
        other = state.copy()
        other[i] = rng.integers(sizes[i])
        points = (low if problem.bounds else 0.0) + np.array([state, other]) * unit
        values = problem.function(points)
        state = other if values[1] <= values[0] else state
        assert values.min() >= best - 1e-12


@pytest.mark.parametrize("name", PROBLEMS)
def test_seeds_are_instances(name):
    first, again, other = (make_problem(name, seed) for seed in (1, 1, 2))
    points = np.random.default_rng(0).integers(2, size=(8, len(first.levels))).astype(float)
    np.testing.assert_array_equal(first.function(points), again.function(points))
    if name != "transformer":  # one table: seeds change only the samplers
        assert (first.function(points) != other.function(points)).any()


def test_published_optima():
    # Hartmann of six numbers: -3.32237 (Dixon and Szego); low autocorrelation of 20 bits: energy 26.
    hartmann = make_problem("hartmann", 5)
    rng = np.random.default_rng(1)
    starts = [minimize(lambda x: float(hartmann.function(x[None])[0]), rng.random(6)) for _ in range(60)]
    assert min(run.fun for run in starts) == pytest.approx(-3.32237, abs=1e-4)
    assert make_problem("labs", 2).optimum() == pytest.approx(-(20**2) / (2 * 26))


def test_a_grid_of_levels_reaches_every_entry_of_the_table():
    problem = make_problem("transformer", 1)
    corner = np.array([[size - 1.0 for size in problem.levels]])
    assert problem.function(corner)[0] != problem.function(np.zeros_like(corner))[0]
    assert problem.optimum() == pytest.approx(1.24001)
