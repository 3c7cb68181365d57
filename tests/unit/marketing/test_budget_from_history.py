"""Plans from a weekly history: intervals, the mark of an unreliable fit, spends beyond what was seen."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.marketing.history_plan import round_step, suggested_plan
from hybrid_opt.marketing.history_table import read_history
from hybrid_opt.marketing.media_curves import NINETY, steady_response
from hybrid_opt.marketing.synthetic_history import make_history
from hybrid_opt.planning.hill import HillCurve

NAMED = {"outcome": "revenue", "date": "week", "controls": ["price", "holiday"], "starts": 2}


def ask(frame=None, spend=("tv", "search"), **options):
    table = make_history() if frame is None else frame
    return BudgetPlanner.from_history(table, spend=list(spend), **(NAMED | options))


@cache
def good():
    return ask()


@cache
def useless():
    return ask(make_history(3, media=0.0))


def test_curves_are_the_steady_response_with_its_interval():
    planner = good()
    fit = planner.history.fit
    for k, line in enumerate(planner.table.lines):
        value, error = steady_response(fit, k, line.spends)
        np.testing.assert_allclose(planner.curves.response(line.label, line.spends), value)
        low, high = planner.curves.interval(line.label, line.spends)
        np.testing.assert_allclose(low, np.maximum(0, value - NINETY * error))
        np.testing.assert_allclose(high, value + NINETY * error)
        row = planner.history.parameters().iloc[k]
        hill = HillCurve(row["theta"], row["alpha"], row["K"], row["beta"])
        np.testing.assert_allclose(hill.response(line.spends), value)


def test_standard_errors_are_those_of_differences():
    """The delta method against moved parameters."""
    fit = good().history.fit
    at, c = np.array([20_000.0]), 2
    gradient = np.zeros(4 * c)
    for place, name in ((c, "alpha"), (2 * c, "kappa"), (3 * c, "beta")):
        sides = []
        for sign in (1, -1):
            moved = {n: getattr(fit, n).copy() for n in ("alpha", "kappa", "beta")}
            step = sign * 1e-5
            moved[name][0] = moved[name][0] * np.exp(step) if name == "kappa" else moved[name][0] + step
            sides.append(HillCurve(0, moved["alpha"][0], moved["kappa"][0], moved["beta"][0]).response(at)[0])
        gradient[place] = (sides[0] - sides[1]) / 2e-5
    assert steady_response(fit, 0, at)[1][0] == pytest.approx(
        np.sqrt(gradient @ fit.covariance @ gradient), rel=1e-4
    )


def test_the_suggested_plan_is_today_and_the_largest_week():
    weekly = read_history(make_history(), outcome="revenue", date="week", spend=["tv", "search"])
    table = suggested_plan(weekly)
    today = weekly.spends[-52:].mean(axis=0)
    assert (np.abs(table["current"] - today) <= table["step"] / 2 + 1e-9).all()
    assert (table["max"] <= weekly.spends.max(axis=0)).all()
    assert (table["max"] + table["step"] > weekly.spends.max(axis=0)).all()
    assert suggested_plan(weekly, recent=4, step=500)["step"].tolist() == [500, 500]
    assert (round_step(0.9), round_step(1000), round_step(5.5)) == (0.5, 1000, 5)


def test_a_plan_passes_its_check_on_to_every_output(tmp_path):
    plan = good().solve(seed=0, draws=3)
    assert plan.reliable is True
    assert plan.status == "optimal"
    assert plan.figures()["check"] == "passed"
    assert "over the 26 weeks held out" in plan.notes[0]
    assert plan.stability.draws == 3
    content = json.loads(plan.to_json())
    assert content["history"]["reliable"] is True
    assert len(content["history"]["parameters"]) == 2
    assert {"parameters", "decomposition", "weeks", "held out"} <= set(plan.frames())


def test_an_unreliable_plan_says_so_everywhere(tmp_path):
    plan = useless().solve(seed=0)
    assert plan.reliable is False
    assert str(plan).startswith("UNRELIABLE budget plan")
    assert plan.notes[0].startswith("UNRELIABLE: over the 26 weeks")
    assert json.loads(plan.to_json())["check"] == "UNRELIABLE"
    page = plan.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("UNRELIABLE") >= 3
    assert "foreseen without media" in page
    book = plan.to_excel(tmp_path / "plan.xlsx")
    figures = pd.read_excel(book, sheet_name="figures").set_index("figure")["value"]
    assert figures["check"] == "UNRELIABLE"


def test_spends_beyond_the_history_are_named_with_by_how_much():
    table = pd.DataFrame(
        {"channel": ["tv", "search"], "current": [150_000, 10_000], "min": [150_000, 0],
         "max": [150_000, 30_000], "step": [5_000, 1_000]}
    )
    plan = ask(plan=table, budget=160_000).solve(seed=0)
    most = make_history()["tv"].max()
    assert any(
        f"EXTRAPOLATED: 150,000 for 'tv' is {150_000 / most - 1:.0%} above" in note for note in plan.notes
    )


def test_a_spend_that_was_only_a_single_week_is_no_steady_spend():
    held, most = good().history.steady_most[0], good().history.seen_most[0]
    between = float(round((held + most) / 2, -3))
    assert held < between < most
    table = pd.DataFrame(
        {"channel": ["tv", "search"], "current": [between, 10_000], "min": [between, 0],
         "max": [between, 30_000], "step": [5_000, 1_000]}
    )
    notes = ask(plan=table).solve(seed=0).notes
    words = f"{between:,.0f} every week for 'tv' acts like more than was ever in effect"
    assert any(words in note for note in notes)
    low = table.assign(current=5_000, min=5_000, max=5_000, channel=["tv", "search"])
    assert ask(plan=low).solve(seed=0).beyond_history() == []


def test_scenarios_and_the_least_spend_use_the_same_fit():
    planner = good()
    table = planner.scenarios({"less": {"budget": planner.budget - 1_000}}, seed=0)
    assert table.shape[1] >= 2
    target = planner.solve(seed=0).today_value
    plan = planner.least_spend(target, seed=0)
    assert plan.value >= target
    assert plan.least.spend < planner.budget
    assert plan.history is planner.history


def test_an_extra_budget_rule_is_passed_on():
    plan = ask(total="at_most", roas_floor=2.0).solve(seed=0)
    assert plan.value >= 2.0 * plan.spends().sum() - 1e-6


@pytest.mark.parametrize("option", ["curves", "history", "extrapolate"])
def test_options_that_the_history_answers(option):
    with pytest.raises(OptionError, match=f"'{option}' is no option here"):
        ask(**{option: None})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"step": 0}, "step is 0"),
        ({"step": 1e9}, "above the largest weekly spend"),
        ({"recent": 0}, "recent is 0"),
        ({"total": "most"}, "spend is 'most'"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(OptionError, match=words):
        ask(**options)
