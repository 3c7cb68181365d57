"""Killed runs end like uninterrupted ones; checkpoints of other data, models and settings are refused.

The run that is killed is a process of its own, which sends itself SIGKILL; what follows goes on in this one.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import TrainerCallback

from hybrid_opt.classical.checkpoints import MARKER, latest_checkpoint
from hybrid_opt.classical.errors import CheckpointError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.language_data import build_language_data
from hybrid_opt.classical.text_sources import Document
from hybrid_opt.classical.trained_folder import load_trained, model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_result import TrainingResult
from hybrid_opt.classical.training_settings import TrainingSettings

SETTINGS = TrainingSettings(
    batch_size=8, max_steps=11, eval_steps=3, save_steps=2, logging_steps=3, gradient_accumulation=2
)


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Half of a tiny run would go into garbage of other modules and a picture that is tested elsewhere."""
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TrainingResult, "plot", lambda self, path: Path(path).touch())
        yield
    gc.unfreeze()


def letters(task="causal_lm"):
    draw = random.Random(0)
    texts = ["".join(draw.choice("abcde ") for _ in range(100)) for _ in range(10)]
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    return build_language_data("letters", documents, task=task, tokenizer="characters", sequence_length=12)


def model_for(data, **settings):
    sizes = {
        "hidden_size": 16,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "metric": "l2",
        "hidden_dropout": 0.1,
        "attention_dropout": 0.1,
    }
    torch.manual_seed(0)
    return model_class(data.task).from_config(data.config(**{**sizes, **settings}))


EXPERTS = {"feed_forward": "moe", "moe": {"num_experts": 3, "top_k": 1, "balance": "loss_free"}}


class StopAt(TrainerCallback):
    """Ends a run in the middle of a step, without any farewell."""

    def __init__(self, step, how):
        self.step = step
        self.how = how

    def on_pre_optimizer_step(self, args, state, control, **named):
        if state.global_step == self.step:
            self.how()


class BrokenOffError(Exception):
    pass


def break_off():
    raise BrokenOffError


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def same(first, second):
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(name == other and torch.equal(ours, theirs) for (name, ours), (other, theirs) in pairs)


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
import test_training_resume as here
from hybrid_opt.classical.training import train
data = here.letters()
model = here.model_for(data, **here.EXPERTS)
train(model, data, sys.argv[1], here.PATIENT, callbacks=[here.StopAt(7, here.kill)])
"""
PATIENT = SETTINGS.replaced(early_stopping_patience=20)


def test_a_killed_run_ends_like_an_uninterrupted_one(tmp_path, root):
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "parts"), os.path.dirname(__file__)]
    killed = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert latest_checkpoint(tmp_path / "parts" / "checkpoints").name == "checkpoint-6"
    data = letters()
    whole, parts = model_for(data, **EXPERTS), model_for(data, **EXPERTS)
    expected = train(whole, data, tmp_path / "whole", PATIENT)
    torch.manual_seed(99)  # whatever the process did before
    result = train(parts, data, tmp_path / "parts", PATIENT)
    assert result.resumed_from == 6
    assert same(whole, parts)
    assert result.history.equals(expected.history)
    assert result.final_loss == expected.final_loss
    lines = [(tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("whole", "parts")]
    kept = [[line for line in map(json.loads, part) if "loss" in line] for part in lines]
    assert [line["loss"] for line in kept[0]] == [line["loss"] for line in kept[1]]
    biases = [buffer for name, buffer in parts.named_buffers() if "bias" in name]
    assert any(bool(buffer.any()) for buffer in biases), "balancing has moved nothing, so nothing was resumed"


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("causal_lm", {"schedule": "one_cycle", "gradient_accumulation": 1}),
        ("masked_lm", {"precision": "bfloat16", "max_grad_norm": None}),
        ("causal_lm", {"early_stopping_patience": 2, "learning_rate": 0.05, "eval_steps": 1}),
    ],
    ids=["one cycle", "new masks", "patience"],
)
def test_a_broken_off_run_ends_like_an_uninterrupted_one(tmp_path, task, changes):
    data, settings = letters(task), SETTINGS.replaced(**changes)
    whole, parts = model_for(data), model_for(data)
    expected = train(whole, data, tmp_path / "whole", settings)
    with pytest.raises(BrokenOffError):
        train(parts, data, tmp_path / "parts", settings, callbacks=[StopAt(3, break_off)])
    parts = model_for(data)
    result = train(parts, data, tmp_path / "parts", settings)
    assert result.resumed_from > 0
    assert same(whole, parts)
    assert result.history.equals(expected.history)
    assert (result.best_step, result.steps) == (expected.best_step, expected.steps)
    if "early_stopping_patience" in changes:
        assert result.steps < settings.max_steps


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run, its data and its model; tests work on copies."""
    folder = tmp_path_factory.mktemp("run") / "run"
    data = letters()
    model = model_for(data)
    result = train(model, data, folder, SETTINGS)
    return folder, data, model, result


@pytest.fixture
def run(finished, tmp_path):
    folder, data, model, result = finished
    shutil.copytree(folder, tmp_path / "run")
    return tmp_path / "run", data, model, result


