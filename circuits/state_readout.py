"""Every PennyLane measurement that a state determines, differentiated through PennyLane and torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .errors import CircuitError

__all__ = ["StateReadout", "measure_tensors", "measurement_cotangents"]


def measure_tensors(measurements: Sequence[Any], states: Any, n_qubits: int) -> list[Any]:
    """Results of PennyLane measurements for a batch of states.

    Args:
        measurements: state measurements on the wires 0 ... N - 1.
        states: NumPy array or torch tensor, shape (B, 2**N).
        n_qubits: N.

    Returns:
        One array or tensor per measurement, B first.
    """
    from pennylane.devices.qubit.measure import measure

    tensor = states.reshape((len(states), *(2,) * n_qubits))
    results = []
    for measurement in measurements:
        if measurement.obs is not None and measurement.obs.name == "SparseHamiltonian":
            # PennyLane 0.45 takes one state at a time here.
            results.append(qml.math.stack([measure(measurement, state) for state in tensor]))
            continue
        result = measure(measurement, tensor, is_state_batched=True)
        # It also drops the batch of a Hamiltonian's value if there is one state.
        results.append(result if np.ndim(result) else qml.math.reshape(result, (1,)))
    return results


def measurement_cotangents(
    measurements: Sequence[Any],
    states: NDArray[np.complex128],
    weights: Sequence[NDArray[Any]],
    n_qubits: int,
) -> NDArray[np.complex128]:
    """Derivative of a weighted sum of measurement results with respect to the states.

    Args:
        measurements: state measurements on the wires 0 ... N - 1.
        states: shape (B, 2**N).
        weights: one array per measurement, of any shape with its number of entries; for a complex result r
            the sum takes Re(conj(weight) r).
        n_qubits: N.

    Returns:
        Shape (B, 2**N), in torch's convention.
    """
    import torch

    leaf = torch.from_numpy(np.array(states, dtype=np.complex128)).requires_grad_()
    with torch.enable_grad():
        results = measure_tensors(measurements, leaf, n_qubits)
        total = torch.zeros((), dtype=torch.float64)
        for result, weight in zip(results, weights):
            factor = torch.from_numpy(np.array(weight)).reshape(result.shape).to(result.dtype)
            total = total + torch.real((factor.conj() * result).sum())
    (gradient,) = torch.autograd.grad(total, leaf)
    return np.asarray(gradient.numpy())


class StateReadout:
    """Any PennyLane measurements that a state determines, their results side by side.

    Args:
        measurements: such as ``qml.probs()``, ``qml.var(qml.Z(0))``, ``qml.purity([0])``; real results only.
        n_qubits: wires 0 ... n_qubits - 1 exist.

    Attributes:
        n_outputs: total number of values, O.
        shapes: shape of each measurement's result for one state.

    Raises:
        CircuitError: a measurement that a state does not determine, or a complex one.

    Example:
        >>> readout = StateReadout([qml.probs(wires=[0]), qml.expval(qml.Z(0))], 1)
        >>> readout.values(np.array([[1.0, 0.0]])).tolist()
        [[1.0, 0.0, 1.0]]
    """

    def __init__(self, measurements: Sequence[Any], n_qubits: int) -> None:
        self.n_qubits = n_qubits
        self._measurements = list(measurements)
        for measurement in self._measurements:
            legal = isinstance(measurement, qml.measurements.StateMeasurement)
            if not legal or isinstance(measurement, qml.measurements.StateMP):
                raise CircuitError(
                    f"{measurement} has no real value for a state; use expectation values, variances, "
                    "probabilities, purities or entropies"
                )
        import torch

        probe = torch.zeros((1, 2**n_qubits), dtype=torch.complex128)
        probe[:, 0] = 1
        results = measure_tensors(self._measurements, probe, n_qubits)
        self.shapes = [tuple(result.shape[1:]) for result in results]
        self.n_outputs = sum(int(np.prod(shape)) for shape in self.shapes)

    def _outputs(self, states: Any) -> Any:
        import torch

        results = measure_tensors(self._measurements, states, self.n_qubits)
        return torch.cat([result.reshape(len(states), -1).to(torch.float64) for result in results], dim=1)

    def values(self, states: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Results of all measurements, flattened.

        Args:
            states: shape (B, 2**N).

        Returns:
            Shape (B, O).
        """
        import torch

        if not len(states):
            return np.empty((0, self.n_outputs))
        with torch.no_grad():
            return np.asarray(self._outputs(torch.from_numpy(np.asarray(states, np.complex128))).numpy())

    def cotangents(
        self, states: NDArray[np.complex128], weights: NDArray[np.float64]
    ) -> NDArray[np.complex128]:
        """Derivative of the weighted sum of the values with respect to the states.

        Args:
            states: shape (B, 2**N).
            weights: shape (B, O).

        Returns:
            Shape (B, 2**N).
        """
        if not len(states):
            return np.zeros_like(states)
        parts = np.split(weights, np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1], axis=1)
        return measurement_cotangents(self._measurements, states, parts, self.n_qubits)
