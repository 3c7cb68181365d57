import json
import subprocess
import sys

import dimod
import pandas as pd
import pytest
from typer.testing import CliRunner

from hybrid_opt.cli import METHOD_HELP, app, main
from hybrid_opt.solvers import methods


@pytest.fixture
def tables(tmp_path):
    plan = pd.DataFrame(
        {"channel": ["tv", "search"], "current": [60, 40], "min": [0, 0], "max": [100, 100], "step": [20, 20]}
    )
    curves = pd.DataFrame(
        {
            "channel": ["tv"] * 3 + ["search"] * 3,
            "spend": [0, 60, 100] * 2,
            "response": [0, 90, 110, 0, 120, 150],
        }
    )
    plan.to_csv(tmp_path / "plan.csv", index=False)
    curves.to_csv(tmp_path / "curves.csv", index=False)
    return str(tmp_path / "plan.csv"), str(tmp_path / "curves.csv")


@pytest.fixture
def model_file(tmp_path):
    x, y = dimod.Binaries(["x", "y"])
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-2 * x - 3 * y)
    cqm.add_constraint(x + y <= 1, label="one")
    with cqm.to_file() as source:
        (tmp_path / "model.cqm").write_bytes(source.read())
    return str(tmp_path / "model.cqm")


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["hybrid-opt", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr()


def test_plan_budget_prints_the_plan(tables):
    result = run("plan", "budget", *tables, "--seed", "1")
    assert result.exit_code == 0
    assert "180" in result.stdout
    assert "optimal" in result.stdout
    assert "What binds" in result.stdout


def test_plan_budget_as_json_writes_only_json(tables, tmp_path):
    report = tmp_path / "page.html"
    result = run("plan", "budget", *tables, "--seed", "1", "--json", "--report", str(report))
    content = json.loads(result.stdout)
    assert content["response"] == 180.0
    assert content["status"] == "optimal"
    assert report.is_file()
    assert "page.html" in result.stderr


def test_plan_budget_with_a_method_and_a_limit(tables):
    result = run("plan", "budget", *tables, "--budget", "60", "--at-most", "--method", "exact", "--json")
    assert json.loads(result.stdout)["response"] == 120.0


def test_solve_reads_a_file(model_file):
    result = run("solve", model_file, "--seed", "1", "--compare", "anneal", "--json")
    content = json.loads(result.stdout)
    assert content["status"] == "optimal"
    assert content["objective"] == -3.0
    assert [row["method"] for row in content["rows"]] == ["exact", "anneal"]
    assert "-3" in run("solve", model_file).stdout


def test_devices_lists_the_simulators():
    rows = json.loads(run("devices", "--json").stdout)
    assert any(row["device"] == "hybrid.aer" and row["compute"] == "cpu" and row["available"] for row in rows)
    assert all(row["reason"] for row in rows if not row["used_by_default"])
    assert "hybrid.aer" in run("devices").stdout


def test_demo_shows_proof_and_writes_the_page(tmp_path):
    report = tmp_path / "report.html"
    result = run("demo", "--qubits", "8", "--report", str(report), "--json")
    content = json.loads(result.stdout)
    assert content["status"] == "optimal"
    assert content["gap"] == 0.0
    assert any("synthetic" in note for note in content["notes"])
    assert content["response"] > content["response today"]
    check = content["quantum_check"]
    assert check["qubits"] <= 8
    assert check["certificate"]["confirmed"]
    assert {"QAOA depth 5", "exact"} <= {row["method"] for row in check["rows"]}
    assert "<svg" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [(), ("solve",), ("demo",), ("devices",), ("plan", "budget")])
def test_help_everywhere(arguments):
    result = run(*arguments, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_help_names_every_method():
    assert METHOD_HELP.replace(" or ", ", ").rstrip(".").split(", ") == methods()["method"].tolist()


def test_expected_errors_are_one_message_and_code_2(tables, capsys, monkeypatch):
    code, printed = fails(capsys, monkeypatch, "plan", "budget", tables[0], "nowhere.csv")
    assert code == 2
    assert printed.out == ""
    assert "nowhere.csv" in printed.err
    assert "Traceback" not in printed.err
    code, printed = fails(capsys, monkeypatch, "plan", "budget", *tables, "--budget", "999")
    assert code == 2
    assert "999" in printed.err


def test_a_report_that_cannot_be_written_is_refused_before_the_work(tables, capsys, monkeypatch, tmp_path):
    report = str(tmp_path / "no" / "x.html")
    code, printed = fails(capsys, monkeypatch, "plan", "budget", *tables, "--report", report)
    assert code == 2
    assert printed.out == ""
    assert "folder" in printed.err


def test_a_missing_model_file(capsys, monkeypatch):
    code, printed = fails(capsys, monkeypatch, "solve", "nowhere.lp")
    assert code == 2
    assert "nowhere.lp" in printed.err


def test_control_c_is_130(capsys, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr("hybrid_opt.cli.app", stop)
    code, printed = fails(capsys, monkeypatch, "demo")
    assert code == 130
    assert "interrupted" in printed.err


def test_control_c_inside_a_command_is_told(capsys, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    # Raised where the command works, so that it goes through the command-line library.
    monkeypatch.setattr("hybrid_opt.circuits.available_devices", stop)
    code, printed = fails(capsys, monkeypatch, "devices")
    assert code == 130
    assert "interrupted" in printed.err


def test_the_package_runs_as_a_module(root):
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_opt", "--help"], capture_output=True, text=True, cwd=root, check=True
    )
    assert "demo" in done.stdout
