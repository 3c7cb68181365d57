"""Trainings of recipes: repeatable, told as they were, heads chosen afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.head_sites import find_head_sites
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.system.recipe import Recipe
from hybrid_opt.system.recipe_training import (
    TrainingRecord,
    attention_batch,
    choose_recipe_heads,
    mean_entropy,
    new_model,
    split_loss,
    train_recipe,
)

DATA = load_data("wine")
CONFIG = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2)
RECIPE = Recipe.of(CONFIG, TrainingSettings(max_steps=4, batch_size=16, learning_rate=0.01))


def silent(share, text):
    pass


def test_the_same_seed_trains_the_same_model():
    one, record = train_recipe(RECIPE, DATA, 3, silent)
    two, again = train_recipe(RECIPE, DATA, 3, silent)
    other, third = train_recipe(RECIPE, DATA, 4, silent)
    for first, second in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(first, second)
    assert replace(record, seconds=0.0) == replace(again, seconds=0.0)
    assert record.validation != third.validation
    assert TrainingRecord.from_dict(record.to_dict()) == record
    assert record.validation == pytest.approx(split_loss(one, DATA, "validation", 16))
    assert record.parameters == sum(part.numel() for part in other.parameters())
    assert (record.heads, record.circuits, record.callbacks) == (4, None, {})
    assert 0 < record.entropy < 1


def test_callbacks_and_circuits_are_told():
    recipe = RECIPE.with_model(
        controller={"name": "qnn", "simulator": "native"}, attention_dropout=0.2, hidden_dropout=0.1
    )
    recipe = recipe.with_callback("head_sparsity", target=0.5, interval=1, begin=0.0, end=1.0)
    recipe = recipe.with_callback("entropy_dropout", interval=1, low=0.98, high=0.99, rate=0.1)
    _, record = train_recipe(recipe, DATA, 3, silent)
    assert record.heads == 2
    assert record.dropout > 0.2
    assert set(record.callbacks) == {"head_sparsity", "entropy_dropout"}
    assert record.circuits["runs"] >= 4 * 2 * 2  # steps, layers, heads
    assert "3 qubits" in record.circuits["label"]


def test_a_training_that_diverges_is_told():
    model, record = train_recipe(RECIPE.with_training(learning_rate=1e30), DATA, 3, silent)
    assert model is None
    assert (record.validation, record.loss) == (None, float("inf"))


def test_experts_are_assigned_again_during_training():
    recipe = RECIPE.with_model(feed_forward=["dense", "moe"], moe={"num_experts": 2, "top_k": 1})
    recipe = replace(recipe, reassignment={"n_clusters": 3, "every": 2, "method": "milp", "examples": 16})
    _, record = train_recipe(recipe, DATA, 3, silent)
    assert [(entry["step"], entry["layer"]) for entry in record.reassigned] == [(2, 1)]


def test_heads_are_closed_and_measured(tmp_path):
    recipe = replace(RECIPE, heads={"keep": [1, 1], "method": "qaoa", "compare": ["exact", "greedy"]})
    model = new_model(recipe, DATA, 3).eval()
    found = choose_recipe_heads(recipe, model, DATA, 3, tmp_path / "journal", silent, 60.0)
    assert [len(heads) for heads in found["kept"]] == [1, 1]
    masks = [site.attention.head_mask.tolist() for site in find_head_sites(model)]
    assert [[head for head, open_ in enumerate(mask) if open_] for mask in masks] == found["kept"]
    assert [row["method"].split(" ")[0] for row in found["rows"]][1:] == ["exact", "greedy"]
    assert found["rows"][0]["quantum"]
    assert found["samples"] > 0
    assert "qubits" in found["label"]
    assert (tmp_path / "journal").is_file()
    table = attention_report(model, attention_batch(model, DATA), max_rows=64).table()
    rows = [row for row in table.to_dict("records") if row["head"] in found["kept"][row["layer"]]]
    assert mean_entropy(model, DATA) == pytest.approx(sum(row["entropy"] for row in rows) / 2)
