"""The fit: exact where there is no noise, bounds kept, errors of the right size."""

import numpy as np
import pytest

from hybrid_opt.marketing.history_table import read_history
from hybrid_opt.marketing.media_baseline import Baseline
from hybrid_opt.marketing.media_fit import ALPHAS, KAPPAS, THETAS, _Problem, fit_media
from hybrid_opt.marketing.media_response import media_shapes
from hybrid_opt.marketing.synthetic_history import history_truth, make_history


def read(frame, channels=("tv", "search"), controls=("price", "holiday")):
    return read_history(frame, outcome="revenue", date="week", spend=list(channels), controls=list(controls))


def exact_history():
    """A history that the model explains without a rest."""
    weekly = read(make_history(channels=2))
    truth = history_truth(2)
    kappa = (truth["K"] * (1 - truth["theta"])).to_numpy()
    media = media_shapes(weekly.spends, truth["theta"].to_numpy(), truth["alpha"].to_numpy(), kappa).value
    outcome = 1e5 + 30.0 * np.arange(weekly.weeks) + media @ truth["beta"].to_numpy()
    object.__setattr__(weekly, "outcome", outcome)
    return weekly, truth, kappa


def test_without_noise_the_parameters_are_found():
    weekly, truth, kappa = exact_history()
    fit = fit_media(weekly, Baseline.of(weekly, 1), starts=4)
    np.testing.assert_allclose(fit.theta, truth["theta"], atol=1e-3)
    np.testing.assert_allclose(fit.alpha, truth["alpha"], rtol=1e-2)
    np.testing.assert_allclose(fit.kappa, kappa, rtol=1e-2)
    np.testing.assert_allclose(fit.beta, truth["beta"], rtol=1e-2)
    assert fit.deviation < 1.0
    assert fit.agreeing >= 1


def test_the_jacobian_is_that_of_differences():
    weekly = read(make_history(channels=2))
    problem = _Problem(weekly, Baseline.of(weekly, 2), slice(0, 100))
    p = np.array([0.4, 0.2, 1.3, 0.8, -0.5, -1.0, 2.0, 1.5])
    found = problem.jacobian(p)
    for k in range(8):
        step = 1e-6 * (np.arange(8) == k)
        slope = (problem.residuals(p + step) - problem.residuals(p - step)) / 2e-6
        np.testing.assert_allclose(found[:, k], slope, atol=1e-6)


def test_parameters_stay_within_their_bounds_and_what_stands_there_is_marked():
    weekly = read(make_history(3, media=0.0))
    fit = fit_media(weekly, Baseline.of(weekly, 2), starts=2)
    for values, (low, high) in (
        (fit.theta, THETAS), (fit.alpha, ALPHAS), (fit.kappa / weekly.spends.max(axis=0), KAPPAS)
    ):
        assert (values >= low - 1e-9).all()
        assert (values <= high + 1e-9).all()
    assert (fit.beta >= 0).all()
    assert (np.diag(fit.covariance)[fit.at_bound] == 0).all()


def test_standard_errors_match_the_spread_over_repetitions():
    """Twelve histories of one truth: the spread of theta is about what each fit says."""
    found = []
    for seed in range(12):
        frame = make_history(0, channels=1, noise=0.0)
        noise = np.random.default_rng(seed).normal(0, 4_000, len(frame))
        weekly = read(frame.assign(revenue=frame["revenue"] + noise), channels=["tv"])
        fit = fit_media(weekly, Baseline.of(weekly, 1), starts=1)
        found.append((fit.theta[0], np.sqrt(fit.covariance[0, 0])))
    spread, said = np.std([theta for theta, _ in found], ddof=1), np.mean([error for _, error in found])
    assert 0.5 < spread / said < 2.0


def test_one_more_start_never_makes_the_fit_worse():
    weekly, _, _ = exact_history()
    baseline = Baseline.of(weekly, 1)
    good = fit_media(weekly, baseline, starts=4)
    again = fit_media(weekly, baseline, starts=1, seed=9, first=good)
    assert again.starts == 2
    assert again.deviation == pytest.approx(good.deviation, abs=1.0)
