"""The evidence: its gradient, its value by the multivariate t distribution, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from scipy.stats import multivariate_t

from hybrid_opt.tuning import ridge_evidence
from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.ridge_evidence import (
    RidgeSettings,
    covariance_of,
    default_settings,
    fit_settings,
)
from hybrid_opt.tuning.targets import standardized


@pytest.fixture
def space():
    return level_space(
        {
            "a": FloatDistribution(0, 1),
            "b": CategoricalDistribution([0, 1, 2]),
            "c": CategoricalDistribution([0, 1]),
        },
        5,
    )


def points(space, n, seed=0):
    rng = np.random.default_rng(seed)
    states = rng.integers(space.sizes, size=(n, len(space.sizes)))
    return states, space.one_hot(states), rng


def test_the_gradient_is_that_of_the_value(space):
    states, features, rng = points(space, 25)
    targets = standardized(states[:, 0] + rng.normal(size=25))
    center = default_settings(space).vector()
    vector = center + rng.normal(scale=0.4, size=len(center))
    effects = ridge_evidence._Effects(space, features)
    arguments = (effects, targets, center, np.full(len(center), 0.8))
    _, gradient = ridge_evidence._negative(vector, *arguments)
    step = 1e-5
    numeric = [
        (
            ridge_evidence._negative(vector + step * unit, *arguments)[0]
            - ridge_evidence._negative(vector - step * unit, *arguments)[0]
        )
        / (2 * step)
        for unit in np.eye(len(vector))
    ]
    assert np.allclose(gradient, numeric, atol=1e-6)


def test_the_evidence_is_a_multivariate_t(space):
    _, features, rng = points(space, 12)
    center = default_settings(space).vector()
    spread = np.ones(len(center))
    targets = rng.normal(size=12)

    def evidence(vector):
        away = vector - center
        effects = ridge_evidence._Effects(space, features)
        value = ridge_evidence._negative(vector, effects, targets, center, spread)[0]
        return away @ away / 2 - value

    def exact(vector):
        shape, scale = ridge_evidence.SCALE_PRIOR
        covariance = covariance_of(space, features, RidgeSettings.from_vector(vector))
        return multivariate_t(shape=scale / shape * covariance, df=2 * shape).logpdf(targets)

    other = center + rng.normal(scale=0.5, size=len(center))
    # Constants were left out, so differences are compared.
    assert evidence(center) - evidence(other) == pytest.approx(exact(center) - exact(other))


def test_what_matters_gets_the_relevance(space):
    states, features, rng = points(space, 60)
    targets = standardized((states[:, 0] - 2.0) ** 2 + 0.01 * rng.normal(size=60))
    settings = fit_settings(space, features, targets)
    assert settings.log_relevances[0] > settings.log_relevances[1:].max() + 1.0
    assert settings.log_noise < np.log(0.01)


def test_interactions_and_noise_are_told_apart(space):
    states, features, rng = points(space, 80)
    together = standardized((1.0 - 2.0 * states[:, 2]) * (states[:, 0] - 2.0))
    apart = standardized((1.0 - 2.0 * states[:, 2]) + (states[:, 0] - 2.0))
    alone = fit_settings(space, features, apart)
    paired = fit_settings(space, features, together)
    noisy = fit_settings(space, features, rng.normal(size=80))
    assert paired.log_strength > alone.log_strength + 1.0
    assert noisy.log_noise > paired.log_noise + 2.0


def test_more_than_the_largest_number_of_points_are_thinned_out(space, monkeypatch):
    _, features, rng = points(space, 60)
    targets = rng.normal(size=60)
    seen = []
    original = ridge_evidence._negative

    def spy(vector, effects, targets, *rest):
        seen.append(np.sort(targets))
        return original(vector, effects, targets, *rest)

    monkeypatch.setattr(ridge_evidence, "LARGEST", 20)
    monkeypatch.setattr(ridge_evidence, "_negative", spy)
    fit_settings(space, features, targets)
    assert len(seen[0]) == 20
    assert np.array_equal(seen[0][:10], np.sort(targets)[:10])
    assert seen[0][-1] == targets.max()


def test_settings_survive_the_way_through_a_vector(space):
    vector = np.arange(8.0)
    settings = RidgeSettings.from_vector(vector)
    assert (settings.log_strength, settings.log_noise) == (6.0, 7.0)
    assert np.array_equal(settings.vector(), vector)
