"""Adstock and Hill curves fitted to a weekly history by bounded least squares from several starts.

    y_t = baseline_t + sum_c beta_c h_tc + error,      beta_c >= 0

The baseline is projected out, which leaves four bounded parameters per channel. Random starts are screened
with the best betas of each (non-negative least squares); the most promising are refined by SciPy's trust
region method with exact derivatives.

Shapes: T weeks, C channels, P = 4 C parameters in the order theta, alpha, log kappa, beta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from ..seeds import child_seed
from .history_table import WeeklyHistory
from .media_baseline import Baseline
from .media_response import media_shapes

__all__ = ["ALPHAS", "KAPPAS", "THETAS", "MediaFit", "fit_media"]

THETAS, ALPHAS = (0.0, 0.9), (0.4, 4.0)
KAPPAS = (0.02, 4.0)  # as a multiple of the channel's largest weekly spend
SCREENED = 40  # random starts per refined one
_FIRST, _LAST = 40, 400  # evaluations of every refined start, and of the best one


@dataclass(frozen=True, eq=False)
class MediaFit:
    """Fitted parameters.

    Attributes:
        theta: carry-over share per channel, shape (C,).
        alpha: shape of the Hill curve, shape (C,).
        kappa: steady weekly spend of half saturation, shape (C,).
        beta: outcome per week that is approached, shape (C,).
        base: coefficients of the baseline, shape (B,).
        covariance: of theta, alpha, log kappa and beta, shape (4 C, 4 C); zero for parameters at a bound.
        at_bound: which of them stand at a bound, shape (4 C,).
        deviation: standard deviation of the errors.
        residuals: actual minus fitted over the fitted weeks.
        starts: starts that were refined.
        agreeing: how many of them ended within 1 % of the best sum of squares.
    """

    theta: NDArray[np.float64]
    alpha: NDArray[np.float64]
    kappa: NDArray[np.float64]
    beta: NDArray[np.float64]
    base: NDArray[np.float64]
    covariance: NDArray[np.float64]
    at_bound: NDArray[np.bool_]
    deviation: float
    residuals: NDArray[np.float64]
    starts: int
    agreeing: int

    def media(self, spends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Outcome that each channel brings per week: spends, shape (T, C), to shape (T, C)."""
        return media_shapes(spends, self.theta, self.alpha, self.kappa).value * self.beta


