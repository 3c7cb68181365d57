"""Which heads of one layer to remove together, their number given: the least z^T F z.

Shapes: H heads of a layer, R arrangements.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_ARRANGEMENTS", "lightest_removal"]

MOST_ARRANGEMENTS = 200_000
"""Arrangements up to which all are tried."""


def lightest_removal(block: NDArray[np.float64], removed: int) -> NDArray[np.int64]:
    """The z with so many ones that makes z^T block z least.

    All arrangements are tried up to `MOST_ARRANGEMENTS`; above it, the smallest diagonal entries are improved
    by the best swap until none is left, which may end above the least.

    Args:
        block: (H, H), symmetric.
        removed: ones of z, 0 to H.

    Returns:
        z, (H,).

    Example:
        >>> lightest_removal(np.array([[1.0, 5.0, 0.0], [5.0, 1.0, 0.0], [0.0, 0.0, 2.0]]), 2)
        array([1, 0, 1])
    """
    heads = len(block)
    z = np.zeros(heads, dtype=np.int64)
    if comb(heads, removed) <= MOST_ARRANGEMENTS:
        choices = np.array(list(combinations(range(heads), removed)), dtype=np.int64)
        tried = np.zeros((len(choices), heads))
        np.put_along_axis(tried, choices, 1.0, axis=1)
        z[choices[np.argmin(((tried @ block) * tried).sum(1))]] = 1
        return z
    z[np.argsort(np.diag(block))[:removed]] = 1
    while _swap(block, z):
        pass
    return z


def _swap(block: NDArray[np.float64], z: NDArray[np.int64]) -> bool:
    """Exchange the pair that lowers z^T block z most, in place; False where none does."""
    inside, outside = np.flatnonzero(z == 1), np.flatnonzero(z == 0)
    # Out with i, in with j: -pull_i + pull_j + block_ii + block_jj - 2 block_ij
    pull, diagonal = 2 * block @ z, np.diag(block)
    change = (diagonal - pull)[inside, None] + (diagonal + pull)[None, outside]
    change = change - 2 * block[np.ix_(inside, outside)]
    i, j = np.unravel_index(np.argmin(change), change.shape)
    if change[i, j] >= -1e-15 * np.abs(block).sum():
        return False
    z[inside[i]], z[outside[j]] = 0, 1
    return True
