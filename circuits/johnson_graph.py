"""The graph on bit strings of one Hamming weight whose edges exchange a one and a zero, and its subgraphs.

All exchanges together are the Johnson graph J(m, w). It has the eigenvalues (w - j)(m - w - j) - j for
j = 0..min(w, m - w) (A. E. Brouwer, W. H. Haemers, "Spectra of Graphs", section 12.4.2), so that
exp(-i beta A) is a polynomial in A of that degree, whatever beta. One product with A goes down to the strings
with one 1 less and up again: A + w = U^T U, where U adds what stands above each smaller string. That takes
about 2 w additions per string instead of w (m - w).

States are float64 arrays of shape (outer, levels, inner, 2), real and imaginary parts last.
"""

from __future__ import annotations

from functools import cache
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import weight_walks
from .compiled import compile_kernel
from .row_threads import run_in_parts
from .weight_walks import binomials, jump, step

__all__ = ["johnson_eigenvalues", "johnson_product", "johnson_rotation"]

_USES = (weight_walks,)


def _down(state: Any, below: Any, start: int, stop: int, n_bits: int, weight: int, flip: bool, table: Any) -> None:
    """below[z] = sum of state[x] over all strings x that have one 1 more than z."""
    outer, count, inner, _ = state.shape
    positions = np.empty(weight - 1, dtype=np.int64)
    jump(positions, start, n_bits, table)
    for z in range(start, stop):
        below[:, z] = 0.0
        # The number of z with j put in: positions before j count as in x, those after it as in z.
        before = np.int64(0)
        after = np.int64(0)
        for i in range(weight - 1):
            after += table[n_bits - 1 - positions[i], weight - 1 - i]
        i = 0
        for j in range(n_bits):
            if i < weight - 1 and positions[i] == j:
                before += table[n_bits - 1 - j, weight - i]
                after -= table[n_bits - 1 - j, weight - 1 - i]
                i += 1
                continue
            x = count - 1 - before - table[n_bits - 1 - j, weight - i] - after
            if flip:
                x = count - 1 - x
            for o in range(outer):
                for c in range(inner):
                    below[o, z, c, 0] += state[o, x, c, 0]
                    below[o, z, c, 1] += state[o, x, c, 1]
        step(positions, n_bits)


def _up(
    below: Any, state: Any, result: Any, start: int, stop: int, n_bits: int, weight: int, flip: bool, table: Any,
    shift: float, scale: float,
) -> None:
    """result[x] = (sum of below[z] over all z with one 1 less - shift state[x]) / scale."""
    outer, count, inner, _ = state.shape
    smaller = below.shape[1]
    positions = np.empty(weight, dtype=np.int64)
    jump(positions, start, n_bits, table)
    for number in range(start, stop):
        x = count - 1 - number if flip else number
        for o in range(outer):
            for c in range(inner):
                result[o, x, c, 0] = -shift * state[o, x, c, 0]
                result[o, x, c, 1] = -shift * state[o, x, c, 1]
        before = np.int64(0)
        after = np.int64(0)
        for i in range(weight):
            after += table[n_bits - 1 - positions[i], weight - i]
        for i in range(weight):
            j = positions[i]
            after -= table[n_bits - 1 - j, weight - i]
            z = smaller - 1 - before - after
            before += table[n_bits - 1 - j, weight - 1 - i]
            for o in range(outer):
                for c in range(inner):
                    result[o, x, c, 0] += below[o, z, c, 0]
                    result[o, x, c, 1] += below[o, z, c, 1]
        for o in range(outer):
            for c in range(inner):
                result[o, x, c, 0] /= scale
                result[o, x, c, 1] /= scale
        step(positions, n_bits)


down = compile_kernel(_down, uses=_USES)
up = compile_kernel(_up, uses=_USES)


