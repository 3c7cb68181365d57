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


def shipped_planner(name):
    (found,) = (planner for planner in shipped_planners() if type(planner).__name__ == name)
    return found


@pytest.fixture(scope="module")
def results():
    budget, resources = shipped_planner("BudgetPlanner"), shipped_planner("ResourcePlanner")
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


@pytest.fixture(scope="module")
def shipped():
    """The shipped tables, solved."""
    return solve_plans(HybridConfig(MODEL, DATA, plans=shipped_planners(), level="full"), 1, silent)


def test_engines_switch_them_off_and_levels_do_not(shipped):
    plans = [result.plan for result in shipped]
    marketing, business = (
        [result.room for result in shipped if result.room == room] for room in ("marketing", "business")
    )
    assert len(marketing) + len(business) == len(shipped) == len(shipped_planners())
    for settings, rooms in (
        ({"level": "basic", "business": False}, marketing),
        ({"level": "advanced", "neural": False}, marketing + business),
        ({"level": "full", "marketing": False}, business),
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


def test_every_shipped_plan_is_proven(shipped):
    assert [result.figures()["status"] for result in shipped] == ["optimal"] * len(shipped_planners())
    marketing, business = plan_tables(shipped)
    tasks = {"BudgetPlan", "AudiencePlan", "ContentPlan", "PostingPlan"}
    assert {row[0] for row in marketing.rows} == tasks
    assert {row[0] for row in business.rows} == {"PricePlan", "ResourcePlan", "ProcessPlan", "StrategyPlan"}


@pytest.mark.parametrize("kept_to_itself", [True, False])
def test_ctrl_c_keeps_what_is_solved_and_is_told(monkeypatch, invention, tmp_path, kept_to_itself):
    """In the second of three plans: while it is looked for, and while what comes after it is."""
    second, third = shipped_planner("AudiencePlanner"), shipped_planner("ResourcePlanner")
    first = shipped_planner("BudgetPlanner").solve(seed=3)

    def stop(*arguments, **options):
        raise KeyboardInterrupt

    if kept_to_itself:
        monkeypatch.setattr("hybrid_opt.planning.level_planner.worth_of_limits", stop)
    else:
        monkeypatch.setattr(type(second), "solve", stop)
    report = invention.ran(tmp_path, neural=False, plans=[first, second, third])
    assert report.interrupted
    assert [plan.name for plan in report.plans] == ["BudgetPlan"]
    assert "the same call goes on" in report.verdict
    monkeypatch.undo()
    again = invention.ran(tmp_path, neural=False, plans=[first, second, third])
    assert not again.interrupted
    assert [plan.name for plan in again.plans] == ["BudgetPlan", "AudiencePlan", "ResourcePlan"]
