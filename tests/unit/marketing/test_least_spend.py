"""The least spend for a target against all plans."""

import itertools

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import InfeasiblePlanError, OptionError
from hybrid_opt.marketing import BudgetPlanner

PLAN = pd.DataFrame(
    {
        "channel": ["tv", "search", "radio"],
        "current": [40.0, 20.0, 10.5],
        "min": [0.0, 0.0, 0.0],
        "max": [80.0, 60.0, 30.0],
        "step": [20.0, 10.0, 5.0],
        "fixed": ["no", "no", "yes"],
        "group": ["a", "a", ""],
    }
)
CURVES = pd.DataFrame(
    {
        "channel": ["tv"] * 4 + ["search"] * 3 + ["radio"] * 2,
        "spend": [0, 40, 60, 80, 0, 30, 60, 0, 50],
        "response": [0, 60, 150, 170, 0, 110, 130, 0, 25],
    }
)
PAIRS = pd.DataFrame({"channel": ["tv"], "other": ["search"], "strength": [1.3]})


def planner(**options):
    return BudgetPlanner.from_tables(PLAN, CURVES, **({"caps": {"a": 120.0}, "budget": 130.5} | options))


def all_plans(synergies=False, reference=130.5):
    """Spend and response of every plan within the limits, budget aside."""
    curves = dict(list(CURVES.groupby("channel")))
    found = []
    for tv, search in itertools.product(range(0, 81, 20), range(0, 61, 10)):
        if tv + search <= 120:
            spends = {"tv": tv, "search": search, "radio": 10.5}
            value = sum(np.interp(s, curves[n]["spend"], curves[n]["response"]) for n, s in spends.items())
            value += 1.3 * tv * search / reference if synergies else 0.0
            found.append((tv + search + 10.5, float(value)))
    return found


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("target", [-5.0, 6.0, 100.0, 200.0, 255.0])
def test_the_least_spend_is_that_of_all_plans(target, pairs):
    found = all_plans(pairs)
    least = min(s for s, v in found if v >= target - 1e-9)
    plan = planner(synergies=PAIRS if pairs else None).least_spend(target, seed=0)
    assert plan.spends().sum() == pytest.approx(least) == plan.least.spend
    assert plan.value == pytest.approx(max(v for s, v in found if s == least))
    below = [v for s, v in found if s < least]
    assert plan.least.below is None if not below else plan.least.below == pytest.approx(max(below))
    assert "the least spend for" in plan.notes[0]
    assert plan.figures()["target"] == target


def test_the_least_spend_with_a_floor():
    found = [(s, v) for s, v in all_plans() if v >= 2.3 * s - 1e-9]
    least = min(s for s, v in found if v >= 200)
    plan = planner(roas_floor=2.3).least_spend(200, seed=0)
    assert plan.spends().sum() == pytest.approx(least)


def test_a_target_out_of_reach_names_the_largest_response():
    most = max(v for _, v in all_plans())
    with pytest.raises(InfeasiblePlanError, match=f"the largest response is {most:.4g}".replace(".", r"\.")):
        planner().least_spend(most + 1)


@pytest.mark.parametrize("target", [float("nan"), "much", True, None])
def test_a_wrong_target(target):
    with pytest.raises(OptionError, match="target is"):
        planner().least_spend(target)


def test_synergies_need_an_amount_to_be_divided_by():
    plan = PLAN.assign(current=0.0, fixed="no")
    launch = BudgetPlanner.from_tables(plan, CURVES, synergies=PAIRS, spend="at_most")
    with pytest.raises(OptionError, match="give reference="):
        launch.least_spend(5.0)
    divided = BudgetPlanner.from_tables(plan, CURVES, synergies=PAIRS, spend="at_most", reference=100.0)
    assert divided.least_spend(5.0, seed=0).value >= 5.0


def test_small_outcomes_are_told_from_nothing():
    plan = pd.DataFrame({"channel": ["tv"], "current": [1.0], "min": [0.0], "max": [2.0], "step": [1.0]})
    curves = pd.DataFrame({"channel": ["tv"] * 2, "spend": [0, 2], "response": [0, 4e-10]})
    answer = BudgetPlanner.from_tables(plan, curves).least_spend(2e-10, seed=0)
    assert answer.allocation() == {"tv": 1.0}
