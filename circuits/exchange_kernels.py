"""Exchanges of two positions on all bit strings of one Hamming weight, on the axis of levels of a state.

States are float64 arrays of shape (outer, levels, inner, 2); levels are numbered as in `weight_walks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, cos, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import weight_walks
from .compiled import compile_kernel
from .row_threads import run_in_parts
from .weight_walks import binomials, jump, step

__all__ = ["exchange_sum", "exchange_turn", "exchange_twist"]

Floats = NDArray[np.float64]
# Strings to a part; parts are summed in a fixed order, whatever the number of threads.
_PART = 2**14


def _partner(positions: Any, n_bits: int, first: int, second: int, table: Any) -> Any:
    """Number of the string with the one at ``first`` moved to ``second``, or -1 without such a one."""
    weight = len(positions)
    found = False
    for i in range(weight):
        if positions[i] == second:
            return -1
        found = found or positions[i] == first
    if not found:
        return -1
    total = table[n_bits, weight] - 1
    rank = 0
    waiting = True
    for i in range(weight):
        place = positions[i]
        if waiting and place > second:
            total -= table[n_bits - 1 - second, weight - rank]
            rank += 1
            waiting = False
        if place != first:
            total -= table[n_bits - 1 - place, weight - rank]
            rank += 1
    if waiting:
        total -= table[n_bits - 1 - second, weight - rank]
    return total


partner = compile_kernel(_partner)
_USES = (weight_walks,)


def _turn(
    state: Any,
    start: int,
    stop: int,
    n_bits: int,
    weight: int,
    first: int,
    second: int,
    cosine: float,
    sine: float,
    table: Any,
) -> None:
    outer, _, inner, _ = state.shape
    positions = np.empty(weight, dtype=np.int64)
    jump(positions, start, n_bits, table)
    for x in range(start, stop):
        y = partner(positions, n_bits, first, second, table)
        if y >= 0:
            for o in range(outer):
                for c in range(inner):
                    a, b = state[o, x, c, 0], state[o, x, c, 1]
                    u, v = state[o, y, c, 0], state[o, y, c, 1]
                    state[o, x, c, 0] = cosine * a + sine * v
                    state[o, x, c, 1] = cosine * b - sine * u
                    state[o, y, c, 0] = cosine * u + sine * b
                    state[o, y, c, 1] = cosine * v - sine * a
        step(positions, n_bits)


def _twist(
    left: Any,
    right: Any,
    start: int,
    stop: int,
    n_bits: int,
    weight: int,
    first: int,
    second: int,
    table: Any,
) -> float:
    outer, _, inner, _ = left.shape
    positions = np.empty(weight, dtype=np.int64)
    jump(positions, start, n_bits, table)
    total = 0.0
    for x in range(start, stop):
        y = partner(positions, n_bits, first, second, table)
        if y >= 0:
            for o in range(outer):
                for c in range(inner):
                    total += left[o, x, c, 0] * right[o, y, c, 1] - left[o, x, c, 1] * right[o, y, c, 0]
                    total += left[o, y, c, 0] * right[o, x, c, 1] - left[o, y, c, 1] * right[o, x, c, 0]
        step(positions, n_bits)
    return total


def _gather(
    state: Any, result: Any, start: int, stop: int, n_bits: int, weight: int, pairs: Any, table: Any
) -> None:
    outer, _, inner, _ = state.shape
    positions = np.empty(weight, dtype=np.int64)
    jump(positions, start, n_bits, table)
    for x in range(start, stop):
        for k in range(len(pairs)):
            y = partner(positions, n_bits, pairs[k, 0], pairs[k, 1], table)
            if y < 0:
                y = partner(positions, n_bits, pairs[k, 1], pairs[k, 0], table)
            if y >= 0:
                for o in range(outer):
                    for c in range(inner):
                        result[o, x, c, 0] += state[o, y, c, 0]
                        result[o, x, c, 1] += state[o, y, c, 1]
        step(positions, n_bits)


turn = compile_kernel(_turn, uses=_USES)
twist = compile_kernel(_twist, uses=_USES)
gather = compile_kernel(_gather, uses=_USES)


def exchange_turn(
    state: Floats, n_bits: int, weight: int, first: int, second: int, beta: float, threads: int | None = None
) -> None:
    """exp(-i beta (XX + YY) / 2) on two positions, in place.

    Args:
        state: shape (outer, C(m, w), inner, 2).
        n_bits: m.
        weight: w.
        first: a position.
        second: another one.
        beta: angle.
        threads: most threads; None or 0 for all.

    Example:
        >>> state = np.zeros((1, 3, 1, 2))
        >>> state[0, 0, 0, 0] = 1.0
        >>> exchange_turn(state, 3, 1, 0, 2, np.pi / 2)
        >>> state[0, :, 0].round(12).tolist()
        [[0.0, 0.0], [0.0, 0.0], [0.0, -1.0]]
    """
    table = binomials(n_bits)

    def work(rows: slice) -> None:
        # A pair is turned by whoever has the string with the one at the first position: no pair twice.
        turn(state, rows.start, rows.stop, n_bits, weight, first, second, cos(beta), sin(beta), table)

    run_in_parts(work, comb(n_bits, weight), 1 + state.size // state.shape[1] // 8, threads)


def exchange_twist(
    left: Floats,
    right: Floats,
    n_bits: int,
    weight: int,
    first: int,
    second: int,
    threads: int | None = None,
) -> float:
    """Im <left| (XX + YY) / 2 |right> on two positions.

    Args:
        left: shape (outer, C(m, w), inner, 2).
        right: likewise.
        n_bits: m.
        weight: w.
        first: a position.
        second: another one.
        threads: most threads; None or 0 for all.

    Returns:
        The imaginary part.

    Example:
        >>> one = np.zeros((1, 2, 1, 2))
        >>> one[0, 0, 0, 0] = 1.0
        >>> exchange_twist(one, 2.0 * one[:, ::-1, :, ::-1].copy(), 2, 1, 0, 1)
        2.0
    """
    table = binomials(n_bits)
    count = comb(n_bits, weight)
    sums = np.zeros(-(-count // _PART))

    def work(parts: slice) -> None:
        for part in range(parts.start, parts.stop):
            start, stop = part * _PART, min(count, (part + 1) * _PART)
            sums[part] = twist(left, right, start, stop, n_bits, weight, first, second, table)

    run_in_parts(work, len(sums), _PART * (1 + left.size // left.shape[1] // 8), threads)
    return float(sums.sum())


def exchange_sum(
    state: Floats, n_bits: int, weight: int, pairs: Sequence[tuple[int, int]], threads: int | None = None
) -> Floats:
    """The sum over pairs of positions of (XX + YY) / 2, times a state.

    Args:
        state: shape (outer, C(m, w), inner, 2).
        n_bits: m.
        weight: w.
        pairs: pairs of positions.
        threads: most threads; None or 0 for all.

    Returns:
        A new array of that shape.

    Example:
        >>> exchange_sum(np.ones((1, 3, 1, 2)), 3, 1, [(0, 1), (1, 2)])[0, :, 0, 0].tolist()
        [1.0, 2.0, 1.0]
    """
    table = binomials(n_bits)
    result = np.zeros_like(state)
    chosen = np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def work(rows: slice) -> None:
        gather(state, result, rows.start, rows.stop, n_bits, weight, chosen, table)

    run_in_parts(work, state.shape[1], 1 + len(chosen) * (state.size // state.shape[1]) // 8, threads)
    return result
