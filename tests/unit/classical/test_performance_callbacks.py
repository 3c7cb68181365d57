"""Callbacks from the settings; and a killed run with all of them ends like an uninterrupted one.

The run that is killed is a process of its own, which sends itself SIGKILL; what follows goes on in this one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import TrainerCallback

from hybrid_opt.classical.checkpoints import latest_checkpoint
from hybrid_opt.classical.entropy_dropout import EntropyDropout
from hybrid_opt.classical.errors import CheckpointError, ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.language_data import build_language_data
from hybrid_opt.classical.performance_callbacks import build_performance_callbacks
from hybrid_opt.classical.short_training import train_without_files
from hybrid_opt.classical.text_sources import Document
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_result import TrainingResult
from hybrid_opt.classical.training_settings import TrainingSettings

SETTINGS = TrainingSettings(
    batch_size=8,
    max_steps=16,
    eval_steps=2,
    save_steps=3,
    logging_steps=1,
    learning_rate=0.01,
    callbacks={
        "progress_learning_rate": {"patience": 1, "cooldown": 0, "threshold": 0.05},
        "entropy_dropout": {"interval": 2, "high": 0.6},
        # The last choice is after the kill, and its importance is measured on both sides of a checkpoint.
        "head_sparsity": {"target": 0.5, "interval": 3, "measured_steps": 3, "end": 0.85},
    },
)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """Curves are tested elsewhere."""
    monkeypatch.setattr(TrainingResult, "plot", lambda self, path: Path(path).touch())


def letters():
    draw = random.Random(0)
    texts = ["".join(draw.choice("abcde ") for _ in range(100)) for _ in range(10)]
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    return build_language_data("letters", documents, tokenizer="characters", sequence_length=12)


def model_for(data):
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2, "metric": "l2"}
    return DistanceGPT(data.config(**sizes, hidden_dropout=0.1, attention_dropout=0.1))


class KillAt(TrainerCallback):
    """Ends a run in the middle of a step, without any farewell."""

    def on_pre_optimizer_step(self, args, state, control, **named):
        if state.global_step == 10:
            os.kill(os.getpid(), signal.SIGKILL)


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
import test_performance_callbacks as here
from hybrid_opt.classical.training import train
data = here.letters()
train(here.model_for(data), data, sys.argv[1], here.SETTINGS, callbacks=[here.KillAt()])
"""


def test_a_killed_run_ends_like_an_uninterrupted_one(tmp_path, root):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "parts"), os.path.dirname(__file__)]
    killed = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert latest_checkpoint(tmp_path / "parts" / "checkpoints").name == "checkpoint-9"
    data = letters()
    whole, parts = model_for(data), model_for(data)
    expected = train(whole, data, tmp_path / "whole", SETTINGS)
    torch.manual_seed(99)  # whatever the process did before
    result = train(parts, data, tmp_path / "parts", SETTINGS)
    assert result.resumed_from == 9
    for (name, ours), theirs in zip(
        parts.state_dict().items(), whole.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name
    assert result.history.equals(expected.history)
    assert result.callbacks == expected.callbacks
    for name in SETTINGS.callbacks:  # each has done something on both sides of the checkpoint
        steps = [entry["step"] for entry in expected.callbacks[name]["history"]]
        assert min(steps) <= 9 < max(steps), name
    again = train(model_for(data), data, tmp_path / "parts", SETTINGS)
    assert "nothing was left to train" in again.notes[0]
    assert again.callbacks == expected.callbacks
    assert json.loads((tmp_path / "parts" / "metrics.json").read_text())["callbacks"] == expected.callbacks


def test_runs_without_files_do_the_same(tmp_path):
    data = letters()
    one, two = model_for(data), model_for(data)
    train(one, data, tmp_path / "run", SETTINGS)
    train_without_files(two, data, SETTINGS)
    for ours, theirs in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert not any(layer._forward_pre_hooks for layer in two.attention_layers())


def test_other_settings_of_a_callback_are_another_run(tmp_path):
    data, short = letters(), SETTINGS.replaced(max_steps=4, callbacks={"entropy_dropout": {}})
    train(model_for(data), data, tmp_path / "run", short)
    with pytest.raises(CheckpointError, match="callbacks was"):
        train(model_for(data), data, tmp_path / "run", short.replaced(callbacks={}))


def test_the_same_kind_twice_is_refused(tmp_path):
    data = letters()
    with pytest.raises(ConfigurationError, match="EntropyDropout is there 2 times"):
        train(model_for(data), data, tmp_path / "run", SETTINGS, callbacks=[EntropyDropout()])


def test_callbacks_come_from_the_settings():
    built = build_performance_callbacks(SETTINGS)
    assert [one.rule.to_dict() for one in built] == list(SETTINGS.callbacks.values())
    assert build_performance_callbacks(TrainingSettings()) == []
