"""QAOA of a dimod model as a PennyLane circuit, run on Aer or on any other PennyLane device.

E. Farhi, J. Goldstone, S. Gutmann, "A Quantum Approximate Optimization Algorithm", arXiv 1411.4028, with
U_C(gamma) = exp(-i gamma C), U_B(beta) = exp(-i beta sum X) and C the model's energy, **minimized**.

The circuit prepares and samples the state. The expectation is the sum of probability times energy over all
bit strings, which costs one pass over a table instead of one measurement per term.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Any

import dimod
import numpy as np
import pennylane as qml
from numpy.typing import ArrayLike, NDArray

from .aer_device import AerDevice
from .angle_arguments import read_angles
from .errors import CircuitError
from .ising import Ising, energy_vector, ising_from_bqm
from .memory import require_memory
from .qaoa_resources import layer_resources

__all__ = ["CircuitQAOA"]

# Three complex vectors inside the device, probabilities, energies
_BYTES = 64


class CircuitQAOA:
    """QAOA with the transverse-field mixer, at any depth.

    One layer is exp(-i gamma C), made of RZ (linear terms) and IsingZZ gates (pairs), then RX on every qubit;
    the first layer acts on Hadamards. The constant of the model is left out of the circuit, where it would be
    a global phase, and is part of every energy.

    Args:
        model: BINARY or SPIN model; variable i of ``model.variables`` is wire i.
        device: a PennyLane device with exactly the model's number of wires (or none given), else the
            package's Aer device.
        compute: for the Aer device: "auto", "cpu" or "gpu".
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order.
        n_qubits: their number, N.
        simulator: name for tables, such as ``Aer statevector (CPU)``.

    Raises:
        CircuitError: the model cannot be used, or the device has another number of wires.
        CircuitTooLargeError: the state does not fit into free memory.
        DeviceUnavailableError: the requested device cannot be used.

    Example:
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> qaoa = CircuitQAOA(edge, compute="cpu")
        >>> round(qaoa.value([np.pi / 4], [-np.pi / 8]), 6)
        -1.0
        >>> qaoa.probabilities([np.pi / 4], [-np.pi / 8]).round(6).tolist()
        [0.0, 0.5, 0.5, 0.0]
    """

    def __init__(
        self,
        model: dimod.BinaryQuadraticModel,
        device: Any = None,
        *,
        compute: str = "auto",
        seed: int | None = None,
    ) -> None:
        self._operator: Ising = ising_from_bqm(model)
        self._model = model.copy()
        require_memory(self.n_qubits, _BYTES)
        if device is None:
            device = AerDevice(wires=self.n_qubits, compute=compute, seed=seed)
        elif not isinstance(device, qml.devices.Device):
            raise CircuitError(
                f"device is {device!r}; it must be a PennyLane device such as "
                f'qml.device("default.qubit", wires={self.n_qubits})'
            )
        elif isinstance(device, AerDevice):
            device = device if seed is None else device.with_seed(seed)
        elif seed is not None:
            raise CircuitError(f"seed cannot be set for {device.name}; give the seed to the device itself")
        wires = list(range(self.n_qubits)) if device.wires is None else list(device.wires)
        if len(wires) != self.n_qubits:
            raise CircuitError(
                f"the device has {len(wires)} wires and the model {self.n_qubits} variables; make the device "
                f"with wires={self.n_qubits}"
            )
        self._device = device
        self._wires = wires
        # The gates of a layer commute. Aer fuses neighbors on few qubits into one gate, so pairs are sorted
        # by blocks of three qubits: from 16 qubits on half the time of an order by parallel steps.
        first, second = self._operator.pairs.T
        order = np.lexsort((second, first, first // 3, second // 3))
        self._pairs = [(wires[a], wires[b]) for a, b in self._operator.pairs[order].tolist()]
        self._couplings = self._operator.couplings[order]

    @property
    def variables(self) -> tuple[Hashable, ...]:
        """The model's variables in wire order."""
        return self._operator.variables

    @property
    def n_qubits(self) -> int:
        """Number of qubits, one per variable."""
        return self._operator.n_qubits

    @property
    def simulator(self) -> str:
        """Name for tables: ``Aer statevector (CPU)``, or the device's name."""
        return self._device.label if isinstance(self._device, AerDevice) else str(self._device.name)

    @cached_property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant; read only."""
        energies = energy_vector(self._model)
        energies.flags.writeable = False
        return energies

    def circuit(self, gammas: ArrayLike, betas: ArrayLike) -> qml.tape.QuantumScript:
        """The circuit as a PennyLane tape that measures the probabilities of all bit strings.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            A tape; ``print(tape.draw())`` draws it.

        Raises:
            CircuitError: angles that are empty, not finite, or unequal in number.

        Example:
            >>> field = dimod.BinaryQuadraticModel({"a": 2.0}, {}, 0.0, "BINARY")
            >>> print(CircuitQAOA(field, compute="cpu").circuit([0.5], [0.25]).draw(decimals=1))
            0: ──H──RZ(-1.0)──RX(0.5)─┤  Probs
        """
        return self._tape(gammas, betas, qml.probs(wires=self._wires))

    def _tape(self, gammas: ArrayLike, betas: ArrayLike, measurement: Any, shots: int | None = None) -> Any:
        gamma_row, beta_row = (row.tolist() for row in read_angles(gammas, betas))
        operations = [qml.Hadamard(wire) for wire in self._wires]
        fields = self._operator.fields.tolist()
        couplings = self._couplings.tolist()
        for gamma, beta in zip(gamma_row, beta_row):
            operations += [qml.RZ(2 * gamma * h, wire) for h, wire in zip(fields, self._wires) if h]
            operations += [qml.IsingZZ(2 * gamma * j, pair) for j, pair in zip(couplings, self._pairs)]
            operations += [qml.RX(2 * beta, wire) for wire in self._wires]
        return qml.tape.QuantumScript(operations, [measurement], shots=shots)

    def _run(self, tape: Any, device: Any) -> NDArray[Any]:
        # Hashing every gate for PennyLane's result cache costs more than a small circuit.
        return np.asarray(qml.execute([tape], device, diff_method=None, cache=False)[0])

    def state(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.complex128]:
        """The final state.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Amplitudes, shape (2**N,), wire 0 most significant; right up to a global phase.

        Raises:
            CircuitError: illegal angles, or a device that holds no pure state.
        """
        state = self._run(self._tape(gammas, betas, qml.state()), self._device)
        if state.shape != (2**self.n_qubits,):
            raise CircuitError(f"{self._device.name} holds no statevector; use probabilities() or sample()")
        return state.astype(np.complex128, copy=False)

    def probabilities(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Exact probability of every bit string.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Shape (2**N,), wire 0 most significant.

        Raises:
            CircuitError: illegal angles.
        """
        return self._run(self.circuit(gammas, betas), self._device).astype(np.float64, copy=False)

    def value(self, gammas: ArrayLike, betas: ArrayLike) -> float:
        """Exact expectation of the model's energy, offset included.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Sum over all bit strings of probability times energy.

        Raises:
            CircuitError: illegal angles.
        """
        return float(self.probabilities(gammas, betas) @ self.energies)

    def sample(
        self, gammas: ArrayLike, betas: ArrayLike, shots: int, seed: int | None = None
    ) -> NDArray[np.uint8]:
        """Bit strings measured on the device.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).
            shots: number of samples S, at least 1.
            seed: the same seed gives the same samples; None continues the stream of the constructor's seed.

        Returns:
            Shape (S, N); column i is wire i, that is variable i.

        Raises:
            CircuitError: illegal angles or shots, or a seed for a device that takes none per call.

        Example:
            >>> qaoa = CircuitQAOA(dimod.BinaryQuadraticModel({"a": 1.0}, {}, 0.0, "BINARY"), compute="cpu")
            >>> qaoa.sample([np.pi / 2], [-np.pi / 4], shots=3, seed=1).tolist()
            [[0], [0], [0]]
        """
        if isinstance(shots, bool) or not isinstance(shots, (int, np.integer)) or shots < 1:
            raise CircuitError(f"shots is {shots!r}; it must be an integer of at least 1")
        device = self._device
        if seed is not None:
            if not isinstance(device, AerDevice):
                raise CircuitError(
                    f"seed is {seed!r}, but {device.name} takes none per call; give it to the device itself"
                )
            device = device.with_seed(seed)
        tape = self._tape(gammas, betas, qml.sample(wires=self._wires), int(shots))
        return self._run(tape, device).reshape(int(shots), self.n_qubits).astype(np.uint8)

    def resources(self, depth: int) -> dict[str, int]:
        """What the circuit costs, see `qaoa_resources.layer_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer.
        """
        return layer_resources(self._operator, depth)
