import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, PlanError
from hybrid_opt.marketing import BudgetPlanner

PLAN = pd.DataFrame(
    {"channel": ["tv", "search"], "current": [60, 40], "min": [0, 0], "max": [100, 100], "step": [20, 20]}
)
CURVES = pd.DataFrame(
    {"channel": ["tv"] * 3 + ["search"] * 3, "spend": [0, 60, 100] * 2, "response": [0, 90, 110, 0, 120, 150]}
)


@pytest.fixture(scope="module")
def planner():
    return BudgetPlanner.from_tables(PLAN, CURVES)


def test_scenarios_stand_side_by_side(planner):
    table = planner.scenarios({"less": {"budget": 60}, "free": {"spend": "at_most"}}, seed=1)
    assert list(table.columns) == ["as it is", "less", "free"]
    assert table.loc["response"].tolist() == [180.0, 120.0, 180.0]
    assert table.loc["budget", "less"] == 60.0


def test_a_changed_planner_is_checked_again(planner):
    assert planner.changed(budget=60).budget == 60
    assert planner.budget == 100
    with pytest.raises(PlanError, match="budget"):
        planner.changed(budget=900)
    with pytest.raises(OptionError, match="no option 'bugdet'; the planner has plan, curves, budget"):
        planner.changed(bugdet=60)


@pytest.mark.parametrize(
    ("scenarios", "words"), [({}, "no scenario"), ({"as it is": {}}, "names the plan itself")]
)
def test_wrong_scenarios(planner, scenarios, words):
    with pytest.raises(OptionError, match=words):
        planner.scenarios(scenarios)
