"""A compiled sweep over the operations of an encoded circuit, for some of the rows of a table.

The outer loop runs over units: eight rows of a batch, or one row (see `statevector_kernels`). The state of a
unit stays where it is, mostly in the processor's cache, while all gates pass over it. Units share nothing, so
the parts of a table may be swept by as many threads as there are, with the same result.
"""

from __future__ import annotations

from typing import Any

from numba import types

from . import statevector_kernels, vector_lanes
from .compiled import compile_kernel
from .statevector_kernels import (
    BOUND,
    CODE,
    DIAGONAL,
    EXCHANGE,
    FIRST,
    FIXED,
    FIXED_PHASE,
    MASK,
    MATRIX,
    PHASE,
    PLACES,
    RELAYOUT,
    ROT,
    SECOND,
    SIGN,
    SIZE,
    SLOT,
    TURN_X,
    TURN_Y,
    TURN_Z,
    UNITARY,
    U,
    exchange,
    pairs,
    phase,
    relayout,
    turn_x,
    turn_y,
    unitary,
)
from .vector_lanes import load, splat, store

__all__ = ["angle", "apply", "read", "sweep_forward", "write"]

_USES = (statevector_kernels, vector_lanes)


def _angle(values: Any, n_slots: int, slot: int, unit: int, shift: int) -> Any:
    """Cosines or sines of one column of the table for the unit's rows, in the order of `HalfAngles`."""
    if shift == 0:
        return load(values, 8 * (unit * n_slots + slot))
    return splat(values[8 * ((unit >> 3) * n_slots + slot) + (unit & 7)])


angle = compile_kernel(_angle, uses=_USES)


def _put(
    m: Any, on: Any, inverse: bool, ar: Any, ai: Any, br: Any, bi: Any, cr: Any, ci: Any, dr: Any, di: Any
) -> None:
    """Store [[a, b], [c, d]], or its inverse, where ``on`` is 1, and the identity where it is 0."""
    off = splat(1.0) - on
    sign = splat(-1.0) * on if inverse else on
    store(m, 0, on * ar + off)
    store(m, 8, sign * ai)
    store(m, 16, on * (cr if inverse else br))
    store(m, 24, sign * (ci if inverse else bi))
    store(m, 32, on * (br if inverse else cr))
    store(m, 40, sign * (bi if inverse else ci))
    store(m, 48, on * dr + off)
    store(m, 56, sign * di)


put = compile_kernel(_put, uses=_USES)


def _matrix(
    m: Any,
    on: Any,
    inverse: bool,
    code: int,
    cosines: Any,
    sines: Any,
    n_slots: int,
    slot: int,
    unit: int,
    shift: int,
) -> None:
    """Store the matrix of a rot or u gate from its half angles."""
    c0 = angle(cosines, n_slots, slot, unit, shift)
    s0 = angle(sines, n_slots, slot, unit, shift)
    c1 = angle(cosines, n_slots, slot + 1, unit, shift)
    s1 = angle(sines, n_slots, slot + 1, unit, shift)
    c2 = angle(cosines, n_slots, slot + 2, unit, shift)
    s2 = angle(sines, n_slots, slot + 2, unit, shift)
    zero = splat(0.0)
    if code == ROT:
        # half sum and half difference of the outer angles
        c = c0 * c2 - s0 * s2
        s = s0 * c2 + c0 * s2
        d = c0 * c2 + s0 * s2
        e = s0 * c2 - c0 * s2
        put(
            m, on, inverse,
            c * c1, zero - s * c1, zero - d * s1, zero - e * s1,
            d * s1, zero - e * s1, c * c1, s * c1,
        )  # fmt: skip
    else:
        c = c1 * c1 - s1 * s1
        s = c1 * s1 + c1 * s1
        d = c2 * c2 - s2 * s2
        e = c2 * s2 + c2 * s2
        put(
            m, on, inverse,
            c0, zero, zero - d * s0, zero - e * s0,
            c * s0, s * s0, (c * d - s * e) * c0, (c * e + s * d) * c0,
        )  # fmt: skip


matrix = compile_kernel(_matrix, uses=_USES)


