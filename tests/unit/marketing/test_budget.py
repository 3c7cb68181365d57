import itertools
import json

import numpy as np
import pandas as pd
import pytest

from hybrid_opt import solve
from hybrid_opt.errors import HybridOptError, OptionError, PlanError
from hybrid_opt.marketing import BudgetPlanner

PLAN = pd.DataFrame(
    {
        "channel": ["tv", "search", "radio", "print"],
        "current": [60.0, 40.0, 20.0, 10.5],
        "min": [20.0, 0.0, 0.0, 0.0],
        "max": [100.0, 80.0, 60.0, 30.0],
        "step": [20.0, 20.0, 10.0, 5.0],
        "fixed": ["no", "no", "no", "yes"],
        "group": ["", "digital", "digital", ""],
        "min_if_used": [None, None, 20.0, None],
    }
)
CURVES = pd.DataFrame(
    {
        "channel": ["tv"] * 4 + ["search"] * 3 + ["radio"] * 4 + ["print"] * 2,
        "spend": [0, 60, 100, 140, 0, 40, 120, 0, 20, 40, 80, 0, 50],
        "response": [0, 90, 120, 130, 0, 70, 110, 0, 10, 60, 90, 0, 25],
    }
)


def planner(**options):
    return BudgetPlanner.from_tables(PLAN, CURVES, **({"caps": {"digital": 100.0}} | options))


def brute_force(asked):
    """Best response over all plans, from the tables alone."""
    curves = dict(list(CURVES.groupby("channel")))
    grids = [[20, 40, 60, 80, 100], [0, 20, 40, 60, 80], [0, 20, 30, 40, 50, 60], [10.5]]
    found = []
    for spends in itertools.product(*grids):
        total = sum(spends)
        fits = total == asked.budget if asked.spend == "exactly" else total <= asked.budget
        if fits and spends[1] + spends[2] <= asked.table.caps.get("digital", np.inf):
            parts = [curves[name] for name in PLAN["channel"]]
            value = sum(np.interp(s, part["spend"], part["response"]) for s, part in zip(spends, parts))
            for pair in asked.synergies:
                spend = dict(zip(PLAN["channel"], spends))
                value += pair.strength * spend[pair.channel] * spend[pair.other] / asked.budget
            found.append((value, spends))
    return max(found)


@pytest.mark.parametrize(
    "options", [{}, {"budget": 150.5}, {"budget": 97.0, "spend": "at_most"}, {"caps": None}]
)
def test_optimum_equals_brute_force(options):
    asked = planner(**options)
    plan = asked.solve(seed=1)
    value, spends = brute_force(asked)
    assert plan.value == pytest.approx(value)
    assert sum(plan.allocation().values()) == pytest.approx(sum(spends))
    assert plan.status == "optimal"
    assert plan.grid.value >= plan.value - 1e-9


def test_synergies_equal_brute_force_odd_cents_included():
    table = pd.DataFrame({"channel": ["tv", "print"], "other": ["search", "radio"], "strength": [0.8, 1.5]})
    asked = planner(synergies=table, budget=150.5)
    plan = asked.solve(seed=1)
    assert plan.value == pytest.approx(brute_force(asked)[0])
    assert plan.bound >= plan.value - 1e-6
    assert plan.near is None
    spends = plan.spends()
    parts = sum(float(asked.curves.response(n, s)) for n, s in zip(asked.table.labels, spends))
    assert plan.value == pytest.approx(parts + asked.question.synergy(spends))


def test_the_level_model_and_the_cqm_are_the_same_task():
    asked = planner()
    best = asked.solve(seed=1).value
    assert -solve(asked.to_level_model(), "exact").objective == pytest.approx(best)
    assert -solve(asked.to_cqm(), "milp").objective == pytest.approx(best)


def test_worth_of_a_step_equals_solving_the_changed_table():
    asked = planner()
    plan = asked.solve(seed=1)
    limits = plan.limits.set_index(["limit", "kind"])
    more = planner(budget=asked.budget + 10).solve(seed=1).value - plan.value
    assert limits.loc[("budget", "budget"), "gain"] == pytest.approx(more)
    wider = planner(caps={"digital": 110.0}).solve(seed=1).value - plan.value
    assert limits.loc[("digital", "cap"), "gain"] == pytest.approx(wider)
    table = PLAN.assign(max=[120.0, 80.0, 60.0, 30.0])
    longer = BudgetPlanner.from_tables(table, CURVES, caps={"digital": 100.0}).solve(seed=1).value
    assert limits.loc[("tv", "max"), "gain"] == pytest.approx(longer - plan.value)
    assert ("print", "max") not in limits.index


def test_a_bound_that_cannot_move_says_why():
    curves = CURVES[~((CURVES["channel"] == "radio") & (CURVES["spend"] == 80))]
    curves = pd.concat([curves, pd.DataFrame({"channel": ["radio"], "spend": [60], "response": [900]})])
    plan = BudgetPlanner.from_tables(PLAN, curves).solve(seed=1)
    row = plan.limits.set_index(["limit", "kind"]).loc[("radio", "max")]
    assert "curve ends at 60" in row["reason"]
    assert np.isnan(row["gain"])


