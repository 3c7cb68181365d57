"""Trainings on the seeds of a run: none twice, weights taken up again."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest

from hybrid_opt.system import recipe_trials
from hybrid_opt.system.configuration import HybridConfig
from hybrid_opt.system.recipe import Recipe
from hybrid_opt.system.recipe_training import TrainingRecord
from hybrid_opt.system.recipe_trials import RecipeTrials
from hybrid_opt.system.run_folder import RunFolder


def silent(share, text):
    pass


@pytest.fixture
def trials(invention, tmp_path):
    from hybrid_opt.classical.data_registry import load_data

    data = load_data("wine")
    model = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
    config = HybridConfig(model, data, settings=invention.settings, test_seeds=2)
    return RecipeTrials(config, RunFolder(tmp_path), 3), Recipe.of(model, invention.settings)


def test_seeds_differ_and_repeat(trials):
    one, _ = trials
    two = RecipeTrials(one.config, one.folder, 3)
    assert (one.check_seeds, one.test_seeds) == (two.check_seeds, two.test_seeds)
    assert len({*one.check_seeds, *one.test_seeds}) == 5


def test_nothing_is_trained_twice(invention, trials):
    runs, recipe = trials
    train = mock.Mock(side_effect=invention.formula)
    with invention.invented(train):
        first = runs.measured(recipe, silent)
        assert runs.measured(recipe, silent) == first
        assert runs.known(recipe) == first
        assert train.call_count == 3
        assert runs.tested(recipe, silent) == runs.tested(recipe, silent)
        assert train.call_count == 5
        runs.model(recipe, runs.check_seeds[0], silent)  # its weights are kept
        assert train.call_count == 5
        runs.folder.drop_weights(recipe.with_training(learning_rate=0.5))
        runs.model(recipe, runs.check_seeds[0], silent)
        assert train.call_count == 6


def test_heads_are_chosen_in_the_trained_model(invention, trials):
    runs, recipe = trials
    masked = replace(recipe, heads={"keep": [1], "method": "exact"})
    selection = {"kept": [[0]], "seconds": 2.0, "samples": 0, "label": "", "rows": []}
    train = mock.Mock(side_effect=invention.formula)
    with (
        invention.invented(train),
        mock.patch.object(recipe_trials, "choose_recipe_heads", return_value=selection) as choose,
    ):
        plain = runs.measured(recipe, silent)
        closed = runs.measured(masked, silent)
    assert (train.call_count, choose.call_count) == (3, 3)
    for before, after in zip(plain, closed, strict=True):
        assert after.validation == pytest.approx(2.0 * before.validation)  # measured again
        assert (after.heads, after.seconds, after.selection) == (1, before.seconds + 2.0, selection)


def test_a_training_that_diverged_stays_so(invention, trials):
    runs, recipe = trials
    train = mock.Mock(return_value=(None, TrainingRecord(None, 1.0)))
    with invention.invented(train):
        records = runs.measured(replace(recipe, heads={"keep": [1], "method": "exact"}), silent)
        assert [record.loss for record in records] == [float("inf")] * 3
        assert runs.tested(recipe, silent) == [float("inf")] * 2
        assert runs.model(recipe, runs.check_seeds[0], silent) is None
    assert train.call_count == 5
