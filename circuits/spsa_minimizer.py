"""Minimization from two noisy values per step: SPSA with Spall's gain sequences.

J. C. Spall, "Implementation of the simultaneous perturbation algorithm for stochastic optimization", IEEE
Transactions on Aerospace and Electronic Systems 34 (1998) 817-823:

    x_(k+1) = x_k - a_k * slope_k * direction_k,    a_k = a / (k + 1 + A)**0.602,    c_k = c / (k + 1)**0.101,
    slope_k = (f(x_k + c_k * direction_k) - f(x_k - c_k * direction_k)) / (2 c_k),

with directions of +-1 and A a tenth of the number of steps. As he advises, a is set so that a component's
first move has a wanted size, from the mean slope over a few directions at the start.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number

__all__ = ["minimize_spsa"]

_CALIBRATIONS = (
    5  # directions at the start, at most; fewer where they would be more than a tenth of all steps
)
_LARGEST_MOVE = (
    3.0  # of a component, in units of the first move; a single unlucky slope must not lose the start
)


def minimize_spsa(
    function: Callable[[NDArray[np.float64]], float],
    start: NDArray[np.float64],
    *,
    steps: int,
    first_move: float = 0.1,
    seed: int | np.random.Generator | None = None,
    path: list[NDArray[np.float64]] | None = None,
) -> NDArray[np.float64]:
    """Run SPSA.

    Args:
        function: value at a point, with or without noise.
        start: first point, shape (P,).
        steps: pairs of values, those of the calibration included.
        first_move: wanted size of a component's first move, and the distance c of the first pair.
        seed: of the directions.
        path: receives every iterate as it is reached, the start first, so that a caller who ends the run from
            within ``function`` has them.

    Returns:
        Mean of the last fifth of the iterates, which noise moves less than the last one.

    Raises:
        CircuitError: no positive number of steps.

    Example:
        >>> x = minimize_spsa(lambda x: float((x - 1) @ (x - 1)), np.zeros(2), steps=200, seed=1)
        >>> bool(abs(x - 1).max() < 0.01)
        True
    """
    whole_number("steps", steps, 1)
    rng = np.random.default_rng(seed)
    path = [] if path is None else path
    point = np.array(start, dtype=np.float64)
    path.append(point)

    def slope(distance: float) -> tuple[float, NDArray[np.float64]]:
        direction = rng.choice([-1.0, 1.0], size=point.shape)
        difference = function(point + distance * direction) - function(point - distance * direction)
        return difference / (2 * distance), direction

    trials = min(_CALIBRATIONS, steps // 10)
    size = float(np.mean([abs(slope(first_move)[0]) for _ in range(trials)])) if trials else 0.0
    steps -= trials
    stability = 0.1 * steps
    for k in range(steps):
        estimate, direction = slope(first_move / (k + 1) ** 0.101)
        # Without a calibration (few steps) or on a plateau, the first slope sets the size.
        size = size or abs(estimate)
        gain = first_move * (stability + 1) ** 0.602 / size if size else 0.0
        move = gain / (k + 1 + stability) ** 0.602 * estimate
        point = point - np.clip(move, -_LARGEST_MOVE * first_move, _LARGEST_MOVE * first_move) * direction
        path.append(point)
    return tail_mean(path)


def tail_mean(path: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean of the last fifth of a list of points, at least the last.

    Args:
        path: points, each of shape (P,), at least one.

    Returns:
        Shape (P,).

    Example:
        >>> tail_mean([np.array([0.0]), np.array([2.0])]).tolist()
        [2.0]
    """
    mean: NDArray[np.float64] = np.mean(path[-max(1, len(path) // 5) :], axis=0)
    return mean
