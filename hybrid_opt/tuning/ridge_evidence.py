"""How strong the ridge's regularization is: the settings under which the losses seen are most likely.

Losses y are Gaussian around a constant, a sum of main effects and a sum of interactions of pairs; integrating
all weights out leaves their covariance, up to one overall scale,

    C = noise I + 1 1' + A + strength * ((A * A) - sum of (a_g M_g * a_g M_g)) / 2,      A = sum of a_g M_g

with ``*`` entry by entry, M_g the covariance of parameter g's effect at the points seen and a_g its
relevance. With an inverse gamma prior (shape 2, scale 1) on the overall scale it is integrated out as well,
which leaves a Student t likelihood (Rasmussen, Williams 2006, section 2.7; A. Gelman et al., "Bayesian Data
Analysis", 3rd ed., section 14.8). Relevances, lengths, strength and noise maximize it times broad log-normal
priors, by L-BFGS-B with exact gradients.

Shapes: n points, N parameters, L levels of a parameter, P = 2 N + 2 settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .level_prior import level_covariance
from .level_space import LevelSpace

__all__ = ["SCALE_PRIOR", "RidgeSettings", "covariance_of", "default_settings", "fit_settings"]

SCALE_PRIOR = (2.0, 1.0)  # shape and scale of the inverse gamma prior of the overall scale
STEPS = 40  # of the optimizer
LARGEST = 200  # points that settings are fitted to; all points count in the posterior itself
# Mean and standard deviation of the normal priors of the logarithms. The mean relevance is 1/N.
RELEVANCE_SPREAD = 1.0
LENGTH = (np.log(0.5), 0.7)
STRENGTH = (np.log(1.0), 1.5)
NOISE = (np.log(0.01), 1.5)
LIMIT = 4.0  # standard deviations the optimizer may stray; within them C is far from singular


@dataclass(frozen=True, eq=False)
class RidgeSettings:
    """Regularization of the ridge, all as logarithms.

    Attributes:
        log_relevances: variance of each parameter's main effect, shape (N,).
        log_lengths: distance over which levels are alike, shape (N,); without meaning for choices.
        log_strength: variance of interactions in products of relevances.
        log_noise: variance of what the model leaves unexplained.
    """

    log_relevances: NDArray[np.float64]
    log_lengths: NDArray[np.float64]
    log_strength: float
    log_noise: float

    def vector(self) -> NDArray[np.float64]:
        """All numbers in one array, shape (P,)."""
        return np.concatenate(
            [self.log_relevances, self.log_lengths, [self.log_strength, self.log_noise]]
        )

    @classmethod
    def from_vector(cls, vector: NDArray[np.float64]) -> RidgeSettings:
        """The inverse of ``vector``."""
        n = (len(vector) - 2) // 2
        return cls(vector[:n], vector[n : 2 * n], float(vector[-2]), float(vector[-1]))


def default_settings(space: LevelSpace) -> RidgeSettings:
    """The means of the priors."""
    n = len(space.sizes)
    return RidgeSettings(
        np.full(n, -np.log(max(n, 1))), np.full(n, LENGTH[0]), float(STRENGTH[0]), float(NOISE[0])
    )


class _Effects:
    """Main effects of all parameters at some points, as the upper triangles of their covariances M.

    Those of choices never change; those of numbers follow their lengths.

    Shapes: U = n (n + 1) / 2 entries of a triangle.
    """

    def __init__(self, space: LevelSpace, features: NDArray[np.float64]) -> None:
        self.space, self.features = space, features
        self.triangle = np.triu_indices(len(features))
        self.effects = np.empty((len(space.sizes), len(self.triangle[0])))
        self.squares = np.empty_like(self.effects)
        self.slopes: dict[int, NDArray[np.float64]] = {}
        self.ordered = [g for g, p in enumerate(space.parameters) if p.positions is not None]
        choices = [g for g in range(len(space.sizes)) if g not in self.ordered]
        self._update(choices, np.zeros(len(space.sizes)))

    def own(self, g: int) -> NDArray[np.float64]:
        """Shares of the levels of parameter g, shape (n, L)."""
        return self.features[:, self.space.starts[g] : self.space.starts[g + 1]]

    def set_lengths(self, log_lengths: NDArray[np.float64]) -> None:
        """Compute what follows the lengths."""
        self._update(self.ordered, log_lengths)

    def _update(self, groups: list[int], log_lengths: NDArray[np.float64]) -> None:
        for g in groups:
            parameter = self.space.parameters[g]
            covariance, slope = level_covariance(parameter.positions, parameter.size, float(log_lengths[g]))
            self.effects[g] = (self.own(g) @ covariance @ self.own(g).T)[self.triangle]
            self.slopes[g] = slope
        self.squares[groups] = self.effects[groups] ** 2

    def square(self, entries: NDArray[np.float64]) -> NDArray[np.float64]:
        """A symmetric matrix from its upper triangle, (U,) to (n, n)."""
        matrix = np.empty((len(self.features), len(self.features)))
        matrix[self.triangle] = entries
        matrix.T[self.triangle] = entries
        return matrix

    def parts(self, settings: RidgeSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sum of the scaled main effects, and of their products two by two, shape (U,) each."""
        relevances = np.exp(settings.log_relevances)
        total = relevances @ self.effects
        return total, 0.5 * (total**2 - relevances**2 @ self.squares)

    def covariance(
        self, settings: RidgeSettings, total: NDArray[np.float64], pairs: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """C from its parts, shape (n, n)."""
        matrix = self.square(1.0 + total + np.exp(settings.log_strength) * pairs)
        matrix[np.diag_indices_from(matrix)] += np.exp(settings.log_noise)
        return matrix


def covariance_of(
    space: LevelSpace, features: NDArray[np.float64], settings: RidgeSettings
) -> NDArray[np.float64]:
    """Covariance C of the losses at some points, up to the overall scale.

    Args:
        space: the grid.
        features: the points, shape (n, C).
        settings: the regularization.

    Returns:
        Shape (n, n).
    """
    effects = _Effects(space, features)
    effects.set_lengths(settings.log_lengths)
    return effects.covariance(settings, *effects.parts(settings))


def _negative(
    vector: NDArray[np.float64],
    effects: _Effects,
    targets: NDArray[np.float64],
    center: NDArray[np.float64],
    spread: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Minus the logarithm of evidence times prior, and its gradient."""
    settings = RidgeSettings.from_vector(vector)
    effects.set_lengths(settings.log_lengths)
    total, pairs = effects.parts(settings)
    covariance = effects.covariance(settings, total, pairs)
    root = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(covariance)
    weights = inverse @ targets
    shape, scale = SCALE_PRIOR[0] + 0.5 * len(targets), SCALE_PRIOR[1] + 0.5 * float(targets @ weights)
    evidence = -float(np.log(np.diag(root)).sum()) - shape * np.log(scale)
    # d evidence = sum of change * dC over the whole matrix; in a triangle the rest counts twice.
    change = 0.5 * (shape / scale * np.outer(weights, weights) - inverse)
    doubled = (2.0 * change - np.diag(np.diag(change)))[effects.triangle]
    strength = np.exp(settings.log_strength)
    relevances = np.exp(settings.log_relevances)
    around = doubled * (1.0 + strength * total)
    n = len(relevances)
    gradient = np.zeros(len(vector))
    gradient[:n] = relevances * (effects.effects @ around)
    gradient[:n] -= strength * relevances**2 * (effects.squares @ doubled)
    whole = effects.square(1.0 + strength * total)
    for g in effects.ordered:
        without = change * (whole - strength * relevances[g] * effects.square(effects.effects[g]))
        inside = effects.own(g).T @ without @ effects.own(g)
        gradient[n + g] = relevances[g] * float((inside * effects.slopes[g]).sum())
    gradient[-2] = strength * float(doubled @ pairs)
    gradient[-1] = np.exp(settings.log_noise) * float(np.trace(change))
    away = (vector - center) / spread
    return -evidence + 0.5 * float(away @ away), away / spread - gradient


def fit_settings(
    space: LevelSpace, features: NDArray[np.float64], targets: NDArray[np.float64]
) -> RidgeSettings:
    """The most likely regularization for some losses.

    Args:
        space: the grid, at least one parameter.
        features: the points, shape (n, C).
        targets: their losses on a scale of one, shape (n,).

    Returns:
        The settings. Of more than 200 points, the best half and evenly spread others of the rest are used.
    """
    from scipy.optimize import minimize

    if len(targets) > LARGEST:
        order = np.argsort(targets, kind="stable")
        rest = order[LARGEST // 2 :]
        even = rest[np.linspace(0, len(rest) - 1, LARGEST - LARGEST // 2).astype(int)]
        kept = np.concatenate([order[: LARGEST // 2], even])
        features, targets = features[kept], targets[kept]
    n = len(space.sizes)
    start = default_settings(space).vector()
    spread = np.concatenate(
        [np.full(n, RELEVANCE_SPREAD), np.full(n, LENGTH[1]), [STRENGTH[1], NOISE[1]]]
    )
    result: Any = minimize(
        _negative,
        start,
        args=(_Effects(space, features), targets, start, spread),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(start - LIMIT * spread, start + LIMIT * spread)),
        options={"maxiter": STEPS},
    )
    return RidgeSettings.from_vector(np.asarray(result.x, dtype=np.float64))
