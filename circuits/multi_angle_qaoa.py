"""Multi-angle QAOA: an angle for every cost term and every qubit in each layer.

R. Herrman, P. Lotshaw, J. Ostrowski, T. Humble, G. Siopsis, "Multi-angle quantum approximate optimization
algorithm", Scientific Reports 12, 6781 (2022), arXiv 2109.11455:

    U_C(gammas) = exp(-i sum_k gamma_k c_k Z_k),   U_B(betas) = exp(-i sum_q beta_q X_q),

where the cost is sum_k c_k Z_k with products Z_k of Pauli Z. Equal angles in a layer are plain QAOA.

Shapes: p layers, K terms, N qubits.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles, read_wide_angles
from .cost_diagonal import diagonal_from_terms
from .cost_terms import CostTerms, read_terms
from .ising import Ising
from .layered_phases import LayeredEvolution
from .objectives import EXPECTATION, Objective
from .outcomes import Outcomes
from .product_space import binary_space
from .qaoa_engine import QAOAEngine
from .qaoa_resources import ising_of, layer_resources, quadratic
from .row_threads import count_threads

__all__ = ["MultiAngleQAOA"]


class MultiAngleQAOA(QAOAEngine):
    """QAOA with the transverse-field mixer and angles of its own for every term and qubit.

    Gradients of all p (K + N) angles come from one sweep back over the layers: those of a layer's K cost
    angles are K entries of one Walsh-Hadamard transform.

    Args:
        model: a dimod BinaryQuadraticModel or BinaryPolynomial, BINARY or SPIN; variable i is wire i.
        threads: on the processor; None for one per core.
        seed: of the samples where `sample` is given none; later calls continue the stream.

    Attributes:
        variables: the model's variables in wire order.
        n_qubits: N.
        terms: for each of the K cost angles the variables in its product; single ones first, then pairs.
        simulator: name for tables.

    Raises:
        CircuitError: the model cannot be used.
        CircuitTooLargeError: the state does not fit into free memory.

    Example:
        >>> import dimod
        >>> edge = dimod.BinaryQuadraticModel({"a": 0.5}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> engine = MultiAngleQAOA(edge)
        >>> engine.terms
        (('a',), ('a', 'b'))
        >>> gammas, betas = engine.widen([0.4], [-0.3])
        >>> value, by_gamma, by_beta = engine.value_and_grad(gammas, betas)
        >>> by_gamma.shape, by_beta.shape
        ((1, 2), (1, 2))
    """

    def __init__(self, model: Any, *, threads: int | None = None, seed: int | None = None) -> None:
        count_threads(threads)
        variables, terms = read_terms(model)
        self._operator = ising_of(model)
        super().__init__(variables, binary_space(len(variables)), seed)
        masks, self._coefficients, self.terms = _acting_terms(self._operator, variables, terms)
        self._diagonal = diagonal_from_terms(terms, threads=threads)
        self._evolution = LayeredEvolution(self._diagonal, masks, threads=threads)

    @property
    def simulator(self) -> str:
        """Name for tables."""
        return "diagonal engine (CPU), multi-angle"

    @property
    def energies(self) -> NDArray[np.float64]:
        """Energy of every bit string, offset included, shape (2**N,), wire 0 most significant."""
        return self._diagonal.energies()

    def widen(self, gammas: ArrayLike, betas: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Angles of plain QAOA as a place to start from.

        Args:
            gammas: one per layer, shape (p,).
            betas: one per layer, shape (p,).

        Returns:
            The same for every term, shape (p, K), and for every qubit, shape (p, N).

        Raises:
            CircuitError: illegal angles.
        """
        rows, mixers = read_angles(gammas, betas)
        return (
            np.repeat(rows[:, None], len(self.terms), axis=1),
            np.repeat(mixers[:, None], self.n_qubits, axis=1),
        )

    def _read(self, gammas: ArrayLike, betas: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows, mixers = read_wide_angles(gammas, betas, len(self.terms), self.n_qubits)
        return rows * self._coefficients, mixers

    def state(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.complexfloating]:
        """The final state.

        Args:
            gammas: cost angles, shape (p, K).
            betas: mixer angles, shape (p, N).

        Returns:
            Amplitudes, shape (2**N,), wire 0 most significant; right up to a global phase.

        Raises:
            CircuitError: illegal angles.
        """
        return self._evolution.run(*self._read(gammas, betas)).amplitudes()

    def outcomes(self, gammas: ArrayLike, betas: ArrayLike) -> Outcomes:
        """Distribution of the final state, with its energies.

        Args:
            gammas: cost angles, shape (p, K).
            betas: mixer angles, shape (p, N).

        Returns:
            The distribution over all bit strings.

        Raises:
            CircuitError: illegal angles.
        """
        probabilities = self._evolution.run(*self._read(gammas, betas)).probabilities()
        return Outcomes(self.space, probabilities, *self._diagonal.levels_and_codes())

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective = EXPECTATION
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its exact derivatives.

        Args:
            gammas: cost angles, shape (p, K).
            betas: mixer angles, shape (p, N).
            objective: see `objectives`.

        Returns:
            The value, and its derivatives by gammas, shape (p, K), and by betas, shape (p, N).

        Raises:
            CircuitError: illegal angles.
        """
        phases, mixers = self._read(gammas, betas)
        value, by_phase, by_beta = self._evolution.value_and_grad(phases, mixers, objective)
        return value, by_phase * self._coefficients, by_beta

    def resources(self, depth: int) -> dict[str, int]:
        """What the equivalent circuit costs, see `qaoa_resources.layer_resources`.

        Args:
            depth: number of layers p, at least 1.

        Returns:
            qubits, depth, one_qubit_gates, two_qubit_gates, two_qubit_depth.

        Raises:
            CircuitError: the depth is no positive integer, or the cost is no quadratic model.
        """
        return layer_resources(quadratic(self._operator), depth)


def _acting_terms(
    operator: Ising | None, variables: tuple[Hashable, ...], terms: CostTerms
) -> tuple[list[int], NDArray[np.float64], tuple[tuple[Hashable, ...], ...]]:
    """Mask, coefficient and variables of every product of Pauli Z but the constant."""
    n = len(variables)
    bit = {variable: 1 << (n - 1 - wire) for wire, variable in enumerate(variables)}
    if operator is not None:
        # Term for term those of the circuit.
        return [sum(bit[v] for v in term) for term in operator.terms], operator.coefficients, operator.terms
    masks, coefficients = terms.spin_terms()
    named = [tuple(v for v in variables if mask & bit[v]) for mask in masks.tolist()]
    order = sorted(np.flatnonzero(masks).tolist(), key=lambda k: (len(named[k]), -int(masks[k])))
    return [int(masks[k]) for k in order], coefficients[order], tuple(named[k] for k in order)
