"""Each rule gives the number its proof needs, and is refused where a precondition fails.

That the numbers suffice is tested against enumeration in tests/property/test_penalty_rules.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.qubo import Pair, Problem, Row, Variable
from hybrid_opt.qubo.encoding_choice import choose_encodings
from hybrid_opt.qubo.integer_rows import integer_row
from hybrid_opt.qubo.penalty_rules import Bound, penalty_bounds


def bounds(problem: Problem, encoding="auto") -> tuple[dict[str, Bound], dict[int, Bound]]:
    rows = [integer_row(problem, row) for row in problem.rows]
    return penalty_bounds(problem, choose_encodings(problem, rows, encoding), rows)


def binaries(*costs: float) -> list[Variable]:
    return [Variable(f"x{i}", "binary", 2, linear=cost) for i, cost in enumerate(costs)]


def at_most(label: str, rhs: float, *members: int, weight: float = 2.0) -> Row:
    return Row(label, "<=", rhs, {i: weight + k for k, i in enumerate(members)})


def needs(dependent: int, needed: int) -> Row:
    return Row(f"{dependent} needs {needed}", "<=", 0.0, {dependent: 1.0, needed: -1.0})


def rules(problem: Problem, encoding="auto") -> dict[str, str]:
    return {label: bound.rule for label, bound in bounds(problem, encoding)[0].items()}


def test_removal_is_the_most_valuable_item():
    rows, validity = bounds(Problem(binaries(-8, -11, -6, 4), (), [at_most("r", 9, 0, 1, 2, 3)]))
    assert (rows["r"].rule, rows["r"].value) == ("removal", 11)
    assert validity == {}
    assert any("grows with each state" in condition for condition in rows["r"].preconditions)


def test_removal_counts_the_synergies_that_are_lost():
    pairs = [Pair(0, 1, -3.0), Pair(1, 2, -2.0), Pair(1, 3, 50.0)]
    rows, _ = bounds(Problem(binaries(-8, -11, -6, 4), pairs, [at_most("r", 9, 0, 1, 2, 3)]))
    assert (rows["r"].rule, rows["r"].value) == ("removal", 11 + 3 + 2)


def test_removal_of_several_rows_looks_at_each_rows_own_members():
    rows, _ = bounds(
        Problem(
            binaries(-8, -11, -6), (), [at_most("r", 4, 0, 1), at_most("s", 4, 1, 2), at_most("t", 4, 0, 2)]
        )
    )
    assert {label: (b.rule, b.value) for label, b in rows.items()} == {
        "r": ("removal", 11),
        "s": ("removal", 11),
        "t": ("removal", 8),
    }


def test_removal_lowers_integers_by_one_state():
    variables = [Variable("i", "integer", 4, lower=-2, linear=-1.0, square=-1.0), *binaries(-2)]
    rows, _ = bounds(Problem(variables, (), [at_most("r", 0, 0, 1)]))
    # -v - v^2 on -2..1: 0 -> 1 gains 2, -1 -> 0 gains 0, -2 -> -1 loses 2
    assert (rows["r"].rule, rows["r"].value) == ("removal", 2)


def test_no_gain_needs_no_weight():
    rows, _ = bounds(Problem(binaries(3, 5, 1), (), [at_most("r", 4, 0, 1, 2)]))
    assert rows["r"].value == 0


def test_a_broken_precedence_switches_off_everything_that_depends():
    problem = Problem(binaries(-1, -10, -100), (), [needs(0, 1), needs(1, 2)])
    rows, _ = bounds(problem)
    assert {label: (b.rule, b.value) for label, b in rows.items()} == {
        "0 needs 1": ("removal", 1),
        "1 needs 2": ("removal", 11),
    }
    assert any("precedence" in condition for condition in rows["0 needs 1"].preconditions)


def test_a_budget_over_precedences_counts_all_dependents_of_an_item():
    problem = Problem(
        binaries(-1, -10, -100, -5),
        (),
        [needs(0, 1), needs(1, 2), Row("budget", "<=", 3.0, {2: 2.0, 3: 3.0})],
    )
    rows, _ = bounds(problem)
    assert (rows["budget"].rule, rows["budget"].value) == ("removal", 111)


def test_circles_of_precedences_end():
    rows, _ = bounds(Problem(binaries(-1, -10), (), [needs(0, 1), needs(1, 0)]))
    assert {b.value for b in rows.values()} == {11}


@pytest.mark.parametrize(("sense", "expected"), [("<=", 7.0), (">=", 4.0), ("==", 7.0)])
def test_unit_step_is_the_largest_loss_in_the_directions_that_can_be_needed(sense, expected):
    variables = [
        Variable("i", "integer", 4, lower=-1, linear=-7.0),  # lowering it loses 7
        Variable("j", "integer", 4, linear=4.0),  # raising it loses 4
        Variable("k", "integer", 3, linear=-1.0),
    ]
    row = Row("budget", sense, 3.0, {0: 1.0, 1: 1.0, 2: -1.0 if sense == "<=" else 1.0})
    rows, validity = bounds(Problem(variables, (), [row]))
    assert (rows["budget"].rule, rows["budget"].value) == ("unit step", expected)
    assert validity == {}


def test_unit_step_counts_negative_synergies_when_units_are_added():
    variables = [Variable("i", "integer", 4, linear=-2.0), Variable("j", "integer", 3, linear=-2.0)]
    row = Row("budget", "==", 15.0, {0: 5.0, 1: 5.0})
    rows, _ = bounds(Problem(variables, [Pair(0, 1, 4.0)], [row]))
    # raising j by one with i at 3 costs 4 * 3 - 2; lowering never loses more than 2
    assert (rows["budget"].rule, rows["budget"].value) == ("unit step", 10)


def test_unit_step_holds_for_spins_and_domain_walls():
    variables = [
        Variable("s", "spin", 2, lower=-1, step=2, linear=3.0),
        Variable("t", "spin", 2, lower=-1, step=2),
    ]
    rows, _ = bounds(Problem(variables, (), [Row("r", "==", 0.0, {0: 1.0, 1: 1.0})]))
    assert (rows["r"].rule, rows["r"].value) == ("unit step", 6)
    levels = [Variable(k, "level", 5, table=np.array([0.0, -1.0, -7.0, -8.0, -20.0])) for k in "uv"]
    rows, validity = bounds(Problem(levels, (), [Row("r", "==", 4.0, {0: 1.0, 1: 1.0})]))
    assert (rows["r"].rule, rows["r"].value) == ("unit step", 12)
    assert {b.rule for b in validity.values()} == {"sorting"}


BENT = np.array([0.0, 5.0, 1.0, 6.0])


def levels(n: int, table: np.ndarray = BENT) -> list[Variable]:
    return [Variable(k, "level", len(table), table=table) for k in "uvwxyz"[:n]]


@pytest.mark.parametrize(
    ("row", "encoding", "why"),
    [
        (Row("r", "==", 3.0, {0: 1.0, 1: 2.0}), "domain-wall", "unequal steps"),
        (
            Row("r", "==", 3.0, {0: 1.0, 1: np.array([0.0, 2.0, 3.0, 4.0])}),
            "domain-wall",
            "a gap in the domain",
        ),
        (Row("r", "==", 3.0, {0: 1.0, 1: 1.0}), "one-hot", "strings that sorting does not repair"),
        (Row("r", "<=", 0.0, {0: 1.0, 1: -2.0}), "domain-wall", "unequal steps in both directions"),
    ],
)
def test_a_single_row_without_the_preconditions_gets_the_range(row, encoding, why):
    rows, _ = bounds(Problem(levels(2), (), [row]), encoding)
    assert rows["r"].rule == "range", why


def test_two_rows_that_share_a_variable_get_the_range():
    shared = [Row("r", "==", 3.0, {0: 1.0, 1: 1.0}), Row("s", "==", 2.0, {1: 1.0, 2: 1.0})]
    apart = [shared[0], Row("s", "==", 2.0, {2: 1.0, 3: 1.0})]
    assert rules(Problem(levels(4), (), shared), "domain-wall") == {"r": "range", "s": "range"}
    assert rules(Problem(levels(4), (), apart), "domain-wall") == {"r": "unit step", "s": "unit step"}


def test_a_precedence_over_one_hot_bits_gets_the_range():
    problem = Problem(binaries(-10, 9), (), [needs(0, 1)])
    assert rules(problem) == {"0 needs 1": "removal"}
    assert rules(problem, "one-hot") == {"0 needs 1": "range"}


def test_a_growing_row_with_an_equality_gets_the_range():
    problem = Problem(
        binaries(-1, -2, -3), (), [at_most("r", 4, 0, 1, 2), Row("k", "==", 1.0, {0: 1.0, 1: 1.0})]
    )
    assert rules(problem) == {"r": "range", "k": "range"}


def test_the_range_is_the_span_of_everything_the_component_touches():
    variables = [*binaries(-3, 5), Variable("i", "integer", 3, linear=2.0), *binaries(100)]
    variables = [Variable(str(k), v.kind, v.size, v.lower, v.step, v.linear) for k, v in enumerate(variables)]
    pairs = [Pair(0, 1, 7.0), Pair(1, 3, -11.0), Pair(2, 3, 1000.0)]
    rows = [Row("r", "==", 3.0, {0: 2.0, 1: 3.0}), Row("s", ">=", 1.0, {0: 1.0, 1: 1.0})]
    result, _ = bounds(Problem(variables, pairs, rows))
    assert {label: (b.rule, b.value) for label, b in result.items()} == {
        "r": ("range", 3 + 5 + 7 + 11),
        "s": ("range", 3 + 5 + 7 + 11),
    }


def test_sorting_is_the_gap_to_the_cheapest_increments():
    _, validity = bounds(Problem(levels(1)), "domain-wall")
    # increments 5, -4, 5: one of them costs 5 at the front and -4 at best, two cost 1 both ways
    assert (validity[0].rule, validity[0].value) == ("sorting", 9)
    _, validity = bounds(Problem(levels(1, np.array([4.0, 1.0, 0.0, 0.0, 2.0]))), "domain-wall")
    assert validity[0].value == 0


def test_sorting_counts_pair_terms_over_all_bits_of_the_partner():
    table = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 0.0]])
    problem = Problem([*levels(1, np.array([0.0, 0.0, 0.0])), *binaries(0)], [Pair(0, 1, table=table)])
    _, validity = bounds(problem, {"u": "domain-wall"})
    # own bits 6, -6 cost 12 more in front; against the partner's bit -6, 6 are sorted already
    assert validity[0].value == 12


def test_clearing_of_one_hot_is_the_way_down_to_the_lowest_state():
    _, validity = bounds(Problem(levels(1, np.array([3.0, -1.0, 4.0])), (), []), "one-hot")
    assert (validity[0].rule, validity[0].value) == ("clearing", 4)


def test_clearing_of_domain_walls_with_unequal_steps():
    problem = Problem(levels(2), (), [Row("r", "<=", 9.0, {0: np.array([0.0, 1.0, 5.0, 6.0]), 1: 1.0})])
    rows, validity = bounds(problem, "domain-wall")
    assert rows["r"].rule == "removal"
    assert (validity[0].rule, validity[0].value) == ("clearing", 4)
    assert (validity[1].rule, validity[1].value) == ("sorting", 9)


def test_strings_that_rows_forbid_to_clear_get_the_range():
    problem = Problem(levels(1), (), [Row("r", "<=", 1.0, {0: np.array([0.0, 3.0, 1.0, 4.0])})])
    rows, validity = bounds(problem, "one-hot")
    assert (rows["r"].rule, validity[0].rule) == ("range", "range")
    assert rows["r"].value == validity[0].value == 6


def test_only_encodings_with_invalid_strings_have_a_validity_bound():
    variables = [*levels(3), *binaries(-1)]
    _, validity = bounds(Problem(variables, (), []), {"u": "one-hot", "v": "domain-wall", "w": "binary"})
    assert sorted(validity) == [0, 1]


def test_no_rows_no_bounds():
    assert bounds(Problem(binaries(-1, 2), [Pair(0, 1, 3.0)])) == ({}, {})
    assert bounds(Problem([])) == ({}, {})
