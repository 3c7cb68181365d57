"""The energy from measurements: groups of terms that one set of shots answers, with their standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .measurement_groups import MeasurementGroup, group_words
from .simulators import Counts
from .vqe_hamiltonian import PauliHamiltonian

__all__ = ["EnergyGroup", "energy_groups"]


@dataclass(frozen=True, eq=False)
class EnergyGroup:
    """Terms of a Hamiltonian that agree on every qubit they share.

    Attributes:
        measurement: the qubits that are measured, and the gates that turn their letters into Z.
        basis: letter by qubit.
        masks: for every term the bits of an outcome that it reads, shape (K,).
        coefficients: shape (K,).
    """

    measurement: MeasurementGroup
    basis: dict[int, str]
    masks: NDArray[np.int64]
    coefficients: NDArray[np.float64]

    def estimate(self, counts: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean of the group's terms over shots.

        Args:
            counts: for every execution outcomes of the measured qubits, the first qubit the most significant
                bit, and multiplicities.

        Returns:
            Means and their estimated variances, each of shape (B,). With a single shot the variance is not
            known and infinite.
        """
        means, variances = np.empty(len(counts)), np.empty(len(counts))
        for row, (outcomes, multiplicities) in enumerate(counts):
            signs = 1.0 - 2.0 * (np.bitwise_count(outcomes[:, None] & self.masks) & 1)
            values = signs @ self.coefficients
            shots = int(multiplicities.sum())
            means[row] = multiplicities @ values / shots
            squares = float(multiplicities @ (values - means[row]) ** 2)
            variances[row] = squares / (shots - 1) / shots if shots > 1 else np.inf
        return means, variances


def energy_groups(hamiltonian: PauliHamiltonian) -> list[EnergyGroup]:
    """The terms in groups by qubit-wise commutation; see `group_words`.

    Args:
        hamiltonian: the terms.

    Returns:
        Groups that hold every term once; none if the Hamiltonian is a constant.

    Example:
        >>> import pennylane as qml
        >>> from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
        >>> ising = read_hamiltonian(qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(0) + qml.Z(1))
        >>> groups = energy_groups(ising)
        >>> [group.basis for group in groups]
        [{0: 'Z', 1: 'Z'}, {0: 'X'}]
        >>> groups[0].estimate([(np.array([0, 3]), np.array([5, 5]))])[0].tolist()
        [1.0]
    """
    groups = []
    for measurement in group_words(hamiltonian.words):
        basis: dict[int, str] = {}
        for member in measurement.members:
            basis.update(hamiltonian.letters[member])
        place = {wire: len(measurement.wires) - 1 - k for k, wire in enumerate(measurement.wires)}
        masks = [
            sum(1 << place[wire] for wire in hamiltonian.letters[member]) for member in measurement.members
        ]
        coefficients = hamiltonian.coefficients[measurement.members]
        groups.append(EnergyGroup(measurement, basis, np.array(masks, dtype=np.int64), coefficients))
    return groups
