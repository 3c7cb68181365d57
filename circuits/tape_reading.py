"""PennyLane tapes taken apart: the program, the table of angles, the state to start from.

Tapes of equal structure give the same program object, so whatever is made from a program once is found again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.operation import Channel, StatePrepBase

from .errors import CircuitError
from .gates import ANGLES, Gate
from .program import Program

__all__ = ["BoundProgram", "has_slots", "is_native", "native_gates", "read_tape"]

# PennyLane name -> kind and number of control wires, which come first among the wires
_KINDS: dict[str, tuple[str, int]] = {
    "PauliX": ("x", 0),
    "PauliY": ("y", 0),
    "PauliZ": ("z", 0),
    "Hadamard": ("h", 0),
    "S": ("s", 0),
    "T": ("t", 0),
    "SX": ("sx", 0),
    "Adjoint(S)": ("sdg", 0),
    "Adjoint(T)": ("tdg", 0),
    "Adjoint(SX)": ("sxdg", 0),
    "RX": ("rx", 0),
    "RY": ("ry", 0),
    "RZ": ("rz", 0),
    "PhaseShift": ("p", 0),
    "U1": ("p", 0),
    "Rot": ("rot", 0),
    "U3": ("u", 0),
    "CNOT": ("x", 1),
    "CY": ("y", 1),
    "CZ": ("z", 1),
    "CH": ("h", 1),
    "CRX": ("rx", 1),
    "CRY": ("ry", 1),
    "CRZ": ("rz", 1),
    "ControlledPhaseShift": ("p", 1),
    "SWAP": ("swap", 0),
    "CSWAP": ("swap", 1),
    "CCZ": ("z", 2),
    "Toffoli": ("x", 2),
    "IsingXX": ("rxx", 0),
    "IsingYY": ("ryy", 0),
    "IsingZZ": ("rzz", 0),
}

_MAX_PROGRAMS = 256
# Programs with larger matrices are not kept: what is made from them is larger still.
_MAX_MATRIX_BYTES = 2**16


@dataclass(frozen=True, eq=False)
class BoundProgram:
    """A tape, taken apart.

    Args:
        program: its structure.
        table: its angles, shape (B, S); B is 1 without parameter broadcasting.
        initial: the state it starts from, shape (2**N,) or (B, 2**N), or None for |0...0>.
        slots: for every parameter of the tape (``tape.get_parameters(trainable_only=False)``, measurements
            left out) its column, or -1 for a matrix, a state or the strength of a channel.
    """

    program: Program
    table: NDArray[np.float64]
    initial: NDArray[np.complex128] | None
    slots: tuple[int, ...]


def native_gates() -> frozenset[str]:
    """Names of the PennyLane operations that go into a program as they are.

    Example:
        >>> "IsingZZ" in native_gates(), "QFT" in native_gates()
        (True, False)
    """
    return frozenset(_KINDS) | frozenset(_SPECIAL)


def has_slots(operation: Any) -> bool:
    """Whether every parameter of a native operation is an angle of the table, so that it may be a batch.

    Args:
        operation: a PennyLane operation.

    Returns:
        False for operations that carry matrices, states or channel strengths.

    Example:
        >>> import pennylane as qml
        >>> has_slots(qml.RX(0.1, 0)), has_slots(qml.BitFlip(0.1, 0))
        (True, False)
    """
    return operation.name in _KINDS or operation.name == "GlobalPhase"


def is_native(operation: Any) -> bool:
    """Whether an operation goes into a program as it is; PennyLane decomposes the others.

    Args:
        operation: a PennyLane operation.

    Returns:
        True for the names in `native_gates` (a sparse QubitUnitary excepted), for channels, and for an
        operation that has a dense matrix and no decomposition, such as DoubleExcitationPlus: its matrix is
        taken.

    Example:
        >>> import pennylane as qml
        >>> is_native(qml.IsingZZ(0.3, [0, 1])), is_native(qml.QFT([0, 1]))
        (True, False)
    """
    name = operation.name
    if name in _KINDS:
        return True
    if isinstance(operation, Channel):
        return True
    if name == "QubitUnitary" or name not in _SPECIAL:
        return bool(operation.has_matrix) and (name == "QubitUnitary" or not operation.has_decomposition)
    return True


def _digest(matrix: NDArray[np.complex128]) -> tuple[Any, ...]:
    return matrix.shape, blake2b(np.ascontiguousarray(matrix).tobytes(), digest_size=16).digest()


def _square(operation: Any) -> NDArray[np.complex128]:
    matrix = np.asarray(operation.matrix(), dtype=np.complex128)
    if matrix.ndim != 2:
        raise CircuitError(f"{operation.name} carries a batch of matrices; expand the tape first")
    if not np.allclose(matrix @ matrix.conj().T, np.eye(len(matrix)), atol=1e-8):
        raise CircuitError(f"{operation.name} on wires {operation.wires.tolist()} is no unitary matrix")
    return matrix


def _vector(operation: Any) -> NDArray[np.complex128]:
    entries = np.asarray(operation.data[0], dtype=np.complex128)
    if entries.ndim != 1:
        raise CircuitError(f"{operation.name} carries a batch of diagonals; expand the tape first")
    return entries


def _kraus(operation: Any) -> NDArray[np.complex128]:
    return np.asarray(operation.kraus_matrices(), dtype=np.complex128)


def _nothing(operation: Any, wires: tuple[int, ...]) -> list[Gate]:
    return []


def _many_controls(operation: Any, wires: tuple[int, ...]) -> list[Gate]:
    inverted = [Gate("x", (wire,)) for wire, value in zip(wires, operation.control_values) if not bool(value)]
    return [*inverted, Gate("x", wires[-1:], wires[:-1]), *inverted]


def _unitary(operation: Any, wires: tuple[int, ...]) -> list[Gate]:
    return [Gate("unitary", wires, matrix=_square(operation))]


def _diagonal(operation: Any, wires: tuple[int, ...]) -> list[Gate]:
    return [Gate("diagonal", wires, matrix=_vector(operation))]


def _channel(operation: Any, wires: tuple[int, ...]) -> list[Gate]:
    return [Gate("kraus", wires, matrix=_kraus(operation))]


_SPECIAL: dict[str, Callable[[Any, tuple[int, ...]], list[Gate]]] = {
    "Identity": _nothing,
    "GlobalPhase": _nothing,
    "ISWAP": _unitary,
    "QubitUnitary": _unitary,
    "DiagonalQubitUnitary": _diagonal,
    "MultiControlledX": _many_controls,
}


def _special_key(operation: Any) -> Any:
    """What besides name and wires tells two special operations apart."""
    if operation.name == "MultiControlledX":
        return tuple(bool(value) for value in operation.control_values)
    if operation.name in ("Identity", "GlobalPhase", "ISWAP"):
        return None
    if isinstance(operation, Channel):
        return _digest(_kraus(operation))
    if operation.name == "DiagonalQubitUnitary":
        return _digest(_vector(operation))
    return _digest(np.asarray(operation.matrix(), dtype=np.complex128))


def _special_gates(operation: Any, wires: tuple[int, ...]) -> list[Gate]:
    if operation.name in _SPECIAL:
        return _SPECIAL[operation.name](operation, wires)
    if isinstance(operation, Channel):
        return _channel(operation, wires)
    return _unitary(operation, wires)


_programs: OrderedDict[Any, Program] = OrderedDict()
_programs_lock = Lock()


def read_tape(tape: Any, n_qubits: int | None = None) -> BoundProgram:
    """Take a tape of native operations apart.

    Args:
        tape: a PennyLane tape on the wires 0 ... N - 1; the first operation may prepare a state.
        n_qubits: number of wires N; None for the tape's own.

    Returns:
        Its program (one object per structure), its table of angles, its initial state.

    Raises:
        CircuitError: an operation that is not native, a matrix that is not unitary, a state prepared after
            the first operation, or rows of unequal number.

    Example:
        >>> import pennylane as qml
        >>> tape = qml.tape.QuantumScript([qml.RX(np.array([0.1, 0.2]), 0), qml.CNOT([0, 1])])
        >>> bound = read_tape(tape)
        >>> [gate.kind for gate in bound.program.gates], bound.table.tolist()
        (['rx', 'x'], [[0.1], [0.2]])
    """
    size = len(tape.wires) if n_qubits is None else n_qubits
    key: list[Any] = [size]
    columns: list[Any] = []
    slots: list[int] = []
    initial: NDArray[np.complex128] | None = None
    for number, operation in enumerate(tape.operations):
        name = operation.name
        if name in _KINDS:
            key.append((name, operation.wires.labels))
            slots.extend(range(len(columns), len(columns) + len(operation.data)))
            columns.extend(operation.data)
        elif number == 0 and isinstance(operation, StatePrepBase):
            key.append("prepared")
            initial = _prepared(operation, size)
            slots.extend(-1 for _ in operation.data)
        elif name == "GlobalPhase":
            key.append(name)
            slots.append(len(columns))
            columns.append(operation.data[0])
        elif is_native(operation):
            key.append((name, operation.wires.labels, _special_key(operation)))
            slots.extend(-1 for _ in operation.data)
        else:
            raise CircuitError(
                f"operation {number} is {name}, which is not native; run the circuit through a QNode or "
                "qml.execute, which decompose it first"
            )
    program = _program(tuple(key), tape, size)
    return BoundProgram(program, _table(columns, initial), initial, tuple(slots))


def _prepared(operation: Any, size: int) -> NDArray[np.complex128]:
    state = np.asarray(operation.state_vector(wire_order=range(size)), dtype=np.complex128)
    return state.reshape(-1) if operation.batch_size is None else state.reshape(operation.batch_size, -1)


def _table(columns: Sequence[Any], initial: NDArray[np.complex128] | None) -> NDArray[np.float64]:
    rows = {np.shape(column)[0] for column in columns if np.ndim(column)}
    if initial is not None and initial.ndim == 2:
        rows.add(len(initial))
    if len(rows) > 1:
        raise CircuitError(f"batches of unequal size in one circuit: {sorted(rows)}")
    table = np.empty((rows.pop() if rows else 1, len(columns)))
    for number, column in enumerate(columns):
        table[:, number] = column
    return table


def _program(key: tuple[Any, ...], tape: Any, size: int) -> Program:
    with _programs_lock:
        known = _programs.get(key)
        if known is not None:
            _programs.move_to_end(key)
            return known
    built = _build(tape, size)
    if sum(gate.matrix.nbytes for gate in built.gates if gate.matrix is not None) > _MAX_MATRIX_BYTES:
        return built
    with _programs_lock:
        # Another thread may have been faster; everyone must get the same object.
        built = _programs.setdefault(key, built)
        while len(_programs) > _MAX_PROGRAMS:
            _programs.popitem(last=False)
    return built


def _build(tape: Any, size: int) -> Program:
    gates: list[Gate] = []
    phases: list[tuple[int, float]] = []
    slot = 0
    prepared = False
    for operation in tape.operations:
        wires = tuple(int(wire) for wire in operation.wires)
        if operation.name in _KINDS:
            kind, controls = _KINDS[operation.name]
            first = slot if ANGLES[kind] else -1
            gates.append(Gate(kind, wires[controls:], wires[:controls], first))
            slot += ANGLES[kind]
        elif isinstance(operation, StatePrepBase):
            prepared = True
        elif operation.name == "GlobalPhase":
            phases.append((slot, -1.0))
            slot += 1
        else:
            gates.extend(_special_gates(operation, wires))
    return Program(size, tuple(gates), slot, tuple(phases), prepared)
