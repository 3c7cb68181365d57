"""Presolve keeps the feasible assignments, and names the rows when there are none."""

from __future__ import annotations

from itertools import product

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError
from hybrid_opt.qubo import LevelModel, Pair, Problem, Row, Variable, read_model
from hybrid_opt.qubo.presolve import presolve


def binaries(n: int) -> list[Variable]:
    return [Variable(f"x{i}", "binary", 2) for i in range(n)]


def feasible_values(problem: Problem) -> set[tuple[int, ...]]:
    states = np.array(list(product(*(range(v.size) for v in problem.variables))))
    return {tuple(problem.to_sample(s).values()) for s in states[problem.feasible(states)]}


def test_rows_that_cannot_bind_are_dropped_with_the_reason():
    rows = [Row("loose", "<=", 5.0, {0: 2.0, 1: 3.0}), Row("tight", "<=", 4.0, {0: 2.0, 1: 3.0})]
    reduced = presolve(Problem(binaries(2), (), rows))
    assert [row.label for row in reduced.problem.rows] == ["tight"]
    assert list(reduced.dropped) == ["loose"]
    assert "between 0 and 5, so <= 5 always holds" in reduced.dropped["loose"]


@pytest.mark.parametrize(("sense", "rhs"), [(">=", 0.0), ("<=", 3.0), ("==", 0.0)])
def test_rows_are_dropped_whatever_their_sense(sense, rhs):
    variables = [*binaries(1), Variable("i", "integer", 3)]
    terms = {0: 1.0, 1: 1.0} if sense != "==" else {0: 0.0}
    reduced = presolve(Problem(variables, (), [Row("r", sense, rhs, terms)]))
    assert list(reduced.dropped) == ["r"]
    assert reduced.problem.rows == []


def test_domains_shrink_at_both_ends_and_states_are_renumbered():
    variables = [Variable("i", "integer", 11, lower=-3), Variable("v", "level", 5, table=np.arange(5.0) ** 2)]
    pairs = [Pair(0, 1, 2.0, table=np.arange(55.0).reshape(11, 5))]
    rows = [
        Row("i up", "<=", 4.0, {0: 2.0}),
        Row("i low", ">=", -1.0, {0: 1.0}),
        Row("v", ">=", 2.5, {1: np.array([0.0, 2.0, 3.0, 5.0, 9.0])}),
    ]
    problem = Problem(variables, pairs, rows, offset=1.5)
    reduced = presolve(problem)
    i, v = reduced.problem.variables
    assert (i.lower, i.upper, i.size) == (-1, 2, 4)
    assert v.values().tolist() == [2, 3, 4]
    assert reduced.first_states.tolist() == [2, 2]
    states = np.array(list(product(range(4), range(3))))
    assert reduced.problem.objective(states) == pytest.approx(
        problem.objective(states + reduced.first_states)
    )
    assert set(reduced.dropped) == {"i up", "i low", "v"}


def test_rows_tighten_each_other():
    rows = [Row("exact", "==", 9.0, {0: 1.0, 1: 1.0}), Row("small", "<=", 3.0, {0: 1.0})]
    reduced = presolve(Problem([Variable(k, "integer", 11) for k in "ij"], (), rows))
    assert [(v.lower, v.upper) for v in reduced.problem.variables] == [(0, 3), (6, 9)]


def test_negative_weights_and_spins():
    variables = [Variable("s", "spin", 2, lower=-1, step=2), Variable("i", "integer", 6, lower=-2)]
    reduced = presolve(Problem(variables, (), [Row("r", "<=", -4.0, {0: 1.0, 1: -1.0})]))
    assert [(v.lower, v.upper) for v in reduced.problem.variables] == [(-1, -1), (3, 3)]


def test_weights_per_state_keep_the_hull_of_the_allowed_states():
    variables = [Variable("v", "level", 5, table=np.zeros(5))]
    reduced = presolve(
        Problem(variables, (), [Row("r", "<=", 2.0, {0: np.array([5.0, 1.0, 9.0, 2.0, 7.0])})])
    )
    assert reduced.problem.variables[0].size == 3
    assert reduced.first_states.tolist() == [1]
    (row,) = reduced.problem.rows  # the state in the middle is still ruled out by the row
    assert row.terms[0].tolist() == [1.0, 9.0, 2.0]


