"""hybrid-opt demo is the budget demo with its options; hybrid-opt demo hybrid is another."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from hybrid_opt import cli_demo
from hybrid_opt.cli import app, main
from hybrid_opt.tuning import hybrid_demo


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["hybrid-opt", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr()


@pytest.fixture
def asked(monkeypatch, tiny_demo):
    """The hybrid demo answers at once; what it was asked."""
    calls = []

    def answer(**settings):
        calls.append(settings)
        return tiny_demo

    monkeypatch.setattr(hybrid_demo, "run_hybrid_demo", answer)
    return calls


def test_the_hybrid_demo_prints_tables_and_sentences(asked, tiny_demo):
    result = run("demo", "hybrid", "--seed", "7")
    assert result.exit_code == 0
    assert asked[0]["seed"] == 7
    for table in tiny_demo.tables():
        assert table.title in result.stdout
    printed = " ".join(result.stdout.split())
    assert printed.endswith(" ".join(tiny_demo.sentences()))
    assert "budget" not in printed.lower()


def test_the_hybrid_demo_as_json_with_a_page(asked, tiny_demo, tmp_path):
    page = tmp_path / "demo.html"
    result = run("demo", "hybrid", "--json", "--report", page)
    assert json.loads(result.stdout) == json.loads(tiny_demo.to_json())
    assert asked[0]["seed"] == 0
    assert "<svg" in page.read_text(encoding="utf-8")
    assert f"report: {page}" in result.stderr


def test_no_page_without_asking(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("demo", "hybrid")
    assert list(tmp_path.iterdir()) == []


def test_demo_alone_is_the_budget_demo(monkeypatch, tmp_path):
    from hybrid_opt.marketing import BudgetPlanner

    monkeypatch.chdir(tmp_path)
    real, calls = BudgetPlanner.solve, []

    def quick(self, *given, **settings):
        calls.append(settings)
        return real(self, seed=settings["seed"], time_limit=settings["time_limit"])

    monkeypatch.setattr(BudgetPlanner, "solve", quick)
    result = run("demo")
    assert result.exit_code == 0
    assert "What to spend where" in result.stdout
    assert (tmp_path / "report.html").is_file()
    assert (calls[0]["seed"], calls[0]["qubits"], calls[0]["time_limit"]) == (0, 14, 60.0)
    run("demo", "--seed", "3", "--qubits", "8", "--time-limit", "9")
    assert (calls[1]["seed"], calls[1]["qubits"], calls[1]["time_limit"]) == (3, 8, 9.0)


@pytest.mark.parametrize(
    ("given", "named"),
    [(("--seed", "3"), "--seed"), (("--json",), "--json"), (("--time-limit", "3"), "--time-limit")],
)
def test_options_before_the_name_are_not_swallowed(asked, capsys, monkeypatch, given, named):
    code, printed = fails(capsys, monkeypatch, "demo", *given, "hybrid")
    assert code == 2
    assert f"{named} stands before 'hybrid'" in printed.err
    assert not asked


def test_a_report_that_cannot_be_written_is_refused_before_the_work(asked, capsys, monkeypatch, tmp_path):
    code, printed = fails(capsys, monkeypatch, "demo", "hybrid", "--report", tmp_path / "no" / "x.html")
    assert code == 2
    assert "its folder does not exist" in printed.err
    assert not asked


def test_ctrl_c_is_130(capsys, monkeypatch):
    def stops(*given, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(hybrid_demo, "train_digits", stops)
    code, printed = fails(capsys, monkeypatch, "demo", "hybrid")
    assert code == 130
    assert "interrupted" in printed.err
    assert printed.out == ""


def test_a_negative_seed(capsys, monkeypatch):
    code, printed = fails(capsys, monkeypatch, "demo", "hybrid", "--seed", "-1")
    assert code == 2
    assert "seed is -1" in printed.err


def test_help_names_both():
    text = run("demo", "--help").stdout
    assert "--qubits" in text
    assert "hybrid" in text
    assert cli_demo.demo_app.registered_commands[0].callback is cli_demo.hybrid
