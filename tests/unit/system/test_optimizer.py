"""Whole runs: what is kept and undone, and that neither a kill nor ctrl-C loses anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import torch

from hybrid_opt.errors import OptionError
from hybrid_opt.system.optimizer import HybridOptimizer
from hybrid_opt.system.run_folder import STATE


def test_what_helps_is_kept_and_what_harms_is_undone(invention, tmp_path):
    with invention.invented():
        report = invention.ran(tmp_path / "run")
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


def test_the_same_seed_gives_the_same_answer(invention, tmp_path):
    with invention.invented():
        one, two, other = (invention.ran(tmp_path / f"{i}", seed=seed) for i, seed in enumerate((4, 4, 5)))
    assert invention.told(one) == invention.told(two) != invention.told(other)


def test_a_finished_run_trains_nothing_again_and_keeps_its_seed(invention, tmp_path):
    with invention.invented():
        first = invention.ran(tmp_path)
    with invention.invented(mock.Mock(side_effect=AssertionError("trained again"))):
        again = invention.ran(tmp_path, seed=None)
    assert invention.told(again) == invention.told(first)
    assert again.seed == 4
    assert again.steps[0].seconds == first.steps[0].seconds


def test_ctrl_c_returns_what_there_is_and_the_call_goes_on(invention, tmp_path):
    count = 0

    def cut(*given):
        nonlocal count
        count += 1
        if count == 8:
            raise KeyboardInterrupt
        return invention.formula(*given)

    with invention.invented(cut):
        report = invention.ran(tmp_path / "run")
        assert report.interrupted
        assert [step.name for step in report.steps] == ["learning rate"]
        assert (report.gain, report.tests) == (None, {})
        assert "the same call goes on" in str(report)
        resumed = invention.ran(tmp_path / "run")
    with invention.invented():
        assert invention.told(resumed) == invention.told(invention.ran(tmp_path / "whole"))


KILLED = """
import os, signal, sys
from conftest import formula, invented, ran
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


def test_kill_9_loses_nothing(invention, tmp_path):
    """Killed in the training of a step, and again at the test split."""
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.getcwd()])}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run"), "9", "19"]
    subprocess.run(command, env=environment, check=True, timeout=120)
    state = json.loads((tmp_path / "run" / STATE).read_text())
    assert sum(map(len, state["trainings"].values())) == 18  # 3 as given, 3 for each of 5 ways
    assert sum(map(len, state["tests"].values())) == 8 + 18 - 18
    counted, whole = mock.Mock(side_effect=invention.formula), mock.Mock(side_effect=invention.formula)
    with invention.invented(counted):
        resumed = invention.ran(tmp_path / "run")
    with invention.invented(whole):
        assert invention.told(resumed) == invention.told(invention.ran(tmp_path / "whole"))
    assert counted.call_count == whole.call_count - 8 - 18


def test_nothing_is_trained_without_the_neural_engine(invention, tmp_path):
    with invention.invented(mock.Mock(side_effect=AssertionError("trained"))):
        report = invention.ran(tmp_path, neural=False, level="full")
    assert (report.steps, report.gain) == ([], None)
    assert "nothing was trained" in report.verdict


def test_another_run_in_the_folder_is_refused_and_told(invention, tmp_path):
    with invention.invented():
        invention.ran(tmp_path)
        with pytest.raises(OptionError, match=r"differs in settings.max_steps \(6 there, 7 now\)"):
            invention.ran(tmp_path, settings=invention.settings.replaced(max_steps=7))
        with pytest.raises(OptionError, match=r"seed \(4 there, 5 now\)"):
            invention.ran(tmp_path, seed=5)


def test_wrong_calls_are_refused(invention, tmp_path):
    with pytest.raises(OptionError, match="config is int"):
        HybridOptimizer(3)
    (tmp_path / STATE).write_text("{")
    with pytest.raises(OptionError, match="damaged"):
        invention.ran(tmp_path)
    (tmp_path / STATE).write_text("{}")
    with pytest.raises(OptionError, match="holds no run"):
        invention.ran(tmp_path)
    before = torch.get_num_threads()
    with pytest.raises(OptionError, match="holds no run"):
        invention.ran(tmp_path, threads=1)
    assert torch.get_num_threads() == before
