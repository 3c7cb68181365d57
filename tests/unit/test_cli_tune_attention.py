"""hybrid-opt tune attention: tables, JSON, files; every wrong wish is one message and code 2."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import contextmanager
from functools import partial

import pytest
from typer.testing import CliRunner

from hybrid_opt.classical.training_run import TrainingRun
from hybrid_opt.cli import app, main
from hybrid_opt.distributed import connection
from hybrid_opt.tuning.attention_objective import AttentionObjective

SIZE = (
    "--data", "wine", "--layers", "2", "--heads", "2", "--hidden", "8", "--trials", "3", "--steps", "2",
    "--finalists", "1", "--fresh-seeds", "2", "--seed", "1",
)  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch, tmp_path):
    """Losses without training, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def train(self, params, seed, on_validation=None):
        loss = 1.0 + 0.1 * len(str(params)) / 100 + 1e-6 * (seed % 100)
        return loss, loss

    monkeypatch.setattr(AttentionObjective, "train", train)
    monkeypatch.setattr(AttentionObjective, "held_out", lambda self, model: model)


def run(*arguments):
    return CliRunner().invoke(app, ["tune", "attention", *map(str, arguments)], catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["hybrid-opt", "tune", "attention", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr().err


def test_tables_page_and_a_run_to_train(tmp_path):
    result = run(*SIZE, "--compare", "random", "--report", "page.html")
    assert result.exit_code == 0
    for words in ("metric_layer_1", "As given", "Finalist", "as given"):
        assert words in result.stdout, words
    assert "hybrid-opt train tuned/wine/run.yaml" in result.stderr
    assert (tmp_path / "page.html").is_file()
    again = TrainingRun.from_yaml("tuned/wine/run.yaml")
    assert (again.data["source"], again.model["hidden_size"], again.training.max_steps) == ("wine", 8, 2)


def test_json_only_and_the_same_again_from_the_folder():
    first = json.loads(run(*SIZE, "--folder", "here", "--json").stdout)
    assert first["seed"] == 1
    assert len(first["trials"]["qubo"]) == 3
    second = json.loads(run(*SIZE, "--folder", "here", "--json").stdout)
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_a_space_from_a_file_and_metrics_by_name(tmp_path):
    (tmp_path / "space.yaml").write_text("scale_factor: {low: 0.5, high: 2}\nmetric: [l1, dot]\n")
    content = json.loads(run(*SIZE, "--space", "space.yaml", "--json").stdout)
    assert set(content["finalists"][1]["settings"]) == {"scale_factor", "metric"}
    content = json.loads(
        run(*SIZE, "--metric", "l2", "--metric", "dot", "--folder", "other", "--json").stdout
    )
    assert content["finalists"][1]["settings"]["metric_layer_0"] in ("l2", "dot")


def test_a_run_file_is_taken(tmp_path):
    (tmp_path / "run.yaml").write_text(
        "data: wine\nmodel: {hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1}\n"
        "training: {max_steps: 2, learning_rate: 0.01}\n"
    )
    content = json.loads(
        run("run.yaml", "--trials", "2", "--finalists", "1", "--fresh-seeds", "2", "--json").stdout
    )
    assert "metric_layer_1" not in content["finalists"][1]["settings"]
    assert 0.0025 <= content["finalists"][1]["settings"]["learning_rate"] <= 0.04


def test_ctrl_c_shows_what_there_is(monkeypatch):
    train, calls = AttentionObjective.train, []

    def cut(self, params, seed, on_validation=None):
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(self, params, seed)

    monkeypatch.setattr(AttentionObjective, "train", cut)
    result = run(*SIZE)
    assert result.exit_code == 130
    assert "nothing is confirmed yet" in result.stdout
    assert "the same command goes on from tuned/wine" in result.stderr
    assert run(*SIZE).exit_code == 0


def test_a_locked_storage(capsys, monkeypatch, tmp_path):
    run(*SIZE)
    monkeypatch.setattr("hybrid_opt.tuning.tuning_folder.BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "tuned" / "wine" / "trials.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    code, message = fails(capsys, monkeypatch, *SIZE)
    other.close()
    assert code == 2
    assert "is locked by another program; close it" in " ".join(message.split())


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (("--data", "nothing_there"), "nothing_there"),
        (("--metric", "l1"), "at least two different ones"),
        (("--metric", "l1", "--metric", "l9"), "at least two different ones"),
        (("--sampler", "bayes"), "sampler is 'bayes'"),
        (("--solver", "magic"), "magic"),
        (("--compare", "qubo"), "named twice"),
        (("--objective", "speed"), "legal are one to three"),
        (("--trials", "0"), "trials is 0"),
        (("--space", "missing.yaml"), "cannot be read"),
        (("--report", "no/such/page.html"), "its folder does not exist"),
        (("--learning-rate", "-1"), "learning_rate"),
    ],
)
def test_wrong_wishes_are_told(wish, message, capsys, monkeypatch, tmp_path):
    code, told = fails(capsys, monkeypatch, *SIZE, *wish)
    assert code == 2
    assert told.startswith("error: ")
    assert message in told
    assert not (tmp_path / "tuned" / "wine" / "tuning.json").exists()


def test_trials_in_rounds_on_a_cluster(monkeypatch):
    asked = []

    class Here:
        """Takes the place of a cluster."""

        def completed(self, function, items):
            asked.append(len(items))
            yield from ((number, function(item)) for number, item in enumerate(items))

    @contextmanager
    def connected(address, *, workers):
        asked.append((address, workers))
        yield Here()

    monkeypatch.setattr("hybrid_opt.distributed.connection.connect", connected)
    arguments = ("--parallel", "2", "--json")
    there = json.loads(
        run(*SIZE, "--cluster", "local", "--workers", "2", "--folder", "one", *arguments).stdout
    )
    assert asked[:3] == [("local", 2), 2, 1]
    here = json.loads(run(*SIZE, "--folder", "two", *arguments).stdout)
    assert {**there, "seconds": 0} == {**here, "seconds": 0}


def test_workers_without_a_cluster_are_refused(capsys, monkeypatch):
    code, text = fails(capsys, monkeypatch, *SIZE, "--workers", "2")
    assert code == 2
    assert "--workers is 2 and there is no --cluster; add --cluster local" in text


def test_nobody_at_the_address_is_one_message(capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(
        "hybrid_opt.distributed.connection.connect", partial(connection.connect, timeout=0.5)
    )
    code, text = fails(capsys, monkeypatch, *SIZE, "--cluster", "tcp://127.0.0.1:9")
    assert code == 2
    assert "no scheduler answers at tcp://127.0.0.1:9 within 0.5 seconds" in text.replace("\n", " ")
