"""Turns about X of the low bits, block by block, with the phases before them.

A stored state has 2**n_bits amplitudes. Its low ``block_bits`` bits number the amplitudes of a block, which
stays in a core's own cache while all of its bits are turned; the high bits are those of `panel_kernels`. Both
kinds of pass do the turns of one layer (row ``before`` of the tangents), phases, and turns of the next layer
(row ``after``; -1 for none), so that a layer costs one way through memory: turns of different bits commute.

Where a state is stored by halves (`diagonal_layout`), a block goes together with its mirrored block.

With sums (one row of eight doubles for each tangent) the passes are those of the backward sweep; see
`mixer_steps`.
"""

from __future__ import annotations

from typing import Any

from . import lane_waves, mixer_steps, phase_kernels, vector_lanes
from .compiled import compile_kernel
from .mixer_steps import FRESH, MULTIPLY, PLAIN, SPAWN, make_step, most_bits
from .phase_kernels import fill
from .vector_lanes import lane_bits

__all__ = ["USES", "low_pass", "next_bits", "plain_1", "plain_2", "plain_3", "turn_bits"]

_TILE_BITS = 9  # amplitudes whose phases are kept at hand: 8 kB in double precision
_INNER_BITS = 14  # amplitudes of the second-level cache: 256 kB in double precision, half of them if mirrored
USES = (vector_lanes, lane_waves, mixer_steps, phase_kernels)

lanes_plain = make_step(3, 2, lanes=True, mirror=False, phase=PLAIN)
lanes_multiply = make_step(3, 2, lanes=True, mirror=False, phase=MULTIPLY)
lanes_fresh = make_step(3, 2, lanes=True, mirror=False, phase=FRESH)
lanes_spawn = make_step(3, 2, lanes=True, mirror=False, phase=SPAWN)
mirror_plain = make_step(3, 2, lanes=True, mirror=True, phase=PLAIN)
mirror_multiply = make_step(3, 2, lanes=True, mirror=True, phase=MULTIPLY)
mirror_fresh = make_step(3, 2, lanes=True, mirror=True, phase=FRESH)
mirror_spawn = make_step(3, 2, lanes=True, mirror=True, phase=SPAWN)
plain_1 = make_step(1, 1, lanes=False, mirror=False, phase=PLAIN)
plain_2 = make_step(2, 2, lanes=False, mirror=False, phase=PLAIN)
# A backward sweep never takes three bits at once: what stands here for it only keeps the compiled code small.
plain_3 = make_step(3, 1, lanes=False, mirror=False, phase=PLAIN)
multiply_0 = make_step(0, 0, lanes=False, mirror=False, phase=MULTIPLY)


def _next_bits(left: int, most: int) -> int:
    """How many of the bits that are left the next step turns: about equal parts."""
    steps = (left + most - 1) // most
    return (left + steps - 1) // steps


next_bits = compile_kernel(_next_bits)


def _turn_bits(
    state: Any, pitch: int, begin: int, low: int, high: int, tangents: Any, place: int, sums: Any
) -> None:
    """Turn bits ``low`` to ``high`` - 1 of the 2**high amplitudes from ``begin`` on, in place."""
    width = 1 << lane_bits(state)
    bit = low
    while bit < high:
        bits = next_bits(high - bit, most_bits(sums))
        stride = 1 << bit
        first = place + bit
        for outer in range(begin, begin + (1 << high), stride << bits):
            for at in range(outer, outer + stride, width):
                if bits == 3:
                    plain_3(
                        state, at, stride, pitch, state, at, stride, pitch, 0,
                        state, 0, 0, 0, 0, tangents, first, 0, sums, 0,
                    )  # fmt: skip
                elif bits == 2:
                    plain_2(
                        state, at, stride, pitch, state, at, stride, pitch, 0,
                        state, 0, 0, 0, 0, tangents, first, 0, sums, 0,
                    )  # fmt: skip
                else:
                    plain_1(
                        state, at, stride, pitch, state, at, stride, pitch, 0,
                        state, 0, 0, 0, 0, tangents, first, 0, sums, 0,
                    )  # fmt: skip
        bit += bits


turn_bits = compile_kernel(_turn_bits, uses=USES)


def _tile(
    state: Any, pitch: int, begin: int, count: int, mirror: int, mode: int, waves: Any, wave_pitch: int,
    tangents: Any, place: int, last: int, sums: Any, cost_sum: int,
) -> None:  # fmt: skip
    """Phases, the bits of the lanes and the first bits above; ``mirror``: last mirrored place, or -1."""
    width = 1 << lane_bits(state)
    if mirror < 0:
        group = width << most_bits(sums)
        for at in range(0, count, group):
            p = begin + at
            if mode == PLAIN:
                lanes_plain(
                    state, p, width, pitch, state, p, width, pitch, 0,
                    waves, at, width, wave_pitch, 0, tangents, place, last, sums, cost_sum,
                )  # fmt: skip
            elif mode == MULTIPLY:
                lanes_multiply(
                    state, p, width, pitch, state, p, width, pitch, 0,
                    waves, at, width, wave_pitch, 0, tangents, place, last, sums, cost_sum,
                )  # fmt: skip
            elif mode == FRESH:
                lanes_fresh(
                    state, p, width, pitch, state, p, width, pitch, 0,
                    waves, at, width, wave_pitch, 0, tangents, place, last, sums, cost_sum,
                )  # fmt: skip
            else:
                lanes_spawn(
                    state, p, width, pitch, state, p, width, pitch, 0,
                    waves, at, width, wave_pitch, 0, tangents, place, last, sums, cost_sum,
                )  # fmt: skip
        return
    group = width << (most_bits(sums) - 1)
    for at in range(0, count, group):
        p = begin + at
        q = mirror - at
        wave = 2 * count - width - at
        if mode == PLAIN:
            mirror_plain(
                state, p, width, pitch, state, p, width, pitch, q,
                waves, at, width, wave_pitch, wave, tangents, place, last, sums, cost_sum,
            )  # fmt: skip
        elif mode == MULTIPLY:
            mirror_multiply(
                state, p, width, pitch, state, p, width, pitch, q,
                waves, at, width, wave_pitch, wave, tangents, place, last, sums, cost_sum,
            )  # fmt: skip
        elif mode == FRESH:
            mirror_fresh(
                state, p, width, pitch, state, p, width, pitch, q,
                waves, at, width, wave_pitch, wave, tangents, place, last, sums, cost_sum,
            )  # fmt: skip
        else:
            mirror_spawn(
                state, p, width, pitch, state, p, width, pitch, q,
                waves, at, width, wave_pitch, wave, tangents, place, last, sums, cost_sum,
            )  # fmt: skip


