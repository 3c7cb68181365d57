"""Sums over the probabilities of a stored state, in double precision whatever the state's is.

States are added up by chunks of fixed size, so that no result depends on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import lane_waves, phase_kernels, vector_lanes
from .compiled import compile_kernel
from .diagonal_layout import StateLayout
from .phase_kernels import fill
from .row_threads import run_in_parts
from .vector_lanes import lane_sum, load, splat

__all__ = ["energy_sums", "flipped_copy", "level_sums", "state_probabilities"]

_USES = (vector_lanes, lane_waves, phase_kernels)
_TILE = 512
_CHUNKS = 32


def _energy_sums(
    state: Any, pitch: int, first: int, last: int, codes: Any, flip: int, tables: Any, result: Any
) -> None:
    """Sum of probabilities, and of probabilities times energies, of states ``first`` to ``last`` - 1."""
    size = min(_TILE, last - first)
    energies = np.empty(size)
    squares = np.empty(size)
    norm, total = splat(0.0), splat(0.0)
    for begin in range(first, last, size):
        fill(codes, begin, size, flip, tables, 1, energies, 0, 0)
        for j in range(size):
            real, imaginary = np.float64(state[begin + j]), np.float64(state[pitch + begin + j])
            squares[j] = real * real + imaginary * imaginary
        for j in range(0, size, 8):
            square = load(squares, j)
            norm = norm + square
            total = total + square * load(energies, j)
    result[0] = lane_sum(norm)
    result[1] = lane_sum(total)


def _level_sums(state: Any, pitch: int, first: int, last: int, codes: Any, flip: int, sums: Any) -> None:
    """Probabilities of states ``first`` to ``last`` - 1, added to the place of their code."""
    for place in range(first, last):
        real, imaginary = np.float64(state[place]), np.float64(state[pitch + place])
        sums[codes[place ^ flip]] += real * real + imaginary * imaginary


def _probabilities(state: Any, pitch: int, first: int, last: int, flip: int, result: Any) -> None:
    for place in range(first, last):
        real, imaginary = np.float64(state[place ^ flip]), np.float64(state[pitch + (place ^ flip)])
        result[place] = real * real + imaginary * imaginary


energy_sums_of = compile_kernel(_energy_sums, uses=_USES)
level_sums_of = compile_kernel(_level_sums)
probabilities_of = compile_kernel(_probabilities)


def _chunks(dimension: int, most: int = _CHUNKS) -> list[int]:
    count = max(1, min(most, dimension // _TILE))
    return [dimension * number // count for number in range(count + 1)]


def energy_sums(
    layout: StateLayout,
    state: NDArray[Any],
    codes: NDArray[Any],
    levels: NDArray[np.float64] | None,
    flip: int,
    threads: int | None,
) -> tuple[float, float]:
    """Squared norm and expectation of the energy.

    Args:
        layout: how the state is stored.
        state: its parts.
        codes: per stored state the code of its energy, or its energy.
        levels: energy of each code; None for energies.
        flip: bits that are stored flipped.
        threads: most threads; None for all.

    Returns:
        The sums over all basis states; neither is divided by the other.
    """
    bounds = _chunks(layout.dimension)
    sums = np.empty((len(bounds) - 1, 2))
    tables = np.empty(1) if levels is None else levels

    def work(some: slice) -> None:
        for chunk in range(some.start, some.stop):
            energy_sums_of(
                state, layout.pitch, bounds[chunk], bounds[chunk + 1], codes, flip, tables, sums[chunk]
            )

    run_in_parts(work, len(sums), layout.dimension // len(sums) // 4, threads)
    norm, total = sums.sum(axis=0) * layout.weight
    return float(norm), float(total)


def level_sums(
    layout: StateLayout,
    state: NDArray[Any],
    codes: NDArray[Any],
    n_levels: int,
    flip: int,
    threads: int | None,
) -> NDArray[np.float64]:
    """Probability of each level.

    Args:
        layout: how the state is stored.
        state: its parts.
        codes: per stored state the code of its energy.
        n_levels: number of codes, M.
        flip: bits that are stored flipped.
        threads: most threads; None for all.

    Returns:
        Shape (M,).
    """
    bounds = _chunks(layout.dimension, max(1, min(_CHUNKS, layout.dimension // (4 * n_levels))))
    sums = np.zeros((len(bounds) - 1, n_levels))

    def work(some: slice) -> None:
        for chunk in range(some.start, some.stop):
            level_sums_of(state, layout.pitch, bounds[chunk], bounds[chunk + 1], codes, flip, sums[chunk])

    run_in_parts(work, len(sums), layout.dimension // len(sums) // 4, threads)
    return np.asarray(sums.sum(axis=0) * layout.weight)


def state_probabilities(
    layout: StateLayout, state: NDArray[Any], flip: int, threads: int | None
) -> NDArray[np.float64]:
    """Probability of each stored state, without the weight of the layout.

    Args:
        layout: how the state is stored.
        state: its parts.
        flip: bits that are stored flipped.
        threads: most threads; None for all.

    Returns:
        Shape (dimension,), in the order of the costs.
    """
    bounds = _chunks(layout.dimension)
    result = np.empty(layout.dimension)

    def work(some: slice) -> None:
        probabilities_of(state, layout.pitch, bounds[some.start], bounds[some.stop], flip, result)

    run_in_parts(work, len(bounds) - 1, layout.dimension // (len(bounds) - 1) // 4, threads)
    return result


def flipped_copy(layout: StateLayout, part: NDArray[Any], flip: int) -> NDArray[Any]:
    """One part of a state in the order of the costs.

    Args:
        layout: how the state is stored.
        part: shape (dimension,).
        flip: bits that are stored flipped.

    Returns:
        Shape (dimension,); the part itself where nothing is flipped.
    """
    for bit in range(layout.n_bits):
        if flip >> bit & 1:
            part = np.ascontiguousarray(part.reshape(-1, 2, 1 << bit)[:, ::-1]).reshape(-1)
    return part
