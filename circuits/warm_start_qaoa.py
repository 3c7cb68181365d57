"""Warm-started QAOA on the diagonal engine: a product state near a relaxation, and its mixer.

D. Egger, J. Marecek, S. Woerner, "Warm-starting quantum optimization", Quantum 5, 479 (2021),
arXiv 2009.10095. Qubit i starts in cos(t_i/2)|0> + sin(t_i/2)|1>, the eigenvector with eigenvalue +1 of

    H_i = sin(t_i) X + cos(t_i) Z,

and is mixed by exp(-i beta H_i). With t_i = pi/2 everywhere this is plain QAOA. The engine knows phases and
turns about X alone, and these suffice, since exp(-i a Z) X exp(-i a Z) = X:

    exp(-i beta H) = exp(-i a Z) exp(-i b X) exp(-i a Z),   sin b = sin(t) sin(beta),
    2 a = atan2(cos(t) sin(beta), cos(beta)),
    db/dbeta = sin(t) cos(beta) / cos(b),   d(2a)/dbeta = cos(t) / cos(b)**2.

Shapes: p layers, N qubits, K products of Pauli Z in the cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles
from .cost_diagonal import diagonal_from_terms
from .cost_terms import read_terms
from .layered_phases import LayeredEvolution
from .objectives import EXPECTATION, Objective
from .outcomes import Outcomes
from .product_space import binary_space
from .qaoa_engine import QAOAEngine
from .qaoa_resources import ising_of, layer_resources, quadratic
from .row_threads import count_threads
from .warm_starts import read_thetas

__all__ = ["WarmStartQAOA"]

# cos(b) vanishes only at t = pi/2, beta = pi/2, where a is constant on both sides of a jump.
_SMALLEST = 1e-12


class WarmStartQAOA(QAOAEngine):
    """QAOA from a product state, with the mixer that has this state as its eigenvector.

    Args:
        model: a dimod BinaryQuadraticModel or BinaryPolynomial, BINARY or SPIN; variable i is wire i.
        thetas: angles t_i of the start, shape (N,), radians, from 0 (bit 0) to pi (bit 1). A qubit at either
            end would never move; keep away from both, as `warm_start` does.
        threads: on the processor; None for one per core.
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order.
        n_qubits: N.
        thetas: as given.
        simulator: name for tables.

    Raises:
        CircuitError: the model or the angles cannot be used.
        CircuitTooLargeError: the state does not fit into free memory.

    Example:
        >>> import dimod
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> engine = WarmStartQAOA(edge, [np.pi / 4, 3 * np.pi / 4])
        >>> engine.probabilities([0.0], [0.3]).round(3).tolist()
        [0.125, 0.729, 0.021, 0.125]
    """

    def __init__(
        self, model: Any, thetas: ArrayLike, *, threads: int | None = None, seed: int | None = None
    ) -> None:
        count_threads(threads)
        variables, terms = read_terms(model)
        n = len(variables)
        self._operator = ising_of(model)
        super().__init__(variables, binary_space(n), seed)
        angles = read_thetas(thetas, n)
        self.thetas = angles
        self._sine, self._cosine = np.sin(angles), np.cos(angles)
        masks, coefficients = terms.spin_terms()
        cost = {int(mask): float(value) for mask, value in zip(masks, coefficients) if mask}
        singles = [1 << (n - 1 - wire) for wire in range(n)]
        # Every qubit has a phase of its own from the mixer, whether the cost has a field there or not.
        others = [mask for mask in cost if mask not in set(singles)]
        self._cost = np.array([cost.get(mask, 0.0) for mask in [*singles, *others]])
        self._diagonal = diagonal_from_terms(terms, threads=threads)
        self._evolution = LayeredEvolution(
            self._diagonal,
            [*singles, *others],
            start=np.stack([np.cos(angles / 2), np.sin(angles / 2)], axis=1),
            threads=threads,
        )

    @property
    def simulator(self) -> str:
        """Name for tables."""
        return "diagonal engine (CPU), warm start"

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant."""
        return self._diagonal.energies()

    def _layers(
        self, gammas: NDArray[np.float64], betas: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Phases of each product, shape (p + 1, K), and turns about X, shape (p, N)."""
        n = self.n_qubits
        turns = np.arcsin(np.outer(np.sin(betas), self._sine))
        halves = np.arctan2(np.outer(np.sin(betas), self._cosine), np.cos(betas)[:, None]) / 2
        phases = np.zeros((len(gammas) + 1, len(self._cost)))
        phases[:-1] = np.outer(gammas, self._cost)
        phases[:-1, :n] += halves
        phases[1:, :n] += halves
        return phases, turns

    def state(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.complexfloating]:
        """The final state.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            Amplitudes, shape (2**N,), wire 0 most significant; right up to a global phase.

        Raises:
            CircuitError: illegal angles.
        """
        return self._evolution.run(*self._layers(*read_angles(gammas, betas))).amplitudes()

    def outcomes(self, gammas: ArrayLike, betas: ArrayLike) -> Outcomes:
        """Distribution of the final state, with its energies.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).

        Returns:
            The distribution over all bit strings.

        Raises:
            CircuitError: illegal angles.
        """
        phases, turns = self._layers(*read_angles(gammas, betas))
        # The last phases change no probability.
        probabilities = self._evolution.run(phases[:-1], turns).probabilities()
        return Outcomes(self.space, probabilities, *self._diagonal.levels_and_codes())

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its exact derivatives.

        Args:
            gammas: cost angles, shape (p,).
            betas: mixer angles, shape (p,).
            objective: see `objectives`.

        Returns:
            The value, and its derivatives by gammas and by betas, each of shape (p,).

        Raises:
            CircuitError: illegal angles.
        """
        rows, mixers = read_angles(gammas, betas)
        phases, turns = self._layers(rows, mixers)
        value, by_phase, by_turn = self._evolution.value_and_grad(phases[:-1], turns, objective)
        cosines = np.maximum(np.cos(turns), _SMALLEST)
        by_half = by_phase[:, : self.n_qubits].copy()
        by_half[:-1] += by_phase[1:, : self.n_qubits]
        by_beta = by_turn * self._sine * np.cos(mixers)[:, None] / cosines
        by_beta += by_half * self._cosine / (2 * cosines**2)
        return value, by_phase @ self._cost, by_beta.sum(axis=1)

    def resources(self, depth: int) -> dict[str, int]:
        """What the equivalent circuit costs, see `qaoa_resources.layer_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer, or the cost is no quadratic model.
        """
        return layer_resources(quadratic(self._operator), depth, warm=True)
