"""QAOA of a dimod model as a PennyLane circuit, run on Aer or on any other PennyLane device.

E. Farhi, J. Goldstone, S. Gutmann, "A Quantum Approximate Optimization Algorithm", arXiv 1411.4028, with
U_C(gamma) = exp(-i gamma C), U_B(beta) = exp(-i beta sum X) and C the model's energy, **minimized**.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Any

import dimod
import numpy as np
import pennylane as qml
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles, read_wide_angles
from .ising import Ising, energy_vector, ising_from_bqm
from .measured_circuit import MeasuredCircuit
from .memory import require_memory
from .qaoa_resources import layer_resources
from .warm_starts import read_thetas, start_operations, warm_mixer_operations

__all__ = ["CircuitQAOA"]

# Three complex vectors inside the device, probabilities, energies
_BYTES = 64


class CircuitQAOA(MeasuredCircuit):
    """QAOA with the transverse-field mixer, at any depth.

    One layer is exp(-i gamma C), made of RZ (linear terms) and IsingZZ gates (pairs), then RX on every qubit;
    the first layer acts on Hadamards. The constant of the model is left out of the circuit, where it would be
    a global phase, and is part of every energy.

    Two variants have the same interface. Angles with one column per term and per qubit, shapes (p, K) and
    (p, N), make it multi-angle QAOA (`MultiAngleQAOA`). With ``thetas`` it starts from a product state near a
    relaxed solution and mixes about that state (`WarmStartQAOA`).

    Args:
        model: BINARY or SPIN model; variable i of ``model.variables`` is wire i.
        device: a PennyLane device with exactly the model's number of wires (or none given), else the
            package's Aer device.
        compute: for the Aer device: "auto", "cpu" or "gpu".
        thetas: angles of a warm start, shape (N,), see `warm_start`; None for the equal superposition.
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order.
        n_qubits: their number, N.
        terms: for each of K cost angles in multi-angle QAOA the variables in its term.
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
        thetas: ArrayLike | None = None,
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
        self._order = order
        self._thetas = None if thetas is None else read_thetas(thetas, self.n_qubits)

    @property
    def terms(self) -> tuple[tuple[Hashable, ...], ...]:
        """The variables in every term that has an angle of its own in multi-angle QAOA."""
        return self._operator.terms

    @cached_property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant; read only."""
        energies = energy_vector(self._model)
        energies.flags.writeable = False
        return energies

    def _operations(self, gammas: ArrayLike, betas: ArrayLike) -> list[Any]:
        n, coefficients = self.n_qubits, self._operator.coefficients
        if np.ndim(gammas) == 2:
            rows, turns = read_wide_angles(gammas, betas, len(coefficients), n)
        else:
            gamma_row, beta_row = read_angles(gammas, betas)
            rows = np.repeat(gamma_row[:, None], len(coefficients), axis=1)
            turns = np.repeat(beta_row[:, None], n, axis=1)
        fielded = np.flatnonzero(self._operator.fields)
        wires = [self._wires[wire] for wire in fielded]
        operations = self._start()
        for angles, betas_of_layer in zip(2 * rows * coefficients, turns):
            fields, couplings = angles[: len(wires)], angles[len(wires) :][self._order]
            operations += [qml.RZ(angle, wire) for angle, wire in zip(fields.tolist(), wires)]
            operations += [qml.IsingZZ(angle, pair) for angle, pair in zip(couplings.tolist(), self._pairs)]
            operations += self._mixer(betas_of_layer)
        return operations

    def _start(self) -> list[Any]:
        if self._thetas is None:
            return [qml.Hadamard(wire) for wire in self._wires]
        return start_operations(self._thetas, self._wires)

    def _mixer(self, betas: NDArray[np.float64]) -> list[Any]:
        if self._thetas is None:
            return [qml.RX(2 * beta, wire) for beta, wire in zip(betas.tolist(), self._wires)]
        each = zip(self._thetas, betas, self._wires)
        return [gate for theta, beta, wire in each for gate in warm_mixer_operations([theta], beta, [wire])]

    def resources(self, depth: int) -> dict[str, int]:
        """What the circuit costs, see `qaoa_resources.layer_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer.
        """
        return layer_resources(self._operator, depth, warm=self._thetas is not None)
