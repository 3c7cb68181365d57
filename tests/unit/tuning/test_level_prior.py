"""The covariance of levels: centered, scaled, smooth along an axis, with the right derivative."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from hybrid_opt.tuning.level_prior import level_covariance, level_roots
from hybrid_opt.tuning.level_space import level_space

PLACES = np.array([0.0, 0.1, 0.5, 1.0])


@pytest.mark.parametrize("positions", [None, PLACES])
@pytest.mark.parametrize("log_length", [-4.0, -0.7, 1.5])
def test_rows_sum_to_zero_and_the_diagonal_is_one_on_average(positions, log_length):
    covariance, _ = level_covariance(positions, 4, log_length)
    assert np.allclose(covariance, covariance.T)
    assert np.allclose(covariance.sum(axis=0), 0.0)
    assert np.trace(covariance) == pytest.approx(4.0)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12


def test_choices_are_all_equally_unlike():
    covariance, slope = level_covariance(None, 3)
    assert covariance == pytest.approx(np.array([[1, -0.5, -0.5], [-0.5, 1, -0.5], [-0.5, -0.5, 1]]))
    assert not slope.any()


def test_neighbors_are_alike_over_the_length_and_like_choices_below_it():
    near, far = level_covariance(PLACES, 4, np.log(0.3))[0][0, [1, 3]]
    assert near > 0 > far
    assert np.allclose(level_covariance(PLACES, 4, np.log(1e-3))[0], level_covariance(None, 4)[0])


@pytest.mark.parametrize("log_length", [-1.5, 0.0, 0.9])
def test_the_derivative_is_that_of_the_covariance(log_length):
    step = 1e-6
    ahead, behind = (level_covariance(PLACES, 4, log_length + sign * step)[0] for sign in (1, -1))
    assert np.allclose(level_covariance(PLACES, 4, log_length)[1], (ahead - behind) / (2 * step), atol=1e-7)


def test_roots_give_the_covariances_block_by_block():
    space = level_space({"a": CategoricalDistribution([0, 1]), "b": FloatDistribution(0, 1)}, 3)
    roots = level_roots(space, np.array([0.0, -1.0]))
    expected = np.zeros((5, 5))
    expected[:2, :2] = level_covariance(None, 2)[0]
    expected[2:, 2:] = level_covariance(np.array([0, 0.5, 1]), 3, -1.0)[0]
    assert np.allclose(roots @ roots.T, expected)
