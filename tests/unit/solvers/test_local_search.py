"""Walks: what they end in is feasible, and no single change or swap does better."""

import itertools

import numpy as np
import pytest

from hybrid_opt.qubo import Pair, Problem, Row, Variable
from hybrid_opt.solvers import local_search
from hybrid_opt.solvers.change_tables import ChangeTables, Point
from hybrid_opt.solvers.local_search import improve, repair, violation


def never() -> bool:
    return False


def choose(n: int, k: int, seed: int, rows=()) -> Problem:
    """Exactly k of n binaries with dense pair costs."""
    rng = np.random.default_rng(seed)
    variables = [Variable(i, "binary", 2, linear=float(rng.normal())) for i in range(n)]
    pairs = [Pair(i, j, float(rng.normal())) for j in range(n) for i in range(j)]
    return Problem(variables, pairs, [Row("k", "==", float(k), dict.fromkeys(range(n), 1.0)), *rows])


def neighbors(states: np.ndarray, most: int) -> np.ndarray:
    """All binary assignments that differ in one to ``most`` places."""
    found = []
    for count in range(1, most + 1):
        for places in itertools.combinations(range(len(states)), count):
            other = states.copy()
            other[list(places)] ^= 1
            found.append(other)
    return np.array(found)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [(), (Row("layer", ">=", 1.0, {0: 1.0, 1: 1.0, 2: 1.0}),)])
def test_the_end_is_a_local_optimum_of_swaps(seed, rows):
    problem = choose(12, 5, seed, rows)
    start = np.array([1] * 5 + [0] * 7)
    point = Point(ChangeTables(problem), start)
    steps = improve(point, swaps=True, enough=never)
    assert steps >= 1
    assert problem.feasible(point.states[None])[0]
    others = neighbors(point.states, 2)
    others = others[problem.feasible(others)]
    assert problem.objective(point.states[None])[0] <= problem.objective(others).min() + 1e-9


def test_the_first_step_is_the_best_swap():
    problem = choose(12, 5, 3)
    start = np.array([1] * 5 + [0] * 7)
    others = neighbors(start, 2)
    others = others[problem.feasible(others)]
    point = Point(ChangeTables(problem), start)
    asked = iter([False, True])
    assert improve(point, swaps=True, enough=lambda: next(asked)) == 1
    assert point.states.tolist() == others[np.argmin(problem.objective(others))].tolist()


def test_the_first_parts_need_not_hold_a_move_that_keeps_the_rows(monkeypatch):
    monkeypatch.setattr(local_search, "FIRST_MOVES", 1)
    layer = Row("layer", ">=", 1.0, {5: 1.0, 6: 1.0})
    cap = Row("cap", "<=", 2.0, dict.fromkeys(range(4), 1.0))
    problem = choose(12, 5, 3, (layer, cap))
    start = np.array([1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1])
    point = Point(ChangeTables(problem), start)
    improve(point, swaps=True, enough=never)
    others = neighbors(point.states, 2)
    others = others[problem.feasible(others)]
    assert problem.objective(point.states[None])[0] <= problem.objective(others).min() + 1e-9


def test_without_swaps_an_equality_is_a_wall():
    problem = choose(10, 4, 1)
    start = np.array([1] * 4 + [0] * 6)
    point = Point(ChangeTables(problem), start)
    assert improve(point, swaps=False, enough=never) == 0
    assert point.states.tolist() == start.tolist()


def test_single_changes_end_where_no_flip_helps():
    problem = Problem(choose(12, 5, 2).variables, choose(12, 5, 2).pairs)
    point = Point(ChangeTables(problem), np.zeros(12, dtype=np.int64))
    improve(point, swaps=False, enough=never)
    assert problem.objective(point.states[None])[0] <= problem.objective(neighbors(point.states, 1)).min()


def test_many_changes_are_searched_for_swaps_among_the_cheapest(monkeypatch):
    monkeypatch.setattr(local_search, "POOL", 6)
    problem = choose(30, 10, 4)
    start = np.array([1] * 10 + [0] * 20)
    point = Point(ChangeTables(problem), start)
    before = problem.objective(start[None])[0]
    improve(point, swaps=True, enough=never)
    assert problem.feasible(point.states[None])[0]
    assert problem.objective(point.states[None])[0] <= before


def test_violation_is_a_share_of_the_row():
    rows = [
        Row("cap", "<=", 4.0, {0: 8.0, 1: 8.0}),
        Row("least", ">=", 1.0, {2: 2.0}),
        Row("none", "==", 0.0, {3: 1.0}),
    ]
    problem = Problem([Variable(i, "binary", 2) for i in range(4)], (), rows)
    point = Point(ChangeTables(problem), np.ones(4, dtype=np.int64))
    assert violation(point, point.left) == pytest.approx(12 / 8 + 0 + 1)
    assert violation(point, np.array([4.0, 0.0, 0.0])) == pytest.approx(1 / 2)
    assert violation(point, np.array([[0.0, 1.0, 0.0]])).tolist() == [0.0]


@pytest.mark.parametrize("thrifty", [True, False])
@pytest.mark.parametrize("first", [0, 1])
def test_repair_reaches_a_feasible_assignment(thrifty, first):
    layers = [Row(f"layer {k}", ">=", 1.0, dict.fromkeys(range(3 * k, 3 * k + 3), 1.0)) for k in range(4)]
    problem = choose(12, 5, 6, layers)
    point = Point(ChangeTables(problem), np.full(12, first))
    assert repair(point, thrifty=thrifty, swaps=False, enough=never) >= 5
    assert problem.feasible(point.states[None])[0]


def test_a_thrifty_repair_takes_the_cheapest_change_a_hasty_one_the_largest():
    variables = [Variable("cheap", "binary", 2, linear=1.0), Variable("large", "binary", 2, linear=5.0)]
    problem = Problem(variables, (), [Row("need", ">=", 3.0, {0: 2.0, 1: 3.0})])
    ends = []
    for thrifty in (True, False):
        point = Point(ChangeTables(problem), np.array([0, 0]))
        repair(point, thrifty=thrifty, swaps=False, enough=never)
        ends.append(point.states.tolist())
    assert ends == [[1, 1], [0, 1]]


def test_repair_by_two_changes_where_no_single_one_lowers_the_violation():
    rows = [Row("one", "==", 1.0, {0: 1.0, 1: 1.0, 2: 1.0}), Row("right", "==", 1.0, {1: 1.0, 2: 2.0})]
    problem = Problem([Variable(i, "binary", 2) for i in range(3)], (), rows)
    for swaps, expected in ((False, [0, 0, 1]), (True, [0, 1, 0])):
        point = Point(ChangeTables(problem), np.array([0, 0, 1]))
        steps = repair(point, thrifty=True, swaps=swaps, enough=never)
        assert point.states.tolist() == expected
        assert steps == int(swaps)


def test_repair_gives_up_where_nothing_is_feasible():
    problem = Problem([Variable(0, "binary", 2)], (), [Row("half", "==", 0.5, {0: 1.0})])
    point = Point(ChangeTables(problem), np.array([0]))
    assert repair(point, thrifty=True, swaps=True, enough=never) == 0


def test_time_ends_a_walk_between_two_steps():
    problem = choose(12, 5, 0)
    point = Point(ChangeTables(problem), np.zeros(12, dtype=np.int64))
    asked = iter([False, False, True])
    assert repair(point, thrifty=True, swaps=True, enough=lambda: next(asked)) == 2
    assert point.states.sum() == 2
