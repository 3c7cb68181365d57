from fractions import Fraction

import pandas as pd
import pytest

from hybrid_opt.business import ProcessPlanner, ResourcePlanner
from hybrid_opt.errors import InfeasiblePlanError, PlanError
from hybrid_opt.planning import clashes
from hybrid_opt.planning.clashes import check_limits_together, clashing_limits
from hybrid_opt.planning.curves import ResponseCurves
from hybrid_opt.planning.level_task import LevelTask
from hybrid_opt.planning.line_side import LineSide
from hybrid_opt.planning.line_table import read_plan

PLAN = pd.DataFrame(
    {
        "channel": ["a", "b"],
        "current": [1, 1],
        "min": [0, 2],
        "max": [4, 4],
        "step": [1, 1],
        "group": ["g", "g"],
    }
)
CURVES = pd.DataFrame({"channel": ["a", "a", "b", "b"], "spend": [0, 4] * 2, "response": [0, 9] * 2})


def side(label, weights, high, both=False):
    return LineSide(label, "resource", tuple(Fraction(w) for w in weights), Fraction(high), Fraction(1), both)


def task(*sides, caps=None):
    table = read_plan(PLAN, caps=caps)
    curves = ResponseCurves.from_table(CURVES)
    return LevelTask.of(table, curves, None, "at_most", [], reference=1.0, sides=sides)


def test_limits_that_can_be_kept_say_nothing():
    possible = task(side("pay", (1, 2), 9), side("fair", (1, -1), 0, both=True), caps={"g": 8})
    assert check_limits_together(possible) == []
    assert clashing_limits(possible) == ([], True)


def test_one_limit_below_the_lowest_use_names_lines_and_cure():
    with pytest.raises(PlanError) as error:
        check_limits_together(task(side("pay", (1, 3), 5)))
    assert str(error.value) == (
        "the lowest spends use 6 of pay, the limit is 5: lower the minimum of 'b' (6, index 1), or raise the "
        "limit by 1"
    )


def test_only_the_limits_that_clash_are_named():
    loose, fair, pay = side("loose", (1, 1), 8), side("fair", (1, -1), 0, both=True), side("pay", (2, 2), 6)
    assert clashing_limits(task(loose, fair, pay)) == (["fair (0)", "pay (6)"], True)
    with pytest.raises(PlanError, match=r"fair \(0\), pay \(6\); relax one"):
        check_limits_together(task(loose, fair, pay))


def test_a_cap_can_be_part_of_the_clash():
    fair = side("fair", (1, -1), 0, both=True)
    assert clashing_limits(task(fair, caps={"g": 3})) == (["fair (0)", "the cap of group g (3)"], True)


def test_what_is_not_found_in_time_is_not_called_impossible(monkeypatch):
    def slow(question, *, time_limit):
        raise PlanError(f"no plan was found in {time_limit:g} s")

    monkeypatch.setattr(clashes, "prove", slow)
    (note,) = check_limits_together(task(side("pay", (1, 2), 9)))
    assert note.startswith("10 s did not decide whether any plan keeps all limits together")
    table = pd.DataFrame({"improvement": ["a", "b"], "saving": [1.0, 2.0], "cost": [1.0, 1.0]})
    plan = ProcessPlanner.from_tables(table, limits={"cost": 1.0}).solve(seed=1)
    assert (plan.status, plan.chosen()) == ("optimal", ["b"])
    assert note in plan.notes
    departments = PLAN.rename(columns={"channel": "department"}).drop(columns="group").assign(pay=1.0)
    curves = CURVES.set_axis(["department", "level", "value"], axis=1)
    assert note in ResourcePlanner.from_tables(departments, curves, resources={"pay": 5}).notes


def test_the_search_for_the_clash_is_bounded_and_says_what_it_did_not_decide(monkeypatch):
    clock, asked = [0.0], []

    def slow(question, *, time_limit):
        asked.append(time_limit)
        clock[0] += 4.0
        if len(question.sides) == 3:
            raise InfeasiblePlanError("proven")
        raise PlanError("not in time")

    monkeypatch.setattr(clashes, "monotonic", lambda: clock[0])
    monkeypatch.setattr(clashes, "prove", slow)
    three = task(*(side(name, (1, 1), 9) for name in "xyz"), caps={"g": 8})
    with pytest.raises(InfeasiblePlanError, match=r"limits together: x \(9\), y \(9\), z \(9\), the cap"):
        check_limits_together(three)
    assert asked == [10.0, 10.0, 6.0, 2.0]  # one search, then all others out of the same ten seconds
    monkeypatch.setattr(clashes, "SECONDS", 0.0)
    assert clashing_limits(three) == ([], False)


def test_a_minimum_over_nothing_is_said_so():
    none = LineSide("at least 1 of x", "minimum", (Fraction(0),) * 2, Fraction(-1), Fraction(0), minimum=True)
    with pytest.raises(InfeasiblePlanError, match="no channel counts for the limit 'at least 1 of x'"):
        check_limits_together(task(none))
