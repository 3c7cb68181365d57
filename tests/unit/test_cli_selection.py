"""The selection commands, called as a program."""

import json

import pytest
from typer.testing import CliRunner

from hybrid_opt.business.synthetic_processes import shipped_processes
from hybrid_opt.business.synthetic_strategy import shipped_strategy
from hybrid_opt.cli import app
from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.synthetic_audience import shipped_audience

AUDIENCE, PROCESSES, STRATEGY = shipped_audience(), shipped_processes(), shipped_strategy()


def run(*arguments):
    return CliRunner().invoke(app, ["plan", *map(str, arguments)])


def test_audience(tmp_path):
    page = tmp_path / "audience.html"
    done = run(
        "audience", AUDIENCE.segments, "--members", AUDIENCE.members, "--budget", 6000, "--seed", 0,
        "--json", "--report", page,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["chosen_names"] == ["runners", "gardeners", "commuters", "homeowners"]
    assert content["reach"]["true"] == 8670.0
    assert page.exists()


def test_audience_from_pairs_prints_tables():
    done = run("audience", AUDIENCE.segments, "--overlaps", AUDIENCE.overlaps, "--choose", 3, "--seed", 0)
    assert done.exit_code == 0
    assert "Who is reached" in done.stdout


def test_processes(tmp_path):
    book = tmp_path / "processes.xlsx"
    done = run(
        "processes", PROCESSES.improvements, "--areas", PROCESSES.areas, "--needs", PROCESSES.needs,
        "--exclusions", PROCESSES.exclusions, "--limit", "cost=240000", "--limit", "staff=150", "--seed", 0,
        "--json", "--excel", book,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["status"] == "optimal"
    assert book.exists()


@pytest.mark.parametrize("limit", ["cost", "=5", "cost=many"])
def test_a_wrong_limit_names_the_flag(limit):
    done = run("processes", PROCESSES.improvements, "--areas", PROCESSES.areas, "--limit", limit)
    assert isinstance(done.exception, OptionError)
    assert str(done.exception).startswith(f"--limit is {limit!r}")


@pytest.mark.parametrize("budgets", ["500", "table"])
def test_strategy(tmp_path, budgets):
    if budgets == "table":
        path = tmp_path / "budgets.csv"
        path.write_text("period,budget\n1,500\n2,500\n3,500\n4,500\n", encoding="utf-8")
        budgets = str(path)
    done = run(
        "strategy", STRATEGY.projects, "--periods", 4, "--budgets", budgets, "--rate", 0.06,
        "--needs", STRATEGY.needs, "--third", "jobs", "--seed", 0, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["schedule"]["web_shop"] == 1
