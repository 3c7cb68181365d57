"""Programs as flat arrays for the compiled sweeps, encoded once per program.

Two layouts (see `statevector_kernels`). In the first the lanes of a vector are eight rows of a batch. In the
second they are the lowest three bits of one row's index. Gates act between vectors only, so where one has a
target among the three lane bits, a relayout comes before it that exchanges them with three others, chosen such
that the next one is far. Controls and phases may select lanes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gates import ANGLES, FIXED_MATRICES, Gate
from .program import Program
from .statevector_kernels import (
    AMPLITUDES,
    DIAGONAL,
    EXCHANGE,
    FIXED,
    FIXED_PHASE,
    N_ANGLES,
    N_COLUMNS,
    PHASE,
    RELAYOUT,
    ROT,
    SLOT,
    TURN_X,
    TURN_Y,
    TURN_Z,
    UNITARY,
    U,
)

__all__ = ["EncodedProgram", "encode_program"]

_LANE_BITS = 3
_ALL_LANES = 7


@dataclass(frozen=True, eq=False)
class EncodedProgram:
    """A program for the compiled sweeps.

    Args:
        shift: 0 where lanes are rows, 3 where they are the lowest bits of the index.
        operations: shape (G, N_COLUMNS), see `statevector_kernels`.
        places: vectors that belong together, for operations on more than two.
        constants: first the lanes of every mask, then entries of matrices, real and imaginary parts in turn.
        buffer_size: numbers of the buffer that a sweep needs.
    """

    shift: int
    operations: NDArray[np.int64]
    places: NDArray[np.int64]
    constants: NDArray[np.float64]
    buffer_size: int

    def needed(self, wanted: NDArray[np.bool_] | None) -> tuple[NDArray[np.bool_], int]:
        """Which operations have an angle in a wanted column of the table.

        Args:
            wanted: shape (S,); None for all.

        Returns:
            Shape (G,), and the number of the first of them, or G if there is none.
        """
        if wanted is None:
            return self._needed_by_all
        slots, angles = self.operations[:, SLOT], self.operations[:, N_ANGLES]
        before = np.concatenate([[0], np.cumsum(wanted)])
        return _with_first(before[slots + angles] > before[slots])

    @cached_property
    def _needed_by_all(self) -> tuple[NDArray[np.bool_], int]:
        return _with_first(self.operations[:, N_ANGLES] > 0)


def _with_first(needed: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    return needed, int(needed.argmax()) if needed.any() else len(needed)


@dataclass(frozen=True)
class _Operation:
    """An operation in bits of the amplitude's index; the target bits are all of ``targets``."""

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
        raise CircuitError(f"gate {gate.kind} on wires {gate.targets} has a matrix of shape {given}, not {shape}")
    if gate.controls and (shape is not None or gate.kind in ("rxx", "ryy", "rzz")):
        raise CircuitError(f"gate {gate.kind} has controls {gate.controls}; this kind takes none")
    expected = 2 if gate.kind in ("swap", "rxx", "ryy", "rzz") else 1
    if shape is None and len(gate.targets) != expected:
        raise CircuitError(f"gate {gate.kind} has targets {gate.targets}; it takes {expected}")


_TURNS = {"x": TURN_X, "y": TURN_Y, "z": TURN_Z}


def _lower(program: Program, gate: Gate) -> list[_Operation]:
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
        return [_Operation(code, targets=targets, matrix=entries, places=places)]
    if kind == "swap":
        return [_Operation(EXCHANGE, bits[0], bits[1], targets, controls)]
    if kind in ("rxx", "ryy", "rzz"):
        if kind == "rzz":
            code, pairs = TURN_Z, [(0, bits[1], 1), (targets, bits[0], 1)]
        else:
            # XX exchanges |00> with |11> and |01> with |10>; YY does too, the former with the factor -1.
            code, pairs = TURN_X, [(0, targets, -1 if kind == "ryy" else 1), (bits[0], bits[1], 1)]
        return [_Operation(code, a, b, targets, 0, slot, angles, sign) for a, b, sign in pairs]
    if kind == "x":
        return [_Operation(EXCHANGE, 0, targets, targets, controls)]
    if kind in ("z", "s", "sdg", "t", "tdg"):
        entry = complex(FIXED_MATRICES[kind][1, 1])
        return [_Operation(FIXED_PHASE, controls=controls | targets, matrix=(entry,))]
    if kind == "p":
        return [_Operation(PHASE, controls=controls | targets, slot=slot, angles=angles)]
    if kind in ("rx", "ry", "rz"):
        return [_Operation(_TURNS[kind[1]], 0, targets, targets, controls, slot, angles)]
    if kind in ("rot", "u"):
        return [_Operation(ROT if kind == "rot" else U, 0, targets, targets, controls, slot, angles)]
    matrix = FIXED_MATRICES[kind] if gate.matrix is None else gate.matrix
    return [_Operation(FIXED, 0, targets, targets, controls, matrix=tuple(matrix.ravel().tolist()))]


