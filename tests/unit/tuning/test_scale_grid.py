"""Factors on lambda: what they do to a model, the exact answer by all points, the search, expectations."""

from __future__ import annotations

from itertools import combinations, product
from statistics import mean

import optuna
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical import DistanceGPT, DistanceTransformerConfig
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import read_batches
from hybrid_opt.tuning.scale_grid import ScaleGrid, expected_best

IDS = torch.randint(0, 12, (8, 6), generator=torch.Generator().manual_seed(0))
BATCHES = [{"input_ids": IDS, "labels": IDS}]


def gpt():
    torch.manual_seed(1)
    model = DistanceGPT(
        DistanceTransformerConfig(vocab_size=12, hidden_size=8, num_hidden_layers=2, num_attention_heads=2)
    ).eval()
    with torch.no_grad():
        for part in model.parameters():
            part.add_(0.3 * torch.randn_like(part))
    return model


def grid(levels=3, **settings):
    model = gpt()
    return model, ScaleGrid(model, read_batches(BATCHES, model), levels, **settings)


def test_factors_multiply_the_scales_of_a_layer_and_one_puts_them_back():
    model, found = grid(5)
    assert found.factors == pytest.approx((0.5, 2**-0.5, 1.0, 2**0.5, 2.0))
    assert (found.layers, found.n_points) == (2, 25)
    layers = model.attention_layers()
    before = [layer.effective_scale().clone() for layer in layers]
    found.set((2.0, 0.5))
    for layer, old, factor in zip(layers, before, (2.0, 0.5), strict=True):
        torch.testing.assert_close(layer.effective_scale(), factor * old)
    found.set((1.0, 1.0))
    for layer, old in zip(layers, before, strict=True):
        torch.testing.assert_close(layer.effective_scale(), old, rtol=0, atol=0)


def test_all_points_hold_the_best_and_the_model_is_left_there():
    model, found = grid()
    answer = found.look_at_all()
    losses = [found.loss(point) for point in product(found.factors, repeat=2)]
    assert answer.losses == tuple(losses)
    assert answer.loss == min(losses)
    assert answer.found_at == losses.index(min(losses)) + 1
    assert len(set(losses)) == 9
    found.look_at_all()
    assert read_batches(BATCHES, model).mean_loss(model) == answer.loss


def test_the_search_begins_at_one_repeats_itself_and_reaches_the_best():
    _, found = grid()
    verbosity = optuna.logging.get_verbosity()
    told = []
    answer = found.search("exact", 9, seed=4, progress=lambda share, text: told.append(share))
    assert answer.losses[0] == found.loss((1.0, 1.0))
    assert len(answer.losses) == 9
    assert told[-1] == 1.0
    again = found.search("exact", 9, seed=4)
    assert (again.losses, again.factors) == (answer.losses, answer.factors)
    assert answer.loss == pytest.approx(found.look_at_all().loss)
    assert optuna.logging.get_verbosity() == verbosity


def test_expectations_against_all_draws():
    losses = (3.0, 1.0, 2.5, 7.0, 2.0)
    for drawn in range(1, 6):
        every = [min(part) for part in combinations(losses, drawn)]
        assert expected_best(losses, drawn) == pytest.approx(mean(every))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"levels": 4}, "odd"),
        ({"levels": 1}, "levels is 1"),
        ({"levels": 101}, "10,201 points"),
        ({"span": 1}, "span is 1"),
        ({"span": "2"}, "span is '2'"),
    ],
)
def test_wrong_grids(settings, words):
    with pytest.raises(OptionError, match=words):
        grid(**settings)


def test_wrong_models_trials_and_draws():
    other = GPT2LMHeadModel(GPT2Config(vocab_size=12, n_positions=8, n_embd=8, n_layer=1, n_head=2))
    with pytest.raises(OptionError, match="no scales lambda"):
        ScaleGrid(other, read_batches(BATCHES, other))
    with pytest.raises(OptionError, match="trials is 0"):
        grid()[1].search("exact", 0, seed=1)
    with pytest.raises(OptionError, match="drawn is 3"):
        expected_best((1.0, 2.0), 3)
