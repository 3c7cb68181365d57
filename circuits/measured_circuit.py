"""What QAOA circuits share, whatever their gates: the device, and every figure that it measures.

A circuit prepares and samples the state. The expectation is the sum of probability times energy over all bit
strings, which costs one pass over a table instead of one measurement per term.

Shapes: N qubits, p layers, S samples.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import ArrayLike, NDArray

from .aer_device import AerDevice
from .arguments import whole_number
from .errors import CircuitError
from .objectives import EXPECTATION, Objective, weigh
from .outcomes import Outcomes
from .product_space import binary_space

__all__ = ["MeasuredCircuit"]


class MeasuredCircuit(ABC):
    """A circuit with cost angles and mixer angles on a PennyLane device.

    Args:
        variables: of the model, in wire order.
        device: a PennyLane device with exactly that many wires (or none given), else the package's Aer
            device.
        compute: for the Aer device: "auto", "cpu" or "gpu".
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: as given.

    Raises:
        CircuitError: the device cannot be used or has another number of wires.
        DeviceUnavailableError: the requested device cannot be used.
    """

    def __init__(self, variables: tuple[Hashable, ...], device: Any, compute: str, seed: int | None) -> None:
        self.variables = variables
        n_qubits = len(variables)
        if device is None:
            device = AerDevice(wires=n_qubits, compute=compute, seed=seed)
        elif not isinstance(device, qml.devices.Device):
            raise CircuitError(
                f"device is {device!r}; it must be a PennyLane device such as "
                f'qml.device("default.qubit", wires={n_qubits})'
            )
        elif isinstance(device, AerDevice):
            device = device if seed is None else device.with_seed(seed)
        elif seed is not None:
            raise CircuitError(f"seed cannot be set for {device.name}; give the seed to the device itself")
        wires = list(range(n_qubits)) if device.wires is None else list(device.wires)
        if len(wires) != n_qubits:
            raise CircuitError(
                f"the device has {len(wires)} wires and the model {n_qubits} variables; make the device "
                f"with wires={n_qubits}"
            )
        self._device = device
        self._wires = wires

    @property
    def n_qubits(self) -> int:
        """Number of qubits, one per variable."""
        return len(self.variables)

    @property
    def simulator(self) -> str:
        """Name for tables: ``Aer statevector (CPU)``, or the device's name."""
        return self._device.label if isinstance(self._device, AerDevice) else str(self._device.name)

    @property
    @abstractmethod
    def energies(self) -> NDArray[np.float64]:
        """Energy of every outcome that `probabilities` lists, offset included."""

    @abstractmethod
    def _operations(self, gammas: ArrayLike, betas: ArrayLike) -> list[Any]:
        """The gates, for angles that are still to be checked."""

    def circuit(self, gammas: ArrayLike, betas: ArrayLike) -> qml.tape.QuantumScript:
        """The circuit as a PennyLane tape that measures the probabilities of all bit strings.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            A tape; ``print(tape.draw())`` draws it.

        Raises:
            CircuitError: angles that are empty, not finite, or unequal in number.
        """
        return self._tape(gammas, betas, qml.probs(wires=self._wires))

    def _tape(self, gammas: ArrayLike, betas: ArrayLike, measurement: Any, shots: int | None = None) -> Any:
        return qml.tape.QuantumScript(self._operations(gammas, betas), [measurement], shots=shots)

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

    def outcomes(self, gammas: ArrayLike, betas: ArrayLike) -> Outcomes:
        """Exact distribution of the measured bit strings, with their energies.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            The distribution over all bit strings.

        Raises:
            CircuitError: illegal angles.
        """
        return Outcomes(binary_space(self.n_qubits), self.probabilities(gammas, betas), self.energies)

    def value(self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION) -> float:
        """An exact objective of the model's energy, offset included; the expectation if none is named.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).
            objective: see `objectives`.

        Returns:
            Its value.

        Raises:
            CircuitError: illegal angles.
        """
        return weigh(objective, self.energies, self.probabilities(gammas, betas))[0]

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
        """
        number = whole_number("shots", shots, 1)
        device = self._device
        if seed is not None:
            if not isinstance(device, AerDevice):
                raise CircuitError(
                    f"seed is {seed!r}, but {device.name} takes none per call; give it to the device itself"
                )
            device = device.with_seed(seed)
        tape = self._tape(gammas, betas, qml.sample(wires=self._wires), number)
        return self._run(tape, device).reshape(number, self.n_qubits).astype(np.uint8)
