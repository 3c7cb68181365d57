"""The posterior: against regression written out weight by weight, and in what it learns."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from hybrid_opt.tuning.bayesian_ridge import fit_ridge
from hybrid_opt.tuning.level_prior import level_covariance
from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.ridge_evidence import SCALE_PRIOR, RidgeSettings
from hybrid_opt.tuning.targets import standardized

SPACE = level_space({"a": FloatDistribution(0, 1), "b": CategoricalDistribution([0, 1])}, 3)
POINTS = np.array(list(itertools.product(range(3), range(2))))
SETTINGS = RidgeSettings(np.array([-0.5, 0.2]), np.array([-0.6, 0.0]), 0.4, -1.5)


def explicit(features, targets):
    """Mean and covariance of all weights (constant, 5 levels, 6 pairs) by the textbook formula."""
    a, b = level_covariance(np.array([0, 0.5, 1.0]), 3, -0.6)[0], level_covariance(None, 2)[0]
    relevances = np.exp(SETTINGS.log_relevances)
    prior = np.zeros((12, 12))
    prior[0, 0] = 1.0
    prior[1:4, 1:4] = relevances[0] * a
    prior[4:6, 4:6] = relevances[1] * b
    prior[6:, 6:] = np.exp(SETTINGS.log_strength) * relevances.prod() * np.kron(a, b)
    pairs = (features[:, :3, None] * features[:, None, 3:]).reshape(len(features), 6)
    design = np.hstack([np.ones((len(features), 1)), features, pairs])
    noise = np.exp(SETTINGS.log_noise) * np.eye(len(features))
    gain = prior @ design.T @ np.linalg.inv(design @ prior @ design.T + noise)
    scale = SCALE_PRIOR[1] + targets @ np.linalg.inv(design @ prior @ design.T + noise) @ targets / 2
    mean_scale = scale / (SCALE_PRIOR[0] + len(targets) / 2 - 1)
    return gain @ targets, mean_scale * (prior - gain @ design @ prior)


def weights(surrogate):
    return np.concatenate([[surrogate.offset], surrogate.linear, surrogate.couplings[:3, 3:].ravel()])


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    features = SPACE.one_hot(POINTS[[0, 1, 3, 4]])
    features[3] = [0.25, 0.75, 0.0, 0.0, 1.0]  # between two levels
    return features, rng.normal(size=4)


def test_the_mean_is_that_of_regression_on_all_weights(data):
    posterior = fit_ridge(SPACE, *data, settings=SETTINGS)
    assert np.allclose(weights(posterior.mean()), explicit(*data)[0])


def test_draws_have_the_posteriors_mean_and_covariance(data):
    posterior = fit_ridge(SPACE, *data, settings=SETTINGS)
    rng = np.random.default_rng(0)
    draws = np.array([weights(posterior.draw(rng)) for _ in range(20_000)])
    mean, covariance = explicit(*data)
    # Standard errors are about 1/140 of a standard deviation, or of a variance.
    size = np.sqrt(np.diag(covariance).max())
    assert np.abs(draws.mean(axis=0) - mean).max() < 0.04 * size
    assert np.abs(np.cov(draws.T) - covariance).max() < 0.05 * size**2


def test_without_exploration_a_draw_is_the_mean(data):
    posterior = fit_ridge(SPACE, *data, settings=SETTINGS)
    draw = posterior.draw(np.random.default_rng(0), 0.0)
    assert np.allclose(weights(draw), weights(posterior.mean()))
    assert np.allclose(draw.couplings, draw.couplings.T)
    assert not draw.couplings[:3, :3].any()
    assert not draw.couplings[3:, 3:].any()


def test_half_the_exploration_strays_half_as_far(data):
    posterior = fit_ridge(SPACE, *data, settings=SETTINGS)
    mean = weights(posterior.mean())
    whole, half = (weights(posterior.draw(np.random.default_rng(7), e)) - mean for e in (1.0, 0.5))
    assert np.allclose(half, whole / 2)


def test_left_out_predictions_are_those_of_a_fit_without_the_point(data):
    features, targets = data
    posterior = fit_ridge(SPACE, features, targets, settings=SETTINGS)
    for i in range(4):
        rest = np.arange(4) != i
        other = fit_ridge(SPACE, features[rest], targets[rest], settings=SETTINGS).mean()
        value = other.offset + features[i] @ other.linear + features[i] @ other.couplings @ features[i] / 2
        assert np.isclose(posterior.left_out()[i], value)


def test_a_quadratic_function_of_bits_is_learned_from_enough_points():
    n = 8
    space = level_space({f"x{i}": CategoricalDistribution([0, 1]) for i in range(n)})
    rng = np.random.default_rng(2)
    table = np.triu(rng.normal(size=(n, n)))
    everything = np.array(list(itertools.product(range(2), repeat=n)))
    values = np.einsum("si,ij,sj->s", everything, table, everything)
    seen = rng.choice(len(everything), 60, replace=False)
    posterior = fit_ridge(space, space.one_hot(everything[seen]), standardized(values[seen]))
    assert values[posterior.mean().energies(everything).argmin()] == values.min()


def test_one_point_and_equal_losses_are_no_trouble():
    features = SPACE.one_hot(POINTS[:1])
    assert np.isfinite(weights(fit_ridge(SPACE, features, np.zeros(1)).draw(np.random.default_rng(0)))).all()
    same = np.repeat(features, 5, axis=0)
    assert np.allclose(weights(fit_ridge(SPACE, same, np.zeros(5)).mean()), 0.0)
