"""Predicted against measured changes, on losses that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics
from hybrid_opt.tuning.surrogate_check import check_surrogate

RNG = np.random.default_rng(1)
ROOT = RNG.normal(size=(8, 8))
STATISTICS = HeadStatistics(
    (4, 4), np.ones(8), 2.0, RNG.normal(size=8), ROOT @ ROOT.T, np.ones(8), None, 9, 9
)
QUESTION = HeadQuestion(STATISTICS, keep=4)


class Known:
    """Batches whose loss is the prediction, with a factor on the quadratic term."""

    def __init__(self, factor, sign=1.0):
        self.factor, self.sign = factor, sign

    def mean_loss(self, model, gates=None):
        return 5.0 + self.sign * float(STATISTICS.change(gates, self.factor))


def test_a_loss_that_is_the_prediction():
    found = check_surrogate(None, Known(1.0), QUESTION, masks=40, seed=2)
    assert found.spearman == pytest.approx(1.0)
    assert found.scale == pytest.approx(1.0)
    np.testing.assert_allclose(found.predicted, found.measured)
    assert found.masks.shape == (40, 8)
    assert all(QUESTION.feasible(mask) for mask in found.masks)


def test_a_factor_is_found_and_an_order_turned_round_is_told():
    assert check_surrogate(None, Known(3.0), QUESTION, masks=40, seed=2).scale == pytest.approx(3.0)
    assert check_surrogate(None, Known(1.0, -1.0), QUESTION, masks=40, seed=2).spearman == pytest.approx(-1.0)


def test_nothing_that_varies_has_no_rank_correlation():
    flat = HeadStatistics((4, 4), np.ones(8), 2.0, np.zeros(8), np.zeros((8, 8)), np.ones(8), None, 9, 9)
    found = check_surrogate(None, Known(1.0), HeadQuestion(flat, keep=4), masks=5)
    assert np.isnan(found.spearman)
    assert np.isnan(found.scale)


def test_the_factor_of_the_question_is_in_what_it_predicts():
    found = check_surrogate(None, Known(3.0), replace(QUESTION, scale=3.0), masks=40, seed=2)
    np.testing.assert_allclose(found.predicted, found.measured)
    assert found.scale == pytest.approx(3.0)


def test_seeds_and_progress():
    shares = []
    masks = [
        check_surrogate(
            None, Known(1.0), QUESTION, masks=4, seed=seed, progress=lambda share, text: shares.append(share)
        ).masks.tolist()
        for seed in (1, 1, 2)
    ]
    assert masks[0] == masks[1] != masks[2]
    assert shares == [0.25, 0.5, 0.75, 1.0] * 3


@pytest.mark.parametrize("masks", [2, 2.5, True, None])
def test_numbers_of_masks(masks):
    with pytest.raises(OptionError, match=f"masks is {masks}; it must be a whole number of at least 3"):
        check_surrogate(None, Known(1.0), QUESTION, masks=masks)


def test_wrong_arguments():
    with pytest.raises(OptionError, match="seed is -1"):
        check_surrogate(None, Known(1.0), QUESTION, seed=-1)
    with pytest.raises(OptionError, match="under some of the masks is not finite"):
        check_surrogate(None, Known(np.nan), QUESTION)
    budget = HeadQuestion(STATISTICS, budget=4.0, costs=np.ones(8))
    with pytest.raises(OptionError, match="give keep"):
        check_surrogate(None, Known(1.0), budget)
