"""Turns about X of the high bits, on panels: some columns of all blocks at a time.

A panel is copied to a buffer as its first bits are turned, and back with the last. See `mixer_kernels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import mixer_kernels
from .compiled import compile_kernel
from .mixer_kernels import multiply_0, next_bits, plain_1, plain_2, plain_3
from .mixer_steps import MULTIPLY, PLAIN, make_step, most_bits
from .phase_kernels import fill
from .vector_lanes import lane_bits

__all__ = ["USES", "high_pass"]

USES = (*mixer_kernels.USES, mixer_kernels)

multiply_1 = make_step(1, 1, lanes=False, mirror=False, phase=MULTIPLY)
multiply_2 = make_step(2, 2, lanes=False, mirror=False, phase=MULTIPLY)
multiply_3 = make_step(3, 1, lanes=False, mirror=False, phase=MULTIPLY)


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
            # From the constant 0 numba would first compile the step for a bit that is always 0.
            bit: Any = np.int64(0)
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
