"""A model that learns from masks: what it keeps of its prior, what it learns, and which masks it tries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_journal import LossJournal
from hybrid_opt.tuning.loss_statistics import HeadStatistics
from hybrid_opt.tuning.measured_heads import MeasuredHeads, measure_heads, read_evaluations

RNG = np.random.default_rng(3)
LINEAR = RNG.uniform(0.1, 1.0, 8)
PAIRS = np.triu(RNG.normal(0, 0.4, (8, 8)), 1)
LAYERS = (4, 4)


def change(mask: Any) -> float:
    """A loss that is quadratic in the heads taken away."""
    away = 1.0 - np.asarray(mask, dtype=float)
    return float(LINEAR @ away + away @ PAIRS @ away)


class QuadraticBatches:
    """Stands for calibration data whose loss is `change`; counts and may be interrupted."""

    def __init__(self, stop: int | None = None) -> None:
        self.calls, self.stop = 0, stop

    def mean_loss(self, model: Any, gates: Any = None) -> float:
        self.calls += 1
        if self.stop is not None and self.calls > self.stop:
            raise KeyboardInterrupt
        return 2.0 + change(gates)


def statistics(fisher: Any = None) -> HeadStatistics:
    matrix = np.eye(8) if fisher is None else fisher
    return HeadStatistics(LAYERS, np.ones(8), 2.0, np.zeros(8), matrix, np.ones(8), None, 9, 9)


def question(keep: Any = 4, fisher: Any = None) -> HeadQuestion:
    return HeadQuestion(statistics(fisher), keep=keep)


def legal_masks(asked: HeadQuestion) -> list[Any]:
    masks = [[number >> head & 1 for head in range(8)] for number in range(256)]
    return [mask for mask in masks if asked.feasible(mask)]


def test_without_masks_it_is_single_removals_and_the_fisher_matrix():
    fisher = np.arange(64.0).reshape(8, 8)
    fisher = fisher + fisher.T
    model = MeasuredHeads(statistics(fisher), LINEAR).model()
    np.testing.assert_allclose(model.gradient, -LINEAR)
    np.testing.assert_allclose(model.fisher, fisher - np.diag(np.diag(fisher)))
    np.testing.assert_allclose(model.change(1 - np.eye(8)), LINEAR)


def test_all_masks_measured_give_the_function_back():
    asked = question()
    masks = [np.array(mask) for mask in legal_masks(asked)]
    measured = MeasuredHeads(asked.statistics, LINEAR, masks, [change(mask) for mask in masks])
    found = measured.model().change(np.stack(masks))
    best = np.argsort(measured.changes)[:20]
    np.testing.assert_allclose(found[best], np.array(measured.changes)[best], atol=0.03)


def test_a_fisher_matrix_that_is_right_but_for_a_factor_is_scaled():
    fisher = 0.1 * (PAIRS + PAIRS.T)
    few = [np.array(mask) for mask in legal_masks(question())[::9]]
    measured = MeasuredHeads(statistics(fisher), LINEAR, few, [change(mask) for mask in few])
    others = np.stack([mask for mask in legal_masks(question()) if not any((mask == m).all() for m in few)])
    error = measured.model().change(others) - [change(mask) for mask in others]
    without = MeasuredHeads(statistics(), LINEAR, few, measured.changes).model().change(others)
    assert np.abs(error).mean() < 0.5 * np.abs(without - [change(mask) for mask in others]).mean()


def test_the_search_finds_the_best_mask_and_counts():
    batches, asked = QuadraticBatches(), question()
    measured = measure_heads(LossJournal(None, batches), asked, 40, seed=1)
    assert measured.evaluations == 40
    assert batches.calls == 41  # the loss with all heads as well
    mask, lowest = measured.best()
    assert lowest == pytest.approx(min(change(mask) for mask in legal_masks(asked)), abs=1e-12)
    assert change(mask) == pytest.approx(lowest)
    assert all(asked.feasible(mask) for mask in measured.masks)
    assert len({mask.tobytes() for mask in measured.masks}) == len(measured.masks)


def test_same_seed_same_masks():
    first, second, third = (
        np.stack(measure_heads(LossJournal(None, QuadraticBatches()), question(), 16, seed=seed).masks)
        for seed in (1, 1, 2)
    )
    assert (first == second).all()
    assert first.shape != third.shape or (first != third).any()


def test_it_ends_when_every_legal_mask_is_measured():
    asked = question(keep=(1, 1))
    measured = measure_heads(LossJournal(None, QuadraticBatches()), asked, 500, seed=0)
    assert len(measured.masks) == 16


def test_ctrl_c_keeps_what_was_measured():
    measured = measure_heads(LossJournal(None, QuadraticBatches(stop=12)), question(), 40, seed=1)
    assert len(measured.masks) == 3
    with pytest.raises(KeyboardInterrupt):
        measure_heads(LossJournal(None, QuadraticBatches(stop=5)), question(), 40, seed=1)


def test_a_budget_is_kept():
    costs = np.array([1.0, 2, 3, 4, 1, 2, 3, 4])
    asked = HeadQuestion(statistics(), budget=9.0, costs=costs)
    measured = measure_heads(LossJournal(None, QuadraticBatches()), asked, 30, seed=2)
    assert all(costs @ mask <= 9 for mask in measured.masks)


def test_wrong_numbers():
    with pytest.raises(OptionError, match="more than the 8 heads"):
        measure_heads(LossJournal(None, QuadraticBatches()), question(), 8)
    with pytest.raises(OptionError, match="no mask was measured"):
        MeasuredHeads(statistics(), LINEAR).best()
    assert read_evaluations(None, 24) == 96
    assert read_evaluations(0, 24) == 0
    for wrong in (-1, 2.5, True, "many"):
        with pytest.raises(OptionError, match="whole number of at least 0"):
            read_evaluations(wrong, 24)