tile = compile_kernel(_tile, uses=USES)


def _turn_block(
    state: Any, pitch: int, n_bits: int, block_bits: int, begin: int, mirrored: bool, mode: int,
    codes: Any, flip: int, tables: Any, parts: int, waves: Any, wave_pitch: int,
    tangents: Any, row: int, columns: int, sums: Any, cost_row: int,
) -> None:  # fmt: skip
    """Phases, and the turns of all bits of one block (and of its mirrored block)."""
    size = 1 << block_bits
    end = 1 << n_bits
    most = most_bits(sums)
    near = lane_bits(state) + most - (1 if mirrored else 0)
    bits = near
    while bits + most <= min(block_bits, _TILE_BITS - (1 if mirrored else 0)):
        bits += most
    count = 1 << bits
    place = row * columns
    last = place + columns - 2
    cost_sum = cost_row * columns + columns - 1
    width = 1 << lane_bits(state)
    inner_bits = max(bits, min(block_bits, _INNER_BITS))
    inner = 1 << inner_bits
    sides = 2 if mirrored else 1
    for start in range(begin, begin + size, inner):
        for at in range(start, start + inner, count):
            if mode != PLAIN:
                for side in range(sides):
                    own = end - at - count if side else at
                    fill(codes, own, count, flip, tables, parts, waves, side * count, wave_pitch)
            mirror = end - at - width if mirrored else -1
            tile(
                state, pitch, at, count, mirror, mode, waves, wave_pitch,
                tangents, place, last, sums, cost_sum,
            )  # fmt: skip
            for side in range(sides):
                own = end - at - count if side else at
                turn_bits(state, pitch, own, near, bits, tangents, place, sums)
        # the bits of a second-level cache after each part of it, those of the block after the last part
        for level in range(2 if start + inner == begin + size else 1):
            low, high = (inner_bits, block_bits) if level else (bits, inner_bits)
            for side in range(sides):
                own = begin if level else start
                own = end - own - (1 << high) if side else own
                turn_bits(state, pitch, own, low, high, tangents, place, sums)


turn_block = compile_kernel(_turn_block, uses=USES)


def _take_phases(
    state: Any, pitch: int, begin: int, count: int, codes: Any, flip: int, tables: Any, parts: int,
    waves: Any, wave_pitch: int, tangents: Any, sums: Any, cost_sum: int,
) -> None:  # fmt: skip
    """Multiply ``count`` amplitudes by phases (and measure the costs), with no turn."""
    width = 1 << lane_bits(state)
    step = min(count, 1 << _TILE_BITS)
    for start in range(begin, begin + count, step):
        fill(codes, start, step, flip, tables, parts, waves, 0, wave_pitch)
        for at in range(0, step, width):
            p = start + at
            multiply_0(
                state, p, width, pitch, state, p, width, pitch, 0,
                waves, at, width, wave_pitch, 0, tangents, 0, 0, sums, cost_sum,
            )  # fmt: skip


take_phases = compile_kernel(_take_phases, uses=USES)


def _low_pass(
    state: Any, pitch: int, first: int, last: int, n_bits: int, block_bits: int, mirrored: bool,
    before: int, after: int, mode: int, codes: Any, flip: int, tables: Any, parts: int,
    waves: Any, wave_pitch: int, tangents: Any, columns: int, sums: Any, cost_row: int,
) -> None:  # fmt: skip
    """Blocks ``first`` to ``last`` - 1: turns of ``before``, phases by ``mode``, turns of ``after``.

    ``waves`` has room for 2**9 phases in ``parts`` parts, ``wave_pitch`` apart. With ``mirrored`` only blocks
    of the lower half are named.
    """
    for block in range(first, last):
        begin = block << block_bits
        for stage in range(2):
            row = after if stage else before
            if row >= 0:
                turn_block(
                    state, pitch, n_bits, block_bits, begin, mirrored, mode if stage else PLAIN, codes, flip,
                    tables, parts, waves, wave_pitch, tangents, row, columns, sums, cost_row,
                )  # fmt: skip
        if after < 0 and mode != PLAIN:
            cost_sum = cost_row * columns + columns - 1
            for part in range(2 if mirrored else 1):
                take_phases(
                    state, pitch, (1 << n_bits) - begin - (1 << block_bits) if part else begin,
                    1 << block_bits, codes, flip, tables, parts, waves, wave_pitch, tangents, sums, cost_sum,
                )  # fmt: skip


low_pass = compile_kernel(_low_pass, uses=USES)
