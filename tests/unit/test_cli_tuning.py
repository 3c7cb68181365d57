"""hybrid-opt tune heads: tables, JSON, page and pruned folder; every wrong wish is one message and code 2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from transformers import FNetConfig, FNetForSequenceClassification
from typer.testing import CliRunner

from hybrid_opt.cli import app, main
from hybrid_opt.cli_tuning import read_keep
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import labelled_batches
from hybrid_opt.tuning.folder_heads import LOSSES

QUICK = ("--examples", "32", "--evaluations", "12", "--seed", "1")


@pytest.fixture(autouse=True)
def _nothing_measured_before(trained_wine):
    """The folder serves several tests; losses that one has measured are not for the next."""
    (trained_wine / LOSSES).unlink(missing_ok=True)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["hybrid-opt", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr()


def test_tables_page_and_a_folder_that_evaluate_accepts(trained_wine, tmp_path):
    page, small = tmp_path / "heads.html", tmp_path / "small"
    places = ("--report", page, "--out", small)
    result = run("tune", "heads", trained_wine, "--keep", "1,2", "--method", "qaoa", *QUICK, *places)
    assert result.exit_code == 0
    for words in ("3 of 8 heads stay", "calibration loss", "test loss", "these stay", "proven optimal",
                  "greedy", "Quantum row: ", "brought nothing here"):  # fmt: skip
        assert words in result.stdout, words
    assert f"report: {page}" in result.stderr
    assert f"pruned model: {small}" in result.stderr
    assert "test loss, kept heads" in page.read_text(encoding="utf-8")
    kept = json.loads((small / "config.json").read_text())["kept_heads"]
    assert [len(heads) for heads in kept] == [1, 2]
    assert json.loads(run("evaluate", small, "--json", "--no-baselines").stdout)["split"] == "test"


def test_json_only(trained_wine):
    result = run("tune", "heads", trained_wine, "--keep", "0.5", "--compare", "greedy", *QUICK, "--json")
    content = json.loads(result.stdout)
    assert sum(content["selection"]["mask"]) == 4
    assert [row["method"] for row in content["selection"]["solution"]["rows"]] == ["exact", "greedy"]
    assert content["after"]["split"] == "test"
    assert content["written"] is None


def test_a_budget_and_redundancy(trained_wine):
    result = run("tune", "heads", trained_wine, "--budget", "1e9", "--costs", "flops", "--redundancy", "0.1",
                 *QUICK, "--json")  # fmt: skip
    assert sum(json.loads(result.stdout)["selection"]["mask"]) >= 2


def test_a_drawn_seed_is_told(trained_wine):
    result = run("tune", "heads", trained_wine, "--keep", "3", *QUICK[:4])
    assert "seed: " in result.stderr


def test_ctrl_c_shows_what_there_is_and_is_130(trained_wine, tmp_path, monkeypatch):
    counted = []
    real = labelled_batches.LabelledBatches.mean_loss

    def stops(self, model, gates=None):
        counted.append(1)
        if len(counted) == 11:
            raise KeyboardInterrupt
        return real(self, model, gates)

    monkeypatch.setattr(labelled_batches.LabelledBatches, "mean_loss", stops)
    page, small = tmp_path / "heads.html", tmp_path / "small"
    result = run("tune", "heads", trained_wine, "--keep", "3", *QUICK, "--report", page, "--out", small)
    assert result.exit_code == 130
    assert "3 of 8 heads stay" in result.stdout
    assert "interrupted: the best mask until then" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--keep", "9"), "keep is 9; the model has 8 heads"),
        (("--keep", "1.5"), "a share lies between 0 and 1"),
        (("--keep", "half"), "--keep is 'half'"),
        (("--keep", "1,,2"), "--keep is '1,,2'"),
        (("--keep", "1,2,3"), "keep names 3 layers"),
        (("--keep", "0.5", "--budget", "9"), "keep and budget"),
        (("--budget", "1"), "does not pay"),
        (("--costs", "seconds"), "costs is 'seconds'"),
        (("--method", "quantum"), "method is 'quantum'"),
        (("--compare", "quantum"), "compare is 'quantum'"),
        (("--redundancy", "-1"), "redundancy is -1"),
        (("--seed", "-1"), "seed is -1"),
        (("--report", "no/x.html"), "its folder does not exist"),
        (("--out", "no/small"), "parent folder does not exist"),
        (("--out", "full"), "not empty"),
    ],
)
def test_errors_are_one_message_and_code_2(trained_wine, capsys, monkeypatch, tmp_path, arguments, words):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    monkeypatch.chdir(tmp_path)
    more = ("--examples", "16", "--evaluations", "0")
    code, printed = fails(capsys, monkeypatch, "tune", "heads", trained_wine, *more, *arguments)
    assert code == 2
    assert printed.out == ""
    assert words in printed.err
    assert printed.err.startswith("error: ")
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine"]


def test_folders_without_a_model(capsys, monkeypatch, tmp_path, trained_wine):
    code, printed = fails(capsys, monkeypatch, "tune", "heads", tmp_path)
    assert code == 2
    assert "no folder that training wrote" in printed.err
    shutil.copyfile(trained_wine / "data.json", tmp_path / "data.json")
    code, printed = fails(capsys, monkeypatch, "tune", "heads", tmp_path)
    assert code == 2
    assert "train it first" in printed.err


def test_a_model_without_attention(capsys, monkeypatch, tmp_path, trained_wine):
    shutil.copytree(trained_wine, tmp_path / "other")
    FNetForSequenceClassification(
        FNetConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, intermediate_size=8, num_labels=3)
    ).save_pretrained(tmp_path / "other")
    code, printed = fails(capsys, monkeypatch, "tune", "heads", tmp_path / "other")
    assert code == 2
    assert "no attention whose heads are known" in printed.err


def test_what_keep_says():
    assert [read_keep(text) for text in (None, "0.5", "6", "3, 2,1")] == [None, 0.5, 6, [3, 2, 1]]
    for text in ("half", "3;2", "", "nan"):
        with pytest.raises(OptionError, match="legal are a share"):
            read_keep(text)


def test_help_needs_no_torch(root):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom hybrid_opt.cli import app\n"
        "for command in (['tune', '--help'], ['tune', 'heads', '--help'], ['demo', 'hybrid', '--help']):\n"
        "    assert CliRunner().invoke(app, command).exit_code == 0\n"
        "print({'torch', 'transformers', 'pandas', 'numpy', 'optuna'} & set(sys.modules))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "set()"
