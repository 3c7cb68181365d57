"""What a surrogate is fitted to: losses on a scale of about one, either as they are or by rank.

Shape: n losses, lower is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["finite_losses", "normal_scores", "standardized"]


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


def normal_scores(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Losses by rank: the normal quantiles of (rank - 1/2) / n, equal losses alike, on a scale of one.

    Nothing but the order of the losses counts, so one enormous loss is no more than the last.

    Example:
        >>> normal_scores(np.array([10.0, 1e9, 10.0, -3.0])).round(3).tolist()
        [0.0, 1.414, 0.0, -1.414]
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    return standardized(ndtri((rankdata(losses) - 0.5) / len(losses)))
