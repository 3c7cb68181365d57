"""The eigenbasis of exchanges between all bits: total spin, reached by coupling one bit after the other.

A bit is a spin 1/2, up for a one. The sum over pairs of (XX + YY) / 2 is J(J + 1) - M**2 - n/2 for n spins
of total spin J and M = ones - n/2, so that on strings of one Hamming weight the Johnson graph is diagonal in
J. A spin j coupled with one more bit gives j + 1/2 and j - 1/2, by rotations of two amplitudes, see
`spin_stages`. In the order of `weight_walks` strings with equal first bits lie together, so bits are coupled
from the last to the first, a few operations per amplitude and bit in all.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .compiled import compile_kernel
from .row_threads import run_in_parts
from .spin_stages import STEPS, Stage, spin_stages

__all__ = ["couple", "uncouple"]

Floats: TypeAlias = NDArray[np.float64]


def _turn_piece(
    source: Any, target: Any, piece: Any, turn: Any, base: int, to: int, width: int, back: bool
) -> None:
    """One rotation of runs of amplitudes, from a block at ``base`` of source to one at ``to`` of target."""
    length = piece[4] * width
    cosine, sine = turn[0], turn[1]
    if piece[0] < 0 or piece[1] < 0:
        single = max(piece[0], piece[1])
        start, stop = (piece[2], single) if back else (single, piece[2])
        one, up = source[base + start * width :], target[to + stop * width :]
        for i in range(length):
            up[i] = one[i]
    elif back:
        one, two = source[base + piece[2] * width :], source[base + piece[3] * width :]
        up, down = target[to + piece[0] * width :], target[to + piece[1] * width :]
        for i in range(length):
            a, b = one[i], two[i]
            up[i] = cosine * a - sine * b
            down[i] = sine * a + cosine * b
    else:
        one, two = source[base + piece[0] * width :], source[base + piece[1] * width :]
        up, down = target[to + piece[2] * width :], target[to + piece[3] * width :]
        for i in range(length):
            a, b = one[i], two[i]
            up[i] = cosine * a + sine * b
            down[i] = cosine * b - sine * a


turn_piece = compile_kernel(_turn_piece)


def _turn_matrices(
    state: Any, matrices: Any, sizes: Any, starts: Any, weights: Any,
    first: int, last: int, size: int, width: int, back: int,
) -> None:  # fmt: skip
    """Couple the bits of some small blocks by their matrices, in place."""
    most = matrices.shape[-1]
    real, imag = np.empty(most), np.empty(most)
    rows = np.empty((most, width))
    count = len(starts)
    for number in range(first, last):
        block = number % count
        base = ((number // count) * size + starts[block]) * width
        weight = weights[block]
        kept = sizes[weight]
        # Column by column, which a compiler turns into operations on several numbers at once.
        if width == 2:
            real[:kept] = 0.0
            imag[:kept] = 0.0
            for j in range(kept):
                a, b = state[base + 2 * j], state[base + 2 * j + 1]
                column = matrices[back, weight, j]
                for k in range(kept):
                    real[k] += column[k] * a
                    imag[k] += column[k] * b
            for k in range(kept):
                state[base + 2 * k], state[base + 2 * k + 1] = real[k], imag[k]
        else:
            for k in range(kept):
                for i in range(width):
                    rows[k, i] = state[base + k * width + i]
                    state[base + k * width + i] = 0.0
            for j in range(kept):
                for k in range(kept):
                    factor = matrices[back, weight, j, k]
                    for i in range(width):
                        state[base + k * width + i] += factor * rows[j, i]


def _turn_blocks(
    state: Any, pieces: Any, turns: Any, bounds: Any, sizes: Any, starts: Any, weights: Any,
    first: int, last: int, size: int, width: int, back: bool,
) -> None:  # fmt: skip
    """All steps of a stage on some blocks, one block after the other, in place."""
    steps = bounds.shape[1] - 1
    largest = 0
    for k in range(len(sizes)):
        largest = max(largest, sizes[k])
    here = np.empty(largest * width)
    there = np.empty(largest * width)
    count = len(starts)
    for number in range(first, last):
        block = number % count
        base = ((number // count) * size + starts[block]) * width
        weight = weights[block]
        for i in range(sizes[weight] * width):
            here[i] = state[base + i]
        for k in range(steps):
            step = steps - 1 - k if back else k
            for p in range(bounds[weight, step], bounds[weight, step + 1]):
                turn_piece(here, there, pieces[p], turns[p], 0, 0, width, back)
            here, there = there, here
        for i in range(sizes[weight] * width):
            state[base + i] = here[i]


def _turn_pieces(
    source: Any, target: Any, pieces: Any, turns: Any, first: int, last: int,
    outer: int, size: int, width: int, back: bool,
) -> None:  # fmt: skip
    """Some rotations of one step, on blocks of which each is a whole state."""
    for number in range(outer):
        base = number * size * width
        for p in range(first, last):
            turn_piece(source, target, pieces[p], turns[p], base, base, width, back)


turn_matrices = compile_kernel(_turn_matrices)
turn_blocks = compile_kernel(_turn_blocks)
turn_pieces = compile_kernel(_turn_pieces)


def couple(state: Floats, n_bits: int, weight: int, threads: int | None = None) -> Floats:
    """Amplitudes of bit strings of one weight as amplitudes of total spins.

    Args:
        state: shape (outer, C(n, w), inner, 2).
        n_bits: n, at least 2.
        weight: w, from 0 to n.
        threads: most threads; None or 0 for all.

    Returns:
        A new array of that shape, places as in `spin_places`.

    Example:
        >>> couple(np.full((1, 6, 1, 2), 6**-0.5), 4, 2)[0, :, 0, 0].round(12).tolist()
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    return _run(state, n_bits, weight, threads, back=False)


