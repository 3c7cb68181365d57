"""Phases of a stretch of basis states, from a table by code or from the costs themselves.

The factor of a state of cost C in a layer is f exp(-i gamma C). The complex number f holds what the turns
about X leave out: the product of their cosines, and a power of -i for turns beyond pi/4. Arrays of phases are
flat: cosines (real parts), sines (imaginary parts), costs, one ``pitch`` after the other.
"""

from __future__ import annotations

from math import cos, sin
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from . import lane_waves, vector_lanes
from .compiled import compile_kernel
from .lane_waves import LARGEST_ANGLE, cosine_and_sine
from .vector_lanes import gather, lane_bits, load, splat, store

__all__ = ["fill", "phases_of"]


def _phases_of(
    values: Any, gamma: float, real: float, imaginary: float, safe: bool, phases: Any, at: int, pitch: int
) -> None:
    """(real + i imaginary) exp(-i gamma values), for float64 values and phases.

    ``safe`` says that no angle is above `LARGEST_ANGLE`.
    """
    count = values.size
    done = 0
    if safe:
        done = count - count % 8
        for place in range(0, done, 8):
            cosine, sine = cosine_and_sine(load(values, place) * splat(gamma))
            store(phases, at + place, splat(real) * cosine + splat(imaginary) * sine)
            store(phases, at + pitch + place, splat(imaginary) * cosine - splat(real) * sine)
    for place in range(done, count):
        cosine_one, sine_one = cos(gamma * values[place]), sin(gamma * values[place])
        phases[at + place] = real * cosine_one + imaginary * sine_one
        phases[at + pitch + place] = imaginary * cosine_one - real * sine_one


phases_of = compile_kernel(_phases_of, uses=(vector_lanes, lane_waves))


def fill(
    codes: Any, begin: int, count: int, flip: int, tables: Any, parts: int, waves: Any, at: int, pitch: int
) -> None:
    """Write the phases of states ``begin ^ flip``, ``(begin + 1) ^ flip``, ... from ``waves[at]`` on.

    Args:
        codes: per state, the code of its cost (uint8 or uint16) or its cost (float64).
        begin: first stored state, a multiple of ``count``.
        count: how many.
        flip: bits of the states that are stored flipped.
        tables: for codes, rows of equal length: real parts, imaginary parts, costs of every code. For costs:
            gamma, real and imaginary part of f, largest absolute cost.
        parts: 1 for the first part only (for float64 codes: the codes themselves), 2 for phases, 3 for
            phases and costs.
        waves: where to write, in the precision of the state.
        at: first place.
        pitch: distance of the parts.

    Raises:
        NotImplementedError: called outside of a kernel.
    """
    raise NotImplementedError("fill exists inside compiled kernels only")


@overload(fill, inline="never", jit_options={"nogil": True})  # type: ignore[untyped-decorator]
def _choose_fill(
    codes: Any, begin: int, count: int, flip: int, tables: Any, parts: int, waves: Any, at: int, pitch: int
) -> None:
    if isinstance(codes.dtype, types.Integer):
        return _fill_by_code  # type: ignore[return-value]
    return _fill_by_cost if waves.dtype == types.float64 else _fill_rounded  # type: ignore[return-value]


def _fill_by_code(
    codes: Any, begin: int, count: int, flip: int, tables: Any, parts: int, waves: Any, at: int, pitch: int
) -> None:
    length = tables.size // parts
    if flip == 0:
        width = 1 << lane_bits(waves)
        for j in range(0, count, width):
            for part in range(parts):
                store(waves, at + part * pitch + j, gather(tables, part * length, codes, begin + j))
    else:
        for j in range(count):
            code = codes[(begin + j) ^ flip]
            for part in range(parts):
                waves[at + part * pitch + j] = tables[part * length + code]


def _fill_by_cost(
    codes: Any, begin: int, count: int, flip: int, tables: Any, parts: int, waves: Any, at: int, pitch: int
) -> None:
    safe = abs(tables[0]) * tables[3] <= LARGEST_ANGLE
    if flip == 0 and parts == 2:
        phases_of(codes[begin : begin + count], tables[0], tables[1], tables[2], safe, waves, at, pitch)
        return
    kept = (parts - 1) * pitch
    for j in range(count):
        waves[at + kept + j] = codes[(begin + j) ^ flip]
    if parts == 1:
        return
    # with two parts the costs stand where the sines will; every vector is read before it is written
    costs = waves[at + kept : at + kept + count]
    phases_of(costs, tables[0], tables[1], tables[2], safe, waves, at, pitch)


def _fill_rounded(
    codes: Any, begin: int, count: int, flip: int, tables: Any, parts: int, waves: Any, at: int, pitch: int
) -> None:
    """Phases in double precision, some states at a time, rounded to single."""
    size = min(count, 64)
    few = np.empty(3 * size)
    safe = abs(tables[0]) * tables[3] <= LARGEST_ANGLE
    for first in range(0, count, size):
        for j in range(size):
            few[2 * size + j] = codes[(begin + first + j) ^ flip]
        if parts > 1:
            phases_of(few[2 * size :], tables[0], tables[1], tables[2], safe, few, 0, size)
        for part in range(parts):
            source = 2 * size if part == 2 or parts == 1 else part * size
            target = at + part * pitch + first
            for j in range(size):
                waves[target + j] = few[source + j]


USES = (vector_lanes, lane_waves)
