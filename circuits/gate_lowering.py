"""Gates as operations on bits of an amplitude's index, few enough that compiled loops can have one for each.

A gate with targets acts on pairs of amplitudes: those whose target bits are ``first`` and those whose target
bits are ``second``. rxx, ryy and rzz act on two sets of pairs and become two operations with the same angle.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import CircuitError
from .gates import ANGLES, FIXED_MATRICES, Gate
from .program import Program
from .statevector_kernels import (
    DIAGONAL,
    EXCHANGE,
    FIXED,
    FIXED_PHASE,
    PHASE,
    ROT,
    TURN_X,
    TURN_Y,
    TURN_Z,
    UNITARY,
    U,
)

__all__ = ["Operation", "lower_gates"]


@dataclass(frozen=True)
class Operation:
    """An operation in bits of the amplitude's index.

    Args:
        code: which one, see `statevector_kernels`.
        first: target bits that are 1 in the first amplitude of a pair.
        second: those that are 1 in the second.
        targets: all target bits.
        controls: bits that must be 1; for phases these are all bits.
        slot: table column of the first angle.
        angles: number of angles.
        sign: factor of the angle, 1 or -1.
        matrix: entries of a constant matrix, row by row, or of a diagonal.
        places: for matrices on more than one target, the target bits of every entry of a state.
    """

    code: int
    first: int = 0
    second: int = 0
    targets: int = 0
    controls: int = 0
    slot: int = 0
    angles: int = 0
    sign: int = 1
    matrix: tuple[complex, ...] = ()
    places: tuple[int, ...] = ()


def lower_gates(program: Program) -> list[Operation]:
    """The operations of a program, in the order in which they act.

    Args:
        program: without channels.

    Returns:
        One or two operations per gate.

    Raises:
        CircuitError: a channel, or a gate that is put together wrongly.

    Example:
        >>> program = Program(2, (Gate("rxx", (0, 1), (), 0),), 1)
        >>> [(operation.first, operation.second) for operation in lower_gates(program)]
        [(0, 3), (2, 1)]
    """
    return [operation for gate in program.gates for operation in _lower(program, gate)]


def _check(program: Program, gate: Gate) -> None:
    wires = gate.targets + gate.controls
    if gate.kind == "kraus":
        raise CircuitError(
            'a circuit with channels has no pure final state; use simulator="aer", or take the channels out'
        )
    if gate.kind not in ANGLES:
        raise CircuitError(f"gate kind {gate.kind!r} is unknown; legal kinds are {', '.join(ANGLES)}")
    if len(set(wires)) < len(wires) or not all(0 <= wire < program.n_qubits for wire in wires):
        raise CircuitError(
            f"gate {gate.kind} acts on wires {wires}; they must be distinct and below {program.n_qubits}"
        )
    if gate.n_angles and not 0 <= gate.slot <= program.n_slots - gate.n_angles:
        raise CircuitError(f"gate {gate.kind} has slot {gate.slot}; the table has {program.n_slots} columns")
    size = 2 ** len(gate.targets)
    shape = {"unitary": (size, size), "diagonal": (size,)}.get(gate.kind)
    given = None if gate.matrix is None else gate.matrix.shape
    if given != shape:
        raise CircuitError(
            f"gate {gate.kind} on wires {gate.targets} has a matrix of shape {given}; it must be {shape}"
        )
    if gate.controls and (shape is not None or gate.kind in ("rxx", "ryy", "rzz")):
        raise CircuitError(f"gate {gate.kind} has controls {gate.controls}; this kind takes none")
    expected = 2 if gate.kind in ("swap", "rxx", "ryy", "rzz") else 1
    if shape is None and len(gate.targets) != expected:
        raise CircuitError(f"gate {gate.kind} has targets {gate.targets}; it takes {expected}")


_TURNS = {"x": TURN_X, "y": TURN_Y, "z": TURN_Z}


def _lower(program: Program, gate: Gate) -> list[Operation]:
    """The operations of one gate."""
    _check(program, gate)
    bits = [1 << (program.n_qubits - 1 - wire) for wire in gate.targets]
    controls = sum(1 << (program.n_qubits - 1 - wire) for wire in gate.controls)
    targets = sum(bits)
    kind, slot, angles = gate.kind, gate.slot, gate.n_angles
    if gate.matrix is not None and not (kind == "unitary" and len(bits) == 1):
        code = UNITARY if kind == "unitary" else DIAGONAL
        places = tuple(
            sum(bit for place, bit in enumerate(reversed(bits)) if entry >> place & 1)
            for entry in range(2 ** len(bits))
        )
        entries = tuple(gate.matrix.ravel().tolist())
        return [Operation(code, targets=targets, matrix=entries, places=places)]
    if kind == "swap":
        return [Operation(EXCHANGE, bits[0], bits[1], targets, controls)]
    if kind in ("rxx", "ryy", "rzz"):
        if kind == "rzz":
            code, pairs = TURN_Z, [(0, bits[1], 1), (targets, bits[0], 1)]
        else:
            # XX exchanges |00> with |11> and |01> with |10>; YY does too, the former with the factor -1.
            code, pairs = TURN_X, [(0, targets, -1 if kind == "ryy" else 1), (bits[0], bits[1], 1)]
        return [Operation(code, a, b, targets, 0, slot, angles, sign) for a, b, sign in pairs]
    if kind == "x":
        return [Operation(EXCHANGE, 0, targets, targets, controls)]
    if kind in ("z", "s", "sdg", "t", "tdg"):
        entry = complex(FIXED_MATRICES[kind][1, 1])
        return [Operation(FIXED_PHASE, controls=controls | targets, matrix=(entry,))]
    if kind == "p":
        return [Operation(PHASE, controls=controls | targets, slot=slot, angles=angles)]
    if kind in ("rx", "ry", "rz"):
        return [Operation(_TURNS[kind[1]], 0, targets, targets, controls, slot, angles)]
    if kind in ("rot", "u"):
        return [Operation(ROT if kind == "rot" else U, 0, targets, targets, controls, slot, angles)]
    matrix = FIXED_MATRICES[kind] if gate.matrix is None else gate.matrix
    return [Operation(FIXED, 0, targets, targets, controls, matrix=tuple(matrix.ravel().tolist()))]
