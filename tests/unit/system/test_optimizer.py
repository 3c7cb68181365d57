"""Whole runs: what is kept and undone, and that neither a kill nor ctrl-C loses anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import OptionError
from hybrid_opt.system import optimizer, recipe_trials
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.optimizer import HybridOptimizer
from hybrid_opt.system.recipe_training import TrainingRecord
from hybrid_opt.system.run_folder import STATE

DATA = load_data("wine")
MODEL = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
SETTINGS = TrainingSettings(max_steps=6, batch_size=16, learning_rate=0.01)
FACTS = {
    "parameters": {"attention": 4}, "bytes": 16, "sequences": 1, "positions": {"0": [1]},
    "layers": [{"layer": 0, "metric": "l1", "lambda": 1.0, "entropy": 0.5, "sparsity": 0.1, "range": 1.0,
                "uniform_range": 1.0, "sink": 0.1, "mean_distance": 1.0}],
}  # fmt: skip


def formula(recipe, data, seed, progress):
    """A loss without training: the learning rate callback helps, closed heads harm, the rest does nothing."""
    loss = 1.0 + 0.01 * (seed % 7) - 0.3 * ("progress_learning_rate" in recipe.training.callbacks)
    loss += 0.2 * ("head_sparsity" in recipe.training.callbacks)
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, loss)
    memory = 50 if recipe.training.gradient_checkpointing else 100
    progress(1.0, "step 6 of 6")
    return model, TrainingRecord(loss, 0.5, parameters=2, memory=memory, entropy=0.5, dropout=0.0, heads=2)


@contextmanager
def invented(train=formula):
    """The formula in place of training."""
    with (
        mock.patch.object(recipe_trials, "train_recipe", train),
        mock.patch.object(recipe_trials, "new_model", side_effect=lambda *given: torch.nn.Linear(1, 1)),
        mock.patch.object(recipe_trials, "split_loss", lambda model, *given: 2.0 * model.weight.item()),
        mock.patch.object(optimizer, "model_facts", return_value=FACTS),
    ):
        yield


def ran(path, **settings):
    given = {"seed": 4, "settings": SETTINGS, "level": "basic", **settings}
    return HybridOptimizer(HybridConfig(MODEL, DATA, **given)).run(path)


def told(report):
    """Everything but the seconds."""

    def without_seconds(value):
        if isinstance(value, dict):
            return {key: without_seconds(one) for key, one in value.items() if "seconds" not in key}
        return [without_seconds(one) for one in value] if isinstance(value, list) else value

    return without_seconds(json.loads(report.to_json()))


def test_what_helps_is_kept_and_what_harms_is_undone(tmp_path):
    with invented():
        report = ran(tmp_path / "run")
    kept = {step.name: step.kept for step in report.steps}
    assert kept == {"learning rate": True, "dropout": False, "head sparsity": False, "memory": True}
    assert report.steps[0].decision.gain == pytest.approx(0.3)
    assert report.steps[2].words().startswith("undone: lost 0.2000, spread 0.0")
    assert report.steps[3].best == "recomputed activations"
    assert report.gain == pytest.approx((0.6, 0.0), abs=1e-6)
    assert list(report.recipe.training.callbacks) == ["progress_learning_rate"]
    assert report.recipe.training.gradient_checkpointing
    assert report.recipe.configuration().hidden_size == 8
    assert report.verdict.startswith("kept: learning rate, memory; test loss 0.6000")
    assert [table.title for table in report.tables()][:3] == [
        "Steps", "Levels compared", "Learning rate, dropout, entropy, memory: without -> with",
    ]  # fmt: skip
    assert "-0.2000" in str(report)


def test_the_same_seed_gives_the_same_answer(tmp_path):
    with invented():
        one, two, other = (ran(tmp_path / name, seed=seed) for name, seed in (("a", 4), ("b", 4), ("c", 5)))
    assert told(one) == told(two) != told(other)


def test_a_finished_run_trains_nothing_again_and_keeps_its_seed(tmp_path):
    with invented():
        first = ran(tmp_path)
    with invented(mock.Mock(side_effect=AssertionError("trained again"))):
        again = ran(tmp_path, seed=None)
    assert told(again) == told(first)
    assert again.seed == 4
    assert again.steps[0].seconds == first.steps[0].seconds


def test_ctrl_c_returns_what_there_is_and_the_call_goes_on(tmp_path):
    count = 0

    def cut(*given):
        nonlocal count
        count += 1
        if count == 8:
            raise KeyboardInterrupt
        return formula(*given)

    with invented(cut):
        report = ran(tmp_path / "run")
        assert report.interrupted
        assert [step.name for step in report.steps] == ["learning rate"]
        assert (report.gain, report.tests) == (None, {})
        assert "the same call goes on" in str(report)
        resumed = ran(tmp_path / "run")
    with invented():
        assert told(resumed) == told(ran(tmp_path / "whole"))


KILLED = """
import os, signal, sys
from test_optimizer import formula, invented, ran
for last in map(int, sys.argv[2:]):  # one process after the other, each killed in its last training
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        continue
    trainings = 0
    def train(*given):
        global trainings
        trainings += 1
        if trainings == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return formula(*given)
    with invented(train):
        ran(sys.argv[1])
    os._exit(1)
"""


def test_kill_9_loses_nothing(tmp_path):
    """Killed in the training of a step, and again at the test split."""
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.getcwd()])}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run"), "9", "19"]
    subprocess.run(command, env=environment, check=True, timeout=120)
    state = json.loads((tmp_path / "run" / STATE).read_text())
    assert sum(map(len, state["trainings"].values())) == 21  # 3 as given, 3 for each of 6 ways
    assert sum(map(len, state["tests"].values())) == 8 + 18 - 21
    counted, whole = mock.Mock(side_effect=formula), mock.Mock(side_effect=formula)
    with invented(counted):
        resumed = ran(tmp_path / "run")
    with invented(whole):
        assert told(resumed) == told(ran(tmp_path / "whole"))
    assert counted.call_count == whole.call_count - 8 - 18


def test_nothing_is_trained_without_the_neural_engine(tmp_path):
    with invented(mock.Mock(side_effect=AssertionError("trained"))):
        report = ran(tmp_path, neural=False, level="full")
    assert (report.steps, report.gain) == ([], None)
    assert "nothing was trained" in report.verdict


def test_another_run_in_the_folder_is_refused_and_told(tmp_path):
    with invented():
        ran(tmp_path)
        with pytest.raises(OptionError, match=r"differs in settings.max_steps \(6 there, 7 now\)"):
            ran(tmp_path, settings=SETTINGS.replaced(max_steps=7))
        with pytest.raises(OptionError, match=r"seed \(4 there, 5 now\)"):
            ran(tmp_path, seed=5)


def test_wrong_calls_are_refused(tmp_path):
    with pytest.raises(OptionError, match="config is int"):
        HybridOptimizer(3)
    (tmp_path / STATE).write_text("{")
    with pytest.raises(OptionError, match="damaged"):
        ran(tmp_path)
    (tmp_path / STATE).write_text("{}")
    with pytest.raises(OptionError, match="holds no run"):
        ran(tmp_path)
    before = torch.get_num_threads()
    with pytest.raises(OptionError, match="holds no run"):
        ran(tmp_path, threads=1)
    assert torch.get_num_threads() == before
