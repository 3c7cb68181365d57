"""One way through memory for phases and turns about X: the low bits block by block, the high bits in panels.

A stored state has 2**n_bits amplitudes. Its low ``block_bits`` bits number the amplitudes of a block, which
stays in a core's own cache while all of its bits are turned; the high bits are turned on panels, a few columns
of all blocks at a time, copied to a buffer as the first bits are turned and back with the last. Both kinds of
pass do the turns of one layer (row ``before`` of the tangents), phases, and turns of the next layer (row
``after``; -1 for none), so that a layer costs one way through memory: turns of different bits commute.

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

__all__ = ["USES", "high_pass", "low_pass", "turn_bits"]

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
multiply_1 = make_step(1, 1, lanes=False, mirror=False, phase=MULTIPLY)
multiply_2 = make_step(2, 2, lanes=False, mirror=False, phase=MULTIPLY)
multiply_3 = make_step(3, 1, lanes=False, mirror=False, phase=MULTIPLY)


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
    """Phases, the bits of the lanes and the first bits above them; ``mirror`` is -1 or the last mirrored place."""
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
    for start in range(begin, begin + size, inner):
        for at in range(start, start + inner, count):
            if mode != PLAIN:
                fill(codes, at, count, flip, tables, parts, waves, 0, wave_pitch)
                if mirrored:
                    fill(codes, end - at - count, count, flip, tables, parts, waves, count, wave_pitch)
            mirror = end - at - width if mirrored else -1
            tile(
                state, pitch, at, count, mirror, mode, waves, wave_pitch, tangents, place, last, sums, cost_sum
            )
            turn_bits(state, pitch, at, near, bits, tangents, place, sums)
            if mirrored:
                turn_bits(state, pitch, end - at - count, near, bits, tangents, place, sums)
        turn_bits(state, pitch, start, bits, inner_bits, tangents, place, sums)
        if mirrored:
            turn_bits(state, pitch, end - start - inner, bits, inner_bits, tangents, place, sums)
    turn_bits(state, pitch, begin, inner_bits, block_bits, tangents, place, sums)
    if mirrored:
        turn_bits(state, pitch, end - begin - size, inner_bits, block_bits, tangents, place, sums)


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
    """Blocks ``first`` to ``last`` - 1: turns of layer ``before``, phases by ``mode``, turns of layer ``after``.

    ``waves`` has room for 2**9 phases in ``parts`` parts, ``wave_pitch`` apart. With ``mirrored`` only blocks of
    the lower half are named.
    """
    for block in range(first, last):
        begin = block << block_bits
        if before >= 0:
            turn_block(
                state, pitch, n_bits, block_bits, begin, mirrored, PLAIN, codes, flip, tables, parts,
                waves, wave_pitch, tangents, before, columns, sums, cost_row,
            )  # fmt: skip
        if after >= 0:
            turn_block(
                state, pitch, n_bits, block_bits, begin, mirrored, mode, codes, flip, tables, parts,
                waves, wave_pitch, tangents, after, columns, sums, cost_row,
            )  # fmt: skip
        elif mode != PLAIN:
            cost_sum = cost_row * columns + columns - 1
            for part in range(2 if mirrored else 1):
                take_phases(
                    state, pitch, (1 << n_bits) - begin - (1 << block_bits) if part else begin,
                    1 << block_bits, codes, flip, tables, parts, waves, wave_pitch, tangents, sums, cost_sum,
                )  # fmt: skip


low_pass = compile_kernel(_low_pass, uses=USES)


def _panel_step(
    source: Any, source_at: int, source_row: int, source_pitch: int,
    target: Any, target_at: int, target_row: int, target_pitch: int,
    rows: int, bit: int, bits: int, columns: int, mode: int, codes: Any, code_at: int, code_row: int,
    flip: int, tables: Any, parts: int, waves: Any, wave_pitch: int, tangents: Any, first: int, sums: Any,
    cost_sum: int,
) -> None:  # fmt: skip
    """Turn ``bits`` bits from ``bit`` on of the number of a row; the bit 1 << b of it lies b rows apart."""
    width = 1 << lane_bits(source)
    stride = 1 << bit
    from_stride, to_stride = stride * source_row, stride * target_row
    for outer in range(0, rows, stride << bits):
        for row in range(outer, outer + stride):
            if mode == MULTIPLY:
                for j in range(1 << bits):
                    begin = code_at + (row + j * stride) * code_row
                    fill(codes, begin, columns, flip, tables, parts, waves, j * columns, wave_pitch)
            p = source_at + row * source_row
            q = target_at + row * target_row
            if mode == MULTIPLY:
                for at in range(0, columns, width):
                    if bits == 3:
                        multiply_3(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, at, columns, wave_pitch, 0, tangents, first, 0, sums,
                            cost_sum,
                        )  # fmt: skip
                    elif bits == 2:
                        multiply_2(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, at, columns, wave_pitch, 0, tangents, first, 0, sums,
                            cost_sum,
                        )  # fmt: skip
                    elif bits == 1:
                        multiply_1(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, at, columns, wave_pitch, 0, tangents, first, 0, sums,
                            cost_sum,
                        )  # fmt: skip
                    else:
                        multiply_0(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, at, columns, wave_pitch, 0, tangents, first, 0, sums,
                            cost_sum,
                        )  # fmt: skip
            else:
                for at in range(0, columns, width):
                    if bits == 3:
                        plain_3(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, 0, 0, 0, 0, tangents, first, 0, sums, 0,
                        )  # fmt: skip
                    elif bits == 2:
                        plain_2(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, 0, 0, 0, 0, tangents, first, 0, sums, 0,
                        )  # fmt: skip
                    else:
                        plain_1(
                            source, p + at, from_stride, source_pitch, target, q + at, to_stride,
                            target_pitch, 0, waves, 0, 0, 0, 0, tangents, first, 0, sums, 0,
                        )  # fmt: skip


panel_step = compile_kernel(_panel_step, uses=USES)


def _high_pass(
    state: Any, pitch: int, first: int, last: int, n_bits: int, block_bits: int, column_bits: int,
    before: int, after: int, mode: int, codes: Any, flip: int, tables: Any, parts: int,
    waves: Any, wave_pitch: int, buffer: Any, buffer_pitch: int, tangents: Any, columns: int, sums: Any,
    cost_row: int,
) -> None:  # fmt: skip
    """Panels ``first`` to ``last`` - 1 of 2**column_bits columns: as `low_pass`, for the high bits."""
    row_bits = n_bits - block_bits
    most = most_bits(sums)
    steps = (row_bits + most - 1) // most
    stages = (1 if before >= 0 else 0) + (1 if after >= 0 else 0)
    only_phases = mode != PLAIN and after < 0
    total = stages * steps + (1 if only_phases else 0)
    cost_sum = cost_row * columns + columns - 1
    rows = 1 << row_bits
    width = 1 << column_bits
    block = 1 << block_bits
    for panel in range(first, last):
        begin = panel << column_bits
        done = 0
        for stage in range(3):
            if (stage == 0 and before < 0) or (stage == 1 and after < 0) or (stage == 2 and not only_phases):
                continue
            layer = before if stage == 0 else after
            bit = 0
            while bit < row_bits:
                bits = 0 if stage == 2 else next_bits(row_bits - bit, most)
                now = mode if stage == 2 or (stage == 1 and bit == 0) else PLAIN
                place = 0 if stage == 2 else layer * columns + block_bits + bit
                near, far = done == 0, done == total - 1
                panel_step(
                    state if near else buffer, begin if near else 0, block if near else width,
                    pitch if near else buffer_pitch,
                    state if far else buffer, begin if far else 0, block if far else width,
                    pitch if far else buffer_pitch,
                    rows, bit, bits, width, now, codes, begin, block, flip, tables, parts, waves,
                    wave_pitch, tangents, place, sums, cost_sum,
                )  # fmt: skip
                done += 1
                bit = row_bits if stage == 2 else bit + bits


high_pass = compile_kernel(_high_pass, uses=USES)
