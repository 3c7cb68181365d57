"""Compiled loops of the statevector simulator and of its adjoint sweep.

A working state is an array of vectors of eight lanes: the real parts of vector v stand at 16 v, the imaginary
parts at 16 v + 8. With ``shift`` 0 the lanes are eight rows of a batch and v is the amplitude's index; with
``shift`` 3 the state is one row, v are the upper bits of the index and the lane is its lowest three.

A gate with targets acts on pairs of vectors (first, second), while the bits that are not bound run through
all values (`gate_lowering`). Targets are bits of v (`lane_layouts` sees to that). Controls are bits of v too,
contained in ``first`` and ``second``, or select lanes.
"""

from __future__ import annotations

from typing import Any

from . import vector_lanes
from .compiled import compile_kernel
from .vector_lanes import load, splat, store

# Operations. The turns are exp(-i angle P / 2) with P = X, Y, Z on the pair.
EXCHANGE, TURN_X, TURN_Y, TURN_Z, PHASE, FIXED_PHASE, ROT, U, FIXED, UNITARY, DIAGONAL, RELAYOUT = range(12)
# Columns of an encoded operation: SLOT is the table column of its first angle, MASK selects lanes, MATRIX and
# PLACES are offsets into constants and places, SIZE is 2**k for k targets, SIGN multiplies the angle.
CODE, FIRST, SECOND, BOUND, MASK, SLOT, N_ANGLES, MATRIX, PLACES, SIZE, SIGN = range(11)
N_COLUMNS = 11
# A thread's buffer: the 2 x 2 matrix of a gate (64 numbers), the moments of its pairs, amplitudes.
MOMENTS, AMPLITUDES = 64, 96


def _exchange(state: Any, count: int, bound: int, first: int, second: int, on: Any, blend: bool) -> None:
    free = (count - 1) & ~bound
    off = splat(1.0) - on
    v = 0
    while True:
        p = 16 * (v | first)
        q = 16 * (v | second)
        a = load(state, p)
        b = load(state, p + 8)
        c = load(state, q)
        d = load(state, q + 8)
        if blend:
            store(state, p, off * a + on * c)
            store(state, p + 8, off * b + on * d)
            store(state, q, off * c + on * a)
            store(state, q + 8, off * d + on * b)
        else:
            store(state, p, c)
            store(state, p + 8, d)
            store(state, q, a)
            store(state, q + 8, b)
        v = (v - free) & free  # the next number made of free bits only
        if v == 0:
            break


def _turn_x(state: Any, count: int, bound: int, first: int, second: int, cosine: Any, sine: Any) -> None:
    free = (count - 1) & ~bound
    v = 0
    while True:
        p = 16 * (v | first)
        q = 16 * (v | second)
        a = load(state, p)
        b = load(state, p + 8)
        c = load(state, q)
        d = load(state, q + 8)
        store(state, p, cosine * a + sine * d)
        store(state, p + 8, cosine * b - sine * c)
        store(state, q, cosine * c + sine * b)
        store(state, q + 8, cosine * d - sine * a)
        v = (v - free) & free
        if v == 0:
            break


def _turn_y(state: Any, count: int, bound: int, first: int, second: int, cosine: Any, sine: Any) -> None:
    free = (count - 1) & ~bound
    v = 0
    while True:
        p = 16 * (v | first)
        q = 16 * (v | second)
        a = load(state, p)
        b = load(state, p + 8)
        c = load(state, q)
        d = load(state, q + 8)
        store(state, p, cosine * a - sine * c)
        store(state, p + 8, cosine * b - sine * d)
        store(state, q, cosine * c + sine * a)
        store(state, q + 8, cosine * d + sine * b)
        v = (v - free) & free
        if v == 0:
            break


def _phase(state: Any, count: int, bound: int, first: int, cosine: Any, sine: Any) -> None:
    free = (count - 1) & ~bound
    v = 0
    while True:
        p = 16 * (v | first)
        a = load(state, p)
        b = load(state, p + 8)
        store(state, p, cosine * a - sine * b)
        store(state, p + 8, cosine * b + sine * a)
        v = (v - free) & free
        if v == 0:
            break


def _pairs(state: Any, count: int, bound: int, first: int, second: int, matrix: Any) -> None:
    ar, ai, br, bi = load(matrix, 0), load(matrix, 8), load(matrix, 16), load(matrix, 24)
    cr, ci, dr, di = load(matrix, 32), load(matrix, 40), load(matrix, 48), load(matrix, 56)
    free = (count - 1) & ~bound
    v = 0
    while True:
        p = 16 * (v | first)
        q = 16 * (v | second)
        a = load(state, p)
        b = load(state, p + 8)
        c = load(state, q)
        d = load(state, q + 8)
        store(state, p, ar * a - ai * b + br * c - bi * d)
        store(state, p + 8, ar * b + ai * a + br * d + bi * c)
        store(state, q, cr * a - ci * b + dr * c - di * d)
        store(state, q + 8, cr * b + ci * a + dr * d + di * c)
        v = (v - free) & free
        if v == 0:
            break


