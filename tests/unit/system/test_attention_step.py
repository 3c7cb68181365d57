"""The search over attention settings as a step: its ways, its circuits, ctrl-C; trainings are invented."""

from __future__ import annotations

import math

import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.system.attention_step import AttentionStep
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.recipe import Recipe
from hybrid_opt.system.steps import StepContext
from hybrid_opt.tuning.attention_objective import AttentionObjective

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


def test_circuit_and_classical_search_stand_beside_each_other(invented, tmp_path):
    found = proposed(tmp_path, trials=7)
    assert found.arms[0].algorithm == ""
    assert found.arms[-1].algorithm == "QAOA"
    assert found.arms[-1].control == found.arms[0].name
    assert found.circuit_runs > 0
    assert "questions" in found.label
    assert [row["trials"] for row in found.rows] == [7, 7]
    assert found.trainings == 14 + 2 * 3  # given and the best of each, twice
    again = proposed(tmp_path, trials=7)
    assert [arm.recipe.key for arm in again.arms] == [arm.recipe.key for arm in found.arms]
    assert (again.circuit_runs, again.label) == (found.circuit_runs, found.label)


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
