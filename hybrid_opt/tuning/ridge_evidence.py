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
LIMIT = 6.0  # the optimizer stays within this many standard deviations


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


def _effects(
    space: LevelSpace, features: NDArray[np.float64], log_lengths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """M of every parameter, shape (N, n, n), and the derivative of its level covariance, (L, L) each."""
    effects = np.empty((len(space.sizes), len(features), len(features)))
    slopes = []
    for g, (parameter, start) in enumerate(zip(space.parameters, space.starts)):
        own = features[:, start : start + parameter.size]
        covariance, slope = level_covariance(parameter.positions, parameter.size, float(log_lengths[g]))
        effects[g] = own @ covariance @ own.T
        slopes.append(slope)
    return effects, slopes


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
    effects, _ = _effects(space, features, settings.log_lengths)
    return _assemble(effects, settings)[0]


def _assemble(
    effects: NDArray[np.float64], settings: RidgeSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """C, the scaled effects a_g M_g and their sum."""
    scaled = effects * np.exp(settings.log_relevances)[:, None, None]
    total = scaled.sum(axis=0)
    pairs = 0.5 * (total**2 - np.einsum("gij,gij->ij", scaled, scaled))
    covariance = 1.0 + total + np.exp(settings.log_strength) * pairs
    covariance[np.diag_indices_from(covariance)] += np.exp(settings.log_noise)
    return covariance, scaled, total


def _negative(
    vector: NDArray[np.float64],
    space: LevelSpace,
    features: NDArray[np.float64],
    targets: NDArray[np.float64],
    center: NDArray[np.float64],
    spread: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Minus the logarithm of evidence times prior, and its gradient."""
    settings = RidgeSettings.from_vector(vector)
    effects, slopes = _effects(space, features, settings.log_lengths)
    covariance, scaled, total = _assemble(effects, settings)
    root = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(covariance)
    weights = inverse @ targets
    shape, scale = SCALE_PRIOR[0] + 0.5 * len(targets), SCALE_PRIOR[1] + 0.5 * float(targets @ weights)
    evidence = -float(np.log(np.diag(root)).sum()) - shape * np.log(scale)
    # d evidence = sum of change * dC
    change = 0.5 * (shape / scale * np.outer(weights, weights) - inverse)
    strength = np.exp(settings.log_strength)
    n = len(space.sizes)
    gradient = np.zeros(len(vector))
    around = change * (1.0 + strength * (total - scaled))  # (N, n, n)
    gradient[:n] = np.einsum("gij,gij->g", around, scaled)
    relevances = np.exp(settings.log_relevances)
    for g, parameter in enumerate(space.parameters):
        if parameter.positions is not None:
            own = features[:, space.starts[g] : space.starts[g + 1]]
            gradient[n + g] = relevances[g] * float(((own.T @ around[g] @ own) * slopes[g]).sum())
    pairs = 0.5 * (total**2 - np.einsum("gij,gij->ij", scaled, scaled))
    gradient[-2] = strength * float((change * pairs).sum())
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
        args=(space, features, targets, start, spread),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(start - LIMIT * spread, start + LIMIT * spread)),
        options={"maxiter": STEPS},
    )
    return RidgeSettings.from_vector(np.asarray(result.x, dtype=np.float64))
