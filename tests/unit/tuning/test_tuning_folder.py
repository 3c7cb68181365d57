"""The folder of a search."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import optuna
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.optuna_log import quiet_optuna
from hybrid_opt.tuning.tuning_folder import FACTS, TRIALS, TuningFolder, open_study


def test_facts_are_kept_and_compared(tmp_path):
    folder = TuningFolder(tmp_path / "a" / "b")
    assert folder.facts() is None
    folder.claim({"seed": 1, "layers": (1, 2)})
    assert folder.facts() == {"seed": 1, "layers": [1, 2]}
    folder.claim({"seed": 1, "layers": (1, 2)})
    with pytest.raises(OptionError, match="differs in layers, seed; name another folder"):
        folder.claim({"seed": 2, "layers": (1, 3)})


def test_memory_does_as_a_folder_does():
    folder = TuningFolder(None)
    folder.claim({"seed": 1})
    folder.confirm({"a": {"1": [0.5, 0.25]}})
    assert (folder.facts(), folder.confirmed()) == ({"seed": 1}, {"a": {"1": [0.5, 0.25]}})
    with folder.in_use(), folder.in_use():
        assert folder.place == "in memory"
    with pytest.raises(OptionError, match="differs in seed"):
        folder.claim({"seed": 2})


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(OptionError, match=r"holds config\.json of something else"):
        TuningFolder(tmp_path).claim({"seed": 1})
    assert not (tmp_path / FACTS).exists()


@pytest.mark.parametrize("text", ["{", "[1]", "\udcff"])
def test_damaged_facts_are_told(tmp_path, text):
    (tmp_path / FACTS).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(OptionError, match="restore it, or name another folder"):
        TuningFolder(tmp_path).facts()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be a folder"):
        TuningFolder(tmp_path / "file")


def test_one_process_at_a_time(tmp_path):
    folder = TuningFolder(tmp_path)
    with folder.in_use(), pytest.raises(OptionError, match="in use by another process"), folder.in_use():
        pass
    with folder.in_use():  # free again
        pass


def test_a_killed_process_lets_go(tmp_path):
    code = (
        "import os, signal, sqlite3, sys\n"
        "lock = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "lock.execute('BEGIN EXCLUSIVE')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "in_use.db")], check=False, timeout=60)
    assert done.returncode == -9
    with TuningFolder(tmp_path).in_use():
        pass


def test_a_study_is_taken_up_again(tmp_path):
    folder = TuningFolder(tmp_path)
    sampler = optuna.samplers.RandomSampler(1)
    study = open_study(folder.storage(), "a", 1, sampler, None, folder.place)
    with quiet_optuna():
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    again = open_study(folder.storage(), "a", 1, sampler, None, folder.place)
    assert [trial.params for trial in again.trials] == [trial.params for trial in study.trials]


def test_a_locked_storage_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("hybrid_opt.tuning.tuning_folder.BUSY_SECONDS", 0.05)
    folder = TuningFolder(tmp_path)
    storage = folder.storage()
    other = sqlite3.connect(tmp_path / TRIALS, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    sampler = optuna.samplers.RandomSampler(1)
    with pytest.raises(OptionError, match="is locked by another program; close it"):
        open_study(storage, "a", 1, sampler, None, folder.place)
    other.close()
    assert open_study(storage, "a", 1, sampler, None, folder.place).trials == []


def test_a_storage_that_is_none_is_told(tmp_path):
    (tmp_path / TRIALS).write_bytes(b"no database" * 100)
    folder = TuningFolder(tmp_path)
    with pytest.raises(OptionError, match=r"cannot be used .*not a database"):
        folder.storage()
    assert (tmp_path / TRIALS).read_bytes() == b"no database" * 100