def uncouple(state: Floats, n_bits: int, weight: int, threads: int | None = None) -> Floats:
    """The inverse of `couple`.

    Args:
        state: shape (outer, C(n, w), inner, 2).
        n_bits: n, at least 2.
        weight: w, from 0 to n.
        threads: most threads; None or 0 for all.

    Returns:
        A new array of that shape.

    Example:
        >>> state = np.arange(12.0).reshape(1, 6, 1, 2)
        >>> bool(np.allclose(uncouple(couple(state, 4, 2), 4, 2), state))
        True
    """
    return _run(state, n_bits, weight, threads, back=True)


def _run(state: Floats, n_bits: int, weight: int, threads: int | None, *, back: bool) -> Floats:
    outer, count, inner, _ = state.shape
    width = 2 * inner
    flat = state.reshape(-1).copy()
    layout = outer, count, width
    first, *stages = spin_stages(n_bits, weight)
    if not back:
        _run_blocks(flat, first, layout, threads, back=False)
    for stage in reversed(stages) if back else stages:
        if stage is stages[-1]:
            flat = _run_steps(flat, stage, weight, layout, threads, back=back)
        else:
            _run_blocks(flat, stage, layout, threads, back=back)
    if back:
        _run_blocks(flat, first, layout, threads, back=True)
    return flat.reshape(state.shape)


def _run_blocks(
    flat: Floats, stage: Stage, layout: tuple[int, int, int], threads: int | None, *, back: bool
) -> None:
    outer, count, width = layout
    blocks = outer * len(stage.starts)

    def work(some: slice) -> None:
        places = stage.sizes, stage.starts, stage.weights, some.start, some.stop, count, width, back
        if stage.matrices is None:
            turn_blocks(flat, stage.pieces, stage.turns, stage.bounds, *places)
        else:
            turn_matrices(flat, stage.matrices, *places[:-1], int(back))

    run_in_parts(work, blocks, 1 + STEPS * outer * count * width // (8 * blocks), threads)


def _run_steps(
    flat: Floats, stage: Stage, weight: int, layout: tuple[int, int, int], threads: int | None, *, back: bool
) -> Floats:
    """The last stage, whose one block fills memory: step by step, the pieces shared by the threads."""
    outer, count, width = layout
    bounds = stage.bounds[weight].tolist()
    other = np.empty_like(flat)
    steps = list(pairwise(bounds))
    for first, last in reversed(steps) if back else steps:
        work = partial(_run_pieces, flat, other, stage, layout, first, back)
        run_in_parts(work, last - first, 1 + outer * count * width // (8 * (last - first)), threads)
        flat, other = other, flat
    return flat


def _run_pieces(
    source: Floats,
    target: Floats,
    stage: Stage,
    layout: tuple[int, int, int],
    first: int,
    back: bool,
    some: slice,
) -> None:
    places = first + some.start, first + some.stop
    turn_pieces(source, target, stage.pieces, stage.turns, *places, *layout, back)
