"""Annealing of whole levels: optima of small models, repeatable, within its limits."""

from __future__ import annotations

import dimod
import numpy as np
import pytest

from hybrid_opt import LevelModel, solve
from hybrid_opt.errors import OptionError, UnsupportedModelError
from hybrid_opt.qubo.problem import Problem
from hybrid_opt.solvers.base import Request
from hybrid_opt.testing import check_solver
from hybrid_opt.tuning.level_annealing import LevelAnneal, level_arrays


def model_of(seed, sizes=(4, 3, 5, 2, 4, 3)):
    rng = np.random.default_rng(seed)
    model = LevelModel()
    for i, size in enumerate(sizes):
        model.add_variable(i, rng.normal(size=size))
    for i in range(len(sizes)):
        for j in range(i):
            model.add_pair(i, j, table=2 * rng.normal(size=(sizes[i], sizes[j])))
    return model


@pytest.mark.parametrize("seed", range(5))
def test_it_finds_the_optimum_of_small_models(seed):
    model = model_of(seed)
    assert solve(model, LevelAnneal(reads=10), seed=seed).objective == pytest.approx(
        solve(model, "exact", seed=0).objective
    )


def test_bits_spins_and_integers_are_levels_too():
    bqm = dimod.BinaryQuadraticModel({"a": 1.0, "b": -2.0}, {("a", "b"): 3.0}, 0.5, "SPIN")
    assert solve(bqm, LevelAnneal(reads=4), seed=0).objective == bqm.energy({"a": -1, "b": 1}) == -5.5
    x, y = (dimod.Integer(name, lower_bound=-2, upper_bound=3) for name in "xy")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective((x - 1) * (x - 1) + x * y)
    assert solve(cqm, LevelAnneal(reads=10), seed=0).objective == solve(cqm, "exact", seed=0).objective


def test_every_run_ends_in_a_local_minimum():
    model = model_of(11, sizes=(3,) * 12)
    problem = model.to_problem()
    outcome = LevelAnneal(reads=20, sweeps=2).solve(Request(problem, seed=3))
    assert outcome.counts.sum() == 20 == outcome.draws
    assert len(outcome.states) > 1
    for states in outcome.states:
        around = np.repeat(states[None, :], 36, axis=0)
        around[np.arange(36), np.repeat(np.arange(12), 3)] = np.tile(np.arange(3), 12)
        assert problem.objective(around).min() >= problem.objective(states[None, :])[0] - 1e-9


def test_the_same_seed_gives_the_same_proposals():
    problem = model_of(2, sizes=(3,) * 12).to_problem()
    first, again, other = (LevelAnneal(sweeps=3).solve(Request(problem, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(first.states, again.states)
    assert first.states.shape != other.states.shape or not np.array_equal(first.states, other.states)
    assert first.deterministic
    assert first.notes == []


def test_it_begins_at_the_start_and_stops_at_the_limit():
    problem = model_of(4, sizes=(4,) * 30).to_problem()
    start = np.zeros(30, dtype=np.int64)
    request = Request(problem, seed=0, time_limit=1e-6, start=start)
    outcome = LevelAnneal(reads=1, sweeps=10_000).solve(request)
    assert not outcome.deterministic
    assert outcome.effort["sweeps"] == 1
    assert outcome.notes == ["the annealing ended early, after 1 sweeps"]


def test_ctrl_c_keeps_what_was_found():
    def interrupt(share, text):
        raise KeyboardInterrupt

    outcome = LevelAnneal().solve(Request(model_of(0).to_problem(), seed=0, progress=interrupt))
    assert outcome.interrupted
    assert len(outcome.states) > 0
    assert not outcome.deterministic


def test_models_without_variables_or_costs_have_an_answer():
    assert LevelAnneal().solve(Request(Problem([]), seed=0)).states.shape[1] == 0
    flat = LevelModel()
    flat.add_variable("a", [1.0, 1.0, 1.0])
    assert solve(flat, LevelAnneal(), seed=0).objective == 1.0


def test_constraints_are_refused():
    model = model_of(0)
    model.add_constraint({0: 1, 1: 1}, "<=", 3)
    with pytest.raises(UnsupportedModelError, match="1 constraints, and 'level-anneal' takes none"):
        solve(model, LevelAnneal(), seed=0)


@pytest.mark.parametrize("setting", ["reads", "sweeps"])
@pytest.mark.parametrize("value", [0, -1, 2.0, True, None])
def test_wrong_settings_are_refused(setting, value):
    with pytest.raises(OptionError, match=f"{setting} is .* whole number of at least 1"):
        LevelAnneal(**{setting: value})


def test_arrays_hold_each_pair_twice():
    linear, couplings, starts = level_arrays(model_of(1, sizes=(2, 3)).to_problem())
    assert starts.tolist() == [0, 2, 5]
    assert linear.shape == (5,)
    assert np.array_equal(couplings, couplings.T)
    assert couplings[:2, 2:].all()
    assert not couplings[:2, :2].any()


def test_it_is_a_solver_like_any_other():
    assert "level variables" in check_solver(LevelAnneal(reads=8))
