"""How each kind of gate is written for Aer: only names that its methods know, so nothing is transpiled.

Two dialects. Pure states use Aer's controlled gates as they are. Noise needs gates that the density matrix
method knows too and that act on at most two qubits, as on hardware: others are written as networks of those.
A noise model acts by name, and Aer takes the label of a gate for its name: the last gate of a network carries
the name, every gate before it the label "part", to which nothing is attached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import Parameter
from qiskit.circuit.library import DiagonalGate, UnitaryGate
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Kraus
from qiskit.synthesis.unitary.qsd import qs_decomposition

from .aer_installation import import_aer
from .errors import CircuitError
from .gates import FIXED_MATRICES, Gate
from .linear_forms import Form, scaled

__all__ = ["GateWriter"]

_PART = "part"
_PHASES = {"z": np.pi, "s": np.pi / 2, "sdg": -np.pi / 2, "t": np.pi / 4, "tdg": -np.pi / 4}


def _controlled_matrix(kind: str) -> NDArray[np.complex128]:
    matrix = np.eye(4, dtype=np.complex128)
    matrix[2:, 2:] = FIXED_MATRICES[kind]
    return matrix


class GateWriter:
    """Appends gates of a program to a Qiskit circuit.

    Args:
        n_qubits: number of qubits, N.
        reverse: whether wire i becomes qubit N - 1 - i instead of qubit i.
        dialect: "pure" (Aer's controlled gates), "channels" (what the density matrix method knows) or
            "noise" (that, on at most two qubits, with the names above).
        index_qubits: number of further qubits above those of the wires.

    Attributes:
        circuit: what has been written.
        parameters: the parameter of every linear form that stands in the circuit, in order of appearance.
    """

    def __init__(self, n_qubits: int, *, reverse: bool, dialect: str, index_qubits: int = 0) -> None:
        self.circuit = QuantumCircuit(n_qubits + index_qubits)
        self._n_qubits = n_qubits
        self.parameters: dict[Form, Parameter] = {}
        self._qubits = list(range(n_qubits))[:: -1 if reverse else 1]
        self._dialect = dialect

    def write(self, gate: Gate) -> None:
        """Append one gate of a program.

        Args:
            gate: any gate; its angles become parameters.

        Raises:
            CircuitError: controls on a kind that takes none, a matrix that is not unitary, or operators that
                are no channel.
        """
        angles: list[Any] = [((gate.slot + number, 1.0),) for number in range(gate.n_angles)]
        if gate.controls and (gate.kind in _MATRIX_KINDS or gate.kind in ("rxx", "ryy", "rzz")):
            raise CircuitError(f'a gate of kind "{gate.kind}" has controls {gate.controls}; it takes none')
        if gate.kind in _MATRIX_KINDS:
            _MATRIX_KINDS[gate.kind](self, gate)
        elif gate.kind == "swap":
            self._swap(gate.controls, gate.targets)
        elif len(gate.targets) == 2:
            self.emit(gate.kind, gate.targets, angles)
        elif self._dialect == "pure":
            self._pure(gate.kind, gate.controls, gate.targets[0], angles)
        else:
            self._network(gate.kind, gate.controls, gate.targets[0], angles)

    def emit(
        self, name: str, wires: Sequence[int], angles: Sequence[float | Form] = (), label: str | None = None
    ) -> None:
        """Append one instruction by Aer's name for it.

        Args:
            name: of the instruction.
            wires: controls, then targets.
            angles: numbers or linear forms.
            label: what a noise model sees instead of the name.
        """
        values = [self._parameter(angle) if isinstance(angle, tuple) else float(angle) for angle in angles]
        # Aer goes by the name. Qiskit's own CRXGate and its like (Qiskit 2.6) deny being parameterized, and
        # Aer then leaves their angle at 0 without a word.
        instruction = QiskitGate(name, len(wires), values, label=label)
        self.circuit.append(instruction, [self._qubits[wire] for wire in wires])

    def save(self, what: str, wires: Sequence[int] = ()) -> None:
        """Append an instruction that saves something; index qubits are the most significant of it.

        Args:
            what: "statevector", "density_matrix" or "probabilities".
            wires: for probabilities, the wires; the first becomes the most significant bit of an outcome.
        """
        import_aer()  # gives QuantumCircuit its save instructions
        if what == "probabilities":
            index = range(self._n_qubits, self.circuit.num_qubits)
            self.circuit.save_probabilities([*(self._qubits[wire] for wire in reversed(wires)), *index])
        elif what == "density_matrix":
            self.circuit.save_density_matrix(qubits=self._qubits[::-1])
        else:
            self.circuit.save_statevector()

    def measure(self, wires: Sequence[int]) -> None:
        """Append measurements.

        Args:
            wires: the wires; the first becomes the most significant bit of an outcome.
        """
        self.circuit.add_register(ClassicalRegister(len(wires)))
        self.circuit.measure([self._qubits[wire] for wire in wires], list(range(len(wires)))[::-1])

    def _parameter(self, form: Form) -> Parameter:
        return self.parameters.setdefault(form, Parameter(f"a{len(self.parameters)}"))

    def _matrix(self, matrix: NDArray[np.complex128], wires: Sequence[int], label: str | None = None) -> None:
        try:
            gate = UnitaryGate(matrix, label=label)
        except (QiskitError, ValueError) as error:
            raise CircuitError(f"the matrix on wires {tuple(wires)} is not unitary") from error
        # Qiskit's first qubit is the least significant bit of a matrix, a program's first wire the most.
        self.circuit.append(gate, [self._qubits[wire] for wire in reversed(wires)])

    def _unitary(self, gate: Gate) -> None:
        assert gate.matrix is not None
        if self._dialect != "noise":
            self._matrix(gate.matrix, gate.targets)
        elif len(gate.targets) <= 2:
            self._matrix(gate.matrix, gate.targets, f"unitary_{len(gate.targets)}")
        else:
            self._synthesize(gate.matrix, gate.targets)

    def _diagonal(self, gate: Gate) -> None:
        assert gate.matrix is not None
        if not np.allclose(np.abs(gate.matrix), 1, atol=1e-8):
            raise CircuitError(f"the diagonal on wires {gate.targets} has entries whose modulus is not 1")
        if self._dialect != "noise":
            qubits = [self._qubits[wire] for wire in reversed(gate.targets)]
            self.circuit.append(DiagonalGate(gate.matrix.tolist()), qubits)
        elif len(gate.targets) <= 2:
            # Aer ignores the label of a diagonal, so it goes as a matrix.
            self._matrix(np.diag(gate.matrix), gate.targets, f"diagonal_{len(gate.targets)}")
        else:
            self._synthesize(np.diag(gate.matrix), gate.targets)

    def _synthesize(self, matrix: NDArray[np.complex128], wires: Sequence[int]) -> None:
        network = qs_decomposition(matrix)
        places = [self._qubits[wire] for wire in reversed(wires)]
        for item in network.data:
            self.circuit.append(item.operation, [places[network.find_bit(bit).index] for bit in item.qubits])

    def _kraus(self, gate: Gate) -> None:
        assert gate.matrix is not None
        channel = Kraus(list(gate.matrix))
        if not channel.is_cptp(atol=1e-8):
            raise CircuitError(f"the Kraus operators on wires {gate.targets} preserve no trace")
        qubits = [self._qubits[wire] for wire in reversed(gate.targets)]
        self.circuit.append(channel.to_instruction(), qubits)

    def _swap(self, controls: tuple[int, ...], targets: tuple[int, ...]) -> None:
        if not controls:
            self.emit("swap", targets)
        elif self._dialect == "pure":
            self.emit("cswap" if len(controls) == 1 else "mcswap", (*controls, *targets))
        else:
            self.emit("cx", targets[::-1])
            self._network("x", (*controls, targets[0]), targets[1], [])
            self.emit("cx", targets[::-1])

    def _pure(self, kind: str, controls: tuple[int, ...], target: int, angles: list[Any]) -> None:
        wires = (*controls, target)
        if kind == "rot":
            first, middle, last = angles
            # rot(a, t, b) = exp(-i (a + b) / 2) u(t, b, a); uncontrolled, the phase is kept outside.
            kind, angles = "u", [middle, last, first, scaled(first + last, -0.5)]
        elif kind == "u":
            angles = [*angles, 0.0]
        elif controls and kind in _PHASES and kind != "z":
            kind, angles = "p", [_PHASES[kind]]
        if not controls:
            self.emit(kind, wires, angles[:3])
        elif len(controls) == 1 and kind in ("h", "sxdg"):
            self._matrix(_controlled_matrix(kind), wires, f"c{kind}")
        elif kind in ("h", "sxdg"):
            self._conjugated(kind, controls, target, self._pure)
        elif len(controls) == 1:
            self.emit(f"c{kind}", wires, angles)
        else:
            self.emit(f"cc{kind}" if kind in "xz" and len(controls) == 2 else f"mc{kind}", wires, angles)

    def _conjugated(
        self,
        kind: str,
        controls: tuple[int, ...],
        target: int,
        write: Callable[[str, tuple[int, ...], int, list[Any]], None],
    ) -> None:
        """H = ry(pi/4) z ry(-pi/4); sx and sxdg are rx(+-pi/2) with a phase exp(+-i pi/4)."""
        if kind == "h":
            write("ry", (), target, [-np.pi / 4])
            write("z", controls, target, [])
            write("ry", (), target, [np.pi / 4])
        else:
            sign = 1.0 if kind == "sx" else -1.0
            write("rx", controls, target, [sign * np.pi / 2])
            write("p", controls[:-1], controls[-1], [sign * np.pi / 4])

    def _network(self, kind: str, controls: tuple[int, ...], target: int, angles: list[Any]) -> None:
        wires = (*controls, target)
        if not controls:
            self._pure(kind, controls, target, angles)
        elif kind in ("rot", "u"):
            self._euler(kind, controls, target, angles)
        elif kind in ("rx", "ry", "rz"):
            self._rotation(kind, controls, target, angles[0], f"c{kind}")
        elif len(controls) == 1:
            if kind in ("h", "sx", "sxdg"):
                self._matrix(_controlled_matrix(kind), wires, f"c{kind}")
            elif kind in _PHASES and kind != "z":
                self.emit("cp", wires, [_PHASES[kind]])
            else:
                self.emit(f"c{kind}", wires, angles)
        elif kind in ("h", "sx", "sxdg"):
            self._conjugated(kind, controls, target, self._network)
        elif kind == "x":
            self.emit("h", (target,))
            self._network("z", controls, target, [])
            self.emit("h", (target,))
        elif kind == "y":
            self.emit("sdg", (target,))
            self._network("x", controls, target, [])
            self.emit("s", (target,))
        elif kind == "z" and self._dialect == "channels":
            signs = [1.0] * (2 ** len(wires) - 1) + [-1.0]
            self.circuit.append(DiagonalGate(signs), [self._qubits[wire] for wire in wires])
        else:
            angle = angles[0] if kind == "p" else _PHASES[kind]
            self._phase(controls, target, angle)

    def _phase(self, controls: tuple[int, ...], target: int, angle: float | Form) -> None:
        """A phase on the all-ones state by halves: A. Barenco et al., arXiv quant-ph/9503016, lemma 7.5."""
        rest, last = controls[:-1], controls[-1]
        for sign in (0.5, -0.5):
            self.emit("cp", (last, target), [scaled(angle, sign)])
            self._network("x", rest, last, [])
        self._network("p", rest, target, [scaled(angle, 0.5)])

    def _rotation(
        self, kind: str, controls: tuple[int, ...], target: int, angle: float | Form, name: str
    ) -> None:
        """Two halves, the second with its sign changed by controlled flips, so that they cancel without."""
        flip = "x" if kind == "rz" else "z"
        single = len(controls) == 1
        for sign in (0.5, -0.5):
            self.emit(kind, (target,), [scaled(angle, sign)], _PART if single else None)
            if single:
                self.emit(f"c{flip}", (*controls, target), label=_PART if sign > 0 else name)
            else:
                self._network(flip, controls, target, [])

    def _euler(self, kind: str, controls: tuple[int, ...], target: int, angles: list[Any]) -> None:
        inner = _PART if len(controls) == 1 else "unused"
        if kind == "rot":
            first, middle, last = angles
        else:
            middle, last, first = angles
            phase = scaled(first + last, 0.5)
            if len(controls) == 1:
                self.emit("p", controls, [phase], _PART)
            else:
                self._network("p", controls[:-1], controls[-1], [phase])
        self._rotation("rz", controls, target, first, inner)
        self._rotation("ry", controls, target, middle, inner)
        self._rotation("rz", controls, target, last, "cu")


_MATRIX_KINDS: dict[str, Callable[[GateWriter, Gate], None]] = {
    "unitary": GateWriter._unitary,
    "diagonal": GateWriter._diagonal,
    "kraus": GateWriter._kraus,
}
