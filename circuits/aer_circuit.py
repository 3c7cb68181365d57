"""From a PennyLane tape to a Qiskit circuit that Aer runs as it is.

No transpilation: ``AerBackend.target`` is rebuilt at every access, so ``transpile(circuit, backend)`` costs
far more than a small simulation. Only gates that Aer's statevector method knows by name are emitted, and
every angle is a number: with bound parameters Aer 0.18 gives each binding the global phase of the one before.

Wire i of the tape (the integer i) becomes qubit i. PennyLane counts wire 0 as the most significant bit of an
index, Aer as the least significant; gates that carry a matrix or a vector therefore list their qubits in
reverse, and `reverse_bits` turns one order into the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray
from pennylane.operation import StatePrepBase
from qiskit import QuantumCircuit
from qiskit.circuit.library import DiagonalGate, UnitaryGate
from qiskit.exceptions import QiskitError

from .errors import CircuitError

__all__ = ["NATIVE_GATES", "is_native", "reverse_bits", "to_aer"]

# PennyLane name -> QuantumCircuit method taking the same angles, then the same wires
_SAME: dict[str, str] = {
    "PauliX": "x",
    "PauliY": "y",
    "PauliZ": "z",
    "Hadamard": "h",
    "S": "s",
    "T": "t",
    "SX": "sx",
    "Adjoint(S)": "sdg",
    "Adjoint(T)": "tdg",
    "Adjoint(SX)": "sxdg",
    "RX": "rx",
    "RY": "ry",
    "RZ": "rz",
    "PhaseShift": "p",
    "U1": "p",
    "U3": "u",
    "CNOT": "cx",
    "CY": "cy",
    "CZ": "cz",
    "CRX": "crx",
    "CRY": "cry",
    "CRZ": "crz",
    "ControlledPhaseShift": "cp",
    "SWAP": "swap",
    "CSWAP": "cswap",
    "CCZ": "ccz",
    "Toffoli": "ccx",
    "IsingXX": "rxx",
    "IsingYY": "ryy",
    "IsingZZ": "rzz",
}


def _identity(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    """Nothing to add."""


def _global_phase(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    circuit.global_phase -= float(operation.data[0])


def _rot(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    # Rot(a, t, b) = RZ(b) RY(t) RZ(a), while u(t, b, a) is that times exp(i (a + b) / 2).
    first, middle, last = (float(angle) for angle in operation.data)
    circuit.u(middle, last, first, qubits[0])
    circuit.global_phase -= (first + last) / 2


def _u2(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    circuit.u(np.pi / 2, float(operation.data[0]), float(operation.data[1]), qubits[0])


def _matrix(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    matrix = np.asarray(operation.matrix(), dtype=np.complex128)
    try:
        gate = UnitaryGate(matrix)
    except (QiskitError, ValueError) as error:
        raise CircuitError(f"{operation.name} on wires {qubits} is no unitary matrix") from error
    circuit.append(gate, qubits[::-1])


def _diagonal(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    entries = np.asarray(operation.data[0], dtype=np.complex128)
    circuit.append(DiagonalGate(entries.tolist()), qubits[::-1])


def _many_controls(circuit: QuantumCircuit, operation: Any, qubits: list[int]) -> None:
    inverted = [qubit for qubit, value in zip(qubits, operation.control_values) if not value]
    for qubit in inverted:
        circuit.x(qubit)
    circuit.mcx(qubits[:-1], qubits[-1])
    for qubit in inverted:
        circuit.x(qubit)


_OTHER: dict[str, Callable[[QuantumCircuit, Any, list[int]], None]] = {
    "Identity": _identity,
    "GlobalPhase": _global_phase,
    "Rot": _rot,
    "U2": _u2,
    "CH": _matrix,
    "ISWAP": _matrix,
    "QubitUnitary": _matrix,
    "DiagonalQubitUnitary": _diagonal,
    "MultiControlledX": _many_controls,
}

NATIVE_GATES = frozenset(_SAME) | frozenset(_OTHER)
"""Names of the PennyLane operations that need no decomposition."""


def is_native(operation: Any) -> bool:
    """Whether an operation goes to Aer as it is; PennyLane decomposes the others.

    Args:
        operation: a PennyLane operation.

    Returns:
        True for the names in `NATIVE_GATES` (a sparse QubitUnitary excepted), and for an operation that has a
        dense matrix and no decomposition, such as DoubleExcitationPlus: it is sent as its matrix.

    Example:
        >>> is_native(qml.IsingZZ(0.3, [0, 1])), is_native(qml.QFT([0, 1]))
        (True, False)
    """
    name = operation.name
    if name in _SAME:
        return True
    if name == "QubitUnitary" or name not in _OTHER:
        return bool(operation.has_matrix) and (name == "QubitUnitary" or not operation.has_decomposition)
    return True


def reverse_bits(vector: NDArray[Any]) -> NDArray[Any]:
    """Move every entry to the index with its bits reversed; the only conversion between the two index orders.

    Args:
        vector: shape (2**n,).

    Returns:
        A new array of the same shape. Applied twice it gives the vector back.

    Example:
        >>> reverse_bits(np.arange(8)).tolist()
        [0, 4, 2, 6, 1, 5, 3, 7]
    """
    n = len(vector).bit_length() - 1
    return np.array(vector.reshape((2,) * n).transpose(), order="C").reshape(-1)


def to_aer(tape: qml.tape.QuantumScript, n_qubits: int) -> QuantumCircuit:
    """Write the operations of a tape as a Qiskit circuit; measurements are left to the caller.

    Args:
        tape: operations on the wires 0 ... n_qubits - 1, every one native, every angle one number; the first
            may prepare a state.
        n_qubits: number of qubits.

    Returns:
        A circuit that `AerSimulator.run` takes without transpilation, global phase included.

    Raises:
        CircuitError: an operation that is not native, or a matrix that is not unitary.

    Example:
        >>> tape = qml.tape.QuantumScript([qml.Hadamard(0), qml.CNOT([0, 1])])
        >>> [item.operation.name for item in to_aer(tape, 2).data]
        ['h', 'cx']
    """
    circuit = QuantumCircuit(n_qubits)
    prepared: Any = None
    for number, operation in enumerate(tape.operations):
        name = operation.name
        qubits = list(operation.wires)
        if name in _SAME:
            getattr(circuit, _SAME[name])(*(float(angle) for angle in operation.data), *qubits)
        elif name in _OTHER:
            _OTHER[name](circuit, operation, qubits)
        elif number == 0 and isinstance(operation, StatePrepBase):
            from qiskit_aer.library import SetStatevector

            state = np.asarray(operation.state_vector(wire_order=range(n_qubits)), dtype=np.complex128)
            prepared = reverse_bits(state.reshape(-1))
            circuit.append(SetStatevector(prepared), range(n_qubits))
        elif is_native(operation):
            _matrix(circuit, operation, qubits)
        else:
            raise CircuitError(
                f"operation {number} is {name}, which Aer does not know; run the circuit through a QNode or "
                "qml.execute, which decompose it first"
            )
    if prepared is not None and circuit.global_phase:
        # Aer applies the global phase before the circuit, and setting the state overwrites it.
        phased = SetStatevector(prepared * np.exp(1j * float(circuit.global_phase)))
        circuit.data[0] = circuit.data[0].replace(operation=phased)
        circuit.global_phase = 0.0
    return circuit
