"""Bit strings of one Hamming weight in order: their list, their numbers, and a walk through them.

The order is that of ``itertools.combinations``: positions (c_0 < c_1 < ...) lexicographically, that is, bit
strings descending as binary numbers. The number of a combination of w out of m positions is

    C(m, w) - 1 - sum_i C(m - 1 - c_i, w - i),

D. E. Knuth, The Art of Computer Programming 4A, section 7.2.1.3, with positions counted from the other end.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compile_kernel

__all__ = ["binomials", "jump", "step", "weight_patterns"]


def binomials(n_bits: int) -> NDArray[np.int64]:
    """Table of C(a, b) for a, b up to ``n_bits`` + 1.

    Example:
        >>> binomials(3)[3].tolist()
        [1, 3, 3, 1, 0]
    """
    return np.array([[comb(a, b) for b in range(n_bits + 2)] for a in range(n_bits + 2)], dtype=np.int64)


def _jump(positions: Any, number: int, n_bits: int, table: Any) -> None:
    """Write the combination with a number."""
    weight = len(positions)
    left = table[n_bits, weight] - 1 - number
    place = 0
    for i in range(weight):
        while table[n_bits - 1 - place, weight - i] > left:
            place += 1
        left -= table[n_bits - 1 - place, weight - i]
        positions[i] = place
        place += 1


def _step(positions: Any, n_bits: int) -> None:
    """Replace a combination by the next one; the last one stays."""
    weight = len(positions)
    i = weight - 1
    while i >= 0 and positions[i] == n_bits - weight + i:
        i -= 1
    if i < 0:
        return
    positions[i] += 1
    for k in range(i + 1, weight):
        positions[k] = positions[k - 1] + 1


jump = compile_kernel(_jump)
step = compile_kernel(_step)


def _fill(patterns: Any, positions: Any) -> None:
    count, n_bits = patterns.shape
    for row in range(count):
        for i in range(len(positions)):
            patterns[row, positions[i]] = 1
        step(positions, n_bits)


fill = compile_kernel(_fill)


def weight_patterns(n_bits: int, weight: int) -> NDArray[np.uint8]:
    """All bit strings of a Hamming weight, those with early ones first.

    Args:
        n_bits: m.
        weight: w, from 0 to m.

    Returns:
        Shape (C(m, w), m).

    Example:
        >>> weight_patterns(3, 2).tolist()
        [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    """
    patterns = np.zeros((comb(n_bits, weight), n_bits), dtype=np.uint8)
    fill(patterns, np.arange(weight))
    return patterns
