"""What runs an eigensolver's circuit: this package's simulators, or any PennyLane device.

Both take tables of angles, one row per circuit, and run all rows of a table together.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pennylane as qml
from numpy.typing import NDArray
from pennylane.devices.preprocess import decompose

from .aer_device import AerDevice
from .energy_groups import EnergyGroup
from .errors import CircuitError
from .evaluation import Evaluator
from .matrix_readout import MatrixReadout
from .readout import PauliReadout, Readout
from .tape_reading import is_native, read_tape

if TYPE_CHECKING:
    from .program import Program
    from .simulators import Counts, Simulator
    from .variational import VariationalCircuit
    from .vqe_hamiltonian import PauliHamiltonian

__all__ = ["DeviceRunner", "Runner", "SimulatorRunner", "open_runner"]

_MATRIX_ENTRIES = 2**25  # above, words are applied one by one (half a GB)


class Runner(Protocol):
    """Runs a circuit for every row of a table of angles."""

    @property
    def label(self) -> str:
        """Name for tables."""

    @property
    def gradient(self) -> str:
        """How exact gradients are computed, for tables."""

    @property
    def noise(self) -> str:
        """A short text that differs between noise models; empty for none, or none that is known."""

    def energies(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exact energies, shape (B,)."""

    def energy_and_slopes(self, table: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Exact energy of a table of one row and its derivatives by the angles, shape (S,)."""

    def counts(self, table: NDArray[np.float64], group: EnergyGroup, shots: int, seed: int) -> Counts:
        """Outcomes of a group's measurement."""

    def samples(self, table: NDArray[np.float64], shots: int, seed: int) -> NDArray[np.uint8]:
        """Measured bits of all qubits for a table of one row, shape (shots, N)."""

    def states(self, table: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Final states, shape (B, 2**N)."""


class SimulatorRunner:
    """Aer or the native simulator, gradients by the adjoint sweep (by parameter shift under noise).

    Args:
        circuit: without inputs.
        hamiltonian: on its qubits.
        simulator: an opened one.
    """

    def __init__(
        self, circuit: VariationalCircuit, hamiltonian: PauliHamiltonian, simulator: Simulator
    ) -> None:
        self._circuit = circuit
        self._simulator = simulator
        noisy = getattr(simulator, "noise_model", None) is not None or circuit.program.noisy
        entries = hamiltonian.n_flips << hamiltonian.n_qubits
        readout: Readout
        if noisy or entries > _MATRIX_ENTRIES:
            readout = PauliReadout([hamiltonian.operator], hamiltonian.n_qubits)
        else:
            readout = MatrixReadout(hamiltonian.matrix())
        self._evaluator = Evaluator(circuit.program, readout, simulator=simulator)
        self._wanted = circuit.slots.weight_slots
        self._rotated: dict[EnergyGroup, Program] = {}

    @property
    def label(self) -> str:
        """Name of the simulator."""
        return self._simulator.label

    @property
    def gradient(self) -> str:
        """How exact gradients are computed."""
        return self._evaluator.gradient

    @property
    def noise(self) -> str:
        """A short text that differs between noise models, empty for none."""
        model = getattr(self._simulator, "noise_model", None)
        if model is None:
            return ""
        # Equal models differ in random names of their errors, and may in the order.
        named = model.to_dict(serializable=True)["errors"]
        errors = [{key: value for key, value in error.items() if key != "id"} for error in named]
        text = sorted(json.dumps(error, sort_keys=True) for error in errors)
        return blake2b("".join(text).encode(), digest_size=12).hexdigest()

    def energies(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exact energies (with the noise of a noise model), shape (B,)."""
        return self._evaluator.evaluate(table).values[:, 0]

    def energy_and_slopes(self, table: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Exact energy and derivatives by the angles of a table of one row."""
        evaluation = self._evaluator.evaluate(table)
        slopes = self._evaluator.vjp(evaluation, np.ones((1, 1)), wanted=self._wanted)
        return float(evaluation.values[0, 0]), np.asarray(slopes[0])

    def counts(self, table: NDArray[np.float64], group: EnergyGroup, shots: int, seed: int) -> Counts:
        """Outcomes of a group's measurement for every row."""
        # Simulators know a program again by identity, so a group must always bring the same one.
        program = self._rotated.setdefault(group, group.measurement.rotated(self._circuit.program))
        return self._simulator.counts(program, table, group.measurement.wires, shots, seed)

    def samples(self, table: NDArray[np.float64], shots: int, seed: int) -> NDArray[np.uint8]:
        """Measured bits of all qubits for a table of one row, shape (shots, N)."""
        program = self._circuit.program
        bits = self._simulator.samples(program, table, range(program.n_qubits), shots, seed)
        return np.asarray(bits[0])

    def states(self, table: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Final states, shape (B, 2**N)."""
        return self._simulator.states(self._circuit.program, table)


class DeviceRunner:
    """Any PennyLane device, gradients by what PennyLane finds best for it.

    Args:
        circuit: without inputs.
        hamiltonian: on its qubits.
        device: with N wires, or with none given.

    Raises:
        CircuitError: no device, or one with another number of wires.
    """

    gradient = "best"
    noise = ""  # a device keeps it to itself

    def __init__(self, circuit: VariationalCircuit, hamiltonian: PauliHamiltonian, device: Any) -> None:
        size = circuit.n_qubits
        if not isinstance(device, qml.devices.Device):
            raise CircuitError(
                f"device is {device!r}; it must be a PennyLane device such as "
                f'qml.device("default.qubit", wires={size})'
            )
        wires = range(size) if device.wires is None else device.wires
        if len(wires) != size:
            raise CircuitError(
                f"the device has {len(wires)} wires and the Hamiltonian {size}; make it with wires={size}"
            )
        self._device = device
        self._wires = dict(enumerate(wires))
        self._operator = hamiltonian.operator
        tape = circuit.tape(None, np.zeros(circuit.weight_shape))
        (native,), _ = decompose(tape, stopping_condition=is_native, name="circuit", error=CircuitError)
        self._tape, self._slots = native, read_tape(native, size).slots

    @property
    def label(self) -> str:
        """Name of the device."""
        return str(self._device.name)

    def _with(self, row: Any, measurement: Any, turns: list[Any] | None = None, shots: Any = None) -> Any:
        places = [place for place, slot in enumerate(self._slots) if slot >= 0]
        bound = self._tape.bind_new_parameters([row[self._slots[place]] for place in places], places)
        tape = qml.tape.QuantumScript(
            [*bound.operations, *(turns or [])], [measurement], shots=shots, trainable_params=places
        )
        (mapped,), _ = qml.map_wires(tape, self._wires)
        return mapped

    def _run(self, tapes: list[Any]) -> list[Any]:
        return [
            np.asarray(result) for result in qml.execute(tapes, self._device, diff_method=None, cache=False)
        ]

    def energies(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exact energies, shape (B,)."""
        tapes = [self._with(row, qml.expval(self._operator)) for row in table]
        return np.array([float(result) for result in self._run(tapes)])

    def energy_and_slopes(self, table: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Exact energy and derivatives by the angles of a table of one row."""

        # Autograd, because some devices hand torch their results in single precision.
        def energy(row: Any) -> Any:
            tape = self._with(row, qml.expval(self._operator))
            (value,) = qml.execute([tape], self._device, diff_method="best", interface="autograd")
            return value

        slopes = qml.grad(energy)
        gradient = slopes(qml.numpy.array(table[0], requires_grad=True))
        return float(slopes.forward), np.asarray(gradient, dtype=np.float64)

    def counts(self, table: NDArray[np.float64], group: EnergyGroup, shots: int, seed: int) -> Counts:
        """Outcomes of a group's measurement for every row; they follow the device's own seed."""
        turns: list[Any] = []
        for wire, letter in sorted(group.basis.items()):
            turns += [qml.adjoint(qml.S(wire))] if letter == "Y" else []
            turns += [qml.Hadamard(wire)] if letter in "XY" else []
        wires = group.measurement.wires
        tapes = [self._with(row, qml.sample(wires=wires), turns, shots) for row in table]
        powers = 2 ** np.arange(len(wires) - 1, -1, -1)
        counts = []
        for bits in self._run(tapes):
            outcomes = bits.reshape(shots, len(wires)).astype(np.int64) @ powers
            counts.append(np.unique(outcomes, return_counts=True))
        return counts

    def samples(self, table: NDArray[np.float64], shots: int, seed: int) -> NDArray[np.uint8]:
        """Measured bits of all qubits for a table of one row, shape (shots, N); by the device's own seed."""
        (bits,) = self._run([self._with(table[0], qml.sample(wires=list(self._wires)), None, shots)])
        return np.asarray(bits.reshape(shots, len(self._wires)), dtype=np.uint8)

    def states(self, table: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Final states, shape (B, 2**N).

        Raises:
            CircuitError: the device holds no statevector.
        """
        states = np.stack(self._run([self._with(row, qml.state()) for row in table]))
        if states.ndim != 2:
            raise CircuitError(f"{self.label} holds no statevector")
        return states.astype(np.complex128)


def open_runner(
    circuit: VariationalCircuit,
    hamiltonian: PauliHamiltonian,
    *,
    device: Any = None,
    simulator: Any = "aer",
    compute: str = "auto",
    precision: str = "double",
    threads: int | None = None,
    noise_model: Any = None,
) -> Runner:
    """Choose what runs the circuit.

    Args:
        circuit: without inputs.
        hamiltonian: on its qubits.
        device: a PennyLane device; an `AerDevice` lends its settings. None for a simulator.
        simulator: see `simulators.open_simulator`.
        compute: see there.
        precision: see there.
        threads: see there.
        noise_model: see there.

    Returns:
        A `Runner`.

    Raises:
        CircuitError: an illegal option, or one of a simulator together with a device.
        DeviceUnavailableError: the simulator cannot be used.
    """
    from .simulators import open_simulator

    if device is not None:
        if (simulator, compute, precision, threads, noise_model) != ("aer", "auto", "double", None, None):
            raise CircuitError(
                "simulator, compute, precision, threads and noise_model are settings of a simulator; a "
                "device has its own, leave them out"
            )
        if not isinstance(device, AerDevice):
            return DeviceRunner(circuit, hamiltonian, device)
        if device.wires is not None and len(device.wires) != circuit.n_qubits:
            raise CircuitError(
                f"the device has {len(device.wires)} wires and the Hamiltonian {circuit.n_qubits}; make it "
                f"with wires={circuit.n_qubits}"
            )
        opened = open_simulator("aer", **device.settings)
    else:
        opened = open_simulator(
            simulator, compute=compute, precision=precision, threads=threads, noise_model=noise_model
        )
    return SimulatorRunner(circuit, hamiltonian, opened)
