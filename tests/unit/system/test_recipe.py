"""Recipes: plain values, keys, what differs."""

from __future__ import annotations

import json

import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.system.recipe import Recipe

DATA = load_data("wine")
CONFIG = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2)
RECIPE = Recipe.of(CONFIG, TrainingSettings(seed=3))


def test_a_recipe_survives_json():
    recipe = RECIPE.with_callback("entropy_dropout", low=0.4).with_model(controller={"name": "mlp"})
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again.key == recipe.key
    assert again.training == recipe.training.replaced(seed=0)
    assert again.configuration().to_dict() == recipe.configuration().to_dict()
    assert RECIPE.configuration().to_dict() == CONFIG.to_dict()


def test_keys_tell_recipes_apart_but_not_seeds():
    from dataclasses import replace

    assert RECIPE.key == Recipe.of(CONFIG, TrainingSettings(seed=9)).key
    others = [
        RECIPE.with_training(learning_rate=0.5), RECIPE.with_model(metric="dot"),
        RECIPE.with_callback("head_sparsity"), replace(RECIPE, reassignment={"n_clusters": 4}),
    ]  # fmt: skip
    assert len({recipe.key for recipe in [RECIPE, *others]}) == 5
    masked = replace(RECIPE, heads={"keep": [1, 1], "method": "exact"})
    assert masked.key != RECIPE.key
    assert masked.trained_key == RECIPE.trained_key == RECIPE.key


def test_changes_are_told():
    other = RECIPE.with_model(metric="dot", router=None).with_training(precision="bfloat16")
    assert RECIPE.changes_to(other) == ["metric: l1 -> dot", "precision: float32 -> bfloat16"]
    assert RECIPE.changes_to(RECIPE) == []
    called = RECIPE.with_callback("head_sparsity", target=0.5)
    assert RECIPE.changes_to(called) == ["head_sparsity: on"]
    assert called.changes_to(RECIPE) == ["head_sparsity: off"]
    gated = RECIPE.with_model(head_gate={"name": "top_k", "keep": 1})
    assert RECIPE.changes_to(gated) == ["head_gate: none -> top_k"]


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ConfigurationError):
        RECIPE.with_model(num_attention_heads=3)
    with pytest.raises(ConfigurationError, match="did you mean"):
        RECIPE.with_callback("head_sparsty")