def _unitary(
    state: Any,
    count: int,
    bound: int,
    first: int,
    places: Any,
    place: int,
    size: int,
    matrix: Any,
    start: int,
    inverse: bool,
    buffer: Any,
) -> None:
    """A constant matrix: its entries from ``start`` on, the vectors it mixes from ``place`` on."""
    free = (count - 1) & ~bound
    v = 0
    while True:
        for column in range(size):
            p = 16 * (v | first | places[place + column])
            store(buffer, AMPLITUDES + 16 * column, load(state, p))
            store(buffer, AMPLITUDES + 16 * column + 8, load(state, p + 8))
        for row in range(size):
            real = splat(0.0)
            imaginary = splat(0.0)
            for column in range(size):
                entry = start + 2 * (column * size + row if inverse else row * size + column)
                x = splat(matrix[entry])
                y = splat(-matrix[entry + 1] if inverse else matrix[entry + 1])
                a = load(buffer, AMPLITUDES + 16 * column)
                b = load(buffer, AMPLITUDES + 16 * column + 8)
                real = real + x * a - y * b
                imaginary = imaginary + x * b + y * a
            p = 16 * (v | first | places[place + row])
            store(state, p, real)
            store(state, p + 8, imaginary)
        v = (v - free) & free
        if v == 0:
            break


def _relayout(state: Any, count: int, bound: int, first: int, places: Any, place: int) -> None:
    """Exchange the three lane bits with three bits of v: an 8 x 8 transposition."""
    free = (count - 1) & ~bound
    v = 0
    while True:
        for i in range(8):
            p = 16 * (v | first | places[place + i])
            for j in range(i):
                q = 16 * (v | first | places[place + j])
                for part in range(0, 16, 8):
                    kept = state[p + part + j]
                    state[p + part + j] = state[q + part + i]
                    state[q + part + i] = kept
        v = (v - free) & free
        if v == 0:
            break


def _moments(
    state: Any, half: int, count: int, bound: int, first: int, second: int, on: Any, buffer: Any
) -> None:
    """Im <bra| P |ket> on the pairs, per lane, for P = 1, X, Y, Z; the bra stands behind the ket."""
    free = (count - 1) & ~bound
    one = splat(0.0)
    two = splat(0.0)
    x = splat(0.0)
    y = splat(0.0)
    v = 0
    while True:
        p = 16 * (v | first)
        q = 16 * (v | second)
        a = load(state, p)
        b = load(state, p + 8)
        c = load(state, q)
        d = load(state, q + 8)
        e = load(state, half + p)
        f = load(state, half + p + 8)
        g = load(state, half + q)
        h = load(state, half + q + 8)
        # Parentheses keep the chains of additions that wait for each other short.
        one = one + (e * b - f * a)
        two = two + (g * d - h * c)
        x = x + ((e * d - f * c) + (g * b - h * a))
        y = y + ((g * a + h * b) - (e * c + f * d))
        v = (v - free) & free
        if v == 0:
            break
    store(buffer, MOMENTS, on * (one + two))
    store(buffer, MOMENTS + 8, on * x)
    store(buffer, MOMENTS + 16, on * y)
    store(buffer, MOMENTS + 24, on * (one - two))


def _overlap(state: Any, half: int, count: int, bound: int, first: int) -> Any:
    """Im <bra|ket> over the vectors that contain ``first``, per lane."""
    free = (count - 1) & ~bound
    result = splat(0.0)
    v = 0
    while True:
        p = 16 * (v | first)
        result = result + load(state, half + p) * load(state, p + 8)
        result = result - load(state, half + p + 8) * load(state, p)
        v = (v - free) & free
        if v == 0:
            break
    return result


exchange = compile_kernel(_exchange, uses=(vector_lanes,))
turn_x = compile_kernel(_turn_x, uses=(vector_lanes,))
turn_y = compile_kernel(_turn_y, uses=(vector_lanes,))
phase = compile_kernel(_phase, uses=(vector_lanes,))
pairs = compile_kernel(_pairs, uses=(vector_lanes,))
unitary = compile_kernel(_unitary, uses=(vector_lanes,))
relayout = compile_kernel(_relayout, uses=(vector_lanes,))
moments = compile_kernel(_moments, uses=(vector_lanes,))
overlap = compile_kernel(_overlap, uses=(vector_lanes,))
