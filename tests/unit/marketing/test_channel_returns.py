"""Return on spend of each channel against the curves."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import BudgetPlanner

PLAN = pd.DataFrame(
    {"channel": ["tv", "search", "radio"], "current": [40, 20, 0], "min": [0, 0, 0], "max": [80, 40, 10],
     "step": [20, 10, 10]}
)
CURVES = pd.DataFrame(
    {
        "channel": ["tv"] * 4 + ["search"] * 3 + ["radio"] * 2,
        "spend": [0, 40, 60, 80, 0, 20, 40, 0, 10],
        "response": [0, 90, 120, 130, 0, 70, 80, 0, 2],
    }
)


def test_average_last_and_next_step():
    plan = BudgetPlanner.from_tables(PLAN, CURVES).solve(seed=0)
    assert plan.allocation() == {"tv": 40.0, "search": 20.0, "radio": 0.0}
    table = plan.returns().set_index("channel")
    assert table.loc["tv", ["average", "last_step", "next_step"]].tolist() == [2.25, 2.25, 1.5]
    assert table.loc["search", ["average", "last_step", "next_step"]].tolist() == [3.5, 3.5, 0.5]
    assert np.isnan(table.loc["radio", ["average", "last_step"]].tolist()).all()
    assert table.loc["radio", "next_step"] == pytest.approx(0.2)


def test_no_step_beyond_the_highest_spend_and_the_total_of_the_plan():
    plan = BudgetPlanner.from_tables(PLAN, CURVES, budget=130).solve(seed=0)
    assert plan.returns()["next_step"].isna().all()
    text = str(plan)
    assert "Return on spend: response per money" in text
    assert f"{212 / 130:.4g}" in text
    assert plan.to_dict()["returns"][0]["next_step"] is None
    assert "returns" in plan.frames()
