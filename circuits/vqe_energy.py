"""The energy of a trial circuit as a function of its weights: exact or from shots, with gradients.

Exact gradients come from one adjoint sweep, those from shots from parameter shifts of every angle, all of
them rows of one table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .energy_groups import energy_groups
from .parameter_shift import shifted_table
from .random_states import generator

if TYPE_CHECKING:
    from .variational import VariationalCircuit
    from .vqe_hamiltonian import PauliHamiltonian
    from .vqe_runners import Runner

__all__ = ["EnergyFunction"]


class EnergyFunction:
    """Energies for flat weights, and what they cost.

    Args:
        circuit: without inputs.
        hamiltonian: on its qubits.
        runner: runs the circuit.
        shots: per circuit and group of terms; None for exact energies.
        seed: of the shots. Draw number k depends on the seed and k alone, so a run can be continued.

    Attributes:
        shots_used: measurements so far.
        draws: number of draws so far.
        n_groups: measurement bases that the terms need.
    """

    def __init__(
        self,
        circuit: VariationalCircuit,
        hamiltonian: PauliHamiltonian,
        runner: Runner,
        *,
        shots: int | None = None,
        seed: int = 0,
    ) -> None:
        self._circuit = circuit
        self._constant = hamiltonian.constant
        self._runner = runner
        self._groups = energy_groups(hamiltonian)
        self.n_groups = len(self._groups)
        self.shots = shots
        self._seed = seed
        self.shots_used = 0
        self.draws = 0
        # The table is affine in the weights: unit vectors tell by which matrix (weights, angles) they enter.
        size = circuit.n_weights
        units = self.table(np.eye(size + 1, size, k=-1))
        self._into_angles = units[1:] - units[0]

    def table(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Angles for rows of flat weights, shape (B, P)."""
        shaped = rows.reshape(len(rows), *self._circuit.weight_shape)
        table: NDArray[np.float64] = self._circuit.table(np.zeros((len(rows), 0)), shaped)
        return table

    def energies(self, rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Energies and their standard errors (0 for exact ones).

        Args:
            rows: flat weights, shape (B, P).

        Returns:
            Two arrays of shape (B,).
        """
        if self.shots is None:
            exact = self._runner.energies(self.table(rows))
            return exact, np.zeros(len(rows))
        return self._estimates(self.table(rows), self.shots)

    def estimate(self, weights: NDArray[np.float64], shots: int) -> tuple[float, float]:
        """Energy and standard error from a number of shots of its own, for flat weights of shape (P,)."""
        energies, errors = self._estimates(self.table(weights[None]), shots)
        return float(energies[0]), float(errors[0])

    def energy_and_gradient(self, weights: NDArray[np.float64]) -> tuple[float, float, NDArray[np.float64]]:
        """Energy, its standard error, and the gradient by the weights.

        Args:
            weights: flat, shape (P,).

        Returns:
            Energy, standard error, gradient of shape (P,).
        """
        table = self.table(weights[None])
        if self.shots is None:
            energy, slopes = self._runner.energy_and_slopes(table)
            return energy, 0.0, self._into_angles @ slopes
        plan = shifted_table(self._circuit.program, table, self._circuit.slots.weight_slots)
        values, errors = np.empty(plan.n_rows + 1), np.empty(plan.n_rows + 1)
        values[:1], errors[:1] = self._estimates(table, self.shots)
        for rows in plan.chunks(bytes_per_row=64 << self._circuit.n_qubits):
            inside = slice(rows.start + 1, rows.stop + 1)
            values[inside], errors[inside] = self._estimates(plan.table(rows), self.shots)
        slopes = plan.gradient(values[1:, None], np.ones((1, 1)))[0]
        return float(values[0]), float(errors[0]), self._into_angles @ slopes

    def _estimates(
        self, table: NDArray[np.float64], shots: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        means, variances = np.full(len(table), self._constant), np.zeros(len(table))
        for group in self._groups:
            seed = int(generator(self._seed, f"vqe shots {self.draws}").integers(2**63))
            self.draws += 1
            mean, variance = group.estimate(self._runner.counts(table, group, shots, seed))
            means += mean
            variances += variance
            self.shots_used += shots * len(table)
        return means, np.sqrt(variances)
