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


def _down(
    state: Any,
    below: Any,
    start: int,
    stop: int,
    shape: Any,
    n_bits: int,
    weight: int,
    flip: bool,
    table: Any,
) -> None:
    """below[z] = sum of state[x] over all strings x that have one 1 more than z."""
    outer, count, smaller, inner = shape
    width = 2 * inner
    positions = np.empty(weight - 1, dtype=np.int64)
    numbers = np.empty(n_bits, dtype=np.int64)
    jump(positions, start, n_bits, table)
    for z in range(start, stop):
        # The number of z with j put in: positions before j count as in x, those after it as in z.
        total = count - 1
        for i in range(weight - 1):
            total -= table[n_bits - 1 - positions[i], weight - 1 - i]
        i = 0
        found = 0
        for j in range(n_bits):
            if i < weight - 1 and positions[i] == j:
                total += table[n_bits - 1 - j, weight - 1 - i] - table[n_bits - 1 - j, weight - i]
                i += 1
            else:
                x = total - table[n_bits - 1 - j, weight - i]
                numbers[found] = width * (count - 1 - x if flip else x)
                found += 1
        for o in range(outer):
            source, target = width * count * o, width * (smaller * o + z)
            if inner == 1:
                real, imag = 0.0, 0.0
                for k in range(found):
                    real += state[source + numbers[k]]
                    imag += state[source + numbers[k] + 1]
                below[target], below[target + 1] = real, imag
            else:
                for c in range(width):
                    below[target + c] = state[source + numbers[0] + c]
                for k in range(1, found):
                    for c in range(width):
                        below[target + c] += state[source + numbers[k] + c]
        step(positions, n_bits)


def _up(
    below: Any,
    state: Any,
    result: Any,
    start: int,
    stop: int,
    shape: Any,
    n_bits: int,
    weight: int,
    flip: bool,
    table: Any,
    shift: float,
    scale: float,
) -> None:
    """result[x] = (sum of below[z] over all z with one 1 less - shift state[x]) / scale."""
    outer, count, smaller, inner = shape
    width = 2 * inner
    positions = np.empty(weight, dtype=np.int64)
    numbers = np.empty(weight, dtype=np.int64)
    factor = 1.0 / scale
    jump(positions, start, n_bits, table)
    for number in range(start, stop):
        x = count - 1 - number if flip else number
        # The number of x with position i taken out: those before it move up by one place.
        total = smaller - 1
        for i in range(1, weight):
            total -= table[n_bits - 1 - positions[i], weight - i]
        numbers[0] = width * total
        for i in range(1, weight):
            total += table[n_bits - 1 - positions[i], weight - i]
            total -= table[n_bits - 1 - positions[i - 1], weight - i]
            numbers[i] = width * total
        for o in range(outer):
            source, target = width * smaller * o, width * (count * o + x)
            if inner == 1:
                real, imag = -shift * state[target], -shift * state[target + 1]
                for k in range(weight):
                    real += below[source + numbers[k]]
                    imag += below[source + numbers[k] + 1]
                result[target], result[target + 1] = factor * real, factor * imag
            else:
                for c in range(width):
                    result[target + c] = -shift * state[target + c]
                for k in range(weight):
                    for c in range(width):
                        result[target + c] += below[source + numbers[k] + c]
                for c in range(width):
                    result[target + c] *= factor
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
    shape = (outer, count, comb(n_bits, ones - 1), inner)
    flat = state.reshape(-1)
    below = np.empty(2 * outer * shape[2] * inner)
    result = np.empty_like(flat)

    def lower(rows: slice) -> None:
        down(flat, below, rows.start, rows.stop, shape, n_bits, ones, flip, table)

    def raise_again(rows: slice) -> None:
        up(below, flat, result, rows.start, rows.stop, shape, n_bits, ones, flip, table, shift + ones, scale)

    cost = 1 + n_bits * outer * inner // 4
    run_in_parts(lower, shape[2], cost, threads)
    run_in_parts(raise_again, count, cost, threads)
    return result.reshape(state.shape)


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
        >>> (turned[0, 0, 0] + 0.0).round(12).tolist()
        [-1.0, -0.0]
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
    turned: NDArray[np.float64] = result.view(np.float64)
    return turned
