"""From a program to one Qiskit circuit whose angles are parameters; Aer binds a column of values to each.

No transpilation: ``AerBackend.target`` is rebuilt at every access, so ``transpile(circuit, backend)`` costs
far more than a small simulation. Every angle is a plain ``Parameter``, never an expression, which Aer would
evaluate in Python once per binding: the sums and halves that a gate needs are columns computed by NumPy.
There is no parameterized global phase, with which Aer 0.18 gives each binding the phase of the one before;
phases are numbers beside the circuit, from `row_phases`.

For pure states wire i becomes qubit N - 1 - i. PennyLane counts wire 0 as the most significant bit of an
index, Aer as the least, so Aer's index order is then PennyLane's. With noise wire i is qubit i, so that a
``NoiseModel`` for certain qubits means wires, and the density matrix is saved in reversed order of qubits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter

from .aer_gates import GateWriter
from .aer_names import ONE_QUBIT_GATES, TWO_QUBIT_GATES, VIRTUAL_GATES
from .aer_stack import StackedCircuit
from .linear_forms import Form, columns_of
from .program import Program

__all__ = ["ONE_QUBIT_GATES", "TWO_QUBIT_GATES", "VIRTUAL_GATES", "AerCircuit", "row_phases", "to_aer"]

_MAX_VARIANTS = 32


class AerCircuit:
    """A program as a circuit for Aer, with the variants that a run needs.

    Args:
        program: what it is made from; it is not kept.
        dialect: "pure" for states and their samples, "channels" for programs with channels, "noise" for runs
            with a noise model, where gates on more than two qubits become networks.

    Attributes:
        circuit: gates alone, neither initial state nor measurement; it must not be changed.
        dialect: as given.
        n_qubits: number of qubits, N.
        n_gates: number of instructions.
    """

    def __init__(self, program: Program, dialect: str = "pure") -> None:
        self.dialect = dialect
        self.n_qubits = program.n_qubits
        self._gates = program.gates
        writer = GateWriter(self.n_qubits, reverse=dialect == "pure", dialect=dialect)
        for gate in self._gates:
            writer.write(gate)
        self.circuit: QuantumCircuit = writer.circuit
        self.n_gates = len(writer.circuit.data)
        self._parameters: dict[Form, Parameter] = writer.parameters
        self._spare = Parameter("spare")
        self._variants: OrderedDict[Any, Any] = OrderedDict()
        self._lock = Lock()

    @property
    def has_parameters(self) -> bool:
        """Whether anything in the circuit is bound."""
        return bool(self._parameters)

    def binds(self, table: NDArray[np.float64], *, spare: bool = False) -> dict[Parameter, list[float]]:
        """The columns that Aer binds.

        Args:
            table: angles in radians, shape (B, S).
            spare: whether the spare parameter is bound too.

        Returns:
            B values for each parameter of the circuit.
        """
        columns = columns_of(self._parameters, table)
        if spare:
            columns[self._spare] = [0.0] * len(table)
        return columns

    def saving(self, what: str, wires: Sequence[int] = ()) -> QuantumCircuit:
        """The circuit with something saved at its end.

        Args:
            what: "statevector", "density_matrix" or "probabilities".
            wires: for probabilities, the wires; the first becomes the most significant bit of an outcome.

        Returns:
            A cached circuit; it must not be changed.
        """

        def make() -> QuantumCircuit:
            writer = self._copy()
            writer.save(what, wires)
            return writer.circuit

        return self._variant((what, *wires), make)

    def measuring(self, wires: Sequence[int], *, spare: bool = False) -> QuantumCircuit:
        """The circuit with wires measured at its end.

        Args:
            wires: the wires; the first becomes the most significant bit of an outcome.
            spare: whether to append a rotation by the spare parameter, for a circuit that has no other, so
                that rows can be bindings.

        Returns:
            A cached circuit; it must not be changed.
        """

        def make() -> QuantumCircuit:
            writer = self._copy()
            if spare:
                # No noise model knows the label.
                writer.circuit.append(Gate("p", 1, [self._spare], label="spare"), [0])
            writer.measure(wires)
            return writer.circuit

        return self._variant(("measure", spare, *wires), make)

    def stacked(
        self,
        what: str,
        wires: Sequence[int],
        *,
        varying: NDArray[np.bool_],
        index_qubits: int,
        prepared: bool,
    ) -> StackedCircuit:
        """The circuit of many rows at once; arguments as for `StackedCircuit`.

        Args:
            what: what is saved, "statevector" or "probabilities".
            wires: for probabilities, the wires.
            varying: for each slot whether its angle differs between rows, shape (S,).
            index_qubits: K, for up to 2**K rows.
            prepared: whether rows start from states handed over.

        Returns:
            A cached object.
        """

        def make() -> StackedCircuit:
            return StackedCircuit(
                self._gates, self.n_qubits, index_qubits, varying, prepared=prepared, what=what, wires=wires
            )

        key = ("stacked", what, tuple(wires), varying.tobytes(), index_qubits, prepared)
        variant: StackedCircuit = self._variant(key, make)
        return variant

    def _copy(self) -> GateWriter:
        """A writer that continues the circuit."""
        writer = GateWriter(self.n_qubits, reverse=self.dialect == "pure", dialect=self.dialect)
        writer.circuit = self.circuit.copy()
        return writer

    def _variant(self, key: Any, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._variants:
                self._variants[key] = make()
            self._variants.move_to_end(key)
            while len(self._variants) > _MAX_VARIANTS:
                self._variants.popitem(last=False)
            return self._variants[key]

    def prepared(self, ending: QuantumCircuit, state: NDArray[np.complex128]) -> QuantumCircuit:
        """A copy of a circuit that starts from a state.

        Args:
            ending: from `saving` or `measuring`.
            state: normalized, shape (2**N,), wire 0 most significant.

        Returns:
            A new circuit.
        """
        from qiskit_aer.library import SetStatevector

        if self.dialect != "pure":
            # Aer wants the whole register in its own order, whatever qubits are named.
            state = state.reshape((2,) * self.n_qubits).transpose().reshape(-1)
        circuit = ending.copy_empty_like()
        circuit.append(SetStatevector(state), circuit.qubits)
        for item in ending.data:
            circuit.append(item)
        return circuit


_circuits: WeakKeyDictionary[Program, dict[str, AerCircuit]] = WeakKeyDictionary()
_phases: WeakKeyDictionary[Program, Any] = WeakKeyDictionary()
_lock = Lock()


def to_aer(program: Program, dialect: str = "pure") -> AerCircuit:
    """The circuit of a program, made once per program and dialect.

    Args:
        program: any program.
        dialect: see `AerCircuit`.

    Returns:
        The circuit, whose angles are parameters.

    Raises:
        CircuitError: a gate that cannot be written, such as a matrix that is not unitary.

    Example:
        >>> import pennylane as qml
        >>> from .tape_reading import read_tape
        >>> tape = qml.tape.QuantumScript([qml.Hadamard(0), qml.CRY(0.3, [0, 1])])
        >>> [item.operation.name for item in to_aer(read_tape(tape).program).circuit.data]
        ['h', 'cry']
    """
    with _lock:
        known = _circuits.setdefault(program, {})
        if dialect not in known:
            known[dialect] = AerCircuit(program, dialect)
        return known[dialect]


def row_phases(program: Program, table: NDArray[np.float64]) -> NDArray[np.complex128] | None:
    """What the states of the circuit must be multiplied with to be those of the program.

    Global phases are left out of the circuit, and rot(a, t, b) = exp(-i (a + b) / 2) u(t, b, a).

    Args:
        program: any program.
        table: angles in radians, shape (B, S).

    Returns:
        Factors of modulus 1, shape (B,); None where all are 1.

    Example:
        >>> import pennylane as qml
        >>> from .tape_reading import read_tape
        >>> bound = read_tape(qml.tape.QuantumScript([qml.Rot(0.1, 0.2, 0.3, 0)]))
        >>> np.angle(row_phases(bound.program, bound.table)).round(6).tolist()
        [-0.2]
    """
    if program not in _phases:
        weights = np.zeros(program.n_slots)
        for slot, coefficient in program.phases:
            weights[slot] += coefficient
        for gate in program.gates:
            if gate.kind == "rot" and not gate.controls:
                weights[[gate.slot, gate.slot + 2]] -= 0.5
        _phases[program] = weights if weights.any() else None
    weights = _phases[program]
    if weights is None:
        return None
    factors: NDArray[np.complex128] = np.exp(1j * (table @ weights))
    return factors
