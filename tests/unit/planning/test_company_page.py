"""All plans on one page: what stands on it, from solved and from saved plans."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hybrid_opt.business import ProcessPlanner
from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.planning import combined_report, read_saved_plan, share_budget


def budget(total: float = 60) -> BudgetPlanner:
    plan = pd.DataFrame({"Canal": ["tv", "web"], "current": 30, "min": 0, "max": 60, "step": 10})
    channels = ["tv", "tv", "web", "web"]
    curves = pd.DataFrame({"channel": channels, "spend": [0, 60] * 2, "response": [0, 9, 0, 7]})
    return BudgetPlanner(plan, curves, budget=total, spend="at_most")


def processes() -> ProcessPlanner:
    table = pd.DataFrame({"improvement": ["x", "y"], "saving": [9.0, 7.0], "cost": [20, 10]})
    return ProcessPlanner(table, limits={"cost": 25})


@pytest.fixture(scope="module")
def plans() -> dict[str, Any]:
    return {
        "ads now": budget().solve(seed=1),
        "ads with <less>": budget(40).solve(seed=1),
        "processes": processes().solve(seed=1),
        "split": share_budget({"ads": budget()}, 60, step=20, seed=1),
    }


def test_one_page_holds_every_plan(tmp_path: Path, plans: dict[str, Any]) -> None:
    html = combined_report(plans, tmp_path / "all.html", title="Ours").read_text(encoding="utf-8")
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", html)
    assert headings == [
        *("Warnings and notes", "All plans", "Plans of one kind compared"),
        *("ads now", "ads with &lt;less&gt;", "processes", "split"),
    ]
    assert html.count("<li><a href=") == len(headings)
    assert html.index("read &#39;Canal&#39; as channel") < html.index("All plans</h2>")
    assert "4 of 4" in html
    assert "<h3>Why not more</h3>" in html
    assert html.count("<svg") >= 4
    assert not re.search(r"(?:src|href)=\"(?:https?:|//|file:)", html)
    ids = re.findall(r"\bid=\"([^\"]+)\"", html)
    assert len(ids) == len(set(ids))


def test_saved_plans_give_a_page_too(tmp_path: Path, plans: dict[str, Any]) -> None:
    saved = {}
    for name, plan in (("ads", plans["ads now"]), ("split", plans["split"])):
        (tmp_path / f"{name}.json").write_text(plan.to_json(), encoding="utf-8")
        saved[name] = read_saved_plan(tmp_path / f"{name}.json")
        assert saved[name].figures() == pytest.approx(dict(plan.figures()))
        assert saved[name].allocation() == plan.allocation()
    html = combined_report(saved, tmp_path / "all.html").read_text(encoding="utf-8")
    assert "optimal" in html
    assert "Today and the plan" in html
    assert "Who gets how much" in html


def test_a_list_is_named_after_its_kinds(tmp_path: Path, plans: dict[str, Any]) -> None:
    own = [plans["ads now"], plans["processes"], plans["ads with <less>"]]
    html = combined_report(own, tmp_path / "all.html").read_text(encoding="utf-8")
    assert ">Budget plan</h2>" in html
    assert ">Budget plan 2</h2>" in html


def test_an_unproven_plan_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"response": 5, "response today": 6, "bound": 8, "gap": 0.375, "status": "feasible",'
        ' "kind": "Budget plan", "notes": ["time was short"]}'
    )
    html = combined_report({"ads": read_saved_plan(tmp_path / "a.json")}, tmp_path / "a.html").read_text()
    assert "ads is not proven best: it may be 37.50% below the best." in html
    assert "ads: response is 5 in the plan, 6 today." in html
    assert "ads: time was short" in html


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ({}, "no plan to report"),
        (5, "plans is a int"),
        ("ads", "plans is a str"),
        ({"a": budget()}, "'a' is a BudgetPlanner"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, plans: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        combined_report(plans, tmp_path / "all.html")


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "line 1: no JSON"), ("[]", "no plan"), ('{"a": 1}', "no plan"), (None, "cannot be read")],
)
def test_files_that_hold_no_plan(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "p.json").write_text(text)
    with pytest.raises(OptionError, match=message):
        read_saved_plan(tmp_path / "p.json")
