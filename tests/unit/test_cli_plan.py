import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from hybrid_opt.business.synthetic_resources import make_example, shipped_example
from hybrid_opt.cli import app, main

FILES = shipped_example()
TABLES = [str(FILES.departments), str(FILES.curves)]
LIMITS = [f"--resource={name}={limit:g}" for name, limit in make_example().resources.items()]


def run(*arguments):
    return CliRunner().invoke(app, ["plan", *arguments])


def fails(capsys, monkeypatch, *arguments):
    """Exit code and message of the command as a user meets it."""
    monkeypatch.setattr("sys.argv", ["hybrid-opt", "plan", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr().err


def test_a_resource_plan_from_the_shell(tmp_path):
    report, book = tmp_path / "r.html", tmp_path / "r.xlsx"
    fairness, synergies = f"--fairness={FILES.fairness}", f"--synergies={FILES.synergies}"
    options = ["--seed=7", "--draws=3", "--what-if=sales", f"--report={report}", f"--excel={book}", "--json"]
    result = run("resources", *TABLES, *LIMITS, fairness, synergies, *options)
    assert result.exit_code == 0
    content = json.loads(result.stdout)
    assert content["value"] == pytest.approx(500_970)
    assert content["staff used"] == 40
    assert content["stability"]["draws"] == 3
    assert list(content["what_if"]) == ["sales"]
    assert report.stat().st_size > 10_000
    assert book.stat().st_size > 1_000


def test_fairness_as_a_number_and_tables_on_stdout():
    result = run("resources", *TABLES, *LIMITS, "--fairness", "0.5", "--seed", "1")
    assert result.exit_code == 0
    assert "Resource plan: optimal" in result.stdout
    assert "fairness of support and sales" in result.stdout or "support and sales" in result.stdout


def test_a_budget_plan_takes_the_same_flags(tmp_path):
    plan = {"channel": ["tv", "search"], "current": [60, 40], "min": [0, 0], "max": [100] * 2, "step": 20}
    curves = {"channel": ["tv", "tv", "search", "search"], "spend": [0, 100] * 2, "response": [0, 9, 0, 8]}
    paths = [str(tmp_path / name) for name in ("plan.csv", "curves.csv")]
    for path, table in zip(paths, (plan, curves)):
        pd.DataFrame(table).to_csv(path, index=False)
    book = tmp_path / "plan.xlsx"
    result = run("budget", *paths, "--what-if", "tv", "--excel", str(book), "--json", "--seed", "1")
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["what_if"]["tv"]) == 6
    assert book.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--resource=staff"], "write NAME=LIMIT"),
        (["--resource=staff=many"], "write NAME=LIMIT"),
        (["--resource=staff=nan"], "write NAME=LIMIT"),
        (["--resource=staff=4", "--resource=staff=5"], "given twice"),
        (["--resource=staff=4", "--resource=money=9"], "use 20 of staff, the limit is 4"),
        ([*LIMITS, "--excel=plan.csv"], "does not end with .xlsx"),
        ([*LIMITS, "--excel=nowhere/plan.xlsx"], "folder does not exist"),
        ([*LIMITS, "--fairness=nowhere.csv"], "nowhere.csv"),
        ([*LIMITS, "--what-if=sails"], "did you mean 'sales'"),
        ([*LIMITS, "--mixer=y"], "mixer"),
    ],
)
def test_mistakes_are_one_message(capsys, monkeypatch, arguments, words):
    code, printed = fails(capsys, monkeypatch, "resources", *TABLES, *arguments)
    assert code == 2
    assert words in printed
    assert "Traceback" not in printed


def test_a_resource_is_needed():
    assert run("resources", *TABLES).exit_code == 2
