"""A program as flat arrays that a compiled kernel can walk through.

Every gate becomes one row of integers: what to do, on which bits, where its angles stand. Few operations cover
all kinds: a 2 x 2 matrix under controls, a rotation about X or Y, a phase on a mask, a rotation about a product
of Z, a flip, a swap, a rotation about XX or YY, a matrix or a diagonal on several wires.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gates import FIXED_MATRICES, Gate
from .program import Program

__all__ = [
    "CONTROLS",
    "DIAGONAL",
    "EncodedProgram",
    "FIRST",
    "FLIP",
    "MATRIX",
    "MATRIX_ROT",
    "MATRIX_U",
    "N_TARGETS",
    "OFFSET",
    "OPERATION",
    "PHASE",
    "ROTATE_X",
    "ROTATE_XX",
    "ROTATE_Y",
    "ROTATE_YY",
    "ROTATE_Z",
    "SECOND",
    "SLOT",
    "SWAP",
    "UNITARY",
    "encode",
]

# Columns of the integer array
OPERATION, FIRST, SECOND, CONTROLS, SLOT, OFFSET, N_TARGETS = range(7)

# Operations; FIRST and SECOND are masks of single bits unless said otherwise
MATRIX = 0  # fixed 2 x 2 matrix at OFFSET on FIRST
MATRIX_ROT = 1  # rot(a, t, b) on FIRST
MATRIX_U = 2  # u(t, a, b) on FIRST
ROTATE_X = 3
ROTATE_Y = 4
ROTATE_Z = 5  # FIRST is the mask of one or two bits whose parity is the sign
PHASE = 6  # exp(i angle) where all bits of FIRST, controls included, are 1; a fixed angle stands at OFFSET
FLIP = 7  # X on FIRST
SWAP = 8  # FIRST with SECOND
ROTATE_XX = 9
ROTATE_YY = 10
UNITARY = 11  # matrix at OFFSET on N_TARGETS bits, whose positions stand behind the entries
DIAGONAL = 12  # likewise with the diagonal alone

_ROTATIONS = {"rx": ROTATE_X, "ry": ROTATE_Y, "rot": MATRIX_ROT, "u": MATRIX_U}
_FIXED_PHASES = {"z": np.pi, "s": np.pi / 2, "sdg": -np.pi / 2, "t": np.pi / 4, "tdg": -np.pi / 4}
_PAIRS = {"rxx": ROTATE_XX, "ryy": ROTATE_YY, "swap": SWAP}


@dataclass(frozen=True, eq=False)
class EncodedProgram:
    """What the kernels get.

    Args:
        rows: one row of seven integers per gate, shape (G, 7).
        constants: entries of fixed matrices and phases, and positions of bits, shape (C,).
        phases: coefficient of every slot's angle in the global phase, shape (S,).
    """

    rows: NDArray[np.int64]
    constants: NDArray[np.complex128]
    phases: NDArray[np.float64]


_encoded: WeakKeyDictionary[Program, EncodedProgram] = WeakKeyDictionary()
_lock = Lock()


def encode(program: Program) -> EncodedProgram:
    """The arrays of a program, made once.

    Args:
        program: without channels.

    Returns:
        Its arrays.

    Raises:
        CircuitError: a channel, after which there is no pure state.

    Example:
        >>> encode(Program(2, (Gate("x", (1,), (0,)),), 0)).rows.tolist()
        [[7, 1, 0, 2, -1, 0, 0]]
    """
    with _lock:
        known = _encoded.get(program)
        if known is None:
            known = _encoded[program] = _encode(program)
        return known


def _encode(program: Program) -> EncodedProgram:
    constants: list[complex] = []
    rows = [_row(gate, program.n_qubits, constants) for gate in program.gates]
    phases = np.zeros(program.n_slots)
    for slot, coefficient in program.phases:
        phases[slot] += coefficient
    return EncodedProgram(
        np.array(rows, dtype=np.int64).reshape(-1, 7), np.array(constants, dtype=np.complex128), phases
    )


def _row(gate: Gate, n_qubits: int, constants: list[complex]) -> list[int]:
    positions = [n_qubits - 1 - wire for wire in gate.targets]
    bits = [1 << position for position in positions]
    controls = sum(1 << (n_qubits - 1 - wire) for wire in gate.controls)
    offset = len(constants)
    if gate.kind in _ROTATIONS:
        return [_ROTATIONS[gate.kind], bits[0], 0, controls, gate.slot, 0, 0]
    if gate.kind in ("rz", "rzz"):
        return [ROTATE_Z, sum(bits), 0, controls, gate.slot, 0, 0]
    if gate.kind == "p":
        return [PHASE, bits[0] | controls, 0, 0, gate.slot, 0, 0]
    if gate.kind in _FIXED_PHASES:
        constants.append(np.exp(1j * _FIXED_PHASES[gate.kind]))
        return [PHASE, bits[0] | controls, 0, 0, -1, offset, 0]
    if gate.kind == "x":
        return [FLIP, bits[0], 0, controls, -1, 0, 0]
    if gate.kind in FIXED_MATRICES:
        constants.extend(FIXED_MATRICES[gate.kind].ravel().tolist())
        return [MATRIX, bits[0], 0, controls, -1, offset, 0]
    if gate.kind in _PAIRS:
        return [_PAIRS[gate.kind], bits[0], bits[1], controls, gate.slot, 0, 0]
    if gate.kind in ("unitary", "diagonal") and gate.matrix is not None:
        constants.extend(gate.matrix.ravel().tolist())
        constants.extend(float(position) for position in positions)
        return [UNITARY if gate.kind == "unitary" else DIAGONAL, 0, 0, 0, -1, offset, len(positions)]
    raise CircuitError(
        f'a gate of kind "{gate.kind}" leaves no pure state; run the circuit on Aer with a density matrix'
    )
