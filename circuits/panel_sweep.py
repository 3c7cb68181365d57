"""Passes over a state: a panel of some axes is brought into the cache, treated there, and written back.

A state is an array of float64, real and imaginary parts in turn. `Panels` says which rows and columns make a
panel. A forward pass turns the phase of the cost first and then acts on the axes; a backward pass works on
two states at once, measures every generator between them and undoes the step on both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import lane_waves, panel_steps, vector_lanes
from .compiled import compile_kernel
from .panel_steps import (
    add_multiple,
    apply_matrix,
    form_of_sums,
    form_with_matrix,
    turn_by_code,
    turn_by_energy,
)

__all__ = ["NO_PHASE", "PHASE_BY_CODE", "PHASE_BY_ENERGY", "backward_pass", "forward_pass"]

NO_PHASE, PHASE_BY_CODE, PHASE_BY_ENERGY = 0, 1, 2
# Columns of an encoded axis: levels, rows between two levels, offset of its numbers, and whether these are
# the coefficient of a rank-one update or two matrices (the step, then its generator).
# Entries of a geometry: rows, distance of rows, distance of lanes, number of lanes in all, distance of
# blocks.


def _read(
    state: Any, panel: Any, base: int, rows: int, row_step: int, lane_step: int, lanes: int, at: int
) -> None:
    for row in range(rows):
        place = base + 16 * row
        source = 2 * (at + row * row_step)
        if lanes == 8:
            for lane in range(8):
                panel[place + lane] = state[source + 2 * lane * lane_step]
                panel[place + 8 + lane] = state[source + 2 * lane * lane_step + 1]
        else:
            for lane in range(16):
                panel[place + lane] = 0.0
            for lane in range(lanes):
                panel[place + lane] = state[source + 2 * lane * lane_step]
                panel[place + 8 + lane] = state[source + 2 * lane * lane_step + 1]


def _write(
    state: Any, panel: Any, base: int, rows: int, row_step: int, lane_step: int, lanes: int, at: int
) -> None:
    for row in range(rows):
        place = base + 16 * row
        target = 2 * (at + row * row_step)
        if lanes == 8:
            for lane in range(8):
                state[target + 2 * lane * lane_step] = panel[place + lane]
                state[target + 2 * lane * lane_step + 1] = panel[place + 8 + lane]
        else:
            for lane in range(lanes):
                state[target + 2 * lane * lane_step] = panel[place + lane]
                state[target + 2 * lane * lane_step + 1] = panel[place + 8 + lane]


_uses = (lane_waves, panel_steps, vector_lanes)
read = compile_kernel(_read)
write = compile_kernel(_write)


def _forward(
    state: Any,
    geometry: Any,
    axes: Any,
    numbers: Any,
    start: int,
    stop: int,
    phase: int,
    codes: Any,
    table: Any,
    energies: Any,
    gamma: float,
) -> None:
    rows, row_step, lane_step, n_lanes, block = geometry
    spare = 16 * rows
    largest = 1
    for axis in range(len(axes)):
        largest = max(largest, axes[axis, 0])
    panel = np.zeros(spare + 16 * largest)
    per_block = (n_lanes + 7) // 8
    for number in range(start, stop):
        first = 8 * (number % per_block)
        at = (number // per_block) * block + first * lane_step
        lanes = min(8, n_lanes - first)
        read(state, panel, 0, rows, row_step, lane_step, lanes, at)
        if phase == 1:
            for row in range(rows):
                turn_by_code(panel, 16 * row, codes, at + row * row_step, lanes, lane_step, table)
        elif phase == 2:
            for row in range(rows):
                turn_by_energy(panel, 16 * row, energies, at + row * row_step, lanes, lane_step, gamma, spare)
        for axis in range(len(axes)):
            levels, inner, offset, kind = axes[axis]
            if kind == 0:
                add_multiple(panel, 0, rows, levels, inner, numbers[offset], numbers[offset + 1])
            else:
                apply_matrix(panel, 0, rows, levels, inner, numbers, offset, spare)
        write(state, panel, 0, rows, row_step, lane_step, lanes, at)


forward_pass = compile_kernel(_forward, uses=_uses)


def _backward(
    state: Any,
    costate: Any,
    geometry: Any,
    axes: Any,
    numbers: Any,
    forms: Any,
    start: int,
    stop: int,
    phase: int,
    codes: Any,
    table: Any,
    levels_of_codes: Any,
    energies: Any,
    gamma: float,
) -> None:
    rows, row_step, lane_step, n_lanes, block = geometry
    other = 16 * rows
    spare = 32 * rows
    largest = 1
    for axis in range(len(axes)):
        largest = max(largest, axes[axis, 0])
    panel = np.zeros(spare + 16 * largest)
    per_block = (n_lanes + 7) // 8
    last = len(axes)
    for number in range(start, stop):
        first = 8 * (number % per_block)
        at = (number // per_block) * block + first * lane_step
        lanes = min(8, n_lanes - first)
        read(state, panel, 0, rows, row_step, lane_step, lanes, at)
        read(costate, panel, other, rows, row_step, lane_step, lanes, at)
        for axis in range(len(axes)):
            levels, inner, offset, kind = axes[axis]
            if kind == 0:
                forms[axis] += form_of_sums(panel, other, 0, rows, levels, inner)
                for base in (0, other):
                    add_multiple(panel, base, rows, levels, inner, numbers[offset], numbers[offset + 1])
            else:
                generator = offset + 2 * levels * levels
                forms[axis] += form_with_matrix(panel, other, 0, rows, levels, inner, numbers, generator)
                for base in (0, other):
                    apply_matrix(panel, base, rows, levels, inner, numbers, offset, spare)
        if phase:
            total = 0.0
            for row in range(rows):
                u, v = 16 * row, other + 16 * row
                place = at + row * row_step
                for lane in range(lanes):
                    spot = place + lane * lane_step
                    energy = levels_of_codes[codes[spot]] if phase == 1 else energies[spot]
                    twist = panel[v + lane] * panel[u + 8 + lane] - panel[v + 8 + lane] * panel[u + lane]
                    total += energy * twist
                if phase == 1:
                    turn_by_code(panel, u, codes, place, lanes, lane_step, table)
                    turn_by_code(panel, v, codes, place, lanes, lane_step, table)
                else:
                    turn_by_energy(panel, u, energies, place, lanes, lane_step, gamma, spare)
                    turn_by_energy(panel, v, energies, place, lanes, lane_step, gamma, spare)
            forms[last] += total
        write(state, panel, 0, rows, row_step, lane_step, lanes, at)
        write(costate, panel, other, rows, row_step, lane_step, lanes, at)


backward_pass = compile_kernel(_backward, uses=_uses)
