"""Which surrogate a grid gets, what it is fitted to, and one draw of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .bayesian_ridge import fit_ridge
from .factorization_machine import fit_factorization_machine
from .level_space import LevelSpace
from .quadratic_surrogate import QuadraticSurrogate
from .targets import clipped_losses

__all__ = ["SURROGATES", "draw_surrogate", "surrogate_for"]

SURROGATES = ("auto", "bayesian", "factorization")
BAYESIAN_BITS = 60  # "auto" takes the ridge up to here


def surrogate_for(space: LevelSpace, name: str = "auto") -> str:
    """The surrogate of a grid.

    Args:
        space: the grid.
        name: one of ``SURROGATES``.

    Returns:
        "bayesian" or "factorization".

    Example:
        >>> from optuna.distributions import CategoricalDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> wide = {f"x{i}": CategoricalDistribution([0, 1]) for i in range(61)}
        >>> surrogate_for(level_space(wide)), surrogate_for(level_space(wide), "bayesian")
        ('factorization', 'bayesian')
    """
    if name != "auto":
        return name
    return "bayesian" if space.n_bits <= BAYESIAN_BITS else "factorization"


def draw_surrogate(
    kind: str,
    space: LevelSpace,
    features: NDArray[np.float64],
    losses: NDArray[np.float64],
    rng: np.random.Generator,
    exploration: float = 0.5,
) -> QuadraticSurrogate:
    """Fit a surrogate and draw a quadratic function from it.

    Args:
        kind: "bayesian" or "factorization".
        space: the grid.
        features: the points judged, shape (n, C), n at least 1.
        losses: their losses, shape (n,), finite.
        rng: where the draw comes from.
        exploration: 1 draws from the posterior, 0 takes its mean.

    Returns:
        The function to minimize.
    """
    targets = clipped_losses(losses)
    if kind == "factorization":
        return fit_factorization_machine(space, features, targets, rng, exploration)
    return fit_ridge(space, features, targets).draw(rng, exploration)