def johnson_eigenvalues(n_bits: int, weight: int) -> NDArray[np.float64]:
    """The different eigenvalues of J(m, w), descending.

    Args:
        n_bits: m.
        weight: w, from 0 to m.

    Returns:
        Shape (min(w, m - w) + 1,).

    Example:
        >>> johnson_eigenvalues(6, 3).tolist()
        [9.0, 3.0, -1.0, -3.0]
    """
    rest = n_bits - weight
    return np.array([(weight - j) * (rest - j) - j for j in range(min(weight, rest) + 1)], dtype=np.float64)


def johnson_product(
    state: NDArray[np.float64],
    n_bits: int,
    weight: int,
    *,
    shift: float = 0.0,
    scale: float = 1.0,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """(A - shift) / scale times a state, on its axis of levels.

    Args:
        state: shape (outer, C(m, w), inner, 2).
        n_bits: m.
        weight: w, from 1 to m - 1.
        shift: subtracted from A.
        scale: divides the result.
        threads: most threads; None or 0 for all.

    Returns:
        A new array of that shape.

    Example:
        >>> uniform = np.ones((1, 20, 1, 2))
        >>> johnson_product(uniform, 6, 3)[0, :2, 0].tolist()
        [[9.0, 9.0], [9.0, 9.0]]
    """
    outer, count, inner, _ = state.shape
    flip = 2 * weight > n_bits
    # Zeros of a string are ones of its complement, whose number counts from the other end.
    ones = n_bits - weight if flip else weight
    table = binomials(n_bits)
    below = np.empty((outer, comb(n_bits, ones - 1), inner, 2))
    result = np.empty_like(state)

    def lower(rows: slice) -> None:
        down(state, below, rows.start, rows.stop, n_bits, ones, flip, table)

    def raise_again(rows: slice) -> None:
        up(below, state, result, rows.start, rows.stop, n_bits, ones, flip, table, shift + ones, scale)

    cost = 1 + n_bits * outer * inner // 4
    run_in_parts(lower, below.shape[1], cost, threads)
    run_in_parts(raise_again, count, cost, threads)
    return result


@cache
def _nodes(n_bits: int, weight: int) -> tuple[NDArray[np.float64], float]:
    """Eigenvalues in an order in which Newton's interpolation is stable, and a quarter of their range.

    F. Leja's order: each next one has the largest product of distances to those before. Divided by a quarter
    of the range these products stay near 1 (L. Reichel, "Newton interpolation at Leja points", BIT 30, 1990).
    """
    left = johnson_eigenvalues(n_bits, weight)
    scale = float(left[0] - left[-1]) / 4
    order = [left[0]]
    left = left[1:]
    while len(left):
        products = np.prod(np.abs(left[:, None] - np.array(order)) / scale, axis=1)
        best = int(np.argmax(products))
        order.append(left[best])
        left = np.delete(left, best)
    return np.array(order), scale


def johnson_rotation(
    state: NDArray[np.float64], n_bits: int, weight: int, beta: float, threads: int | None = None
) -> NDArray[np.float64]:
    """exp(-i beta A) times a state, by Newton's polynomial through all eigenvalues of A.

    Args:
        state: shape (outer, C(m, w), inner, 2).
        n_bits: m.
        weight: w, from 1 to m - 1.
        beta: angle.
        threads: most threads; None or 0 for all.

    Returns:
        A new array of that shape.

    Example:
        >>> uniform = np.ones((1, 20, 1, 2)) * np.array([1.0, 0.0])
        >>> turned = johnson_rotation(uniform, 6, 3, np.pi / 9)
        >>> turned[0, 0, 0].round(12).tolist()
        [-1.0, 0.0]
    """
    nodes, scale = _nodes(n_bits, weight)
    differences = np.exp(-1j * beta * nodes)
    for order in range(1, len(nodes)):
        gaps = (nodes[order:] - nodes[:-order]) / scale
        differences[order:] = (differences[order:] - differences[order - 1 : -1]) / gaps
    result = state.view(np.complex128) * differences[0]
    power = state
    for node, coefficient in zip(nodes[:-1].tolist(), differences[1:].tolist()):
        power = johnson_product(power, n_bits, weight, shift=node, scale=scale, threads=threads)
        result += coefficient * power.view(np.complex128)
    return result.view(np.float64)
