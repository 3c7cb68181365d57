"""Steps on one panel of a state: a rank-one update or a small matrix on one axis, the phase of the cost.

A panel holds the rows of some axes, eight columns (lanes) at a time, inside the cache: the real parts of row
r stand at ``base + 16 r``, the imaginary parts at ``base + 16 r + 8``. These functions run inside other
kernels only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import lane_waves, vector_lanes
from .compiled import compile_kernel
from .lane_waves import LARGEST_ANGLE, cosine_and_sine
from .vector_lanes import lane_sum, load, splat, store

__all__ = [
    "add_multiple",
    "apply_matrix",
    "form_of_sums",
    "form_with_matrix",
    "turn_by_code",
    "turn_by_energy",
]

_USES = (vector_lanes, lane_waves)


def _add_multiple(
    panel: Any, base: int, rows: int, levels: int, inner: int, real: float, imag: float
) -> None:
    """Add c times the sum of a fiber to all its entries, for every fiber of an axis."""
    step = 16 * inner
    c_re, c_im = splat(real), splat(imag)
    for outer in range(rows // (levels * inner)):
        for column in range(inner):
            first = base + 16 * (outer * levels * inner + column)
            total_re, total_im = load(panel, first), load(panel, first + 8)
            for level in range(1, levels):
                total_re = total_re + load(panel, first + level * step)
                total_im = total_im + load(panel, first + level * step + 8)
            add_re = c_re * total_re - c_im * total_im
            add_im = c_re * total_im + c_im * total_re
            for level in range(levels):
                place = first + level * step
                store(panel, place, load(panel, place) + add_re)
                store(panel, place + 8, load(panel, place + 8) + add_im)


def _apply_matrix(
    panel: Any, base: int, rows: int, levels: int, inner: int, matrix: Any, offset: int, spare: int
) -> None:
    """A matrix (interleaved, row by row from ``offset``) on every fiber; ``spare`` is room for one fiber."""
    step = 16 * inner
    for outer in range(rows // (levels * inner)):
        for column in range(inner):
            first = base + 16 * (outer * levels * inner + column)
            for level in range(levels):
                store(panel, spare + 16 * level, load(panel, first + level * step))
                store(panel, spare + 16 * level + 8, load(panel, first + level * step + 8))
            entry = offset
            for level in range(levels):
                new_re, new_im = splat(0.0), splat(0.0)
                for other in range(levels):
                    m_re, m_im = splat(matrix[entry]), splat(matrix[entry + 1])
                    x_re, x_im = load(panel, spare + 16 * other), load(panel, spare + 16 * other + 8)
                    new_re = new_re + m_re * x_re - m_im * x_im
                    new_im = new_im + m_re * x_im + m_im * x_re
                    entry += 2
                store(panel, first + level * step, new_re)
                store(panel, first + level * step + 8, new_im)


def _form_of_sums(panel: Any, left: int, right: int, rows: int, levels: int, inner: int) -> Any:
    """Im <left| J |right> for the all-ones matrix J on one axis."""
    step = 16 * inner
    result = splat(0.0)
    for outer in range(rows // (levels * inner)):
        for column in range(inner):
            first = 16 * (outer * levels * inner + column)
            a_re, a_im = load(panel, left + first), load(panel, left + first + 8)
            b_re, b_im = load(panel, right + first), load(panel, right + first + 8)
            for level in range(1, levels):
                place = first + level * step
                a_re, a_im = a_re + load(panel, left + place), a_im + load(panel, left + place + 8)
                b_re, b_im = b_re + load(panel, right + place), b_im + load(panel, right + place + 8)
            result = result + a_re * b_im - a_im * b_re
    return lane_sum(result)


def _form_with_matrix(
    panel: Any, left: int, right: int, rows: int, levels: int, inner: int, matrix: Any, offset: int
) -> Any:
    """Im <left| M |right> for a matrix M on one axis."""
    step = 16 * inner
    result = splat(0.0)
    for outer in range(rows // (levels * inner)):
        for column in range(inner):
            first = 16 * (outer * levels * inner + column)
            entry = offset
            for level in range(levels):
                y_re, y_im = splat(0.0), splat(0.0)
                for other in range(levels):
                    m_re, m_im = splat(matrix[entry]), splat(matrix[entry + 1])
                    place = right + first + other * step
                    x_re, x_im = load(panel, place), load(panel, place + 8)
                    y_re = y_re + m_re * x_re - m_im * x_im
                    y_im = y_im + m_re * x_im + m_im * x_re
                    entry += 2
                place = left + first + level * step
                result = result + load(panel, place) * y_im - load(panel, place + 8) * y_re
    return lane_sum(result)


def _turn_by_code(
    panel: Any, place: int, codes: Any, start: int, lanes: int, stride: int, table: Any
) -> None:
    """Multiply one row by the table's entries of its codes."""
    for lane in range(lanes):
        entry = 2 * np.int64(codes[start + lane * stride])
        c, s = table[entry], table[entry + 1]
        x, y = panel[place + lane], panel[place + 8 + lane]
        panel[place + lane] = c * x - s * y
        panel[place + 8 + lane] = c * y + s * x


def _turn_by_energy(
    panel: Any, place: int, energies: Any, start: int, lanes: int, stride: int, gamma: float, spare: int
) -> None:
    """Multiply one row by exp(-i gamma E)."""
    fine = True
    for lane in range(lanes):
        angle = -gamma * energies[start + lane * stride]
        fine = fine and abs(angle) < LARGEST_ANGLE
        panel[spare + lane] = angle
    if fine:
        c, s = cosine_and_sine(load(panel, spare))
        real, imag = load(panel, place), load(panel, place + 8)
        store(panel, place, c * real - s * imag)
        store(panel, place + 8, c * imag + s * real)
    else:
        for lane in range(lanes):
            a, b = math.cos(panel[spare + lane]), math.sin(panel[spare + lane])
            u, v = panel[place + lane], panel[place + 8 + lane]
            panel[place + lane] = a * u - b * v
            panel[place + 8 + lane] = a * v + b * u


add_multiple = compile_kernel(_add_multiple, uses=_USES)
apply_matrix = compile_kernel(_apply_matrix, uses=_USES)
form_of_sums = compile_kernel(_form_of_sums, uses=_USES)
form_with_matrix = compile_kernel(_form_with_matrix, uses=_USES)
turn_by_code = compile_kernel(_turn_by_code, uses=_USES)
turn_by_energy = compile_kernel(_turn_by_energy, uses=_USES)