def test_a_budget_added_up_in_floats_is_the_decimal_it_means():
    table = PLAN.assign(current=[60.1, 40.2, 20.0, 10.5])
    asked = BudgetPlanner.from_tables(table, CURVES, budget=100.1 + 30.4)
    assert asked.budget == 130.5


def test_today_is_kept_where_nothing_is_better():
    curves = pd.DataFrame(
        {"channel": np.repeat(PLAN["channel"], 2), "spend": [0, 140] * 4, "response": [0, 140] * 4}
    )
    plan = BudgetPlanner.from_tables(PLAN, curves).solve("anneal", seed=1)
    assert plan.value == pytest.approx(plan.today_value)
    assert plan.status == "optimal"


def test_an_infeasible_today_is_reported_not_refused():
    plan = planner(budget=150.5).solve(seed=1)
    assert plan.today is None
    assert any("130.5" in note for note in plan.notes)
    assert plan.today_value == pytest.approx(90 + 70 + 10 + 5.25)


def test_near_optimal_plans_in_money():
    plan = planner().solve(seed=1, tolerance=0.1)
    table = plan.alternatives()
    assert table.iloc[0]["loss"] == 0.0
    assert (table["loss"] <= 0.1 + 1e-12).all()
    assert (table[["tv", "search", "radio", "print"]].sum(axis=1) == 130.5).all()
    channels = plan.channels().set_index("channel")
    assert (channels["near_low"] <= channels["plan"]).all()
    assert (channels["plan"] <= channels["near_high"]).all()
    assert channels.loc["print", "at"] == "fixed"


def test_same_seed_same_answer_and_json_round_trip():
    first, second = (planner().solve(seed=3).to_dict() for _ in range(2))
    first.pop("seconds"), second.pop("seconds")
    assert first == second
    assert json.loads(planner().solve(seed=3).to_json())["response"] == first["response"]


def test_quantum_check_stands_beside_its_controls():
    plan = planner().solve(seed=3, quantum=True, qubits=10, depth=1, shots=100)
    content = json.loads(plan.to_json())["quantum_check"]
    assert content["qubits"] <= 10
    assert content["coarse_optimum"] <= plan.value + 1e-9
    assert set(content["levels"]) == set(PLAN["channel"])
    methods = [row["method"] for row in content["rows"]]
    assert methods[0] == "QAOA depth 1"
    assert any(method.startswith("uniform") for method in methods)
    parts = plan.gaps()["part"].tolist()
    assert parts[:4] == ["solver", "grid step", "coarse grid", "QUBO surrogate"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"budget": 20.0}, PlanError, "budget"),
        ({"budget": -5.0}, HybridOptError, "budget"),
        ({"budget": float("nan")}, HybridOptError, "budget"),
        ({"spend": "roughly"}, OptionError, "exactly"),
        ({"caps": {"digitl": 10.0}}, HybridOptError, "digital"),
    ],
)
def test_bad_options_of_the_planner(options, error, words):
    with pytest.raises(error, match=words):
        planner(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "anneel"}, "anneal"),
        ({"qubits": 21}, "4 to 20"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"seed": -1}, "seed"),
        ({"alternatives": 0}, "alternatives"),
        ({"qubits": 4.5}, "whole number"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": float("nan")}, "time_limit"),
        ({"max_evaluations": -5}, "max_evaluations"),
        ({"tolerance": "1%"}, "tolerance"),
    ],
)
def test_bad_options_of_solve(options, words):
    with pytest.raises(OptionError, match=words):
        planner().solve(**options)


@pytest.mark.parametrize(
    ("phase", "left"),
    [("worth_of_limits", "what one more step is worth"), ("quantum_check", "the quantum check")],
)
def test_ctrl_c_keeps_the_proven_plan(monkeypatch, phase, left):
    asked = planner()

    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"hybrid_opt.planning.level_planner.{phase}", stop)
    plan = asked.solve(seed=1, quantum=True, qubits=8)
    assert plan.status == "optimal"
    assert left in plan.notes[-1]
    assert plan.check is None
    assert "ctrl-C" in str(plan)
    assert plan.interrupted
    assert json.loads(plan.to_json())["notes"][-1] == plan.notes[-1]
    assert json.loads(plan.to_json())["interrupted"]
    monkeypatch.undo()
    assert not planner().solve(seed=1).interrupted


def test_progress_ends_at_one():
    shares = []
    planner().solve(seed=1, progress=lambda share, text: shares.append(share))
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


def test_a_plan_without_a_coarse_version_stands_and_says_so():
    single = BudgetPlanner.from_tables(PLAN.iloc[[0, 3]], CURVES, budget=70.5)
    plan = single.solve(seed=1, quantum=True)
    assert plan.status == "optimal"
    assert plan.check is None
    assert any("quantum check was left out" in note for note in plan.notes)
