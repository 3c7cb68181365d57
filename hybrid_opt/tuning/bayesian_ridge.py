"""Bayesian ridge regression on levels and pairs of levels, drawn from in closed form (Thompson sampling).

The model is linear in the one-hot columns and in the products of columns of different parameters; weights
have the Gaussian prior of ``level_prior``, the overall scale an inverse gamma one (normal-inverse-gamma,
conjugate). A draw from the posterior is a quadratic function of one-hot groups: a QUBO. It takes no matrix of
the size of the number of weights: with S their prior covariance and F the products at the points seen,

    w = w0 + S F' C^-1 (y - F w0 - e),      w0 ~ N(0, s S),  e ~ N(0, s noise),  s ~ its posterior

is an exact draw (J. T. Wilson et al., "Efficiently Sampling Functions from Gaussian Process Posteriors", ICML
2020, eq. 7, after Matheron).

Thompson sampling over such a model is BOCS: R. Baptista, M. Poloczek, "Bayesian Optimization of Combinatorial
Structures", ICML 2018, arXiv 1806.08838 (with a horseshoe prior there).

Shapes: n points, N parameters, C columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .level_prior import level_roots
from .level_space import LevelSpace
from .quadratic_surrogate import QuadraticSurrogate
from .ridge_evidence import SCALE_PRIOR, RidgeSettings, covariance_of, fit_settings

__all__ = ["RidgePosterior", "fit_ridge"]


@dataclass(frozen=True, eq=False)
class RidgePosterior:
    """What is known about the weights after some losses were seen.

    Attributes:
        space: the grid.
        features: the points, shape (n, C).
        targets: their losses on a scale of one, shape (n,).
        settings: the regularization.
        inverse: inverse covariance of the losses, C^-1, shape (n, n).
        roots: root of the level covariances, shape (C, C).
    """

    space: LevelSpace
    features: NDArray[np.float64]
    targets: NDArray[np.float64]
    settings: RidgeSettings
    inverse: NDArray[np.float64]
    roots: NDArray[np.float64]

    def mean(self) -> QuadraticSurrogate:
        """The posterior mean of the weights."""
        return self._weights(self.inverse @ self.targets)

    def draw(self, rng: np.random.Generator, exploration: float = 1.0) -> QuadraticSurrogate:
        """One draw from the posterior of the weights.

        Args:
            rng: where the draw comes from.
            exploration: how far from the mean: 1 is the posterior itself, 0 its mean.

        Returns:
            A quadratic function of the one-hot groups.
        """
        shape = SCALE_PRIOR[0] + 0.5 * len(self.targets)
        scale = SCALE_PRIOR[1] + 0.5 * float(self.targets @ self.inverse @ self.targets)
        deviation = exploration * np.sqrt(scale / rng.gamma(shape))
        relevances = np.exp(0.5 * self.settings.log_relevances)[self.space.groups]
        n_columns = self.space.n_columns
        prior_linear = relevances * (self.roots @ rng.normal(size=n_columns))
        table = np.triu(rng.normal(size=(n_columns, n_columns)))
        table = self.roots @ (table * self._between) @ self.roots.T
        table = np.exp(0.5 * self.settings.log_strength) * np.outer(relevances, relevances) * table
        prior = QuadraticSurrogate(self.space, prior_linear, table + table.T, float(rng.normal()))
        noise = np.exp(0.5 * self.settings.log_noise) * rng.normal(size=len(self.targets))
        seen = prior.offset + self.features @ prior.linear + 0.5 * self._squares(prior.couplings)
        change = self._weights(self.inverse @ (self.targets - deviation * (seen + noise)))
        return QuadraticSurrogate(
            self.space,
            deviation * prior.linear + change.linear,
            deviation * prior.couplings + change.couplings,
            deviation * prior.offset + change.offset,
        )

    def left_out(self) -> NDArray[np.float64]:
        """What the mean predicts for each point from all the others, shape (n,)."""
        return self.targets - (self.inverse @ self.targets) / np.diag(self.inverse)

    @property
    def _between(self) -> NDArray[np.bool_]:
        """Which pairs of columns belong to different parameters, shape (C, C)."""
        return np.asarray(self.space.groups[:, None] != self.space.groups[None, :])

    def _squares(self, couplings: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((self.features @ couplings) * self.features).sum(axis=1))

    def _weights(self, pull: NDArray[np.float64]) -> QuadraticSurrogate:
        """Prior covariance of the weights times their products at the points times ``pull``, shape (n,)."""
        relevances = np.exp(self.settings.log_relevances)[self.space.groups]
        covariance = self.roots @ self.roots.T
        linear = relevances * (covariance @ (self.features.T @ pull))
        products = (self.features.T * pull) @ self.features * self._between
        table = covariance @ products @ covariance * np.outer(relevances, relevances)
        couplings = np.exp(self.settings.log_strength) * table
        return QuadraticSurrogate(self.space, linear, couplings, float(pull.sum()))


def fit_ridge(
    space: LevelSpace,
    features: NDArray[np.float64],
    targets: NDArray[np.float64],
    settings: RidgeSettings | None = None,
) -> RidgePosterior:
    """Fit levels and pairs of levels to losses.

    Args:
        space: the grid, at least one parameter.
        features: the points, shape (n, C), n at least 1.
        targets: their losses on a scale of one, shape (n,).
        settings: the regularization; the most likely one if left out.

    Returns:
        The posterior.

    Example:
        >>> from optuna.distributions import CategoricalDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> space = level_space({name: CategoricalDistribution([0, 1]) for name in "ab"})
        >>> states = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> posterior = fit_ridge(space, space.one_hot(states), np.array([-1.0, 0.0, 0.0, 1.0]))
        >>> int(posterior.mean().energies(states).argmin())
        0
    """
    if settings is None:
        settings = fit_settings(space, features, targets)
    inverse: NDArray[np.float64] = np.linalg.inv(covariance_of(space, features, settings)).astype(np.float64)
    roots = level_roots(space, settings.log_lengths)
    return RidgePosterior(space, features, targets, settings, inverse, roots)
