"""Which totals a set of grids can reach, exactly, on whole units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["joined", "with_grid"]

Sums = NDArray[np.bool_]
"""Entry u says whether a total of u units can be reached."""


def with_grid(sums: Sums, start: int, step: int, count: int, *, off: bool = False) -> Sums:
    """Add one grid to the totals reached so far.

    Args:
        sums: totals reached so far, shape (units + 1,).
        start: units of the first amount.
        step: units between amounts.
        count: number of amounts, at least 1.
        off: whether 0 units are allowed too.

    Returns:
        Totals reached with the grid, longer by the units of its last amount.

    Example:
        >>> reached = with_grid(np.array([True]), 0, 2, 3)
        >>> np.flatnonzero(with_grid(reached, 5, 1, 1, off=True)).tolist()
        [0, 2, 4, 5, 7, 9]
    """
    shifted = np.zeros(len(sums) + start + step * (count - 1), dtype=bool)
    shifted[start : start + len(sums)] = sums
    have = 1
    while have < count:  # after each round the first `have` amounts are in; doubling needs log2(count) rounds
        more = min(have, count - have)
        shifted[more * step :] |= shifted[: len(shifted) - more * step].copy()
        have += more
    if off:
        shifted[: len(sums)] |= sums
    return shifted


def joined(first: Sums, second: Sums) -> Sums:
    """Totals of one total of each of two sets.

    Args:
        first: reachable totals, shape (units + 1,).
        second: reachable totals of lines that are not in the first, shape (units + 1,).

    Returns:
        Reachable totals of both together.

    Example:
        >>> np.flatnonzero(joined(np.array([True, False, True]), np.array([True, True]))).tolist()
        [0, 1, 2, 3]
    """
    length = len(first) + len(second) - 1
    size = 1 << (length - 1).bit_length()
    # Entry u counts the ways to reach u. Counts are whole and far below 1/eps, so 0.5 tells 0 from 1.
    ways = np.fft.irfft(np.fft.rfft(first, size) * np.fft.rfft(second, size), size) if size > 1 else (
        np.outer(first, second).ravel().astype(np.float64)
    )
    return np.asarray(ways[:length] > 0.5)
