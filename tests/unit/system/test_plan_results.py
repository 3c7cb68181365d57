"""Plans of a run: solved where they are planners, switched by engine, beside today."""

from __future__ import annotations

import json

import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.plan_results import PlanResult, solve_plans
from hybrid_opt.system.plan_tables import plan_tables
from hybrid_opt.system.shipped_plans import shipped_planners

DATA = load_data("wine")
MODEL = DATA.config(hidden_size=8, num_attention_heads=2)


def silent(share, text):
    pass


@pytest.fixture(scope="module")
def results():
    budget, _, _, resources, *_ = shipped_planners()
    solved = budget.solve(seed=3)
    config = HybridConfig(MODEL, DATA, plans=[budget, solved, resources], level="full")
    return solve_plans(config, 1, silent)


def test_planners_are_solved_and_plans_taken_as_they_are(results):
    assert [result.name for result in results] == ["BudgetPlan", "BudgetPlan 2", "ResourcePlan"]
    assert [result.room for result in results] == ["marketing", "marketing", "business"]
    assert results[0].seconds > 0
    assert results[1].seconds is None
    json.dumps([result.to_dict() for result in results], allow_nan=False)


def test_gains_stand_beside_today(results):
    ((name, today, plan),) = results[0].gains()
    assert name == "response"
    assert plan > today
    assert results[2].gains()[0][0] == "value"


def test_tables_show_gain_and_proof(results):
    marketing, business = plan_tables(results)
    assert (marketing.title, business.title) == ("Marketing plans", "Business plans")
    assert marketing.rows[0][5].startswith("optimal, bound 465,052, gap 0.00%")
    assert "(+7.9%)" in marketing.rows[0][4]


def test_engines_and_levels_switch_them_off():
    plans = shipped_planners()
    for settings, rooms in (
        ({"level": "advanced"}, []),
        ({"level": "full", "marketing": False}, ["business"] * 4),
        ({"level": "full", "marketing": False, "business": False}, []),
    ):
        config = HybridConfig(MODEL, DATA, plans=plans, **settings)
        assert [result.room for result in solve_plans(config, 1, silent)] == rooms


def test_a_plan_without_today_shows_its_first_figure():
    class Bare:
        def figures(self):
            return {"profit": 3.0, "status": "feasible"}

    (table,) = plan_tables([PlanResult("Bare", "business", Bare(), None)])
    assert table.rows == (("Bare", "profit", "-", "3", "-", "feasible"),)


def test_every_shipped_plan_is_proven():
    config = HybridConfig(MODEL, DATA, plans=shipped_planners(), level="full")
    solved = solve_plans(config, 1, silent)
    assert [result.figures()["status"] for result in solved] == ["optimal"] * len(solved)
    marketing, business = plan_tables(solved)
    assert {row[0] for row in marketing.rows} == {"BudgetPlan", "AudiencePlan", "PostingPlan"}
    assert {row[0] for row in business.rows} == {"PricePlan", "ResourcePlan", "ProcessPlan", "StrategyPlan"}
