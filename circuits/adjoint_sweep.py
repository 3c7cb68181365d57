"""The compiled adjoint sweep: gradients by every angle of an encoded circuit, for some rows of a table.

The gates are undone in reverse order on the ket (the final state) and on the bra (the cotangent of the final
state): T. Jones, J. Gacon, "Efficient calculation of gradients in classical simulations of variational
quantum algorithms", arXiv 2009.02823. With G the generator seen behind the gate, dU = -i/2 G U, the
derivative by its angle is Re <bra| (-i/2) G |ket> = Im <bra| G |ket> / 2. On the pairs of a gate G is a
combination of 1, X, Y and Z; for rot = rz(b) ry(t) rz(a) it is Z for b, rz(b) Y rz(-b) for t, and
rz(b) ry(t) Z ry(-t) rz(-b) for a.
"""

from __future__ import annotations

from typing import Any

from numba import types

from . import statevector_kernels, statevector_sweep, vector_lanes
from .compiled import compile_kernel
from .statevector_kernels import (
    BOUND,
    CODE,
    FIRST,
    MASK,
    MOMENTS,
    PHASE,
    ROT,
    SECOND,
    SIGN,
    SLOT,
    TURN_X,
    TURN_Y,
    TURN_Z,
    moments,
    overlap,
)
from .statevector_sweep import angle, apply, read, write
from .vector_lanes import lane_sum, load, splat, store

__all__ = ["differentiate", "sweep_backward"]

_USES = (statevector_kernels, statevector_sweep, vector_lanes)


def _add(gradient: Any, n_slots: int, slot: int, unit: int, shift: int, value: Any) -> None:
    """Add to one column of the gradient, which is in the order of `HalfAngles`."""
    if shift == 0:
        place = 8 * (unit * n_slots + slot)
        store(gradient, place, load(gradient, place) + value)
    else:
        gradient[8 * ((unit >> 3) * n_slots + slot) + (unit & 7)] += lane_sum(value)


add = compile_kernel(_add, uses=_USES)


def _differentiate(
    state: Any,
    count: int,
    operations: Any,
    number: int,
    constants: Any,
    cosines: Any,
    sines: Any,
    n_slots: int,
    gradient: Any,
    unit: int,
    shift: int,
    held: int,
    part: int,
    buffer: Any,
) -> None:
    """Add one operation's part of the gradient; the bra stands behind the ket of ``count`` vectors.

    Of all vectors it takes those whose ``held`` bits, none of which may be bound, are those of ``part``.
    """
    code = operations[number, CODE]
    first = operations[number, FIRST] | part
    second = operations[number, SECOND] | part
    bound = operations[number, BOUND] | held
    slot = operations[number, SLOT]
    on = load(constants, 8 * operations[number, MASK])
    if code == PHASE:
        value = splat(0.0) - on * overlap(state, 16 * count, count, bound, first)
        add(gradient, n_slots, slot, unit, shift, value)
        return
    moments(state, 16 * count, count, bound, first, second, on, buffer)
    half = splat(0.5)
    x = half * load(buffer, MOMENTS + 8)
    y = half * load(buffer, MOMENTS + 16)
    z = half * load(buffer, MOMENTS + 24)
    if code == TURN_X:
        add(gradient, n_slots, slot, unit, shift, splat(float(operations[number, SIGN])) * x)
    elif code == TURN_Y:
        add(gradient, n_slots, slot, unit, shift, y)
    elif code == TURN_Z:
        add(gradient, n_slots, slot, unit, shift, z)
    else:
        middle = slot + 1 if code == ROT else slot
        left = slot + 2 if code == ROT else slot + 1
        right = slot if code == ROT else slot + 2
        # full angles from half angles
        c = angle(cosines, n_slots, left, unit, shift)
        s = angle(sines, n_slots, left, unit, shift)
        left_cosine = c * c - s * s
        left_sine = c * s + c * s
        c = angle(cosines, n_slots, middle, unit, shift)
        s = angle(sines, n_slots, middle, unit, shift)
        cosine = c * c - s * s
        sine = c * s + c * s
        # u = exp(i (a + b) / 2) rz(a) ry(t) rz(b) has the identity in two of its generators
        one = splat(0.0) if code == ROT else half * load(buffer, MOMENTS)
        add(gradient, n_slots, left, unit, shift, z - one)
        add(gradient, n_slots, middle, unit, shift, left_cosine * y - left_sine * x)
        add(
            gradient, n_slots, right, unit, shift,
            cosine * z + sine * (left_cosine * x + left_sine * y) - one,
        )  # fmt: skip


differentiate = compile_kernel(_differentiate, uses=_USES)


def _sweep_backward(
    operations: Any,
    needed: Any,
    stop: int,
    places: Any,
    constants: Any,
    cosines: Any,
    sines: Any,
    n_slots: int,
    states: Any,
    cotangents: Any,
    gradient: Any,
    initial_cotangents: Any,
    shift: int,
    first_unit: int,
    last_unit: int,
    state: Any,
    buffer: Any,
) -> None:
    count = states.shape[1] >> shift
    with_initial = initial_cotangents.shape[0] > 0
    for unit in range(first_unit, last_unit):
        read(state, 0, states, states.shape[0], unit, shift)
        read(state, 16 * count, cotangents, states.shape[0], unit, shift)
        for number in range(operations.shape[0] - 1, stop - 1, -1):
            if needed[number]:
                differentiate(
                    state, count, operations, number, constants, cosines, sines, n_slots, gradient, unit,
                    shift, 0, 0, buffer,
                )  # fmt: skip
            if number > stop or with_initial:
                apply(
                    state, 2 * count, operations, number, True, places, constants, cosines, sines, n_slots,
                    unit, shift, 0, 0, buffer,
                )  # fmt: skip
        if with_initial:
            write(state, 16 * count, initial_cotangents, unit, shift)


# Arrays that are only read are declared so: a caller's array may be marked read-only or not.
_READ_STATES = types.Array(types.complex128, 2, "C", readonly=True)
sweep_backward = compile_kernel(
    _sweep_backward,
    signature=types.void(
        types.int64[:, ::1],
        types.boolean[::1],
        types.int64,
        types.int64[::1],
        types.float64[::1],
        types.float64[::1],
        types.float64[::1],
        types.int64,
        _READ_STATES,
        _READ_STATES,
        types.float64[::1],
        types.complex128[:, ::1],
        types.int64,
        types.int64,
        types.int64,
        types.float64[::1],
        types.float64[::1],
    ),
    uses=_USES,
)
"""Gradients of the units from ``first_unit`` to one before ``last_unit``.

``needed`` says which operations have an angle whose gradient is wanted, ``stop`` is the first of them, or 0
where the cotangents of the initial states are wanted too, whose array is else empty.
"""
