"""Uniform feasible sampling: exact figures and fair draws."""

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.qubo import read_model
from hybrid_opt.qubo.grouped_enumeration import automatic_census
from hybrid_opt.solvers import Request, Uniform
from hybrid_opt.solvers.uniform import FeasibleSet, uniform_record


def budget_model() -> ho.LevelModel:
    model = ho.LevelModel()
    model.add_variable("tv", [0.0, -5.0, -8.0, -9.0])
    model.add_variable("search", [0.0, -4.0, -5.0])
    model.add_constraint({"tv": 1, "search": 1}, "==", 3, label="budget")
    return model


def large() -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(dict.fromkeys(range(21), -1.0), {}, 0.0, "BINARY")


def figures(model):
    problem = read_model(model)
    return uniform_record(problem, automatic_census(problem))


def selection(n: int, k: int) -> dimod.ConstrainedQuadraticModel:
    """The first k of n are the only optimum, -1 each; everything else is worth nothing."""
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_variables("BINARY", range(n))
    cqm.set_objective(-dimod.quicksum(dimod.Binary(i) for i in range(k)))
    cqm.add_constraint([(i, 1) for i in range(n)], "==", k, label="k")
    return cqm


def test_figures_by_hand():
    # feasible: (3, 0) -9, (2, 1) -12, (1, 2) -10
    record, reason = figures(budget_model())
    assert reason == ""
    assert record.n_feasible == 3
    assert record.p_optimum == pytest.approx(1 / 3)
    assert record.expected_value == pytest.approx(-31 / 3)
    assert record.method == "enumeration"


def test_reason_beyond_the_limit_and_without_a_feasible_assignment():
    record, reason = figures(large())
    assert record is None
    assert "2,097,152" in reason
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries("xy")
    cqm.add_constraint(x + y >= 3, label="three")
    record, reason = figures(cqm)
    assert record is None
    assert reason == "no assignment is feasible"


def test_figures_inside_a_row_that_chooses_k():
    record, reason = figures(selection(30, 3))
    assert reason == ""
    assert record.n_feasible == 4060
    assert record.p_optimum == pytest.approx(1 / 4060)
    assert record.expected_value == pytest.approx(-3 * 3 / 30)


def test_draws_inside_a_row_that_chooses_k():
    problem = read_model(selection(30, 3))
    members = FeasibleSet.of(problem)
    assert len(members.indices) == 4060
    assert (np.diff(members.indices) > 0).all()
    outcome = Uniform(draws=500).solve(Request(problem, seed=1))
    assert outcome.draws == 500
    assert problem.feasible(outcome.states).all()
    assert len(outcome.states) > 400
    with pytest.raises(ModelTooLargeError, match="about 10"):
        Uniform().solve(Request(read_model(selection(60, 30)), seed=1))


def test_draws_are_feasible_and_uniform():
    problem = read_model(budget_model())
    members = FeasibleSet.of(problem)
    states = members.states(members.indices)
    assert states.tolist() == [[1, 2], [2, 1], [3, 0]]
    counts = members.draw(30_000, seed=4)
    assert counts.sum() == 30_000
    # chi square with 2 degrees of freedom: above 13.8 once in a thousand
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 13.8
    assert np.array_equal(counts, members.draw(30_000, seed=4))
    assert not np.array_equal(counts, members.draw(30_000, seed=5))


def test_solver_draws_as_many_as_asked_in_parts(monkeypatch):
    monkeypatch.setattr("hybrid_opt.solvers.uniform.PART", 7)
    outcome = Uniform(draws=20).solve(Request(read_model(budget_model()), seed=1))
    assert outcome.draws == outcome.counts.sum() == 20
    assert outcome.deterministic
    assert outcome.proof is None
    few = Uniform(draws=1).solve(Request(read_model(budget_model()), seed=1))
    assert few.states.shape == (1, 2)


def test_by_time_it_draws_at_least_once_and_says_that_it_does_not_repeat():
    outcome = Uniform().draw(Request(read_model(budget_model()), seed=1), seconds=1e-9)
    assert outcome.draws >= 1
    assert not outcome.deterministic


def test_proves_infeasibility_and_refuses_large_models():
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries("xy")
    cqm.add_constraint(x + y >= 3, label="three")
    solution = ho.solve(cqm, "uniform", seed=1)
    assert solution.status == "infeasible"
    assert "every assignment violates" in " ".join(solution.notes)
    with pytest.raises(ModelTooLargeError, match=r"2,097,152 .*1,048,576"):
        ho.solve(large(), "uniform")


@pytest.mark.parametrize("draws", [0, -1, 2.5, True, None])
def test_illegal_draws(draws):
    with pytest.raises(OptionError, match="draws"):
        Uniform(draws=draws)