def _exchanged(mask: int, place: int) -> int:
    """A mask after the exchange of the bits 0, 1, 2 with ``place``, ``place`` + 1, ``place`` + 2."""
    low, high = mask & _ALL_LANES, mask >> place & _ALL_LANES
    return mask & ~(_ALL_LANES | _ALL_LANES << place) | high | low << place


def _places_of_lanes(program: Program, operations: list[_Operation]) -> list[int] | None:
    """For every operation the lowest of the three bits that are lanes then; None if there is no way."""
    candidates = range(0, program.n_qubits - _LANE_BITS + 1, _LANE_BITS)

    def run(place: int, start: int) -> int:
        """How many operations from ``start`` on have no target in a lane."""
        number = start
        while number < len(operations) and not operations[number].targets >> place & _ALL_LANES:
            number += 1
        return number - start

    result: list[int] = []
    place = 0
    while len(result) < len(operations):
        # From one exchange to another leads only the way over the original order.
        lengths = {other: run(other, len(result)) - (2 if other and place else 0) for other in candidates}
        reach = run(place, len(result))
        if not reach:
            place = max(lengths, key=lambda other: (lengths[other], -other))
            reach = run(place, len(result))
            if not reach:
                return None
        result += [place] * reach
    return result


@dataclass
class _Writer:
    shift: int
    rows: list[list[int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    entries: list[complex] = field(default_factory=list)

    def write(self, operation: _Operation) -> None:
        controls = operation.controls >> self.shift
        lanes = operation.controls & ((1 << self.shift) - 1)
        self.rows.append(
            [
                operation.code,
                operation.first >> self.shift | controls,
                operation.second >> self.shift | controls,
                operation.targets >> self.shift | controls,
                lanes,
                operation.slot,
                operation.angles,
                64 + 2 * len(self.entries),
                len(self.places),
                len(operation.places),
                operation.sign,
            ]
        )
        self.places += [place >> self.shift for place in operation.places]
        self.entries += operation.matrix

    def encoded(self) -> EncodedProgram:
        lanes = np.arange(8)
        masks = (lanes[None, :] & lanes[:, None]) == lanes[:, None]
        matrices = np.array(self.entries, dtype=np.complex128).view(np.float64)
        sizes = [row[9] for row in self.rows if row[0] == UNITARY]
        return EncodedProgram(
            self.shift,
            np.array(self.rows, dtype=np.int64).reshape(-1, N_COLUMNS),
            np.array(self.places, dtype=np.int64),
            np.concatenate([masks.ravel().astype(np.float64), matrices]),
            AMPLITUDES + 16 * max(sizes, default=0),
        )


def _moved(operation: _Operation, place: int) -> _Operation:
    return _Operation(
        operation.code,
        _exchanged(operation.first, place),
        _exchanged(operation.second, place),
        _exchanged(operation.targets, place),
        _exchanged(operation.controls, place),
        operation.slot,
        operation.angles,
        operation.sign,
        operation.matrix,
        tuple(_exchanged(entry, place) for entry in operation.places),
    )


def _relayout(place: int) -> _Operation:
    places = tuple(lane << place for lane in range(8))
    return _Operation(RELAYOUT, targets=_ALL_LANES << place, places=places)


def _by_rows(program: Program, operations: list[_Operation]) -> Iterator[_Operation] | None:
    places = _places_of_lanes(program, operations)
    if places is None:
        return None
    before = [0, *places]
    after = [*places, 0]

    def ordered() -> Iterator[_Operation]:
        for number, (old, new) in enumerate(zip(before, after)):
            if old != new:
                yield from (_relayout(place) for place in (old, new) if place)
            if number < len(operations):
                yield _moved(operations[number], new) if new else operations[number]

    return ordered()


_encoded: WeakKeyDictionary[Program, dict[bool, EncodedProgram | None]] = WeakKeyDictionary()
_lock = Lock()


def encode_program(program: Program, *, by_rows: bool = False) -> EncodedProgram | None:
    """Encode a program, or find it again.

    Args:
        program: without channels.
        by_rows: whether the lanes are the lowest bits of one row's index, else rows of a batch.

    Returns:
        Its arrays. None with ``by_rows`` where that is impossible: fewer than six qubits, or a gate on so many
        targets that no three neighboring bits are left for the lanes.

    Raises:
        CircuitError: a channel, or a gate that is put together wrongly.

    Example:
        >>> program = Program(1, (Gate("rx", (0,), (), 0),), 1)
        >>> encode_program(program).operations.shape
        (1, 11)
    """
    known = _encoded.get(program)
    if known is not None and by_rows in known:
        return known[by_rows]
    operations = [operation for gate in program.gates for operation in _lower(program, gate)]
    ordered = _by_rows(program, operations) if by_rows and program.n_qubits >= 6 else iter(operations)
    result = None
    if ordered is not None and (program.n_qubits >= 6 or not by_rows):
        writer = _Writer(_LANE_BITS if by_rows else 0)
        for operation in ordered:
            writer.write(operation)
        result = writer.encoded()
    with _lock:
        return _encoded.setdefault(program, {}).setdefault(by_rows, result)
