"""A point of a value-of-budget curve, and where a planner's money limit is."""

import pandas as pd
import pytest

from hybrid_opt.business import ProcessPlanner
from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.planning.value_of_budget import BudgetPoint, MoneyLimit


def ads(spend: str = "at_most", lowest: float = 10) -> BudgetPlanner:
    plan = pd.DataFrame({"channel": ["a"], "current": [10], "min": [lowest], "max": [40], "step": [10]})
    curve = pd.DataFrame({"channel": "a", "spend": [0, 40], "response": [0, 8]})
    return BudgetPlanner(plan, curve, spend=spend)  # type: ignore[arg-type]


def test_points_are_proven_and_say_why_there_is_none() -> None:
    limit = MoneyLimit.of("ads", ads(), None)
    assert limit.point(25, 60.0) == BudgetPoint(25, 4.0, 4.0)
    none = limit.point(5, 60.0)
    assert none.value is None
    assert none.proven
    assert "10" in none.reason
    assert not BudgetPoint(5, None, None, "time").proven


def test_the_limit_and_its_amount_now() -> None:
    table = pd.DataFrame({"improvement": ["x"], "saving": [9.0], "cost": [20]})
    limit = MoneyLimit.of("p", ProcessPlanner(table, limits={"cost": 30}), "limits.cost")
    assert limit.now == 30.0
    assert limit.rises
    assert MoneyLimit.of("ads", ads(), None).now == 10.0
    assert not MoneyLimit.of("ads", ads("exactly"), None).rises
    with pytest.raises(OptionError, match=r"e.g. one of limits.cost"):
        MoneyLimit.of("p", limit.planner, None)
