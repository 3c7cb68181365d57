"""The search over attention settings as a step: its ways, its circuits, ctrl-C; trainings are invented."""

from __future__ import annotations

import math
from dataclasses import replace

import optuna
import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.system.attention_step import AttentionStep
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.recipe import Recipe
from hybrid_opt.system.steps import StepContext
from hybrid_opt.tuning.attention_objective import AttentionObjective
from hybrid_opt.tuning.trial_history import PROPOSAL

DATA = load_data("wine")
MODEL = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
SETTINGS = TrainingSettings(max_steps=3, batch_size=16, learning_rate=0.01)
RECIPE = Recipe.of(MODEL, SETTINGS)


@pytest.fixture
def invented(monkeypatch):
    def train(self, params, seed, on_validation=None):
        loss = 1.0 + abs(math.log(params.get("learning_rate", 0.01) / 0.02))
        return loss, loss

    monkeypatch.setattr(AttentionObjective, "train", train)
    monkeypatch.setattr(AttentionObjective, "held_out", lambda self, model: model)


def proposed(path, **settings):
    config = HybridConfig(MODEL, DATA, settings=SETTINGS, **settings)
    return AttentionStep().propose(RECIPE, StepContext(config, 1, path, lambda share, text: None))


def test_circuit_and_classical_search_stand_beside_each_other(invented, tmp_path, monkeypatch):
    train, count = AttentionObjective.train, 0

    def best_in_the_end(self, params, seed, on_validation=None):
        nonlocal count
        count += 1
        return (0.1, 0.1) if count % 7 == 0 else train(self, params, seed)  # after the start

    monkeypatch.setattr(AttentionObjective, "train", best_in_the_end)
    found = proposed(tmp_path, trials=7)
    assert found.arms[0].algorithm == ""
    assert found.arms[-1].algorithm == "QAOA"
    assert found.arms[-1].control == found.arms[0].name
    assert found.circuit_runs > 0
    assert "questions" in found.label
    assert [row["trials"] for row in found.rows] == [7, 7]
    assert found.trainings == 14  # and none of finalists
    again = proposed(tmp_path, trials=7)
    assert [arm.recipe.key for arm in again.arms] == [arm.recipe.key for arm in found.arms]
    assert (again.circuit_runs, again.label) == (found.circuit_runs, found.label)


def test_each_search_names_its_own_best_trial(invented, tmp_path):
    """Not ranks 1 and 2 of the same trials: both searches share their start, and here its best one wins."""
    found = proposed(tmp_path, trials=7)
    places = {"ClassicalSurrogate": found.arms[0], "CircuitSurrogate": found.arms[1]}
    for name, arm in places.items():
        study = optuna.load_study(study_name=name, storage=f"sqlite:///{tmp_path}/attention/trials.db")
        given = RECIPE.training.learning_rate
        best = min((t for t in study.trials[1:]), key=lambda t: (t.values[0], t.number))
        assert arm.recipe.training.learning_rate == best.params["learning_rate"] != given
        row = next(row for row in found.rows if row["way"] == arm.name.split(":")[0])
        assert row["lowest loss"] == best.values[0]


def test_a_trial_of_the_start_is_no_merit_of_the_circuit(invented, tmp_path, monkeypatch):
    train, count = AttentionObjective.train, 0

    def worse_in_the_end(self, params, seed, on_validation=None):
        nonlocal count
        count += 1
        if count % 9 in (7, 8, 0):  # the trials after the start
            return 50.0, 50.0
        return train(self, params, seed)

    monkeypatch.setattr(AttentionObjective, "train", worse_in_the_end)
    found = proposed(tmp_path, trials=9)
    assert found.circuit_runs > 0
    assert [arm.algorithm for arm in found.arms] == ["", ""]
    assert found.arms[1].name == "surrogate, QAOA: best trial from the space-filling start"
    assert found.arms[0].recipe.key == found.arms[1].recipe.key
    assert [row["best trial from"] for row in found.rows] == ["the space-filling start"] * 2
    assert "came from the space-filling start, not from a circuit" in found.notes[0]


def test_effort_is_that_of_all_questions_and_kept(invented, tmp_path, monkeypatch):
    train, count = AttentionObjective.train, 0

    def cut(self, params, seed, on_validation=None):
        nonlocal count
        count += 1
        if count == 18:  # in the search by circuits, after its first questions
            raise KeyboardInterrupt
        return train(self, params, seed)

    monkeypatch.setattr(AttentionObjective, "train", cut)
    with pytest.raises(KeyboardInterrupt):
        proposed(tmp_path / "cut", trials=9)
    monkeypatch.setattr(AttentionObjective, "train", train)
    resumed, whole = proposed(tmp_path / "cut", trials=9), proposed(tmp_path / "whole", trials=9)
    assert resumed.circuit_runs == whole.circuit_runs == whole.rows[1]["samples"]
    assert (resumed.label, resumed.trainings) == (whole.label, whole.trainings)
    assert f"{whole.circuit_runs:,} samples counted in all" in whole.label
    study = optuna.load_study(
        study_name="CircuitSurrogate", storage=f"sqlite:///{tmp_path}/cut/attention/trials.db"
    )
    records = [trial.system_attrs[PROPOSAL] for trial in study.trials[1:]]  # the first is as given
    assert resumed.circuit_runs == sum(record["samples"] for record in records) >= 1000
    assert resumed.algorithm_seconds == pytest.approx(sum(record["seconds"] for record in records))
    assert resumed.control_seconds > 0


def test_the_test_split_is_sealed(tmp_path):
    class Sealed:
        def __len__(self):
            return len(DATA.test)

        def __getitem__(self, index):
            pytest.fail("the test split was read inside a step")

    config = HybridConfig(MODEL, replace(DATA, test=Sealed()), settings=SETTINGS, trials=2)
    found = AttentionStep().propose(RECIPE, StepContext(config, 1, tmp_path, lambda share, text: None))
    assert found.trainings == 4
    assert len(found.arms) == 2


def test_no_circuit_gets_the_merit_of_the_start(invented, tmp_path):
    found = proposed(tmp_path, trials=2)
    assert (found.circuit_runs, found.label) == (0, "")
    assert not any(arm.algorithm for arm in found.arms)
    assert any("no circuit ran: 2 trials" in note for note in found.notes)


def test_without_circuits_one_search_is_left(invented, tmp_path):
    found = proposed(tmp_path, trials=3, quantum=False)
    assert [arm.name for arm in found.arms] in ([], ["surrogate, classical"])
    assert len(found.rows) == 1


def test_ctrl_c_leaves(invented, tmp_path, monkeypatch):
    def cut(self, params, seed, on_validation=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(AttentionObjective, "train", cut)
    with pytest.raises(KeyboardInterrupt):
        proposed(tmp_path, trials=2)
