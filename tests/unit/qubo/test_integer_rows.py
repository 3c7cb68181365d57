"""Rows in whole units: the same feasible set, the smallest unit, and what has none."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, UnsupportedModelError
from hybrid_opt.qubo import Problem, Row, Variable
from hybrid_opt.qubo.integer_rows import IntegerRow, integer_row

B = [Variable(k, "binary", 2) for k in "abcd"]


def whole(sense: str, rhs: float, terms: dict, variables=B, unit: float | None = None) -> IntegerRow:
    problem = Problem(variables, (), [Row("r", sense, rhs, terms)])
    return integer_row(problem, problem.rows[0], unit)


def holds(row: IntegerRow, states: np.ndarray) -> bool:
    left = sum(int(row.weights(i)[states[i]]) for i in row.members)
    return left == row.rhs if row.sense == "==" else left <= row.rhs


def test_common_divisors_are_taken_out():
    row = whole("<=", 5000, {0: 1000, 1: 1500, 2: 2500})
    assert (row.slopes, row.rhs, row.unit) == ({0: 2, 1: 3, 2: 5}, 10, 500.0)


def test_the_right_side_of_an_inequality_is_rounded_down_to_whole_units():
    row = whole("<=", 5499, {0: 1000, 1: 1500, 2: 2500})
    assert row.rhs == 10
    row = whole(">=", 1001, {0: 1000, 1: 1500, 2: 2500})  # at least 3 units of 500
    assert (row.sense, row.slopes, row.rhs) == ("<=", {0: -2, 1: -3, 2: -5}, -3)


def test_decimal_fractions_are_read_as_written():
    row = whole("<=", 0.3, {0: 0.1, 1: 0.2, 2: 0.3})
    assert (row.slopes, row.rhs, row.unit) == ({0: 1, 1: 2, 2: 3}, 3, pytest.approx(0.1))
    row = whole("==", 0.1 + 0.2, {0: 0.1, 1: 0.2, 2: 0.3})
    assert (row.slopes, row.rhs) == ({0: 1, 1: 2, 2: 3}, 3)
    row = whole("<=", 1.0, {0: 1 / 3, 1: 0.25, 2: 1 / 7})
    assert (row.slopes, row.rhs) == ({0: 28, 1: 21, 2: 12}, 84)


def test_lower_bounds_and_steps_move_into_the_right_side():
    variables = [Variable("i", "integer", 5, lower=-2), Variable("s", "spin", 2, lower=-1, step=2)]
    row = whole("<=", 3, {0: 2, 1: 2}, variables)
    # 2 (-2 + u) + 2 (-1 + 2 t) <= 3  <=>  u + 2 t <= 4 after dividing 9 by 2
    assert (row.slopes, row.rhs, row.unit) == ({0: 1, 1: 2}, 4, 2.0)


def test_tables_are_relative_to_the_first_state_and_equal_steps_become_a_slope():
    variables = [Variable("u", "level", 3), Variable("v", "level", 3)]
    row = whole("<=", 10, {0: np.array([1.0, 2.0, 4.0]), 1: np.array([3.0, 5.0, 7.0])}, variables)
    assert row.slopes == {1: 2}
    assert row.tables[0].tolist() == [0, 1, 3]
    assert row.rhs == 6
    assert row.weights(0).tolist() == [0, 1, 3]
    assert row.weights(1).tolist() == [0, 2, 4]
    assert row.steps(0).tolist() == [1, 2]
    assert row.steps(1).tolist() == [2]
    assert row.members == [0, 1]


def test_variables_that_do_not_matter_are_no_members():
    variables = [*B, Variable("one", "integer", 1, lower=7)]
    row = whole("<=", 9, {0: 1, 1: 0, 2: np.array([2.0, 2.0]), 4: 1}, variables)
    assert row.members == [0]
    assert row.rhs == 0  # 9 - 2 - 7


def test_extremes_and_slack_range():
    variables = [Variable("i", "integer", 4), Variable("u", "level", 3)]
    row = whole("<=", 4, {0: -2, 1: np.array([0.0, 5.0, 1.0])}, variables)
    assert (row.smallest, row.largest, row.slack_range) == (-6, 5, 10)
    assert whole("==", 4, {0: 1, 1: 1}, variables).slack_range == 0


@pytest.mark.parametrize("sense", ["<=", ">=", "=="])
def test_the_feasible_set_is_the_same(sense):
    rng = np.random.default_rng(1)
    variables = [Variable("b", "binary", 2), Variable("i", "integer", 4, lower=-1), Variable("u", "level", 3)]
    states = np.array(list(product(range(2), range(4), range(3))))
    compared = 0
    for _ in range(60):
        terms = {
            0: rng.integers(-4, 5) / 4,
            1: rng.integers(-4, 5) / 10,
            2: np.round(rng.normal(size=3), 1) if rng.random() < 0.5 else float(rng.integers(-2, 3)),
        }
        problem = Problem(variables, (), [Row("r", sense, float(rng.integers(-20, 21)) / 20, terms)])
        expected = problem.feasible(states)
        try:
            row = integer_row(problem, problem.rows[0])
        except InfeasibleModelError:
            assert not expected.any()
            continue
        assert [holds(row, s) for s in states] == expected.tolist()
        compared += 1
    assert compared > 20


def test_an_equality_between_the_steps_is_infeasible():
    with pytest.raises(
        InfeasibleModelError, match=r"'r' can never hold: its left side moves in steps of 2 .* equals 3"
    ):
        whole("==", 3, {0: 2, 1: 4})


def test_coefficients_without_a_common_unit_are_refused():
    with pytest.raises(
        UnsupportedModelError, match=r"'r' has the coefficient 3.14159.*Round the coefficients"
    ):
        whole("<=", 10, {0: np.pi, 1: 1.0})
    with pytest.raises(UnsupportedModelError, match="'r' has the coefficient"):
        whole("<=", np.sqrt(2), {0: 1.0, 1: 1.0})


def test_denominators_without_a_usable_common_multiple_are_refused():
    terms = {i: 1 / p for i, p in enumerate((999983, 999979, 999961, 999959))}
    with pytest.raises(UnsupportedModelError, match="'r'"):
        whole("<=", 3e-6, terms).weights(0)


def test_coarse_units_round_weights_up_and_the_budget_down():
    row = whole("<=", 10_300, {0: 1200, 1: 2000, 2: 4999, 3: 100}, unit=1000)
    assert (row.slopes, row.rhs, row.unit, row.rounded) == ({0: 2, 1: 2, 2: 5, 3: 1}, 10, 1000.0, True)
    assert not whole("<=", 10_300, {0: 1200}).rounded


def test_coarse_units_never_let_an_infeasible_assignment_in():
    rng = np.random.default_rng(2)
    variables = [Variable("b", "binary", 2), Variable("i", "integer", 4, lower=-1), Variable("u", "level", 3)]
    states = np.array(list(product(range(2), range(4), range(3))))
    cut = 0
    for _ in range(40):
        terms = {
            0: float(rng.integers(0, 50)),
            1: float(rng.integers(0, 50)),
            2: np.cumsum(rng.integers(0, 50, 3)),
        }
        problem = Problem(
            variables, (), [Row("r", "<=", float(rng.integers(0, 150)), {**terms, 2: terms[2] * 1.0})]
        )
        row = integer_row(problem, problem.rows[0], float(rng.integers(2, 30)))
        allowed = np.array([holds(row, s) for s in states])
        feasible = problem.feasible(states)
        assert not (allowed & ~feasible).any()
        cut += int((feasible & ~allowed).sum())
    assert cut > 0


@pytest.mark.parametrize(
    ("sense", "weight", "unit"),
    [("==", 1.0, 2.0), (">=", 1.0, 2.0), ("<=", -1.0, 2.0), ("<=", 1.0, 0.0), ("<=", 1.0, -5)],
)
def test_coarse_units_are_refused_where_rounding_up_is_unsafe(sense, weight, unit):
    with pytest.raises(UnsupportedModelError, match=f"'r' cannot be rounded to a unit of {unit!r}"):
        whole(sense, 1.0, {0: weight, 1: 1.0}, unit=unit)


@pytest.mark.parametrize("unit", [float("nan"), float("inf")])
def test_coarse_units_are_finite(unit):
    with pytest.raises(UnsupportedModelError, match="'r'"):
        whole("<=", 1.0, {0: 1.0, 1: 1.0}, unit=unit)
