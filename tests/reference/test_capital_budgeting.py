"""A textbook case of capital budgeting: 14 to spend, costs 5, 7, 4, 3, values 8, 11, 6, 4; optimum 21."""

import pandas as pd

from hybrid_opt.business import ProcessPlanner, StrategyPlanner

VALUES, COSTS = [8, 11, 6, 4], [5, 7, 4, 3]


def test_as_a_choice_of_improvements():
    table = pd.DataFrame({"improvement": list("abcd"), "saving": VALUES, "cost": COSTS})
    plan = ProcessPlanner.from_tables(table, limits={"cost": 14}).solve(seed=0)
    assert plan.value == 21
    assert plan.chosen() == ["b", "c", "d"]


def test_as_projects_of_one_period():
    table = pd.DataFrame({"project": list("abcd"), "value": VALUES, "cost": COSTS, "duration": 1})
    plan = StrategyPlanner.from_tables(table, periods=1, budgets=14).solve(seed=0)
    assert plan.value == 21
    assert plan.starts() == {"b": 1, "c": 1, "d": 1}
