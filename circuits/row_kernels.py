"""The inner loops of the simulator and of the adjoint sweep, compiled by numba.

N qubits, B rows, G gates. One row's vectors stay in the processor's cache through all gates, so the outer loop
runs over rows. In the sweep every gate is taken back from ket and bra in the same pass that sums up its
derivative: for dL = Re(<bra|dpsi>) an angle contributes Re(<bra| dU |ket before the gate>).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .compiled import compile_kernel
from .gate_encoding import (
    CONTROLS,
    FIRST,
    FLIP,
    MATRIX,
    MATRIX_ROT,
    MATRIX_U,
    N_TARGETS,
    OFFSET,
    OPERATION,
    PHASE,
    ROTATE_X,
    ROTATE_XX,
    ROTATE_Y,
    ROTATE_YY,
    ROTATE_Z,
    SECOND,
    SLOT,
    SWAP,
    UNITARY,
)

__all__ = ["run_rows", "sweep_rows"]


def _euler(first: float, middle: float, last: float, phase: float) -> Any:
    """Entries of exp(i phase) rz(last) ry(middle) rz(first), row by row."""
    cosine, sine = math.cos(middle / 2), math.sin(middle / 2)
    total, difference = (first + last) / 2, (last - first) / 2
    return (
        cosine * complex(math.cos(phase - total), math.sin(phase - total)),
        -sine * complex(math.cos(phase - difference), math.sin(phase - difference)),
        sine * complex(math.cos(phase + difference), math.sin(phase + difference)),
        cosine * complex(math.cos(phase + total), math.sin(phase + total)),
    )


euler = compile_kernel(_euler)


def _entries(row: Any, constants: Any, angles: Any) -> Any:
    """The 2 x 2 matrix of a row that has one."""
    if row[OPERATION] == MATRIX:
        offset = row[OFFSET]
        return constants[offset], constants[offset + 1], constants[offset + 2], constants[offset + 3]
    slot = row[SLOT]
    if row[OPERATION] == MATRIX_ROT:
        return euler(angles[slot], angles[slot + 1], angles[slot + 2], 0.0)
    first, last = angles[slot + 2], angles[slot + 1]
    return euler(first, angles[slot], last, (first + last) / 2)


entries = compile_kernel(_entries)


def _apply_matrix(state: Any, bit: int, controls: int, a: complex, b: complex, c: complex, d: complex) -> None:
    for base in range(0, len(state), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                zero, one = state[low], state[low + bit]
                state[low] = a * zero + b * one
                state[low + bit] = c * zero + d * one


apply_matrix = compile_kernel(_apply_matrix)


def _apply_rotation_x(state: Any, bit: int, controls: int, cosine: float, sine: float) -> None:
    for base in range(0, len(state), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                zero, one = state[low], state[low + bit]
                state[low] = complex(
                    cosine * zero.real + sine * one.imag, cosine * zero.imag - sine * one.real
                )
                state[low + bit] = complex(
                    cosine * one.real + sine * zero.imag, cosine * one.imag - sine * zero.real
                )


apply_rotation_x = compile_kernel(_apply_rotation_x)


def _apply_rotation_y(state: Any, bit: int, controls: int, cosine: float, sine: float) -> None:
    for base in range(0, len(state), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                zero, one = state[low], state[low + bit]
                state[low] = cosine * zero - sine * one
                state[low + bit] = sine * zero + cosine * one


apply_rotation_y = compile_kernel(_apply_rotation_y)


def _odd(bits: int, mask: int) -> bool:
    """Parity of one or two masked bits."""
    masked = bits & mask
    return masked != 0 and masked != mask if mask & (mask - 1) else masked != 0


odd = compile_kernel(_odd)


def _apply_rotation_z(state: Any, mask: int, controls: int, cosine: float, sine: float) -> None:
    for index in range(len(state)):
        if index & controls == controls:
            sign = sine if odd(index, mask) else -sine
            state[index] *= complex(cosine, sign)


apply_rotation_z = compile_kernel(_apply_rotation_z)


def _apply_phase(state: Any, mask: int, factor: complex) -> None:
    for index in range(mask, len(state)):
        if index & mask == mask:
            state[index] *= factor


apply_phase = compile_kernel(_apply_phase)


def _apply_flip(state: Any, bit: int, controls: int) -> None:
    for base in range(0, len(state), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                state[low], state[low + bit] = state[low + bit], state[low]


apply_flip = compile_kernel(_apply_flip)


def _apply_swap(state: Any, first: int, second: int, controls: int) -> None:
    for index in range(len(state)):
        if index & first and not index & second and index & controls == controls:
            other = index ^ first ^ second
            state[index], state[other] = state[other], state[index]


apply_swap = compile_kernel(_apply_swap)


def _apply_pair_rotation(
    state: Any, first: int, second: int, equal: float, cosine: float, sine: float
) -> None:
    """exp(-i angle / 2 P) for P = XX (equal = 1) or YY (equal = -1 where both bits agree, else 1)."""
    flip = first | second
    for index in range(len(state)):
        if not index & first:
            other = index ^ flip
            sign = sine if index & second else sine * equal
            zero, one = state[index], state[other]
            state[index] = complex(cosine * zero.real + sign * one.imag, cosine * zero.imag - sign * one.real)
            state[other] = complex(cosine * one.real + sign * zero.imag, cosine * one.imag - sign * zero.real)


apply_pair_rotation = compile_kernel(_apply_pair_rotation)


def _apply_dense(state: Any, constants: Any, offset: int, width: int, diagonal: bool, adjoint: bool) -> None:
    """A matrix, or a diagonal, on the bits whose positions stand behind its entries."""
    size = 1 << width
    places = offset + (size if diagonal else size * size)
    strides = np.empty(size, np.int64)
    every = 0
    for local in range(size):
        stride = 0
        for wire in range(width):
            bit = 1 << int(constants[places + wire].real)
            every |= bit
            # targets[0] is the most significant bit of a local index
            if local >> (width - 1 - wire) & 1:
                stride |= bit
        strides[local] = stride
    gathered = np.empty(size, np.complex128)
    for base in range(len(state)):
        if base & every:
            continue
        for local in range(size):
            gathered[local] = state[base | strides[local]]
        for local in range(size):
            if diagonal:
                entry = constants[offset + local]
                total = (entry.conjugate() if adjoint else entry) * gathered[local]
            else:
                total = 0j
                for other in range(size):
                    if adjoint:
                        total += constants[offset + other * size + local].conjugate() * gathered[other]
                    else:
                        total += constants[offset + local * size + other] * gathered[other]
            state[base | strides[local]] = total


apply_dense = compile_kernel(_apply_dense)


def _run_row(state: Any, rows: Any, constants: Any, angles: Any) -> None:
    """Apply all gates to one state, in place."""
    for number in range(len(rows)):
        row = rows[number]
        operation = row[OPERATION]
        if operation <= MATRIX_U:
            a, b, c, d = entries(row, constants, angles)
            apply_matrix(state, row[FIRST], row[CONTROLS], a, b, c, d)
        elif operation == FLIP:
            apply_flip(state, row[FIRST], row[CONTROLS])
        elif operation == PHASE:
            if row[SLOT] < 0:
                factor = constants[row[OFFSET]]
            else:
                factor = complex(math.cos(angles[row[SLOT]]), math.sin(angles[row[SLOT]]))
            apply_phase(state, row[FIRST], factor)
        elif operation == SWAP:
            apply_swap(state, row[FIRST], row[SECOND], row[CONTROLS])
        elif operation >= UNITARY:
            apply_dense(state, constants, row[OFFSET], row[N_TARGETS], operation != UNITARY, False)
        else:
            half = angles[row[SLOT]] / 2
            cosine, sine = math.cos(half), math.sin(half)
            if operation == ROTATE_X:
                apply_rotation_x(state, row[FIRST], row[CONTROLS], cosine, sine)
            elif operation == ROTATE_Y:
                apply_rotation_y(state, row[FIRST], row[CONTROLS], cosine, sine)
            elif operation == ROTATE_Z:
                apply_rotation_z(state, row[FIRST], row[CONTROLS], cosine, sine)
            else:
                equal = 1.0 if operation == ROTATE_XX else -1.0
                apply_pair_rotation(state, row[FIRST], row[SECOND], equal, cosine, sine)


run_row = compile_kernel(_run_row)


def _run_rows(states: Any, rows: Any, constants: Any, phases: Any, table: Any) -> None:
    """Apply a program to every state, in place.

    states (B, 2**N) complex; rows, constants, phases as in `EncodedProgram`; table (B, S).
    """
    for number in range(len(states)):
        run_row(states[number], rows, constants, table[number])
        total = 0.0
        for slot in range(len(phases)):
            total += phases[slot] * table[number, slot]
        if total != 0.0:
            states[number] *= complex(math.cos(total), math.sin(total))


run_rows = compile_kernel(_run_rows)


def _back_matrix(
    ket: Any, bra: Any, bit: int, controls: int, a: complex, b: complex, c: complex, d: complex
) -> Any:
    """Take a 2 x 2 matrix back from both; sums of conj(bra after) ket before, over pairs."""
    a, b, c, d = a.conjugate(), c.conjugate(), b.conjugate(), d.conjugate()
    aa, ab, ba, bb = 0j, 0j, 0j, 0j
    for base in range(0, len(ket), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                high = low + bit
                zero, one = ket[low], ket[high]
                ket_zero, ket_one = a * zero + b * one, c * zero + d * one
                ket[low], ket[high] = ket_zero, ket_one
                zero, one = bra[low], bra[high]
                bra[low], bra[high] = a * zero + b * one, c * zero + d * one
                zero, one = zero.conjugate(), one.conjugate()
                aa += zero * ket_zero
                ab += zero * ket_one
                ba += one * ket_zero
                bb += one * ket_one
    return aa, ab, ba, bb


back_matrix = compile_kernel(_back_matrix)


def _back_rotation_x(ket: Any, bra: Any, bit: int, controls: int, cosine: float, sine: float) -> float:
    """Take exp(-i angle / 2 X) back; Im <bra|X|ket> / 2."""
    total = 0.0
    for base in range(0, len(ket), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                high = low + bit
                k0, k1, b0, b1 = ket[low], ket[high], bra[low], bra[high]
                total += b0.real * k1.imag - b0.imag * k1.real + b1.real * k0.imag - b1.imag * k0.real
                ket[low] = complex(cosine * k0.real - sine * k1.imag, cosine * k0.imag + sine * k1.real)
                ket[high] = complex(cosine * k1.real - sine * k0.imag, cosine * k1.imag + sine * k0.real)
                bra[low] = complex(cosine * b0.real - sine * b1.imag, cosine * b0.imag + sine * b1.real)
                bra[high] = complex(cosine * b1.real - sine * b0.imag, cosine * b1.imag + sine * b0.real)
    return total / 2


back_rotation_x = compile_kernel(_back_rotation_x)


def _back_rotation_y(ket: Any, bra: Any, bit: int, controls: int, cosine: float, sine: float) -> float:
    """Take exp(-i angle / 2 Y) back; Im <bra|Y|ket> / 2."""
    total = 0.0
    for base in range(0, len(ket), 2 * bit):
        for low in range(base, base + bit):
            if low & controls == controls:
                high = low + bit
                k0, k1, b0, b1 = ket[low], ket[high], bra[low], bra[high]
                # Y|0> = i|1>, Y|1> = -i|0>: Im(conj(b1) i k0 - conj(b0) i k1)
                total += b1.real * k0.real + b1.imag * k0.imag - b0.real * k1.real - b0.imag * k1.imag
                ket[low], ket[high] = cosine * k0 + sine * k1, cosine * k1 - sine * k0
                bra[low], bra[high] = cosine * b0 + sine * b1, cosine * b1 - sine * b0
    return total / 2


back_rotation_y = compile_kernel(_back_rotation_y)


def _back_rotation_z(ket: Any, bra: Any, mask: int, controls: int, cosine: float, sine: float) -> float:
    """Take exp(-i angle / 2 Z...) back; Im <bra|Z...|ket> / 2."""
    total = 0.0
    for index in range(len(ket)):
        if index & controls == controls:
            k, b = ket[index], bra[index]
            product = b.real * k.imag - b.imag * k.real
            if odd(index, mask):
                total -= product
                factor = complex(cosine, -sine)
            else:
                total += product
                factor = complex(cosine, sine)
            ket[index] = k * factor
            bra[index] = b * factor
    return total / 2


back_rotation_z = compile_kernel(_back_rotation_z)


def _back_phase(ket: Any, bra: Any, mask: int, factor: complex) -> float:
    """Take a phase back; -Im <bra|projector|ket>."""
    total = 0.0
    factor = factor.conjugate()
    for index in range(mask, len(ket)):
        if index & mask == mask:
            k, b = ket[index], bra[index]
            total += b.imag * k.real - b.real * k.imag
            ket[index] = k * factor
            bra[index] = b * factor
    return total


back_phase = compile_kernel(_back_phase)


def _pair_overlap(ket: Any, bra: Any, first: int, second: int, equal: float) -> float:
    """Im <bra|P|ket> / 2 for P = XX or YY."""
    flip = first | second
    total = 0.0
    for index in range(len(ket)):
        if not index & first:
            other = index ^ flip
            k0, k1, b0, b1 = ket[index], ket[other], bra[index], bra[other]
            product = b0.real * k1.imag - b0.imag * k1.real + b1.real * k0.imag - b1.imag * k0.real
            total += product if index & second else product * equal
    return total / 2


pair_overlap = compile_kernel(_pair_overlap)


def _euler_slopes(
    slopes: Any, first: float, middle: float, last: float, phase: float, aa: complex, ab: complex, ba: complex, bb: complex
) -> None:
    """Re of the sums times the derivatives of exp(i phase) rz(last) ry(middle) rz(first), phase held fixed.

    slopes (4,): by first, middle, last, phase.
    """
    a, b, c, d = euler(first, middle, last, phase)
    slopes[0] = (0.5j * (-a * aa + b * ab - c * ba + d * bb)).real
    slopes[2] = (0.5j * (-a * aa - b * ab + c * ba + d * bb)).real
    slopes[3] = (1j * (a * aa + b * ab + c * ba + d * bb)).real
    a, b, c, d = euler(first, middle + math.pi, last, phase)
    slopes[1] = 0.5 * (a * aa + b * ab + c * ba + d * bb).real


euler_slopes = compile_kernel(_euler_slopes)


def _sweep_row(ket: Any, bra: Any, rows: Any, constants: Any, angles: Any, gradient: Any) -> None:
    """Take all gates back from one ket and bra, in place, and add up the derivatives."""
    slopes = np.empty(4)
    for number in range(len(rows) - 1, -1, -1):
        row = rows[number]
        operation, slot = row[OPERATION], row[SLOT]
        if operation <= MATRIX_U:
            a, b, c, d = entries(row, constants, angles)
            aa, ab, ba, bb = back_matrix(ket, bra, row[FIRST], row[CONTROLS], a, b, c, d)
            if operation == MATRIX_ROT:
                euler_slopes(
                    slopes, angles[slot], angles[slot + 1], angles[slot + 2], 0.0, aa, ab, ba, bb
                )
                gradient[slot] += slopes[0]
                gradient[slot + 1] += slopes[1]
                gradient[slot + 2] += slopes[2]
            elif operation == MATRIX_U:
                first, last = angles[slot + 2], angles[slot + 1]
                euler_slopes(slopes, first, angles[slot], last, (first + last) / 2, aa, ab, ba, bb)
                gradient[slot] += slopes[1]
                gradient[slot + 1] += slopes[2] + slopes[3] / 2
                gradient[slot + 2] += slopes[0] + slopes[3] / 2
        elif operation == FLIP:
            apply_flip(ket, row[FIRST], row[CONTROLS])
            apply_flip(bra, row[FIRST], row[CONTROLS])
        elif operation == PHASE:
            if slot < 0:
                back_phase(ket, bra, row[FIRST], constants[row[OFFSET]])
            else:
                factor = complex(math.cos(angles[slot]), math.sin(angles[slot]))
                gradient[slot] += back_phase(ket, bra, row[FIRST], factor)
        elif operation == SWAP:
            apply_swap(ket, row[FIRST], row[SECOND], row[CONTROLS])
            apply_swap(bra, row[FIRST], row[SECOND], row[CONTROLS])
        elif operation >= UNITARY:
            diagonal = operation != UNITARY
            apply_dense(ket, constants, row[OFFSET], row[N_TARGETS], diagonal, True)
            apply_dense(bra, constants, row[OFFSET], row[N_TARGETS], diagonal, True)
        else:
            half = angles[slot] / 2
            cosine, sine = math.cos(half), math.sin(half)
            if operation == ROTATE_X:
                gradient[slot] += back_rotation_x(ket, bra, row[FIRST], row[CONTROLS], cosine, sine)
            elif operation == ROTATE_Y:
                gradient[slot] += back_rotation_y(ket, bra, row[FIRST], row[CONTROLS], cosine, sine)
            elif operation == ROTATE_Z:
                gradient[slot] += back_rotation_z(ket, bra, row[FIRST], row[CONTROLS], cosine, sine)
            else:
                equal = 1.0 if operation == ROTATE_XX else -1.0
                gradient[slot] += pair_overlap(ket, bra, row[FIRST], row[SECOND], equal)
                apply_pair_rotation(ket, row[FIRST], row[SECOND], equal, cosine, -sine)
                apply_pair_rotation(bra, row[FIRST], row[SECOND], equal, cosine, -sine)


sweep_row = compile_kernel(_sweep_row)


def _sweep_rows(
    states: Any, bras: Any, rows: Any, constants: Any, phases: Any, table: Any, gradient: Any
) -> None:
    """Derivatives for every row.

    states (B, 2**N): final states, read only. bras (B, 2**N): cotangents, replaced by those of the initial
    states. gradient (B, S): added to.
    """
    for number in range(len(states)):
        ket, bra = states[number].copy(), bras[number]
        total, slope = 0.0, 0.0
        for slot in range(len(phases)):
            total += phases[slot] * table[number, slot]
        if np.any(phases != 0.0):
            for index in range(len(ket)):
                slope += bra[index].imag * ket[index].real - bra[index].real * ket[index].imag
            for slot in range(len(phases)):
                gradient[number, slot] += phases[slot] * slope
            factor = complex(math.cos(total), -math.sin(total))
            ket *= factor
            bra *= factor
        sweep_row(ket, bra, rows, constants, table[number], gradient[number])


sweep_rows = compile_kernel(_sweep_rows)
