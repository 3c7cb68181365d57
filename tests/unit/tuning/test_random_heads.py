"""Random masks: legal, uniform in every way they are drawn, and never endless."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import random_heads
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics
from hybrid_opt.tuning.random_heads import random_mask


def question(layers, **settings):
    total = sum(layers)
    ones, zeros = np.ones(total), np.zeros(total)
    return HeadQuestion(
        HeadStatistics(layers, ones, 1.0, zeros, np.eye(total), ones, None, 9, 9), **settings
    )


@pytest.mark.parametrize("draws_before", [200, 0])
@pytest.mark.parametrize(
    ("layers", "keep"), [((2, 3), 2), ((1, 2, 3), 4), ((2, 3), 5), ((2, 3), (1, 2)), ((3, 2), (3, 1))]
)
def test_every_legal_mask_is_as_likely(layers, keep, draws_before, monkeypatch):
    monkeypatch.setattr(random_heads, "_MOST_DRAWS", draws_before)
    asked, rng = question(layers, keep=keep), np.random.default_rng(7)
    legal = [mask for mask in product((0, 1), repeat=sum(layers)) if asked.feasible(mask)]
    counts = dict.fromkeys(legal, 0)
    draws = 150 * len(legal)
    for _ in range(draws):
        counts[tuple(random_mask(asked, rng).tolist())] += 1
    expected = draws / len(legal)
    chi_squared = sum((count - expected) ** 2 / expected for count in counts.values())
    assert chi_squared < len(legal) - 1 + 4 * np.sqrt(2 * len(legal))


def test_numbers_at_which_almost_every_draw_has_an_empty_layer():
    asked, rng = question((16,) * 24, keep=25), np.random.default_rng(0)
    masks = np.array([random_mask(asked, rng) for _ in range(20)])
    assert all(asked.feasible(mask) for mask in masks)
    assert len(np.unique(masks, axis=0)) == 20
    assert masks.dtype == np.int64


def test_draws_follow_the_generator():
    asked = question((4, 4), keep=3)
    first, again, other = (random_mask(asked, np.random.default_rng(seed)).tolist() for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize(
    "settings", [{"budget": 4.0, "costs": np.ones(4)}, {"keep": 2, "fixed": [1, -1, -1, -1]}]
)
def test_budgets_and_fixed_heads_are_not_drawn_for(settings):
    with pytest.raises(OptionError, match="not for a budget or with fixed heads; give keep alone"):
        random_mask(question((2, 2), **settings), np.random.default_rng(0))
