from fractions import Fraction

import pandas as pd
import pytest

from hybrid_opt.errors import PlanError
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
    check_limits_together(possible)
    assert clashing_limits(possible) == []


def test_one_limit_below_the_lowest_use_names_lines_and_cure():
    with pytest.raises(PlanError) as error:
        check_limits_together(task(side("pay", (1, 3), 5)))
    assert str(error.value) == (
        "the lowest spends use 6 of pay, the limit is 5: lower the minimum of 'b' (6, index 1), or raise the "
        "limit by 1"
    )


def test_only_the_limits_that_clash_are_named():
    loose, fair, pay = side("loose", (1, 1), 8), side("fair", (1, -1), 0, both=True), side("pay", (2, 2), 6)
    assert clashing_limits(task(loose, fair, pay)) == ["fair (0)", "pay (6)"]
    with pytest.raises(PlanError, match=r"fair \(0\), pay \(6\); relax one"):
        check_limits_together(task(loose, fair, pay))


def test_a_cap_can_be_part_of_the_clash():
    fair = side("fair", (1, -1), 0, both=True)
    assert clashing_limits(task(fair, caps={"g": 3})) == ["fair (0)", "the cap of group g (3)"]
