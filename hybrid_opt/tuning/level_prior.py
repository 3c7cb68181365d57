"""The prior of the ridge: how much levels of one parameter differ, and how alike neighbors are.

The weights of a parameter's levels are Gaussian with covariance K, and those of a pair of parameters with the
product of both. K comes from a Matern 5/2 correlation over the places of the levels, from the identity for
choices; its rows and columns sum to zero, so that a pair of parameters has nothing that a single one could
explain (a decomposition into main effects and interactions), and its diagonal is 1 on average.

Sources: Matern 5/2 in C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning" (2006),
eq. 4.17; sums of products of one-parameter kernels: D. Duvenaud, H. Nickisch, C. E. Rasmussen, "Additive
Gaussian Processes", NeurIPS 2011, section 3.

Shapes: L levels of a parameter, N parameters, C columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .level_space import LevelSpace

__all__ = ["level_covariance", "level_roots"]


def level_covariance(
    positions: NDArray[np.float64] | None, size: int, log_length: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Covariance of the weights of one parameter's levels.

    Args:
        positions: place of each level, 0 to 1, shape (L,); None for choices.
        size: number of levels, L, at least 2.
        log_length: logarithm of the distance over which levels are alike; choices have none.

    Returns:
        The covariance and its derivative by ``log_length``, both of shape (L, L).

    Example:
        >>> level_covariance(None, 2)[0].tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    if positions is None:
        return _centered(np.eye(size), np.zeros((size, size)))
    reach = np.sqrt(5.0) * np.abs(positions[:, None] - positions[None, :]) / np.exp(log_length)
    decay = np.exp(-reach)
    alike = (1.0 + reach + reach**2 / 3.0) * decay
    slope = reach**2 / 3.0 * (1.0 + reach) * decay
    return _centered(alike, slope)


def _centered(
    matrix: NDArray[np.float64], slope: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns summing to zero, diagonal 1 on average, and the derivative of that."""
    matrix, slope = (m - m.mean(0) - m.mean(1)[:, None] + m.mean() for m in (matrix, slope))
    scale, change = float(np.trace(matrix)) / len(matrix), float(np.trace(slope)) / len(matrix)
    return matrix / scale, slope / scale - matrix * (change / scale**2)


def level_roots(space: LevelSpace, log_lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """A root R of the covariances of all parameters, R R' = K, block by block.

    Args:
        space: the grid.
        log_lengths: one per parameter, shape (N,); that of choices is not looked at.

    Returns:
        Block diagonal, shape (C, C).
    """
    roots = np.zeros((space.n_columns, space.n_columns))
    for parameter, start, log_length in zip(space.parameters, space.starts, log_lengths):
        covariance = level_covariance(parameter.positions, parameter.size, float(log_length))[0]
        values, vectors = np.linalg.eigh(covariance)
        block = slice(int(start), int(start) + parameter.size)
        roots[block, block] = vectors * np.sqrt(np.clip(values, 0.0, None))
    return roots
