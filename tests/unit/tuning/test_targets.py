"""Losses on a scale of one."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.tuning.targets import finite_losses, normal_scores, standardized


def test_infinite_losses_become_the_worst_or_the_best():
    losses = np.array([np.nan, 2.0, np.inf, -np.inf, 5.0])
    assert finite_losses(losses).tolist() == [5.0, 2.0, 5.0, 2.0, 5.0]
    assert finite_losses(np.array([np.inf, np.nan])).tolist() == [0.0, 0.0]


def test_standardized_has_mean_zero_and_deviation_one():
    result = standardized(np.array([1.0, 2.0, 6.0]))
    assert (result.mean(), result.std()) == pytest.approx((0.0, 1.0))


@pytest.mark.parametrize("losses", [[4.0, 4.0, 4.0], [7.0]])
def test_equal_losses_are_zero(losses):
    assert np.array_equal(standardized(np.array(losses)), np.zeros(len(losses)))


def test_huge_losses_do_not_overflow():
    assert standardized(np.array([-1e300, 1e300])).tolist() == [-1.0, 1.0]


def test_scores_follow_the_order_alone():
    losses = np.array([3.0, -1.0, 1e12, 3.0])
    scores = normal_scores(losses)
    assert np.argsort(scores, kind="stable").tolist() == [1, 0, 3, 2]
    assert scores[0] == scores[3]
    assert np.array_equal(scores, normal_scores(np.exp(np.minimum(losses, 50.0))))
    # Two losses lie at the quartiles of a normal distribution, then scaled to one.
    assert normal_scores(np.array([0.0, 9.0])) == pytest.approx([-1.0, 1.0])
