"""hybrid-opt train, evaluate, generate: one tiny run from the command line to a generated text."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from hybrid_opt.cli import app, main

SIZES = ("--layers", "1", "--heads", "2", "--hidden", "8", "--max-steps", "3", "--batch-size", "4")
TEXT = ("--tokenizer", "characters", "--sequence-length", "32")


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def fails(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["hybrid-opt", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trained folder, and what the command printed."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    result = run(*command(folder), "--json")
    assert result.exit_code == 0
    return folder, json.loads(result.stdout)


def command(folder):
    """A call of train with a file for what has no flag."""
    path = folder.with_suffix(".yaml")
    path.write_text("data: {source: pydoc_topics, limit: 6}\n")
    return ("train", str(path), *TEXT, *SIZES, "--folder", str(folder), "--metric", "l1,dot", "--seed", "3")


def test_train_prints_json_only(trained):
    folder, content = trained
    assert content["steps"] == 3
    assert content["settings"]["seed"] == 3
    assert content["settings"]["batch_size"] == 4
    config = json.loads((folder / "config.json").read_text())
    assert config["metric"] == ["l1", "dot"]
    assert (config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]) == (8, 1, 2)
    assert json.loads((folder / "metrics.json").read_text())["steps"] == 3
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_command_finds_nothing_left_to_do_and_fresh_begins_anew(trained):
    folder, content = trained
    again = run(*command(folder))
    assert "nothing was left to train" in again.stderr
    assert "final_loss" in again.stdout
    fresh = run(*command(folder), "--fresh", "--json")
    assert json.loads(fresh.stdout)["final_loss"] == content["final_loss"]
    assert json.loads(fresh.stdout)["resumed_from"] == 0


def test_flags_override_the_file(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(
        "data: wine\nmodel: {hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1, metric: l2}\n"
        "training: {batch_size: 16, max_steps: 50}\n" + f"folder: {tmp_path / 'run'}\n"
    )
    content = json.loads(run("train", str(path), "--max-steps", "2", "--metric", "cosine", "--json").stdout)
    assert content["steps"] == 2
    assert content["settings"]["batch_size"] == 16
    assert json.loads((tmp_path / "run" / "config.json").read_text())["metric"] == "cosine"
    table = run("evaluate", str(tmp_path / "run"))
    assert "macro_f1" in table.stdout
    assert "majority" in table.stdout


def test_evaluate(trained):
    folder, _ = trained
    content = json.loads(run("evaluate", str(folder), "--json", "--split", "validation").stdout)
    assert content["split"] == "validation"
    assert content["bits_per_character"] > 0
    assert list(content["baselines"]) == ["unigram", "5-gram", "lzma"]
    short = run("evaluate", str(folder), "--no-baselines")
    assert "bits_per_character" in short.stdout
    assert "lzma" not in short.stdout
    assert "document ends" in short.stderr


def test_generate(trained):
    folder, _ = trained
    first = run("generate", str(folder), "--prompt", "The ", "--max-new-tokens", "9", "--seed", "1")
    again = run("generate", str(folder), "--prompt", "The ", "--max-new-tokens", "9", "--seed", "1", "--json")
    assert first.stdout.startswith("The ")
    assert json.loads(again.stdout) == {"prompt": "The ", "text": first.stdout[:-1], "seed": 1}
    sure = run("generate", str(folder), "--max-new-tokens", "4", "--temperature", "0")
    assert sure.exit_code == 0


def test_a_drawn_seed_is_told_and_repeats_the_text(trained):
    folder, _ = trained
    first = json.loads(run("generate", str(folder), "--max-new-tokens", "9", "--json").stdout)
    again = json.loads(
        run("generate", str(folder), "--max-new-tokens", "9", "--json", "--seed", str(first["seed"])).stdout
    )
    assert again == first
    assert run("generate", str(folder), "--max-new-tokens", "2").stderr.startswith("seed: ")


def test_a_run_that_was_cut_short_is_not_called_empty(tmp_path, monkeypatch, capsys):
    from hybrid_opt import cli
    from hybrid_opt.classical import training_callbacks

    monkeypatch.setattr(training_callbacks.InterruptGuard, "requested", lambda self: True)
    monkeypatch.setattr("sys.argv", ["hybrid-opt", *command(tmp_path / "run")])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    printed = capsys.readouterr()
    assert "the same command goes on" in printed.err
    assert "before there was anything to show" not in printed.err


def test_ctrl_c_is_130_and_the_result_says_so(tmp_path, monkeypatch):
    from hybrid_opt.classical import training_callbacks

    monkeypatch.setattr(training_callbacks.InterruptGuard, "requested", lambda self: True)
    result = run(*command(tmp_path / "run"), "--json")
    assert result.exit_code == 130
    assert json.loads(result.stdout)["interrupted"]
    assert "the same command goes on" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "nowhere.yaml"), "nowhere.yaml cannot be read"),
        (("train", "--data", "nowhere"), "nowhere"),
        (("train", "--metric", "l3"), "l3"),
        (("train", "--metric", "l1,,l2"), "empty name"),
        (("train", "--batch-size", "0"), "batch_size is 0"),
        (("evaluate", "nowhere"), "nowhere is not there"),
        (("generate", "nowhere"), "nowhere is not there"),
    ],
)
def test_errors_are_one_message_and_code_2(capsys, monkeypatch, tmp_path, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, printed = fails(capsys, monkeypatch, *arguments)
    assert code == 2
    assert printed.out == ""
    assert words in printed.err
    assert printed.err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_wrong_files_are_one_message(capsys, monkeypatch, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("training: {batchsize: 3}\n")
    code, printed = fails(capsys, monkeypatch, "train", str(path))
    assert code == 2
    assert "did you mean 'batch_size'" in printed.err


def test_other_data_of_another_kind(capsys, monkeypatch, trained):
    folder, _ = trained
    code, printed = fails(capsys, monkeypatch, "evaluate", str(folder), "--data", "wine")
    assert code == 2
    assert "wine" in printed.err


@pytest.mark.parametrize("name", ["train", "evaluate", "generate"])
def test_help(name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "--seed" in result.stdout or name == "evaluate"


def test_help_needs_no_torch(root):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom hybrid_opt.cli import app\n"
        "result = CliRunner().invoke(app, ['train', '--help'])\n"
        "assert result.exit_code == 0 and '--metric' in result.stdout\n"
        "print({'torch', 'transformers', 'pandas', 'numpy', 'yaml'} & set(sys.modules))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "set()"


def test_callbacks_by_name_keep_the_settings_of_the_file(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(
        "data: {source: pydoc_topics, limit: 6}\n"
        "training: {callbacks: {entropy_dropout: {interval: 1}}}\n"
    )
    flags = ("--callbacks", "progress_learning_rate, entropy_dropout", "--folder", str(tmp_path / "run"))
    content = json.loads(run("train", str(path), *TEXT, *SIZES, *flags, "--json").stdout)
    assert set(content["callbacks"]) == {"progress_learning_rate", "entropy_dropout"}
    assert [entry["step"] for entry in content["callbacks"]["entropy_dropout"]["history"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--callbacks", "entropy_drop"), "did you mean 'entropy_dropout'"),
        (("--memory-budget", "1"), "no setting fits into 1 MiB"),
    ],
)
def test_callbacks_that_cannot_be(capsys, monkeypatch, tmp_path, flags, words):
    code, printed = fails(capsys, monkeypatch, *command(tmp_path / "run"), *flags)
    assert code == 2
    assert words in " ".join(printed.err.split())
