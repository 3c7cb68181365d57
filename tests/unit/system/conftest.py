"""Runs whose trainings are invented, for tests of what a run does with their losses."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.system import optimizer, recipe_trials
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.optimizer import HybridOptimizer
from hybrid_opt.system.recipe_training import TrainingRecord

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
        mock.patch.object(recipe_trials, "mean_entropy", return_value=0.4),
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


@pytest.fixture(scope="session")
def invention():
    """The functions above: formula, invented, ran, told, and the settings of a training."""
    return SimpleNamespace(formula=formula, invented=invented, ran=ran, told=told, settings=SETTINGS)
