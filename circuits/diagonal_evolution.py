"""QAOA of a diagonal cost at array level: states, expectations and exact gradients.

    psi = prod_l exp(-i sum_q beta_lq X_q) exp(-i gamma_l C) |+...+>,   layer 1 first.

Gradients come from one sweep backward (adjoint method, T. Jones, J. Gacon, arXiv:2009.02823): with
lambda = w psi, w the derivative of the objective by each probability,

    d/dbeta_lq = 2 Im <lambda|X_q|psi>,    d/dgamma_l = 2 Im <lambda|C|psi>,

taken as the gates of layer l are undone on both states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cost_diagonal import CostDiagonal
from .diagonal_layout import StateLayout
from .diagonal_passes import PassRunner, backward_passes, forward_passes, order_of_turns
from .errors import CircuitError
from .layer_angles import LayerAngles
from .memory import require_memory
from .mixer_steps import BACKWARD_BITS, SPAWN, lane_count_bits
from .state_sums import energy_sums, flipped_copy, level_sums, state_probabilities

__all__ = ["DiagonalEvolution", "DiagonalState"]

Objective = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[float, NDArray[np.float64]]]
_CHUNKS = 32


class DiagonalState:
    """A state that `DiagonalEvolution` has made.

    Args:
        evolution: what made it.
        parts: real and imaginary parts as stored.
        flip: bits of the index that are stored flipped.
    """

    def __init__(self, evolution: DiagonalEvolution, parts: NDArray[Any], flip: int) -> None:
        self._evolution, self.parts, self.flip = evolution, parts, flip

    def amplitudes(self) -> NDArray[Any]:
        """The whole state.

        Returns:
            Shape (2**n,), complex128 or in single precision complex64; wire 0 is the most significant bit.

        Raises:
            CircuitTooLargeError: it does not fit.
        """
        layout = self._evolution.layout
        kind = np.complex128 if layout.itemsize == 8 else np.complex64
        require_memory(layout.n_qubits, 2 * kind().itemsize)
        result = np.empty(layout.dimension, kind)
        for part, target in enumerate((result.real, result.imag)):
            begin = part * layout.pitch
            target[:] = flipped_copy(layout, self.parts[begin : begin + layout.dimension], self.flip)
        return layout.expanded(result)

    def probabilities(self) -> NDArray[np.float64]:
        """Probability of every bit string.

        Returns:
            Shape (2**n,).

        Raises:
            CircuitTooLargeError: it does not fit.
        """
        layout = self._evolution.layout
        require_memory(layout.n_qubits, 16)
        return layout.expanded(
            state_probabilities(layout, self.parts, self.flip, self._evolution.threads)
        )

    def level_probabilities(self) -> NDArray[np.float64]:
        """Probability of every level of the diagonal; without codes, of every bit string.

        Returns:
            Shape (M,) or (2**n,).
        """
        evolution = self._evolution
        levels = evolution.diagonal.levels
        if levels is None:
            return self.probabilities()
        return level_sums(
            evolution.layout, self.parts, evolution.codes, len(levels), self.flip, evolution.threads
        )

    def norm_and_expectation(self) -> tuple[float, float]:
        """Squared norm, 1 but for rounding, and sum of probability times energy."""
        evolution = self._evolution
        return energy_sums(
            evolution.layout, self.parts, evolution.codes, evolution.diagonal.levels, self.flip, evolution.threads
        )

    def norm(self) -> float:
        """Squared norm; what it differs from 1 by tells of single precision's errors."""
        return self.norm_and_expectation()[0]

    def expectation(self) -> float:
        """Sum over all bit strings of probability times energy."""
        return self.norm_and_expectation()[1]


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
        self.codes = self.layout.stored(values)
        self._runner = PassRunner(
            self.layout,
            self.codes,
            diagonal.levels,
            max(abs(diagonal.minimum), abs(diagonal.maximum)),
            threads,
        )
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
        angles = self._angles(gammas, betas)
        require_memory(self.layout.n_bits, 2 * self.layout.itemsize)
        parts = self.layout.allocate()
        self._forward(angles, parts)
        return DiagonalState(self, parts, int(angles.flips[-1]))

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
        rows = np.asarray(gammas, np.float64)
        others = np.asarray(betas, np.float64)
        if rows.ndim != 2 or others.ndim not in (2, 3) or len(rows) != len(others):
            raise CircuitError(
                f"gammas have shape {rows.shape} and betas {others.shape}; (B, p) and (B, p) or (B, p, n) are needed"
            )
        return np.array([self.run(gamma, beta).expectation() for gamma, beta in zip(rows, others)])

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
            The value; derivatives by gammas, shape (p,); by the angle of each qubit in each layer, shape (p, n),
            whose sum over a layer is that by an angle shared by all qubits.

        Raises:
            CircuitError: angles of other shapes, or not finite.
            CircuitTooLargeError: it does not fit.
        """
        angles = self._angles(gammas, betas)
        layout = self.layout
        require_memory(layout.n_bits, 4 * layout.itemsize)
        parts = layout.allocate(2)
        self._forward(angles, parts)
        value, weights = self._objective(parts, int(angles.flips[-1]), objective)
        return value, *self._backward(angles, parts, weights)

    def _objective(
        self, parts: NDArray[Any], flip: int, objective: Objective | None
    ) -> tuple[float, NDArray[np.float64]]:
        """The value, and the weight of each level or of each stored state."""
        layout, levels = self.layout, self.diagonal.levels
        if objective is None:
            value = energy_sums(layout, parts, self.codes, levels, flip, self.threads)[1]
            return value, self.codes if levels is None else levels
        if levels is not None:
            return objective(levels, level_sums(layout, parts, self.codes, len(levels), flip, self.threads))
        copies = 1 << layout.padding
        probabilities = state_probabilities(layout, parts, flip, self.threads)[::copies]
        if layout.mirrored:
            probabilities *= 2.0
        value, weights = objective(self.codes[::copies], probabilities)
        return value, np.repeat(weights, copies) if copies > 1 else weights

    def _forward(self, angles: LayerAngles, parts: NDArray[Any]) -> None:
        layout, runner = self.layout, self._runner
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
        layout, runner = self.layout, self._runner
        layers, columns = angles.tangents.shape
        factors = angles.factors * [-1.0, 1.0, -1.0]
        tangents = (-angles.tangents).astype(layout.dtype, copy=False)
        sums = np.zeros((_CHUNKS, layers * columns * 8))
        coded = self.diagonal.levels is not None
        for passing in backward_passes(layers, layout.n_bits - layout.block_bits):
            if passing.mode == SPAWN:
                tables = np.ascontiguousarray(weights, layout.dtype) if coded else np.empty(4)
                codes = self.codes if coded else np.ascontiguousarray(weights, np.float64)
                flip, used = int(angles.flips[-1]), 1
            else:
                tables, codes = runner.tables(factors[passing.phase], 3), self.codes
                flip, used = int(angles.flips[passing.phase]), 3
            runner.run(passing, parts, codes, flip, tables, used, tangents, sums)
        moments = sums.sum(axis=0).reshape(layers, columns, 8).sum(axis=2)
        return _derivatives(layout, angles.tangents, moments)

    def _angles(self, gammas: ArrayLike, betas: ArrayLike) -> LayerAngles:
        n = self.layout.n_qubits
        try:
            rows, others = np.array(gammas, np.float64), np.array(betas, np.float64)
        except (TypeError, ValueError) as error:
            raise CircuitError("gammas and betas must be arrays of numbers") from error
        if rows.ndim != 1 or rows.size == 0 or others.shape not in ((rows.size,), (rows.size, n)):
            raise CircuitError(
                f"gammas have shape {rows.shape} and betas {others.shape}; (p,) and (p,) or (p, {n}) are needed, "
                "p at least 1"
            )
        if not (np.isfinite(rows).all() and np.isfinite(others).all()):
            raise CircuitError("the angles hold a NaN or an infinite number")
        if others.ndim == 1:
            others = np.repeat(others[:, None], n, axis=1)
        return LayerAngles(self.layout, rows, others)


def _derivatives(
    layout: StateLayout, tangents: NDArray[np.float64], moments: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Derivatives from the sums of a backward sweep.

    The turns of the sweep leave out a cosine each, on both states. A sum taken after some turns of a layer
    therefore misses the squares of their cosines.
    """
    layers, n, n_bits = len(tangents), layout.n_qubits, layout.n_bits
    near = lane_count_bits(layout.itemsize) + BACKWARD_BITS - layout.mirrored
    squares = 1.0 / (1.0 + tangents**2)
    scaled = np.empty_like(moments)
    for layer in range(layers):
        order = order_of_turns(layout, high_first=(layers - 1 - layer) % 2 == 1, near=near)
        scaled[layer, order] = np.concatenate([[1.0], np.cumprod(squares[layer, order])[:-1]])
    scaled[:, n_bits + 1] = np.prod(squares[:, : n_bits + 1], axis=1)
    scaled *= 2.0 * layout.weight * moments
    bits = np.arange(n - 1, -1, -1) + layout.padding
    if layout.mirrored:
        bits[0] = n_bits
    return scaled[:, n_bits + 1].copy(), scaled[:, bits]
