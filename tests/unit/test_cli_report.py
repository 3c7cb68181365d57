"""``hybrid-opt report``: files and folders of saved plans, and what is none."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hybrid_opt.cli import app
from hybrid_opt.errors import OptionError

PLAN = {"response": 5.0, "response today": 4.0, "bound": 5.0, "gap": 0.0, "status": "optimal",
        "kind": "Budget plan", "method": "MILP", "notes": []}  # fmt: skip


def saved(folder: Path) -> Path:
    folder.mkdir()
    (folder / "ads.json").write_text(json.dumps(PLAN))
    (folder / "other.json").write_text("[1]")
    return folder


def test_a_folder_is_read_and_what_is_no_plan_is_named(tmp_path: Path) -> None:
    folder = saved(tmp_path / "plans")
    result = CliRunner().invoke(app, ["report", str(folder), "--path", str(tmp_path / "all.html")])
    assert result.exit_code == 0, result.output
    assert "+25.0%" in result.stdout
    assert "report: " in result.stderr
    assert "left out: " in result.stderr
    assert "other.json" in result.stderr.replace("\n", "")
    assert "<h2 id=\"section-3\">ads</h2>" in (tmp_path / "all.html").read_text()


def test_figures_as_json(tmp_path: Path) -> None:
    folder, page = saved(tmp_path / "plans"), tmp_path / "all.html"
    result = CliRunner().invoke(app, ["report", str(folder / "ads.json"), "--path", str(page), "--json"])
    assert json.loads(result.stdout)["ads"]["response"] == 5.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["other.json"], "holds no plan"),
        (["none.json"], "cannot be read"),
        (["ads.json", "--path", "x.pdf"], "x.pdf"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str], message: str) -> None:
    folder = saved(tmp_path / "plans")
    given = [str(folder / one) if one.endswith(".json") else one for one in arguments]
    given += [] if "--path" in given else ["--path", str(tmp_path / "all.html")]
    result = CliRunner().invoke(app, ["report", *given])
    assert isinstance(result.exception, OptionError)
    assert message in str(result.exception)


def test_a_folder_without_plans(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(tmp_path), "--path", str(tmp_path / "all.html")])
    assert "no saved plan was found" in str(result.exception)
