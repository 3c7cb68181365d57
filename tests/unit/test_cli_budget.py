"""plan budget from a weekly history, for a target, with a floor on the return."""

import json
import sys

import pytest
from typer.testing import CliRunner

from hybrid_opt.cli import app, main
from hybrid_opt.marketing.synthetic import shipped_example
from hybrid_opt.marketing.synthetic_history import shipped_history

NAMED = ("--outcome", "revenue", "--date", "week", "--channel", "tv", "--channel", "search")
CONTROLS = ("--control", "price", "--control", "holiday")


def run(*arguments):
    words = [str(part) for part in ("plan", "budget", *arguments)]
    return CliRunner().invoke(app, words, catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    words = ["hybrid-opt", "plan", "budget", *(str(part) for part in arguments)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    return capsys.readouterr().err.replace("\n", " ")


def test_a_history_gives_a_checked_plan():
    result = run("--history", shipped_history(), *NAMED, *CONTROLS, "--step", "500", "--json", "--seed", "0")
    content = json.loads(result.stdout)
    assert content["check"] == "passed"
    assert content["status"] == "optimal"
    assert content["history"]["held_out_weeks"] == 26


def test_a_target_and_a_floor():
    tables = [*shipped_example()][:2]
    whole = json.loads(run(*tables, "--json", "--seed", "0").stdout)
    least = json.loads(run(*tables, "--target", whole["response today"], "--json", "--seed", "0").stdout)
    assert least["response"] >= whole["response today"]
    assert least["spent"] < whole["spent"]
    assert least["least"]["below"] < whole["response today"]
    floor = json.loads(run(*tables, "--at-most", "--roas-floor", "2.6", "--json", "--seed", "0").stdout)
    assert floor["response"] >= 2.6 * floor["spent"]


def test_flags_that_do_not_go_together(capsys, monkeypatch):
    plan, curves, _ = shipped_example()
    history = ("--history", shipped_history())
    assert "only goes with --history FILE" in fails(capsys, monkeypatch, plan, curves, "--outcome", "revenue")
    assert "--date, --holdout only go with" in fails(
        capsys, monkeypatch, plan, curves, "--holdout", "5", "--date", "week"
    )
    assert "give a plan table and a table of curves" in fails(capsys, monkeypatch, plan)
    assert "leave the table of curves" in fails(capsys, monkeypatch, plan, curves, *history, *NAMED)
    assert "--step is for a history without" in fails(
        capsys, monkeypatch, plan, *history, *NAMED, "--step", "5"
    )
    assert "--history needs --outcome and --channel" in fails(capsys, monkeypatch, *history)
