from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest

from hybrid_opt.planning.curves import ResponseCurves
from hybrid_opt.planning.level_task import LevelTask
from hybrid_opt.planning.limit_changes import changes_of_limits, worth_of_limits
from hybrid_opt.planning.line_side import LineSide
from hybrid_opt.planning.line_table import read_plan
from hybrid_opt.planning.proven_answer import prove

PLAN = pd.DataFrame(
    {
        "channel": ["a", "b"],
        "current": [1, 1],
        "min": [1, 0],
        "max": [2, 4],
        "step": [1, 2],
        "group": ["g", ""],
    }
)
CURVES = pd.DataFrame({"channel": ["a", "a", "b", "b"], "spend": [0, 9, 0, 4], "response": [0, 90, 0, 20]})
SIDES = [
    LineSide("pay", "resource", (Fraction(3), Fraction(1)), Fraction(7), Fraction(2)),
    LineSide("fair", "fairness", (Fraction(1), Fraction(-1)), Fraction(2), Fraction(1), both=True),
]


def task(sides=SIDES):
    table = read_plan(PLAN, caps={"g": 2})
    return LevelTask.of(
        table, ResponseCurves.from_table(CURVES), None, "at_most", [], reference=1.0, sides=sides
    )


def test_every_limit_is_moved_by_its_own_step():
    asked = task()
    proven = prove(asked.levels())
    changes = changes_of_limits(asked, proven.choice)
    moved = {(change.limit, change.kind): (change.change, change.reason) for change in changes}
    assert moved == {
        ("g", "cap"): (1.0, ""),
        ("pay", "resource"): (2.0, ""),
        ("fair", "fairness"): (1.0, ""),
        ("a", "max"): (1.0, ""),
        ("a", "min"): (-1.0, ""),
    } | ({("b", "max"): (2.0, "its response curve ends at 4")} if int(proven.choice[1]) == 2 else {})


def test_the_worth_is_the_difference_of_two_proofs():
    asked, notes = task(), []
    levels = asked.levels()
    proven = prove(levels)
    table = worth_of_limits(asked, levels, proven, notes).set_index("limit")
    wider = replace(asked, sides=[SIDES[0].moved(), SIDES[1]])
    assert table.loc["pay", "gain"] == pytest.approx(prove(wider.levels()).value - proven.value)
    assert table.loc["pay", "binds"]
    assert notes == []


def test_resources_come_first_where_time_is_short():
    asked, notes = task(), []
    proven = replace(prove(asked.levels()), seconds=1.0)
    table = worth_of_limits(asked, asked.levels(), proven, notes, time_limit=2.5)
    assert table["kind"].tolist() == ["cap", "resource"]
    assert "bounds and fairness limits was left out" in notes[0]
    assert len(worth_of_limits(asked, asked.levels(), proven, notes, time_limit=0.5)) == 0


def test_without_a_proof_nothing_is_worth_anything():
    asked = task()
    proven = replace(prove(asked.levels()), bound=None)
    assert len(worth_of_limits(asked, asked.levels(), proven, [])) == 0


def test_a_change_that_was_not_proven_has_no_worth():
    asked = task()
    levels = asked.levels()
    proven = prove(levels)

    def unproven(question, *, time_limit):
        return replace(prove(question), bound=None)

    table = worth_of_limits(asked, levels, proven, [], time_limit=7.0, solve=unproven)
    assert table["gain"].isna().all()
    assert not table["binds"].any()
    assert table["reason"].str.contains("was not proven in 7 s; allow more time|curve ends").all()


def test_a_change_that_cannot_be_added_exactly_is_named_and_ends_nothing():
    wide = LineSide("pay", "resource", (Fraction(1), Fraction(1)), Fraction(10**15), Fraction(10**16))
    asked = task([wide])
    changes = {change.limit: change for change in changes_of_limits(asked, prove(asked.levels()).choice)}
    assert changes["pay"].question is None
    assert "the limit 'pay' cannot be checked" in changes["pay"].reason


def test_a_limit_with_step_zero_belongs_to_the_question_and_is_not_moved():
    asked = task([SIDES[0], replace(SIDES[1], step=Fraction(0))])
    moved = [change.limit for change in changes_of_limits(asked, prove(asked.levels()).choice)]
    assert "pay" in moved
    assert "fair" not in moved