class _Problem:
    """Residuals and Jacobian with the baseline projected out, in scaled spends and outcomes."""

    def __init__(self, history: WeeklyHistory, baseline: Baseline, weeks: slice) -> None:
        self.most = history.spends.max(axis=0)
        self.spends = history.spends[weeks] / self.most
        self.scale = float(history.outcome[weeks].std()) or 1.0
        self.basis = baseline.basis(weeks)
        self.target = self.project(history.outcome[weeks] / self.scale)
        c = len(self.most)
        low = (THETAS[0], ALPHAS[0], np.log(KAPPAS[0]), 0.0)
        high = (THETAS[1], ALPHAS[1], np.log(KAPPAS[1]), np.inf)
        self.low, self.high = np.repeat(low, c), np.repeat(high, c)

    def project(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(values - self.basis @ (self.basis.T @ values))

    def residuals(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        theta, alpha, log_kappa, beta = p.reshape(4, -1)
        shapes = media_shapes(self.spends, theta, alpha, np.exp(log_kappa))
        return np.asarray(self.project(shapes.value) @ beta - self.target)

    def jacobian(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        theta, alpha, log_kappa, beta = p.reshape(4, -1)
        shapes = media_shapes(self.spends, theta, alpha, np.exp(log_kappa))
        parts = [shapes.by_theta * beta, shapes.by_alpha * beta, shapes.by_log_kappa * beta, shapes.value]
        return self.project(np.hstack(parts))

    def best_betas(self, p: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """The parameters with their best betas, and the root of the sum of squares."""
        theta, alpha, log_kappa, _ = p.reshape(4, -1)
        shapes = media_shapes(self.spends, theta, alpha, np.exp(log_kappa))
        beta, norm = nnls(self.project(shapes.value), self.target)
        return np.concatenate([theta, alpha, log_kappa, beta]), float(norm)

    def refine(self, p: NDArray[np.float64], evaluations: int) -> tuple[NDArray[np.float64], float]:
        inside = self.high[: len(p)] - 1e-9
        begin = np.clip(p, self.low + 1e-9, inside)
        found = least_squares(
            self.residuals,
            begin,
            jac=self.jacobian,
            bounds=(self.low, self.high),
            method="trf",
            x_scale="jac",
            max_nfev=evaluations,
        )
        return self.best_betas(found.x)


def fit_media(
    history: WeeklyHistory,
    baseline: Baseline,
    *,
    weeks: slice = slice(None),
    starts: int = 12,
    seed: int = 0,
    first: MediaFit | None = None,
) -> MediaFit:
    """Fit all channels together.

    Args:
        history: the history.
        baseline: its baseline.
        weeks: the weeks to fit; all by default.
        starts: starts to refine; 40 times as many are screened.
        seed: makes the fit repeatable.
        first: a fit whose parameters are one more start.

    Returns:
        The best fit.
    """
    problem = _Problem(history, baseline, weeks)
    c = len(problem.most)
    random = np.random.default_rng(child_seed(seed, "media fit"))
    draws = random.random((SCREENED * starts, 3, c))
    low, high = problem.low.reshape(4, c)[:3], problem.high.reshape(4, c)[:3]
    screened = []
    for draw in draws:
        start = np.concatenate([(low + draw * (high - low)).ravel(), np.zeros(c)])
        screened.append(problem.best_betas(start))
    screened.sort(key=lambda entry: entry[1])
    begins = [p for p, _ in screened[:starts]]
    if first is not None:
        logs = np.log(np.clip(first.kappa / problem.most, *KAPPAS))
        begins.append(np.concatenate([first.theta, first.alpha, logs, first.beta / problem.scale]))
    ends = [problem.refine(p, _FIRST) for p in begins]
    p, norm = min(ends, key=lambda entry: entry[1])
    p, norm = problem.refine(p, _LAST)
    agreeing = sum(other**2 <= 1.01 * norm**2 for _, other in ends)
    return _finished(problem, p, history, baseline, weeks, len(begins), int(agreeing))


def _finished(
    problem: _Problem,
    p: NDArray[np.float64],
    history: WeeklyHistory,
    baseline: Baseline,
    weeks: slice,
    starts: int,
    agreeing: int,
) -> MediaFit:
    """Scale back, and the covariance (J'J)^-1 s^2 of what stands inside its bounds."""
    c = len(problem.most)
    width = np.where(np.isfinite(problem.high), problem.high - problem.low, 1.0)
    bound = (p - problem.low <= 1e-4 * width) | (problem.high - p <= 1e-4 * width)
    silent = p.reshape(4, c)[3] <= 1e-9
    bound.reshape(4, c)[3] = silent
    free = ~bound & ~np.tile(silent, 4)
    residuals, jacobian = problem.residuals(p), problem.jacobian(p)[:, free]
    rest = max(1, len(residuals) - problem.basis.shape[1] - int(free.sum()))
    variance = float(residuals @ residuals) / rest
    covariance = np.zeros((4 * c, 4 * c))
    if free.any():
        _, sizes, turn = np.linalg.svd(jacobian, full_matrices=False)
        # Directions that the data hardly see get a wide, not an infinite, variance.
        sizes = np.maximum(sizes, 1e-8 * sizes[0])
        own = (turn.T / sizes**2) @ turn * variance
        covariance[np.ix_(free, free)] = own
    unit = np.concatenate([np.ones(3 * c), np.full(c, problem.scale)])
    theta, alpha, log_kappa, beta = p.reshape(4, c)
    kappa, beta = np.exp(log_kappa) * problem.most, beta * problem.scale
    media = media_shapes(history.spends[weeks], theta, alpha, kappa).value @ beta
    base = baseline.coefficients(history.outcome[weeks] - media, weeks)
    return MediaFit(
        theta=theta,
        alpha=alpha,
        kappa=kappa,
        beta=beta,
        base=base,
        covariance=covariance * np.outer(unit, unit),
        at_bound=bound,
        deviation=float(np.sqrt(variance)) * problem.scale,
        residuals=history.outcome[weeks] - media - baseline.design[weeks] @ base,
        starts=starts,
        agreeing=agreeing,
    )
