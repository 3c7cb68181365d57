"""All rows of a table as one state of more qubits, so that Aer reads one circuit and returns one result.

For few qubits Aer spends its time on what comes with every execution, not on amplitudes. Rows
b = 0 ... B - 1 therefore become the state sum |b> (x) |row b> / sqrt(B) on N wires and K index qubits above
them. A gate whose angle is the same in all rows acts on the wires alone. A rotation whose angle differs is
diagonal in b after a change of basis on its wires, for example rx = h rz h: one diagonal gate on wires and
index qubits holds the angles of all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Parameter
from qiskit.circuit import Gate as QiskitGate

from .aer_gates import GateWriter
from .gates import Gate
from .linear_forms import Form, columns_of, scaled, value_of

__all__ = ["StackedCircuit"]

# Gates before and after the diagonal one, on every target: h Z h = X, (s h) Z (h sdg) = Y.
_BASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "x": (("h",), ("h",)),
    "y": (("sdg", "h"), ("h", "s")),
    "z": ((), ()),
}
# Phase per angle of each basis state of the targets.
_PHASES: dict[int, NDArray[np.float64]] = {1: np.array([-0.5, 0.5]), 2: np.array([-0.5, 0.5, 0.5, -0.5])}


class _RowDiagonal(QiskitGate):  # type: ignore[misc]
    """A diagonal gate that is filled when it stands in its circuit, and that nobody checks by entry."""

    def __init__(self, n_qubits: int) -> None:
        self.entries: list[complex] = []
        super().__init__("diagonal", n_qubits, [])

    @property
    def params(self) -> list[complex]:
        return self.entries

    @params.setter
    def params(self, values: Sequence[Any]) -> None:
        """The base class sets its empty list."""

    def is_parameterized(self) -> bool:
        return False


class _StackWriter(GateWriter):
    """Writes the gates of a program for states with index qubits."""

    def __init__(self, n_qubits: int, index_qubits: int, varying: NDArray[np.bool_]) -> None:
        super().__init__(n_qubits, reverse=True, dialect="pure", index_qubits=index_qubits)
        self._index = list(range(n_qubits, n_qubits + index_qubits))
        self._varying = varying
        # position in the circuit, angle, phases per angle of the basis states of targets and controls
        self.diagonals: list[tuple[int, Form, NDArray[np.float64]]] = []

    def write(self, gate: Gate) -> None:
        angles: list[Form] = [((gate.slot + number, 1.0),) for number in range(gate.n_angles)]
        if not any(map(self._varies, angles)):
            super().write(gate)
        elif gate.kind in ("rot", "u"):
            first, middle, last = angles if gate.kind == "rot" else (angles[2], angles[0], angles[1])
            if gate.controls and gate.kind == "u":
                self._turn("p", gate.controls[:-1], gate.controls[-1:], scaled(first + last, 0.5))
            # Without controls the phase exp(i (a + b) / 2) is that of the gate u, as in other circuits.
            outer = "rz" if gate.controls else "p"
            for kind, angle in ((outer, first), ("ry", middle), (outer, last)):
                self._turn(kind, gate.controls, gate.targets, angle)
        else:
            self._turn(gate.kind, gate.controls, gate.targets, angles[0])

    def _varies(self, angle: Form) -> bool:
        return any(self._varying[slot] for slot, _ in angle)

    def _turn(self, kind: str, controls: tuple[int, ...], targets: tuple[int, ...], angle: Form) -> None:
        if not self._varies(angle):
            if len(targets) == 2:
                self.emit(kind, targets, [angle])
            else:
                self._pure(kind, controls, targets[0], [angle])
            return
        before, after = _BASES["z" if kind == "p" else kind[-1]]
        for target in targets:
            for name in before:
                self.emit(name, (target,))
        own = np.array([0.0, 1.0]) if kind == "p" else _PHASES[len(targets)]
        phases = np.zeros(2 ** (len(targets) + len(controls)))
        phases[-len(own) :] = own  # where all controls are 1
        self.diagonals.append((len(self.circuit.data), angle, phases))
        qubits = [*(self._qubits[wire] for wire in (*targets, *controls)), *self._index]
        self.circuit.append(_RowDiagonal(len(qubits)), qubits)
        for target in targets:
            for name in after:
                self.emit(name, (target,))


class StackedCircuit:
    """The circuit of a stack, ready to be filled with rows.

    Args:
        gates: of the program.
        n_qubits: wires of the program, N.
        index_qubits: K, for up to 2**K rows.
        varying: for each slot whether its angle differs between rows, shape (S,).
        prepared: whether rows start from states handed over.
        what: what is saved, "statevector" or "probabilities".
        wires: for probabilities, the wires.

    Attributes:
        n_instructions: of the circuit.
        n_entries: of all its diagonal gates.
    """

    def __init__(
        self,
        gates: Sequence[Gate],
        n_qubits: int,
        index_qubits: int,
        varying: NDArray[np.bool_],
        *,
        prepared: bool,
        what: str,
        wires: Sequence[int],
    ) -> None:
        writer = _StackWriter(n_qubits, index_qubits, varying)
        if not prepared:
            for qubit in range(n_qubits, n_qubits + index_qubits):
                writer.circuit.append(QiskitGate("h", 1, []), [qubit])
        for gate in gates:
            writer.write(gate)
        writer.save(what, wires)
        self._prepared = prepared
        self._shape = (2**index_qubits, 2**n_qubits)
        self._qubits = writer.circuit.qubits
        self._instructions = list(writer.circuit.data)
        self._parameters: dict[Form, Parameter] = writer.parameters
        self._diagonals = writer.diagonals
        self.n_instructions = len(self._instructions)
        self.n_entries = 2**index_qubits * sum(len(phases) for _, _, phases in self._diagonals)

    def fill(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> tuple[QuantumCircuit, dict[Parameter, list[float]], int]:
        """A circuit for rows.

        Args:
            table: angles in radians, shape (B, S), B at most 2**K; columns that do not vary must not.
            initial: shape (2**N,) or (B, 2**N), or None, as said on construction.

        Returns:
            The circuit, the values of its parameters, and the factor W: index b of what is saved is the
            probability of row b divided by W, or its amplitude divided by sqrt(W).
        """
        instructions = list(self._instructions)
        filled = []
        for position, angle, phases in self._diagonals:
            angles = np.zeros(self._shape[0])
            angles[: len(table)] = value_of(angle, table)
            gate = _RowDiagonal(instructions[position].operation.num_qubits)
            filled.append((gate, np.exp(1j * np.multiply.outer(angles, phases)).reshape(-1)))
            instructions[position] = CircuitInstruction(gate, instructions[position].qubits)
        weight = self._shape[0]
        if self._prepared:
            from qiskit_aer.library import SetStatevector

            weight = len(table)
            stack = np.zeros(self._shape, dtype=np.complex128)
            stack[:weight] = initial
            stack /= np.sqrt(weight)
            instructions.insert(0, CircuitInstruction(SetStatevector(stack.reshape(-1)), self._qubits))
        circuit = QuantumCircuit.from_instructions(instructions, qubits=self._qubits)
        for gate, entries in filled:
            gate.entries = entries.tolist()
        return circuit, columns_of(self._parameters, table[:1]), weight
