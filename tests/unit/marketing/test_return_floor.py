"""A floor on the return against all plans."""

import itertools
import json

import dimod
import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import InfeasiblePlanError, OptionError, UnsupportedModelError
from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.marketing.return_floor import check_floor

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
@pytest.mark.parametrize("floor", [0.5, 2.3, 2.45, 2.6, 3.0])
def test_the_best_plan_that_keeps_the_floor_is_that_of_all_plans(floor, pairs):
    options = {"spend": "at_most", "roas_floor": floor, "synergies": PAIRS if pairs else None}
    kept = [(v, -s) for s, v in all_plans(pairs) if s <= 130.5 and v >= floor * s - 1e-9]
    if not kept:
        with pytest.raises(InfeasiblePlanError, match=f"no plan returns {floor:g} per money"):
            planner(**options).solve(seed=0)
        return
    plan = planner(**options).solve(seed=0)
    free = max(v for s, v in all_plans(pairs) if s <= 130.5)
    assert plan.value == pytest.approx(max(kept)[0])
    assert plan.status == "optimal"
    assert plan.value >= floor * plan.spends().sum() - 1e-9
    assert plan.floor.binds == (plan.value < free - 1e-9)
    assert plan.floor.free_value == pytest.approx(free)
    assert plan.near is None
    assert plan.grid is None


def test_a_binding_floor_says_what_it_costs(tmp_path):
    plan = planner(spend="at_most", roas_floor=2.45).solve(seed=0, draws=0)
    assert plan.floor.binds
    assert "the return of at least 2.45 per money binds: without it the best plan would spend" in str(plan)
    assert plan.binding()[0].startswith("the return of at least 2.45")
    assert plan.figures()["return"] == pytest.approx(plan.value / plan.spends().sum())
    assert json.loads(plan.to_json())["floor"]["binds"] is True
    assert plan.report(tmp_path / "page.html").read_text().count("per money binds") == 1


def test_today_below_the_floor_is_named_and_no_answer():
    plan = planner(spend="at_most", roas_floor=2.45).solve(seed=0)
    back = plan.today_value / 70.5
    assert back < 2.45
    assert plan.today is None
    assert f"today's spends return {back:.4g} per money, less than the floor" in plan.notes
    kept = planner(spend="at_most", roas_floor=back - 0.01).solve(seed=0)
    assert kept.today is not None
    assert not any("less than the floor" in note for note in kept.notes)


def test_the_worth_of_the_budget_knows_the_floor():
    """Where the floor binds, more budget brings nothing."""
    plan = planner(spend="at_most", roas_floor=2.45).solve(seed=0)
    row = plan.limits.set_index("limit").loc["budget"]
    assert row["gain"] == pytest.approx(0.0)


def test_exactly_the_budget_with_a_floor():
    best = max(v for s, v in all_plans() if s == 100.5)
    plan = planner(budget=100.5, roas_floor=best / 100.5 - 0.01).solve(seed=0)
    assert plan.value == pytest.approx(best)
    assert not plan.floor.binds
    with pytest.raises(InfeasiblePlanError, match=r"spends exactly 100.5 returns.*the best one returns"):
        planner(budget=100.5, roas_floor=best / 100.5 + 0.01).solve(seed=0)


def test_the_cqm_holds_the_floor():
    asked = planner(spend="at_most", roas_floor=2.45, synergies=PAIRS)
    cqm = asked.to_cqm()
    assert "return floor" in cqm.constraints
    found = dimod.ExactCQMSolver().sample_cqm(cqm)
    best = found.filter(lambda row: row.is_feasible).first
    assert -best.energy == pytest.approx(asked.solve(seed=0).value)
    plan = asked.solve(seed=0)
    sample = {(label, int(units)): 0 for label, units in cqm.variables}
    for line, level in zip(asked.question.levels().lines, plan.choice, strict=True):
        sample[(line.label, int(line.spends[level]))] = 1
    assert cqm.check_feasible(sample)
    with pytest.raises(UnsupportedModelError, match="holds no roas_floor"):
        asked.to_level_model()


def test_draws_keep_the_floor():
    banded = CURVES.assign(lo=CURVES["response"] * 0.9, hi=CURVES["response"] * 1.1)
    asked = BudgetPlanner.from_tables(PLAN, banded, budget=130.5, spend="at_most", roas_floor=2.45)
    stability = asked.solve(seed=0, draws=8).stability
    money = stability.spends.sum(axis=1) * asked.question.levels().unit + 0.5
    assert (stability.best >= 2.45 * money - 1e-9).all()


@pytest.mark.parametrize("floor", [0, -1.0, float("nan"), float("inf"), True, "3"])
def test_a_wrong_floor(floor):
    with pytest.raises(OptionError, match="roas_floor is"):
        planner(roas_floor=floor)
    assert check_floor(None) is None


def test_a_floor_is_kept_by_the_proof_alone():
    asked = planner(roas_floor=0.5)
    for call in (lambda: asked.solve("anneal"), lambda: asked.solve(quantum=True)):
        with pytest.raises(OptionError, match="kept by the proof alone"):
            call()
