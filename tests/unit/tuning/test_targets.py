"""Losses on a scale of one."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.tuning.targets import clipped_losses, finite_losses, standardized


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


def test_one_enormous_loss_does_not_squeeze_the_others():
    losses = np.array([0.0, 1.0, 2.0, 3.0, 1e12])
    # The median is 2, so what lies above 4 counts as 4.
    assert np.array_equal(clipped_losses(losses), standardized(np.array([0.0, 1.0, 2.0, 3.0, 4.0])))


def test_nothing_is_bent_below_the_cut():
    losses = np.array([-5.0, 1.0, 2.0, 6.0, 3.0])
    assert np.array_equal(clipped_losses(losses), standardized(losses))


def test_a_best_loss_shared_by_most_cuts_nothing():
    losses = np.array([1.0, 1.0, 1.0, 7.0])
    assert np.array_equal(clipped_losses(losses), standardized(losses))
