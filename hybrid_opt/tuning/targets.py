"""What a surrogate is fitted to: finite losses on a scale of one, the worst of them cut off.

Shape: n losses, lower is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["clipped_losses", "finite_losses", "standardized"]


def finite_losses(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace what is not finite: minus infinity by the best finite loss, the rest by the worst.

    Args:
        losses: shape (n,).

    Returns:
        Shape (n,), all finite; zeros if none was.

    Example:
        >>> finite_losses(np.array([1.0, np.inf, 3.0, np.nan, -np.inf])).tolist()
        [1.0, 3.0, 3.0, 3.0, 1.0]
    """
    finite = losses[np.isfinite(losses)]
    if not len(finite):
        return np.zeros(len(losses))
    return np.where(
        np.isfinite(losses), losses, np.where(losses == -np.inf, finite.min(), finite.max())
    )


def standardized(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Losses less their mean, in standard deviations; zeros where all are equal.

    Example:
        >>> standardized(np.array([1.0, 3.0])).tolist()
        [-1.0, 1.0]
    """
    centered = losses - losses.mean()
    size = float(np.abs(centered).max(initial=0.0))
    if size == 0.0:
        return np.zeros(len(losses))
    centered = centered / size  # squares of huge losses would overflow
    return np.asarray(centered / centered.std())


def clipped_losses(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Losses on a scale of one, those far above the median cut off.

    A loss as far above the median as the best is below it counts as bad, whatever it is: how bad need not be
    learned, and one diverged training would squeeze all others together. Below that point nothing is bent, so
    a quadratic function stays one where it matters.

    Args:
        losses: shape (n,), finite, n at least 1.

    Returns:
        Shape (n,), mean 0 and standard deviation 1; zeros where all are equal.

    Example:
        >>> clipped_losses(np.array([1.0, 2.0, 3.0, 1e9, 2.0])).round(3).tolist()
        [-1.604, -0.267, 1.069, 1.069, -0.267]
    """
    best, middle = float(losses.min()), float(np.median(losses))
    return standardized(np.minimum(losses, middle + (middle - best) if middle > best else np.inf))