def test_a_finished_run_is_not_trained_again(run):
    folder, data, model, result = run
    again = model_for(data)
    answer = train(again, data, folder, SETTINGS)
    assert same(model, again)
    assert answer.history.equals(result.history)
    assert answer.steps == answer.resumed_from == 11
    assert "nothing was left to train" in answer.notes[0]


def test_a_run_stopped_early_stays_stopped(tmp_path):
    data = letters()
    settings = SETTINGS.replaced(early_stopping_patience=1, learning_rate=0.1, eval_steps=1, save_steps=1)
    first, second = model_for(data), model_for(data)
    result = train(first, data, tmp_path, settings)
    answer = train(second, data, tmp_path, settings)
    assert result.steps == answer.steps < 11
    assert answer.best_step == result.best_step
    assert same(first, second)


def test_a_longer_run_goes_on_and_says_what_that_means(run):
    folder, data, _, _ = run
    answer = train(model_for(data), data, folder, SETTINGS.replaced(max_steps=14))
    assert (answer.resumed_from, answer.steps) == (11, 14)
    assert any("planned for 11 steps and now has 14" in note for note in answer.notes)


def test_a_longer_run_that_breaks_off_leaves_its_checkpoint_not_the_old_end(run):
    folder, data, _, _ = run
    longer = SETTINGS.replaced(max_steps=20)
    with pytest.raises(BrokenOffError):
        train(model_for(data), data, folder, longer, callbacks=[StopAt(15, break_off)])
    assert load_trained(folder).step == 14


def test_a_shorter_run_is_refused(run):
    folder, data, _, _ = run
    with pytest.raises(CheckpointError, match="of a run of 11 steps, and 4 are asked for"):
        train(model_for(data), data, folder, SETTINGS.replaced(max_steps=4))


def test_a_fresh_start_removes_the_earlier_run(run):
    folder, data, model, result = run
    (folder / "mine.txt").write_text("stays")
    again = model_for(data)
    answer = train(again, data, folder, SETTINGS, resume=False)
    assert answer.resumed_from == 0
    assert same(model, again)
    assert answer.history.equals(result.history)
    assert (folder / "mine.txt").exists()


def test_an_unfinished_checkpoint_is_passed_over_and_told(run):
    folder, data, model, _ = run
    (folder / "checkpoints" / "checkpoint-11" / MARKER).unlink()
    again = model_for(data)
    answer = train(again, data, folder, SETTINGS)
    assert answer.resumed_from == 10
    assert "checkpoint-11" in answer.notes[0]
    assert same(model, again)


def test_a_kill_while_the_first_checkpoint_is_written(tmp_path, monkeypatch):
    data = letters()

    def killed(folder, facts):
        assert (folder / "optimizer.pt").exists()
        raise BrokenOffError

    with monkeypatch.context() as patched:
        patched.setattr("hybrid_opt.classical.training_callbacks.mark_complete", killed)
        with pytest.raises(BrokenOffError):
            train(model_for(data), data, tmp_path, SETTINGS)
    assert latest_checkpoint(tmp_path / "checkpoints") is None
    answer = train(model_for(data), data, tmp_path, SETTINGS)
    assert answer.resumed_from == 0
    assert "checkpoint-2" in answer.notes[0]


@pytest.mark.parametrize("name", ["optimizer.pt", "rng_state.pth", "model.safetensors", "trainer_state.json"])
def test_a_damaged_file_is_named_and_nothing_is_trained(run, name):
    folder, data, _, _ = run
    path = folder / "checkpoints" / "checkpoint-11" / name
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match=rf"checkpoint-11/{name} has .* bytes of .*Delete"):
        train(model_for(data), data, folder, SETTINGS)
    path.unlink()
    with pytest.raises(CheckpointError, match=f"checkpoint-11/{name} is missing"):
        train(model_for(data), data, folder, SETTINGS)


def test_other_data_are_refused(run):
    folder, data, _, _ = run
    with pytest.raises(CheckpointError, match=r"belongs to other data.*--fresh"):
        train(model_for(data), replace(data, hash="0" * 64), folder, SETTINGS)
    assert json.loads((folder / "data.json").read_text())["hash"] == data.hash


def test_another_model_is_refused(run):
    folder, data, _, _ = run
    with pytest.raises(CheckpointError, match="metric was 'l2', now 'dot'"):
        train(model_for(data, metric="dot"), data, folder, SETTINGS)


def test_other_settings_are_refused(run):
    folder, data, _, _ = run
    with pytest.raises(CheckpointError, match=r"learning_rate was 0.001, now 0.5"):
        train(model_for(data), data, folder, SETTINGS.replaced(learning_rate=0.5))


def test_other_tensors_are_refused(run):
    folder, data, _, _ = run

    class Wider(DistanceGPT):
        pass

    Wider.__name__ = "DistanceGPT"
    wider = Wider(model_for(data).config)
    wider.extra = torch.nn.Linear(2, 2)
    with pytest.raises(CheckpointError, match=r"extra.weight is not there in it and \(2, 2\)"):
        train(wider, data, folder, SETTINGS)
    del wider.extra
    del wider.model.stack.final_norm
    with pytest.raises(CheckpointError, match="which the model does not have"):
        train(wider, data, folder, SETTINGS)