def _apply(
    state: Any,
    count: int,
    operations: Any,
    number: int,
    inverse: bool,
    places: Any,
    constants: Any,
    cosines: Any,
    sines: Any,
    n_slots: int,
    unit: int,
    shift: int,
    held: int,
    part: int,
    buffer: Any,
) -> None:
    """One operation, or its inverse, on ``count`` vectors: one state, or a ket and a bra behind it.

    Of all vectors it takes those whose ``held`` bits, none of which may be bound, are those of ``part``.
    """
    code = operations[number, CODE]
    first = operations[number, FIRST] | part
    second = operations[number, SECOND] | part
    bound = operations[number, BOUND] | held
    mask = operations[number, MASK]
    slot = operations[number, SLOT]
    size = operations[number, SIZE]
    entry = operations[number, MATRIX]
    place = operations[number, PLACES]
    # constants begin with one vector per mask: 1 in the lanes whose number contains it
    on = load(constants, 8 * mask)
    if code == EXCHANGE:
        exchange(state, count, bound, first, second, on, mask != 0)
    elif code == RELAYOUT:
        relayout(state, count, bound, first, places, place)
    elif code == UNITARY:
        unitary(state, count, bound, first, places, place, size, constants, entry, inverse, buffer)
    elif code == DIAGONAL:
        for i in range(size):
            sine = constants[entry + 2 * i + 1]
            cosine = splat(constants[entry + 2 * i])
            phase(state, count, bound, first | places[place + i], cosine, splat(-sine if inverse else sine))
    elif code == FIXED:
        put(
            buffer, on, inverse,
            splat(constants[entry]), splat(constants[entry + 1]),
            splat(constants[entry + 2]), splat(constants[entry + 3]),
            splat(constants[entry + 4]), splat(constants[entry + 5]),
            splat(constants[entry + 6]), splat(constants[entry + 7]),
        )  # fmt: skip
        pairs(state, count, bound, first, second, buffer)
    elif code in (ROT, U):
        matrix(buffer, on, inverse, code, cosines, sines, n_slots, slot, unit, shift)
        pairs(state, count, bound, first, second, buffer)
    else:
        if code == FIXED_PHASE:
            c = splat(constants[entry])
            s = splat(constants[entry + 1])
        else:
            c = angle(cosines, n_slots, slot, unit, shift)
            s = angle(sines, n_slots, slot, unit, shift) * splat(float(operations[number, SIGN]))
        if code == PHASE:
            e = c * c - s * s
            s = c * s + c * s
            c = e
        c = on * c + (splat(1.0) - on)
        s = on * s
        if inverse:
            s = splat(0.0) - s
        if code == TURN_X:
            turn_x(state, count, bound, first, second, c, s)
        elif code == TURN_Y:
            turn_y(state, count, bound, first, second, c, s)
        elif code == TURN_Z:
            phase(state, count, bound, first, c, splat(0.0) - s)
            phase(state, count, bound, second, c, s)
        else:
            phase(state, count, bound, first, c, s)


apply = compile_kernel(_apply, uses=_USES)


def _read(state: Any, start: int, rows: Any, n_rows: int, unit: int, shift: int) -> None:
    """Copy the unit's rows into lanes; a single row serves all; lanes behind the last row get 0."""
    shared = rows.shape[0] == 1
    if shift == 0:
        used = min(8, n_rows - 8 * unit)
        first = 0 if shared else 8 * unit
        step = 0 if shared else 1
        for v in range(rows.shape[1]):
            p = start + 16 * v
            for lane in range(used):
                value = rows[first + step * lane, v]
                state[p + lane] = value.real
                state[p + 8 + lane] = value.imag
            for lane in range(used, 8):
                state[p + lane] = 0.0
                state[p + 8 + lane] = 0.0
    else:
        row = 0 if shared else unit
        for v in range(rows.shape[1] >> 3):
            p = start + 16 * v
            for lane in range(8):
                value = rows[row, 8 * v + lane]
                state[p + lane] = value.real
                state[p + 8 + lane] = value.imag


read = compile_kernel(_read, uses=_USES)


def _write(state: Any, start: int, rows: Any, unit: int, shift: int) -> None:
    if shift == 0:
        used = min(8, rows.shape[0] - 8 * unit)
        for v in range(rows.shape[1]):
            p = start + 16 * v
            for lane in range(used):
                rows[8 * unit + lane, v] = complex(state[p + lane], state[p + 8 + lane])
    else:
        for v in range(rows.shape[1] >> 3):
            p = start + 16 * v
            for lane in range(8):
                rows[unit, 8 * v + lane] = complex(state[p + lane], state[p + 8 + lane])


write = compile_kernel(_write, uses=_USES)


def _sweep_forward(
    operations: Any,
    places: Any,
    constants: Any,
    cosines: Any,
    sines: Any,
    n_slots: int,
    initial: Any,
    final: Any,
    shift: int,
    first_unit: int,
    last_unit: int,
    state: Any,
    buffer: Any,
) -> None:
    count = final.shape[1] >> shift
    for unit in range(first_unit, last_unit):
        if initial.shape[0] > 0:
            read(state, 0, initial, final.shape[0], unit, shift)
        else:
            state[:] = 0.0
            for lane in range(8 if shift == 0 else 1):
                state[lane] = 1.0
        for number in range(operations.shape[0]):
            apply(
                state, count, operations, number, False, places, constants, cosines, sines, n_slots, unit,
                shift, 0, 0, buffer,
            )  # fmt: skip
        write(state, 0, final, unit, shift)


# Arrays that are only read are declared so: a caller's array may be marked read-only or not.
_READ_STATES = types.Array(types.complex128, 2, "C", readonly=True)
sweep_forward = compile_kernel(
    _sweep_forward,
    signature=types.void(
        types.int64[:, ::1],
        types.int64[::1],
        types.float64[::1],
        types.float64[::1],
        types.float64[::1],
        types.int64,
        _READ_STATES,
        types.complex128[:, ::1],
        types.int64,
        types.int64,
        types.int64,
        types.float64[::1],
        types.float64[::1],
    ),
    uses=_USES,
)
"""Final states of the units from ``first_unit`` to one before ``last_unit``."""
