"""QAOA of a diagonal cost at array level: states, expectations and exact gradients.

    psi = prod_l exp(-i sum_q beta_lq X_q) exp(-i gamma_l C) |+...+>,   layer 1 first.

Gradients come from one sweep backward (adjoint method, T. Jones, J. Gacon, arXiv:2009.02823): with
lambda = w psi, w the derivative of the objective by each probability,

    d/dbeta_lq = 2 Im <lambda|X_q|psi>,    d/dgamma_l = 2 Im <lambda|C|psi>,

taken as the gates of layer l are undone on both states.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cost_diagonal import CostDiagonal
from .diagonal_layout import StateLayout
from .diagonal_passes import CHUNKS, PassRunner, backward_passes, forward_passes
from .diagonal_state import DiagonalState
from .errors import CircuitError
from .layer_angles import LayerAngles
from .memory import require_memory
from .mixer_steps import BACKWARD_BITS, SPAWN, lane_count_bits
from .objectives import Objective, weigh
from .qubit_angles import batch_per_qubit, per_qubit
from .row_evolution import evolve_one, evolve_rows, scale_moments
from .state_sums import energy_sums, level_sums, state_probabilities

__all__ = ["DiagonalEvolution"]


class DiagonalEvolution:
    """Evolves states under a diagonal cost and turns about X.

    Args:
        diagonal: the cost.
        precision: "double", or "single" for half the memory and time at some 1e-6 relative error.
        threads: most threads; None for all. Results do not depend on it.

    Attributes:
        bytes_forward: memory a state takes.
        bytes_gradient: memory a gradient takes; both besides the diagonal.

    Raises:
        CircuitError: an unknown precision.

    Example:
        >>> from .cost_diagonal import diagonal_from_costs
        >>> evolution = DiagonalEvolution(diagonal_from_costs([0.0, 1.0]))
        >>> round(evolution.run([np.pi / 2], [-np.pi / 4]).expectation(), 12)
        0.0
    """

    def __init__(
        self,
        diagonal: CostDiagonal,
        *,
        precision: Literal["double", "single"] = "double",
        threads: int | None = None,
    ) -> None:
        if precision not in ("double", "single"):
            raise CircuitError(f'precision is {precision!r}; it must be "double" or "single"')
        self.diagonal, self.threads, self.precision = diagonal, threads, precision
        itemsize = 8 if precision == "double" else 4
        self.layout = StateLayout.of(diagonal.n_qubits, itemsize, symmetric=diagonal.symmetric)
        values = diagonal.codes if diagonal.costs is None else diagonal.costs
        if values is None:
            raise CircuitError("a diagonal has either codes and levels or costs")
        self.codes, self.levels = self.layout.stored(values), diagonal.levels
        if self.levels is not None and 4 * len(self.levels) > self.layout.dimension:
            # more levels than states: a table would take longer than the phases themselves
            self.codes, self.levels = self.levels[self.codes], None
        self.limit = diagonal.limit
        self._whole = self.layout.block_bits + self.layout.mirrored == self.layout.n_bits
        self.runner = PassRunner(self.layout, self.codes, self.levels, self.limit, threads)
        self.bytes_forward = 2 * itemsize * self.layout.pitch
        self.bytes_gradient = 2 * self.bytes_forward

    def run(self, gammas: ArrayLike, betas: ArrayLike) -> DiagonalState:
        """The state after all layers.

        Args:
            gammas: shape (p,).
            betas: shape (p,), or (p, n) for one angle per qubit.

        Returns:
            The state.

        Raises:
            CircuitError: angles of other shapes, or not finite.
            CircuitTooLargeError: it does not fit.
        """
        row, other = per_qubit(gammas, betas, self.layout.n_qubits)
        if self._whole:
            parts = self.layout.allocate()
            flip = evolve_one(self.layout, self.codes, self.levels, self.limit, row, other, parts)
            return self.finished(parts, flip, float(row.sum()))
        angles = LayerAngles(self.layout, row, other)
        self._require(1, 0)
        parts = self.layout.allocate()
        self._forward(angles, parts)
        return self.finished(parts, int(angles.flips[-1]), float(row.sum()))

    def _require(self, n_states: int, more: int) -> None:
        """Refuse what does not fit, in terms of all 2**n amplitudes however few are stored."""
        layout = self.layout
        require_memory(layout.n_qubits, (2 * n_states * layout.itemsize + more) >> layout.mirrored)

    def finished(self, parts: NDArray[Any], flip: int, gamma: float = 0.0) -> DiagonalState:
        """Wrap what has been computed.

        Args:
            parts: the state as stored.
            flip: bits that are stored flipped.
            gamma: sum of the cost angles, for the phase of the cost's constant.

        Returns:
            The state.
        """
        return DiagonalState(
            self.diagonal, self.layout, self.codes, self.levels, parts, flip, self.threads, gamma
        )

    def values(self, gammas: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """Expectation for each of a batch of angle sets.

        Args:
            gammas: shape (B, p).
            betas: shape (B, p) or (B, p, n).

        Returns:
            Shape (B,).

        Raises:
            CircuitError: angles of other shapes, or not finite.
        """
        rows, others = batch_per_qubit(gammas, betas, self.layout.n_qubits)
        if self._whole:
            return self._rows(rows, others, gradients=False)[0]
        return np.array([self.run(gamma, beta).expectation() for gamma, beta in zip(rows, others)])

    def values_and_grads(
        self, gammas: ArrayLike, betas: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Expectation and its derivatives for each of a batch of angle sets.

        Args:
            gammas: shape (B, p).
            betas: shape (B, p) or (B, p, n).

        Returns:
            Values (B,), derivatives by gammas (B, p) and by the angle of each qubit (B, p, n).

        Raises:
            CircuitError: angles of other shapes, or not finite.
            CircuitTooLargeError: it does not fit.
        """
        rows, others = batch_per_qubit(gammas, betas, self.layout.n_qubits)
        if self._whole:
            return self._rows(rows, others, gradients=True)
        results = [self.value_and_grad(gamma, beta) for gamma, beta in zip(rows, others)]
        values, by_gamma, by_beta = zip(*results)
        return np.array(values), np.stack(by_gamma), np.stack(by_beta)

    def value_and_grad(
        self, gammas: ArrayLike, betas: ArrayLike, objective: Objective | None = None
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """An objective and its derivatives by all angles.

        Args:
            gammas: shape (p,).
            betas: shape (p,) or (p, n).
            objective: None for the expectation, or a function of energies and probabilities, both (M,), that
                gives the value and its derivatives by the probabilities, (M,).

        Returns:
            The value; derivatives by gammas, shape (p,); by the angle of each qubit in each layer, shape (p,
            n), whose sum over a layer is that by an angle shared by all qubits.

        Raises:
            CircuitError: angles of other shapes, or not finite.
            CircuitTooLargeError: it does not fit.
        """
        row, other = per_qubit(gammas, betas, self.layout.n_qubits)
        if self._whole and objective is None:
            values, by_gamma, by_beta = self._rows(row[None], other[None], gradients=True)
            return float(values[0]), by_gamma[0], by_beta[0]
        layout = self.layout
        angles = LayerAngles(layout, row, other)
        # Energies, probabilities, weights and what the objective makes of them, where there are no levels.
        self._require(2, 0 if objective is None or self.levels is not None else 48)
        parts = layout.allocate(2)
        self._forward(angles, parts)
        value, weights = self.weigh(parts, int(angles.flips[-1]), objective)
        return value, *self._backward(angles, parts, weights)

    def weigh(
        self, parts: NDArray[Any], flip: int, objective: Objective | None
    ) -> tuple[float, NDArray[np.float64]]:
        """An objective of a state.

        Args:
            parts: the state as stored.
            flip: bits that are stored flipped.
            objective: as for `value_and_grad`.

        Returns:
            The value, and the weight of each level or of each stored state.
        """
        layout, levels, constant = self.layout, self.levels, self.diagonal.constant
        if objective is None:
            value = energy_sums(layout, parts, self.codes, levels, flip, self.threads)[1]
            return value + constant, self.codes if levels is None else levels
        if levels is not None:
            chances = level_sums(layout, parts, self.codes, len(levels), flip, self.threads)
            return weigh(objective, levels + constant, chances)
        copies = 1 << layout.padding
        probabilities = state_probabilities(layout, parts, flip, self.threads)[::copies]
        if layout.mirrored:
            probabilities *= 2.0
        energies = self.codes[::copies]
        value, weights = weigh(objective, energies + constant if constant else energies, probabilities)
        return value, np.repeat(weights, copies) if copies > 1 else weights

    def _forward(self, angles: LayerAngles, parts: NDArray[Any]) -> None:
        layout, runner = self.layout, self.runner
        factors = angles.factors.copy()
        factors[0, 1:] *= 0.5 ** (layout.n_qubits / 2)
        tangents = angles.tangents.astype(layout.dtype, copy=False)
        for passing in forward_passes(len(factors), layout.n_bits - layout.block_bits):
            tables = runner.tables(factors[passing.phase], 2)
            flip = int(angles.flips[passing.phase])
            runner.run(passing, parts, self.codes, flip, tables, 2, tangents, None)

    def _backward(
        self, angles: LayerAngles, parts: NDArray[Any], weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        layout, runner = self.layout, self.runner
        layers, columns = angles.tangents.shape
        factors = angles.factors * [-1.0, 1.0, -1.0]
        tangents = (-angles.tangents).astype(layout.dtype, copy=False)
        sums = np.zeros((CHUNKS, layers * columns * 8))
        for passing in backward_passes(layers, layout.n_bits - layout.block_bits):
            if passing.mode == SPAWN:
                codes, tables = self.spawn(weights)
                flip, used = int(angles.flips[-1]), 1
            else:
                codes, tables = self.codes, runner.tables(factors[passing.phase], 3)
                flip, used = int(angles.flips[passing.phase]), 3
            runner.run(passing, parts, codes, flip, tables, used, tangents, sums)
        return self.derivatives(angles, sums, alternating=True)

    def spawn(self, weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """What the pass that makes lambda = w psi takes for codes and tables.

        Args:
            weights: of each level, or of each stored state.

        Returns:
            Both.
        """
        if self.levels is None:
            return np.ascontiguousarray(weights, np.float64), np.empty(4)
        return self.codes, np.ascontiguousarray(weights, self.layout.dtype)

    def derivatives(
        self, angles: LayerAngles, sums: NDArray[np.float64], *, alternating: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Derivatives from the sums of a backward sweep.

        Args:
            angles: of the layers.
            sums: by chunk.
            alternating: whether every second layer turned its high bits first.

        Returns:
            By gammas, shape (p,); by the angle of each qubit, shape (p, n).
        """
        layout = self.layout
        moments = sums.sum(axis=0).reshape(*angles.tangents.shape, 8).sum(axis=2)
        near = lane_count_bits(layout.itemsize) + BACKWARD_BITS - layout.mirrored
        scaled = np.empty_like(moments)
        scale_moments(
            angles.tangents, moments, layout.n_bits, layout.block_bits, near, layout.mirrored, alternating,
            layout.weight, scaled,
        )  # fmt: skip
        bits = np.arange(layout.n_qubits - 1, -1, -1) + layout.padding
        if layout.mirrored:
            bits[0] = layout.n_bits
        return scaled[:, layout.n_bits + 1].copy(), scaled[:, bits]

    def _rows(
        self, gammas: NDArray[np.float64], betas: NDArray[np.float64], *, gradients: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        values, by_gamma, by_beta = evolve_rows(
            self.layout, self.codes, self.levels, self.limit, gammas, betas,
            gradients=gradients, threads=self.threads,
        )  # fmt: skip
        return values + self.diagonal.constant, by_gamma, by_beta
