"""QAOA of one layer without a state vector: closed forms, for models of thousands of qubits.

A. Ozaeta, W. van Dam, P. L. McMahon, "Expectation values from the single-layer quantum approximate optimization
algorithm on Ising problems", Quantum Science and Technology 7, 045036 (2022), arXiv 2012.03421, with fields and
triangles. For C = sum_i h_i Z_i + sum_ij J_ij Z_i Z_j + constant and the state exp(-i beta sum X) exp(-i gamma
C) |+...+>, moving the mixer to the operator gives Z -> cos(2 beta) Z + sin(2 beta) Y, and

    <Z_i>     = sin(2 beta) sin(2 gamma h_i) prod_k cos(2 gamma J_ik)
    <Z_i Z_j> = sin(4 beta) / 2 * P_ij + sin(2 beta)**2 * Q_ij
    P_ij = sin(2 gamma J_ij) [cos(2 gamma h_i) prod_k cos(2 gamma J_ik) + cos(2 gamma h_j) prod_k cos(2 gamma J_jk)]
    Q_ij = [cos(2 gamma (h_i - h_j)) prod_k cos(2 gamma (J_ik - J_jk))
            - cos(2 gamma (h_i + h_j)) prod_k cos(2 gamma (J_ik + J_jk))] / 2

with k over all qubits but i and j. For a given gamma, the energy as a function of beta is a trigonometric
polynomial, E = a + b sin(2 beta) + c sin(4 beta) + d cos(4 beta), whose least value is found exactly.

Shapes: N qubits, K pairs, B sets of angles.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property

import dimod
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angle_sets, read_angles
from .closed_form_kernel import field_terms, pair_terms
from .errors import CircuitError
from .ising import Ising, ising_from_bqm
from .objectives import EXPECTATION, Expectation, Objective
from .row_threads import run_in_parts
from .trigonometric_minimum import minimize_trigonometric

__all__ = ["ClosedFormQAOA"]


class ClosedFormQAOA:
    """Expectations of one-layer QAOA with the X mixer, exact, for any pair model with fields.

    An evaluation costs one pass over the neighbors of both ends of every pair, so K times the mean degree: on
    sparse models of thousands of qubits milliseconds, on a dense model N**3. There is no state, so no
    probabilities and no samples; see `marginals` and `correlations` for what is known beside the energy.

    Args:
        model: BINARY or SPIN model; variable i of ``model.variables`` is wire i.
        threads: most threads of an evaluation; None for all.

    Attributes:
        variables: the model's variables in wire order.
        n_qubits: their number N.
        pairs: wires of every coupling, shape (K, 2), the order of `correlations`.
        simulator: name for tables.

    Raises:
        CircuitError: the model cannot be used.

    Example:
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> qaoa = ClosedFormQAOA(edge)
        >>> round(qaoa.value([np.pi / 4], [-np.pi / 8]), 6)
        -1.0
    """

    simulator = "closed form (one layer)"

    def __init__(self, model: dimod.BinaryQuadraticModel, *, threads: int | None = None) -> None:
        self._operator: Ising = ising_from_bqm(model)
        self._threads = threads

    @property
    def variables(self) -> tuple[Hashable, ...]:
        """The model's variables in wire order."""
        return self._operator.variables

    @property
    def n_qubits(self) -> int:
        """Number of qubits, one per variable."""
        return self._operator.n_qubits

    @property
    def pairs(self) -> NDArray[np.int64]:
        """Wires of every coupling, shape (K, 2)."""
        return self._operator.pairs

    @property
    def strengths(self) -> NDArray[np.float64]:
        """sqrt(h_i**2 + sum_j J_ij**2) of every qubit, shape (N,)."""
        largest = (
            max(np.abs(self._operator.fields).max(), np.abs(self._operator.couplings).max(initial=0)) or 1.0
        )
        squares = (self._operator.fields / largest) ** 2
        for end in self._operator.pairs.T:
            squares += np.bincount(end, (self._operator.couplings / largest) ** 2, self.n_qubits)
        strengths: NDArray[np.float64] = largest * np.sqrt(squares)
        return strengths

    @cached_property
    def _rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Neighbor lists: where each qubit's begins, the neighbors in ascending order, their couplings."""
        first, second = self._operator.pairs.T
        own, neighbors = np.concatenate([first, second]), np.concatenate([second, first])
        order = np.lexsort((neighbors, own))
        starts = np.zeros(self.n_qubits + 1, dtype=np.int64)
        np.cumsum(np.bincount(own, minlength=self.n_qubits), out=starts[1:])
        return starts, neighbors[order], np.tile(self._operator.couplings, 2)[order]

    def _terms(self, gamma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """<Z_i> / sin(2 beta), P and Q, each followed by its derivative by gamma: (2, N) and (4, K)."""
        operator, (starts, neighbors, weights) = self._operator, self._rows
        ones, twos = np.empty((2, self.n_qubits)), np.empty((4, len(operator.pairs)))
        field_waves, waves, coupling_waves = (
            np.stack([np.cos(2 * gamma * row), np.sin(2 * gamma * row)])
            for row in (operator.fields, weights, operator.couplings)
        )
        field_terms(operator.fields, field_waves, starts, weights, waves, ones)

        def work(part: slice) -> None:
            pair_terms(
                operator.fields, field_waves, starts, neighbors, weights, waves, operator.pairs,
                operator.couplings, coupling_waves, part.start, part.stop, twos,
            )  # fmt: skip

        # A step along the lists of neighbors is worth about two gates on eight numbers.
        degree = len(neighbors) // self.n_qubits
        run_in_parts(work, len(operator.pairs), 4 * degree, self._threads)
        return ones, twos

    def coefficients(self, gamma: float) -> NDArray[np.float64]:
        """The energy as a function of beta, at one gamma.

        Args:
            gamma: cost angle.

        Returns:
            Shape (2, 4): (a, b, c, d) of E = a + b sin(2 beta) + c sin(4 beta) + d cos(4 beta), and their
            derivatives by gamma.

        Raises:
            CircuitError: gamma is not a finite number.
        """
        gamma = float(read_angles([gamma], [0.0])[0][0])
        ones, twos = self._terms(gamma)
        linear = ones @ self._operator.fields
        mixed = twos[:2] @ self._operator.couplings
        double = twos[2:] @ self._operator.couplings
        table = np.stack([double / 2, linear, mixed / 2, -double / 2], axis=1)
        table[0, 0] += self._operator.constant
        return table

    def value(self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION) -> float:
        """Exact expectation of the model's energy, offset included.

        Args:
            gammas: cost angle, shape (1,).
            betas: mixer angle, shape (1,).
            objective: `Expectation`; others need the distribution, which nobody knows here.

        Returns:
            The expectation.

        Raises:
            CircuitError: illegal angles, more than one layer, another objective.
        """
        return self.value_and_grad(gammas, betas, objective)[0]

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Expectation and its derivatives, at the cost of the expectation.

        Args:
            gammas: cost angle, shape (1,).
            betas: mixer angle, shape (1,).
            objective: as for `value`.

        Returns:
            (value, derivative by gamma of shape (1,), derivative by beta of shape (1,)).

        Raises:
            CircuitError: as `value`.
        """
        if not isinstance(objective, Expectation):
            raise CircuitError(
                f"objective is {objective!r}; the closed form knows the expectation only. Use DiagonalQAOA"
            )
        gamma, beta = _single(*read_angles(gammas, betas))
        row, slopes = self.coefficients(gamma)
        basis = np.array([1.0, np.sin(2 * beta), np.sin(4 * beta), np.cos(4 * beta)])
        turned = np.array([0.0, 2 * np.cos(2 * beta), 4 * np.cos(4 * beta), -4 * np.sin(4 * beta)])
        return float(row @ basis), np.array([slopes @ basis]), np.array([row @ turned])

    def values(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Expectation at several sets of angles.

        Args:
            gammas: shape (B, 1).
            betas: shape (B, 1).

        Returns:
            Shape (B,).

        Raises:
            CircuitError: illegal angles, or more than one layer.
        """
        rows = zip(*read_angle_sets(gammas, betas))
        return np.array([self.value(gamma_row, beta_row) for gamma_row, beta_row in rows])

    def spins(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """<Z_i> of every qubit.

        Args:
            gammas: shape (1,).
            betas: shape (1,).

        Returns:
            Shape (N,).

        Raises:
            CircuitError: illegal angles, or more than one layer.
        """
        gamma, beta = _single(*read_angles(gammas, betas))
        spins: NDArray[np.float64] = np.sin(2 * beta) * self._terms(gamma)[0][0]
        return spins

    def marginals(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Probability that each bit is 1, (1 - <Z_i>) / 2.

        Args:
            gammas: shape (1,).
            betas: shape (1,).

        Returns:
            Shape (N,).

        Raises:
            CircuitError: illegal angles, or more than one layer.

        Example:
            >>> field = dimod.BinaryQuadraticModel({"a": 1.0}, {}, 0.0, "BINARY")
            >>> abs(ClosedFormQAOA(field).marginals([np.pi / 2], [-np.pi / 4]).round(6)).tolist()
            [0.0]
        """
        return (1 - self.spins(gammas, betas)) / 2

    def correlations(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """<Z_i Z_j> of every pair that has a coupling.

        Args:
            gammas: shape (1,).
            betas: shape (1,).

        Returns:
            Shape (K,), in the order of ``pairs``.

        Raises:
            CircuitError: illegal angles, or more than one layer.
        """
        gamma, beta = _single(*read_angles(gammas, betas))
        twos = self._terms(gamma)[1]
        result: NDArray[np.float64] = np.sin(4 * beta) / 2 * twos[0] + np.sin(2 * beta) ** 2 * twos[2]
        return result

    def best_beta(self, gamma: float) -> tuple[float, float]:
        """The best mixer angle at a given cost angle, exactly.

        Args:
            gamma: cost angle.

        Returns:
            (beta from -pi/2 to pi/2, the expectation there).

        Raises:
            CircuitError: gamma is not a finite number.

        Example:
            >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
            >>> beta, value = ClosedFormQAOA(edge).best_beta(np.pi / 4)
            >>> round(beta / np.pi, 6), round(value, 6)
            (-0.125, -1.0)
        """
        constant, *waves = self.coefficients(gamma)[0]
        angle, value = minimize_trigonometric(*(float(wave) for wave in waves))
        return angle / 2, float(constant) + value


def _single(gammas: NDArray[np.float64], betas: NDArray[np.float64]) -> tuple[float, float]:
    if len(gammas) != 1:
        raise CircuitError(
            f"{len(gammas)} layers were given; the closed form is for one. Use DiagonalQAOA for more"
        )
    return float(gammas[0]), float(betas[0])