def test_feasible_assignments_stay_the_same_on_random_problems():
    rng = np.random.default_rng(0)
    shrunk = dropped = 0
    for _ in range(150):
        variables = [
            Variable(f"x{i}", "integer", int(rng.integers(1, 6)), lower=int(rng.integers(-3, 2)), step=1)
            for i in range(3)
        ]
        rows = []
        for r in range(3):
            terms: dict[int, float | np.ndarray] = {}
            for i in range(3):
                table = rng.integers(-3, 4, variables[i].size) * 0.5
                terms[i] = table if rng.random() < 0.3 else float(rng.integers(-2, 3))
            rows.append(Row(f"r{r}", ["<=", ">=", "=="][rng.integers(3)], float(rng.integers(-4, 5)), terms))
        problem = Problem(variables, (), rows)
        expected = feasible_values(problem)
        try:
            reduced = presolve(problem)
        except InfeasibleModelError:
            assert not expected
            continue
        assert feasible_values(reduced.problem) == expected
        shrunk += reduced.problem.n_states < problem.n_states
        dropped += len(reduced.dropped)
    assert shrunk > 15
    assert dropped > 15


def test_a_row_that_can_never_hold_is_named_with_what_it_reaches():
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries("xy")
    cqm.add_constraint(2 * x + 3 * y >= 6, label="target")
    with pytest.raises(
        InfeasibleModelError,
        match=r"'target' \(>= 6 over 'x', 'y'\) can never hold: its left side is at most 5",
    ):
        presolve(read_model(cqm))
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_constraint(2 * x + 3 * y <= -1, label="cap")
    with pytest.raises(InfeasibleModelError, match=r"'cap' \(<= -1 .*its left side is at least 0"):
        presolve(read_model(cqm))


def test_contradictory_bounds_name_both_rows():
    i = dimod.Integer("i", upper_bound=10)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.add_constraint(i >= 6, label="at least six")
    cqm.add_constraint(i <= 5, label="at most five")
    with pytest.raises(InfeasibleModelError) as caught:
        presolve(read_model(cqm))
    assert "'at most five'" in str(caught.value)
    assert "tightened by 'at least six'" in str(caught.value)
    assert "Relax it" in str(caught.value)


def test_an_equality_out_of_reach_on_either_side():
    model = LevelModel()
    model.add_variable("tv", [0, 1, 2], units=[10, 20, 30])
    model.add_constraint({"tv": 1}, "==", 40, label="spend")
    with pytest.raises(InfeasibleModelError, match=r"'spend'.*at most 30"):
        presolve(model.to_problem())
    model = LevelModel()
    model.add_variable("tv", [0, 1, 2], units=[10, 20, 30])
    model.add_constraint({"tv": 1}, "==", 5, label="spend")
    with pytest.raises(InfeasibleModelError, match=r"'spend'.*at least 10"):
        presolve(model.to_problem())


def test_a_row_without_variables():
    assert list(presolve(Problem(binaries(1), (), [Row("r", "<=", 0.0, {})])).dropped) == ["r"]
    with pytest.raises(InfeasibleModelError, match="over no variable"):
        presolve(Problem(binaries(1), (), [Row("r", "<=", -1.0, {})]))


def test_long_rows_are_shown_shortened():
    n = 9
    with pytest.raises(InfeasibleModelError, match="'x0', 'x1', 'x2', 'x3', 'x4' and 4 more"):
        presolve(Problem(binaries(n), (), [Row("r", ">=", n + 1.0, dict.fromkeys(range(n), 1.0))]))


@pytest.mark.parametrize("upper", [10, 77, 78, 79, 80, 81, 82, 200])
def test_rows_that_chase_each_other_leave_no_row_without_a_choice(upper):
    # i < j and j < i: every round of tightening cuts two states at each end, so some sizes end in mid-round.
    rows = [Row("i < j", "<=", -1.0, {0: 1.0, 1: -1.0}), Row("j < i", "<=", -1.0, {0: -1.0, 1: 1.0})]
    problem = Problem([Variable(k, "integer", upper + 1) for k in "ij"], (), rows)
    try:
        reduced = presolve(problem).problem
    except InfeasibleModelError:
        return
    for row in reduced.rows:
        assert any(reduced.variables[i].size > 1 for i in row.terms)
