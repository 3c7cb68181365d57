"""Costs of changes: one by one and two by two against the model itself, after any walk."""

import dimod
import numpy as np
import pytest

from hybrid_opt.qubo import LevelModel, Pair, Problem, Row, Variable, read_model
from hybrid_opt.solvers import change_tables
from hybrid_opt.solvers.change_tables import ChangeTables, Point


def mixed(seed: int) -> Problem:
    """Every kind of variable, products and tables, rows by value and by state."""
    rng = np.random.default_rng(seed)
    variables = [
        Variable("b", "binary", 2, linear=1.5),
        Variable("s", "spin", 2, lower=-1, step=2, linear=-2.0),
        Variable("i", "integer", 4, lower=-1, linear=0.5, square=-1.25),
        Variable("l", "level", 3, table=rng.normal(size=3)),
        Variable("fixed", "integer", 1, lower=5, linear=2.0),
        Variable("m", "level", 5, linear=0.5, table=rng.normal(size=5)),
    ]
    tables = rng.normal(size=(2, 3)), rng.normal(size=(4, 3)), rng.normal(size=(3, 5))
    pairs = [
        Pair(0, 2, 3.0),
        Pair(1, 2, -0.5),
        Pair(1, 3, table=tables[0]),
        Pair(2, 3, -1.0, tables[1]),
        Pair(3, 5, table=tables[2]),
        Pair(4, 5, 0.25),
    ]
    rows = [
        Row("most", "<=", 3.0, {0: 1.0, 2: 2.0, 3: np.array([0.0, 1.0, 4.0])}),
        Row("least", ">=", -2.0, {1: 1.0, 2: 1.0, 4: 0.1}),
        Row("all", "==", 2.0, {5: np.array([0.0, 1.0, 1.0, 2.0, 7.0]), 0: 1.0}),
    ]
    return Problem(variables, pairs, rows, offset=10.0)


def after(point: Point, change: int) -> np.ndarray:
    """The assignment after one change, by making it on a copy."""
    copy = Point(point.tables, point.states)
    copy.apply(np.array([change]))
    return copy.states


def lefts(problem: Problem, states: np.ndarray) -> np.ndarray:
    return np.array([sum(problem.weights(row, i)[states[i]] for i in row.terms) for row in problem.rows])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dense", [True, False])
def test_every_cost_is_a_difference_of_objectives(seed, dense, monkeypatch):
    if not dense:
        monkeypatch.setattr(change_tables, "DENSE_NUMBERS", 1)
    problem = mixed(seed)
    rng = np.random.default_rng(seed)
    tables = ChangeTables(problem)
    assert isinstance(tables.couplings, np.ndarray) == dense
    point = Point(tables, rng.integers([v.size for v in problem.variables]))
    for _ in range(5):
        here = problem.objective(point.states[None])[0]
        ends = np.array([after(point, k) for k in range(len(point.costs))])
        assert point.costs == pytest.approx(problem.objective(ends) - here)
        every = np.arange(len(point.costs))
        moved = point.row_changes(every)
        assert point.left == pytest.approx(lefts(problem, point.states))
        for k, end in enumerate(ends):
            assert point.left + moved[k] == pytest.approx(lefts(problem, end))
        joint = point.joint_costs(every)
        some = rng.permutation(every)[:7]
        assert np.array_equal(point.joint_costs(some), joint[np.ix_(some, some)])
        for a in every:
            for b in every:
                if tables.variable[a] == tables.variable[b]:
                    assert joint[a, b] == np.inf
                    continue
                both = np.where(ends[b] != point.states, ends[b], ends[a])
                assert joint[a, b] == pytest.approx(problem.objective(both[None])[0] - here)
        first, second = rng.choice(every, 2, replace=False)
        one_variable = tables.variable[first] == tables.variable[second]
        point.apply(np.array([first] if one_variable else [first, second]))


def test_small_variables_reach_every_state_and_large_ones_move_by_powers_of_two():
    variables = [Variable("small", "integer", 4), Variable("large", "integer", 100, lower=-50)]
    point = Point(ChangeTables(Problem(variables)), np.array([2, 3]))
    ends = [after(point, k) for k in range(len(point.costs))]
    assert sorted(end[0] for end in ends if end[0] != 2) == [0, 1, 3]
    assert sorted({int(end[1]) for end in ends}) == [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]


def test_limits_of_the_rows_are_those_of_the_model():
    variables = [Variable(i, "binary", 2) for i in range(3)]
    terms = {0: 0.1, 1: 0.2, 2: 0.3}
    rows = [Row(sense, sense, 0.3, terms) for sense in ("<=", ">=", "==")]
    problem = Problem(variables, (), rows)
    point = Point(ChangeTables(problem), np.array([1, 1, 0]))
    assert point.left[0] != 0.3
    tables = point.tables
    assert ((point.left >= tables.low) & (point.left <= tables.high)).all()
    assert problem.feasible(point.states[None]).all()
    assert tables.low[0] == -np.inf
    assert tables.high[1] == np.inf
    assert tables.scale.tolist() == [0.3] * 3


def test_the_states_given_are_not_changed():
    bqm = dimod.BinaryQuadraticModel({0: -1.0, 1: -1.0}, {}, 0.0, "BINARY")
    states = np.array([0, 0])
    point = Point(ChangeTables(read_model(bqm)), states)
    point.apply(np.array([0, 1]))
    assert point.states.tolist() == [1, 1]
    assert states.tolist() == [0, 0]


def test_models_without_variables_or_changes():
    empty = Point(ChangeTables(Problem([], offset=1.0)), np.zeros(0, dtype=np.int64))
    assert empty.costs.shape == (0,)
    model = LevelModel()
    model.add_variable("one", [3.0])
    model.add_constraint({"one": [2.0]}, "<=", 2)
    fixed = Point(ChangeTables(read_model(model)), np.array([0]))
    assert fixed.costs.shape == (0,)
    assert fixed.left.tolist() == [2.0]
