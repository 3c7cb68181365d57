"""QAOA of a dimod model as a PennyLane circuit, run on Aer or on any other PennyLane device.

E. Farhi, J. Goldstone, S. Gutmann, "A Quantum Approximate Optimization Algorithm", arXiv 1411.4028, with
U_C(gamma) = exp(-i gamma C), U_B(beta) = exp(-i beta sum X) and C the model's energy, **minimized**.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import dimod
import numpy as np
import pennylane as qml
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles
from .ising import Ising, energy_vector, ising_from_bqm
from .measured_circuit import MeasuredCircuit
from .memory import require_memory
from .qaoa_resources import layer_resources

__all__ = ["CircuitQAOA"]

# Three complex vectors inside the device, probabilities, energies
_BYTES = 64


class CircuitQAOA(MeasuredCircuit):
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
        >>> qaoa.sample([np.pi / 4], [-np.pi / 8], shots=3, seed=1).sum(axis=1).tolist()
        [1, 1, 1]
        >>> field = dimod.BinaryQuadraticModel({"a": 2.0}, {}, 0.0, "BINARY")
        >>> print(CircuitQAOA(field, compute="cpu").circuit([0.5], [0.25]).draw(decimals=1))
        0: ──H──RZ(-1.0)──RX(0.5)─┤  Probs
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
        require_memory(self._operator.n_qubits, _BYTES)
        super().__init__(self._operator.variables, device, compute, seed)
        # The gates of a layer commute. Aer fuses neighbors on few qubits into one gate, so pairs are sorted
        # by blocks of three qubits: from 16 qubits on half the time of an order by parallel steps.
        first, second = self._operator.pairs.T
        order = np.lexsort((second, first, first // 3, second // 3))
        self._pairs = [(self._wires[a], self._wires[b]) for a, b in self._operator.pairs[order].tolist()]
        self._couplings = self._operator.couplings[order]

    @cached_property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant; read only."""
        energies = energy_vector(self._model)
        energies.flags.writeable = False
        return energies

    def _operations(self, gammas: ArrayLike, betas: ArrayLike) -> list[Any]:
        gamma_row, beta_row = (row.tolist() for row in read_angles(gammas, betas))
        operations = [qml.Hadamard(wire) for wire in self._wires]
        fields = self._operator.fields.tolist()
        couplings = self._couplings.tolist()
        for gamma, beta in zip(gamma_row, beta_row):
            operations += [qml.RZ(2 * gamma * h, wire) for h, wire in zip(fields, self._wires) if h]
            operations += [qml.IsingZZ(2 * gamma * j, pair) for j, pair in zip(couplings, self._pairs)]
            operations += [qml.RX(2 * beta, wire) for wire in self._wires]
        return operations

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
