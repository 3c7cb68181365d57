"""Ground states of many Hamiltonians at once, and how their expectation values follow the coefficients.

All Hamiltonians share their terms and the circuit; each has its own coefficients c and its own weights w. The
weights of the lowest energy E(w, c) = sum_k c_k <P_k>(w) are found by BFGS, all instances in one run of the
simulator per step. At such a point the implicit function theorem gives

    dw/dc_k = -H^-1 d<P_k>/dw,   H = d2E/dw2,

so that an expectation value O has dO/dc_k = -(dO/dw) H^-1 d<P_k>/dw, and the energy dE/dc_k = <P_k> (its
weights are stationary). Directions that do not change the state are left out of H^-1: no expectation value
changes along them.

Shapes: B instances, P weights, T terms, O values read from a state, the T terms first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..circuits.evaluation import Evaluator
    from ..circuits.variational import VariationalCircuit

__all__ = ["Ground", "Relaxation"]

Array = NDArray[np.float64]

_ARMIJO = 1e-4  # share of the predicted decrease that a step must bring
_HALVINGS = 30
_DIFFERENCE = 0.01  # radians; the error of the differences below is of the order of its fourth power
# f' = sum of weights * f(x + place * step) / step, exact up to the fifth power
_PLACES = np.array([-2.0, -1.0, 1.0, 2.0])
_WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12.0
_FLAT = 1e-7  # curvature below this share of the largest one counts as none
_ROWS_BYTES = 2**27  # of states that are computed at once for differences


@dataclass(frozen=True, eq=False)
class Ground:
    """Lowest energies found.

    Attributes:
        weights: shape (B, P).
        values: expectation values there, shape (B, O).
        converged: whether the gradient fell below the tolerance, shape (B,).
    """

    weights: Array
    values: Array
    converged: NDArray[np.bool_]


class Relaxation:
    """Minimizes and differentiates for one circuit.

    Args:
        circuit: without inputs.
        evaluator: of the circuit, exact, reading O values.
        starts: weights to start from, shape (K, P); the lowest of the K energies counts.
        steps: most steps of BFGS.
        tolerance: of the largest entry of the gradient, in units of the norm of the coefficients.

    Attributes:
        starts: as given; may be replaced.
    """

    def __init__(
        self,
        circuit: VariationalCircuit,
        evaluator: Evaluator,
        starts: Array,
        *,
        steps: int,
        tolerance: float,
    ) -> None:
        self._circuit = circuit
        self._evaluator = evaluator
        self.starts = starts
        self._steps = steps
        self._tolerance = tolerance
        size = circuit.n_weights
        units = self._table(np.eye(size + 1, size, k=-1))
        self._into_angles = units[1:] - units[0]

    def _table(self, weights: Array) -> Array:
        rows = weights.reshape(len(weights), *self._circuit.weight_shape)
        table: Array = self._circuit.table(np.zeros((len(weights), 0)), rows)
        return table

    def values(self, weights: Array) -> Array:
        """Expectation values, shape (B, O), for weights of shape (B, P)."""
        parts = [self._evaluator.evaluate(self._table(rows)).values for rows in self._pieces(weights)]
        return np.concatenate([np.zeros((0, self._evaluator.n_outputs)), *parts])

    def slopes(self, weights: Array, cotangents: Array) -> tuple[Array, Array]:
        """Values, and the gradient of their sum with given weights.

        Args:
            weights: shape (B, P).
            cotangents: shape (B, O).

        Returns:
            Shapes (B, O) and (B, P).
        """
        values, gradients = np.zeros((len(weights), self._evaluator.n_outputs)), np.zeros_like(weights)
        place = 0
        for rows in self._pieces(weights):
            part = slice(place, place + len(rows))
            evaluation = self._evaluator.evaluate(self._table(rows))
            values[part] = evaluation.values
            gradients[part] = self._evaluator.vjp(evaluation, cotangents[part]) @ self._into_angles.T
            place += len(rows)
        return values, gradients

    def _pieces(self, weights: Array) -> list[Array]:
        step = max(1, _ROWS_BYTES >> (self._circuit.n_qubits + 6))
        return [weights[first : first + step] for first in range(0, len(weights), step)]

    def solve(self, energy_of: Array) -> Ground:
        """The lowest energies.

        Args:
            energy_of: how every instance's energy is made of the values, shape (B, O).

        Returns:
            Weights, values, and which instances converged.
        """
        count, n_starts = len(energy_of), len(self.starts)
        # By the largest entry first: squares of very large or very small ones are no numbers any more.
        largest = np.abs(energy_of).max(axis=1, keepdims=True, initial=0.0)
        scaled = energy_of / np.where(largest > 0, largest, 1.0)
        scaled /= np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1.0)
        rows = np.repeat(scaled, n_starts, axis=0)
        weights, values, converged = self._minimize(np.tile(self.starts, (count, 1)), rows)
        energies = (rows * values).sum(axis=1).reshape(count, n_starts)
        best = np.arange(count) * n_starts + energies.argmin(axis=1) if count else np.zeros(0, dtype=int)
        return Ground(weights[best], values[best], converged[best])

    def _minimize(self, weights: Array, energy_of: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """BFGS with backtracking, in lockstep; instances that are done take no more part."""
        size = weights.shape[1]
        values, gradients = self.slopes(weights, energy_of)
        inverse = np.tile(np.eye(size), (len(weights), 1, 1))
        converged = np.abs(gradients).max(axis=1, initial=0.0) <= self._tolerance
        active = np.flatnonzero(~converged)
        for number in range(self._steps):
            if not len(active):
                break
            gradient, here = gradients[active], weights[active]
            steps = -np.einsum("bij,bj->bi", inverse[active], gradient)
            uphill = np.einsum("bi,bi->b", steps, gradient) >= 0
            if uphill.any():
                inverse[active[uphill]] = np.eye(size)
                steps[uphill] = -gradient[uphill]
            if number == 0:
                steps *= np.minimum(1.0, 0.5 / np.abs(steps).max(axis=1))[:, None]
            moved, stuck = self._backtrack(here, values[active], gradient, steps, energy_of[active])
            there = here + moved
            new_values, new_gradients = self.slopes(there, energy_of[active])
            weights[active], values[active], gradients[active] = there, new_values, new_gradients
            _update(inverse, active, moved, new_gradients - gradient, first=number == 0)
            done = np.abs(new_gradients).max(axis=1) <= self._tolerance
            converged[active] = done
            # Where rounding hides any further decrease, the gradient decides how good the point is.
            converged[active[stuck]] |= np.abs(new_gradients[stuck]).max(axis=1, initial=0.0) <= 1e-6
            active = active[~done & ~stuck]
        return weights, values, converged

    def _backtrack(
        self, weights: Array, values: Array, gradients: Array, steps: Array, energy_of: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Steps that lower the energy enough, and where none was found."""
        energies = (values * energy_of).sum(axis=1)
        slope = np.einsum("bi,bi->b", steps, gradients)
        moved, length = np.zeros_like(steps), np.ones(len(steps))
        open_ = np.arange(len(steps))
        for _ in range(_HALVINGS):
            tried = steps[open_] * length[open_, None]
            there = (self.values(weights[open_] + tried) * energy_of[open_]).sum(axis=1)
            # Near a minimum the decrease is lost in rounding; a step without increase is then good enough.
            enough = there <= energies[open_] + _ARMIJO * length[open_] * slope[open_] + 1e-15
            moved[open_[enough]] = tried[enough]
            open_ = open_[~enough]
            if not len(open_):
                break
            length[open_] /= 2
        stuck = np.zeros(len(steps), dtype=np.bool_)
        stuck[open_] = True
        return moved, stuck

    def hessian(self, weights: Array, energy_of: Array) -> Array:
        """Second derivatives of the energies, by differences of exact gradients.

        Args:
            weights: shape (B, P).
            energy_of: shape (B, O).

        Returns:
            Symmetric, shape (B, P, P).
        """
        count, size = weights.shape
        offsets = _DIFFERENCE * _PLACES[:, None, None] * np.eye(size)  # (4, P, P)
        rows = (weights[:, None, None] + offsets).reshape(-1, size)
        cotangents = np.repeat(energy_of, len(_PLACES) * size, axis=0)
        gradients = self.slopes(rows, cotangents)[1].reshape(count, len(_PLACES), size, size)
        second = np.einsum("k,bkij->bij", _WEIGHTS, gradients) / _DIFFERENCE
        return np.asarray((second + second.transpose(0, 2, 1)) / 2)

    def pull(self, weights: Array, energy_of: Array, cotangents: Array) -> Array:
        """Derivative by what the energies are made of, through the weights.

        Args:
            weights: of the lowest energies, shape (B, P).
            energy_of: shape (B, O).
            cotangents: of the values, shape (B, O).

        Returns:
            Shape (B, O).
        """
        if not len(weights) or not cotangents.any():
            return np.zeros_like(energy_of)
        _, wanted = self.slopes(weights, cotangents)
        curvatures, directions = np.linalg.eigh(self.hessian(weights, energy_of))
        largest = np.abs(curvatures).max(axis=1, keepdims=True)
        flat = np.abs(curvatures) <= _FLAT * largest
        inverse = np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, curvatures))
        response = np.einsum("bij,bj,bkj,bk->bi", directions, inverse, directions, wanted)
        length = np.linalg.norm(response, axis=1, keepdims=True)
        unit = response / np.where(length > 0, length, 1.0)
        rows = weights[:, None] + _DIFFERENCE * _PLACES[:, None] * unit[:, None]
        values = self.values(rows.reshape(-1, weights.shape[1])).reshape(len(weights), len(_PLACES), -1)
        return np.asarray(-length * np.einsum("k,bko->bo", _WEIGHTS, values) / _DIFFERENCE)


def _update(inverse: Array, active: NDArray[np.intp], moved: Array, change: Array, *, first: bool) -> None:
    """The BFGS update of the inverse Hessians, where the curvature along the step is positive."""
    curvature = np.einsum("bi,bi->b", moved, change)
    good = curvature > 1e-12 * np.linalg.norm(moved, axis=1) * np.linalg.norm(change, axis=1)
    good &= curvature > 0
    rows, s, y, rho = active[good], moved[good], change[good], 1.0 / curvature[good]
    if not len(rows):
        return
    if first:
        gain = curvature[good] / np.einsum("bi,bi->b", y, y)
        inverse[rows] *= gain[:, None, None]
    matrix = inverse[rows]
    product = np.einsum("bij,bj->bi", matrix, y)
    factor = rho * (1 + rho * np.einsum("bi,bi->b", y, product))
    cross = np.einsum("bi,bj->bij", product, s)
    inverse[rows] = (
        matrix
        - rho[:, None, None] * (cross + cross.transpose(0, 2, 1))
        + factor[:, None, None] * np.einsum("bi,bj->bij", s, s)
    )
