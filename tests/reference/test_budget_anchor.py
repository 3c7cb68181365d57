"""The budget planner on published anchors: Hill curves fitted to Robyn's simulated data, budget 70,000.

The proven optima at a step of 100 were computed independently by dynamic programming and enumeration.
"""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import BudgetPlanner

NAMES = ["tv", "ooh", "print", "facebook", "search"]
HISTORY = np.array([15_000, 43_000, 4_000, 2_000, 6_000])
HILL = pd.DataFrame(
    {
        "channel": NAMES,
        "theta": [0.06, 0.58, 0.10, 0.34, 0.38],
        "alpha": [0.73, 2.6, 2.9, 1.3, 2.8],
        "K": [90_100, 258_800, 13_500, 13_200, 17_000],
        "beta": [803_767, 170_005, 202_334, 340_050, 220_458],
    }
)


def planner(low, high, step=100):
    plan = pd.DataFrame({"channel": NAMES, "current": HISTORY, "min": low, "max": high, "step": step})
    return BudgetPlanner.from_tables(plan, HILL)


@pytest.mark.parametrize(
    ("low", "high", "value", "spends", "count"),
    [
        (HISTORY * 7 // 10, HISTORY * 13 // 10, 354_105, [19_500, 34_900, 5_200, 2_600, 7_800], 37),
        (HISTORY * 0, HISTORY * 2, 524_789, [30_000, 16_000, 8_000, 4_000, 12_000], 102),
        (HISTORY * 0, [70_000] * 5, 763_977, [18_700, 0, 18_100, 16_100, 17_100], 1_628_411),
    ],
)
def test_proven_optima(low, high, value, spends, count):
    plan = planner(low, high).solve(seed=0)
    assert plan.status == "optimal"
    assert round(plan.value) == value
    assert plan.spends().tolist() == spends
    assert round(plan.today_value) == 280_339
    assert plan.bound == plan.value
    assert (plan.near.count, plan.near.exact) == (count, True)


def test_the_plan_is_never_worse_than_today_however_it_is_found():
    plan = planner(HISTORY * 7 // 10, HISTORY * 13 // 10).solve("anneal", qubits=10, seed=1)
    assert 280_339 <= plan.value <= 354_105.5
    assert plan.gap == pytest.approx((plan.bound - plan.value) / plan.bound)


def test_a_budget_at_most_uses_all_of_it_where_every_curve_rises():
    table = pd.DataFrame(
        {"channel": NAMES, "current": HISTORY, "min": 0, "max": HISTORY * 2, "step": 100}
    )
    limited = BudgetPlanner.from_tables(table, HILL, budget=70_000, spend="at_most").solve(seed=0)
    assert round(limited.value) == 524_789
