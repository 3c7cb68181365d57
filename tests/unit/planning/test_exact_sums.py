from fractions import Fraction

import pandas as pd
import pytest

from hybrid_opt.business import ProcessPlanner, ResourcePlanner, StrategyPlanner
from hybrid_opt.errors import ModelError, PlanError
from hybrid_opt.marketing import AudiencePlanner
from hybrid_opt.planning.exact_sums import MOST_EXACT, advice_on_amounts, check_exact, fits_exactly
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint

TENTHS = 0.1 + 0.2  # 17 decimals, as a spreadsheet's sum has them


def test_the_border_is_two_to_the_53():
    assert fits_exactly([1, -1], [1, 2], [3, None, MOST_EXACT - 4])
    assert not fits_exactly([1, -1], [1, 2], [3, None, MOST_EXACT - 3])
    assert not fits_exactly([1, -1], [1, 2], [4 - MOST_EXACT - 1])
    with pytest.raises(ModelError, match=r"the limit 'pay' reaches 2\*\*53 .*decimals.*coarser unit"):
        check_exact("pay", [2**62, 2**62], [1, 3], [5])
    check_exact("pay", [2**40, 2**40], [1, 3], [None])


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"budget": MOST_EXACT}, "budget"),
        ({"budget": 1, "caps": {"g": MOST_EXACT}}, "cap of g"),
        ({"budget": 1, "sides": [SideConstraint("pay", (2**62, 2**62), None, 5)]}, "pay"),
        ({"budget": 1, "sides": [SideConstraint("pay", (1, 10**30), None, 10**30)]}, "pay"),
    ],
)
def test_no_question_holds_a_sum_that_would_wrap_around(given, name):
    lines = [Line(label, [0, 1], [0.0, 1.0], "g") for label in "ab"]
    with pytest.raises(ModelError, match=f"the limit '{name}' reaches"):
        LevelQuestion(lines, spend="at_most", **given)


def test_the_advice_says_how_many_decimals_fit():
    one = [Fraction(1)] * 2
    large = [Fraction("0.30000000000000004"), Fraction(3 * 10**12)]
    advice = advice_on_amounts(large, one, Fraction(1), None)
    assert advice.endswith("round its amounts to 3 decimals or fewer")
    huge = advice_on_amounts([Fraction("0.1"), Fraction(1)], one, Fraction(10**15), "cost")
    assert "1e+15, are too large beside their decimals" in huge
    assert "write the column 'cost' and the limit in a larger unit, or leave the limit out" in huge


SEGMENTS = ["s0", "s1", "s2", "s3"]
COSTS = [TENTHS, 90.0, 90.0, 90.0]
WORDS = r"0\.30000000000000004; round the column '{}' to 6 decimals or fewer"


def audience(**options):
    table = pd.DataFrame({"segment": SEGMENTS, "size": [50.0] * 4, "cost": COSTS})
    overlaps = pd.DataFrame({"segment": ["s0"], "other": ["s1"], "overlap": [5]})
    return AudiencePlanner.from_tables(table, overlaps=overlaps, **options)


def test_costs_that_wrapped_around_are_refused_by_every_planner():
    # In 64-bit integers three times 90 fitted into a budget of 100.
    with pytest.raises(PlanError, match="the limit 'cost' cannot be checked.*" + WORDS.format("cost")):
        audience(budget=100.0)
    table = pd.DataFrame({"improvement": SEGMENTS, "saving": [1.0, 2, 3, 4], "cost": COSTS})
    with pytest.raises(PlanError, match=WORDS.format("cost")):
        ProcessPlanner.from_tables(table, limits={"cost": 80.0})
    projects = pd.DataFrame({"project": SEGMENTS, "value": 1.0, "cost": COSTS, "duration": 1})
    with pytest.raises(PlanError, match="budget of period 1.*" + WORDS.format("cost")):
        StrategyPlanner.from_tables(projects, periods=1, budgets=200.0)
    departments = pd.DataFrame(
        {"department": ["x", "y"], "current": 1, "min": 0, "max": 5, "step": 1, "money": [TENTHS, 9e4]}
    )
    curves = pd.DataFrame({"department": ["x"] * 2 + ["y"] * 2, "level": [0, 5] * 2, "value": [0, 9] * 2})
    with pytest.raises(PlanError, match=WORDS.format("money")):
        ResourcePlanner.from_tables(departments, curves, resources={"money": 100.0})


def test_costs_of_mixed_magnitude_are_no_overflow_error():
    costs = [TENTHS, 250000.0, 1190.0]
    table = pd.DataFrame({"segment": ["a", "b", "c"], "size": [50, 40, 30], "cost": costs})
    overlaps = pd.DataFrame({"segment": ["a"], "other": ["b"], "overlap": [5]})
    with pytest.raises(PlanError, match=WORDS.format("cost")):
        AudiencePlanner.from_tables(table, overlaps=overlaps, budget=200000.0)
    rounded = AudiencePlanner.from_tables(table.round(6), overlaps=overlaps, budget=200000.0)
    assert rounded.solve(seed=1).chosen() == ["a", "c"]
