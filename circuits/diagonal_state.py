"""A finished state of the diagonal engine, and what can be read from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cost_diagonal import CostDiagonal
from .diagonal_layout import StateLayout
from .memory import require_memory
from .state_sums import energy_sums, flipped_copy, level_sums, state_probabilities

__all__ = ["DiagonalState"]


class DiagonalState:
    """A state that `DiagonalEvolution` has made, as it is stored.

    Args:
        diagonal: the cost.
        layout: how it is stored.
        codes: per stored state the code of its cost, or its cost.
        levels: cost of each code; None for costs.
        parts: real and imaginary parts as stored.
        flip: bits of the index that are stored flipped.
        threads: most threads; None for all.
        gamma: sum of the cost angles, for the phase of the cost's constant.

    Example:
        >>> from .cost_diagonal import diagonal_from_costs
        >>> from .diagonal_evolution import DiagonalEvolution
        >>> state = DiagonalEvolution(diagonal_from_costs([0.0, 1.0])).run([np.pi / 2], [-np.pi / 4])
        >>> state.probabilities().round(12).tolist()
        [1.0, 0.0]
    """

    def __init__(
        self,
        diagonal: CostDiagonal,
        layout: StateLayout,
        codes: NDArray[Any],
        levels: NDArray[np.float64] | None,
        parts: NDArray[Any],
        flip: int,
        threads: int | None,
        gamma: float = 0.0,
    ) -> None:
        self.diagonal, self.layout, self.codes, self.levels = diagonal, layout, codes, levels
        self.parts, self.flip, self.threads, self.gamma = parts, flip, threads, gamma

    def amplitudes(self) -> NDArray[Any]:
        """The whole state.

        Returns:
            Shape (2**n,), complex128 or in single precision complex64; wire 0 is the most significant bit.

        Raises:
            CircuitTooLargeError: it does not fit.
        """
        layout = self.layout
        kind = np.complex128 if layout.itemsize == 8 else np.complex64
        require_memory(layout.n_qubits, 2 * kind().itemsize)
        result: NDArray[Any] = np.empty(layout.dimension, kind)
        for part, target in enumerate((result.real, result.imag)):
            begin = part * layout.pitch
            target[:] = flipped_copy(layout, self.parts[begin : begin + layout.dimension], self.flip)
        if self.diagonal.constant and self.gamma:
            result *= np.exp(-1j * self.gamma * self.diagonal.constant)
        return layout.expanded(result)

    def probabilities(self) -> NDArray[np.float64]:
        """Probability of every bit string.

        Returns:
            Shape (2**n,).

        Raises:
            CircuitTooLargeError: it does not fit.
        """
        layout = self.layout
        require_memory(layout.n_qubits, 16)
        return layout.expanded(state_probabilities(layout, self.parts, self.flip, self.threads))

    def level_probabilities(self) -> NDArray[np.float64]:
        """Probability of every level of the diagonal; without codes, of every bit string.

        Returns:
            Shape (M,) or (2**n,).
        """
        codes, levels = self.diagonal.codes, self.diagonal.levels
        if codes is None or levels is None:
            return self.probabilities()
        own = self.layout.stored(codes)
        return level_sums(self.layout, self.parts, own, len(levels), self.flip, self.threads)

    def norm_and_expectation(self) -> tuple[float, float]:
        """Squared norm, 1 but for rounding, and sum of probability times energy.

        Returns:
            Both.
        """
        norm, energy = energy_sums(self.layout, self.parts, self.codes, self.levels, self.flip, self.threads)
        return norm, energy + norm * self.diagonal.constant

    def norm(self) -> float:
        """Squared norm; what it differs from 1 by tells of single precision's errors.

        Returns:
            1 but for rounding.
        """
        return self.norm_and_expectation()[0]

    def expectation(self) -> float:
        """Expectation of the energy.

        Returns:
            Sum over all bit strings of probability times energy.
        """
        return self.norm_and_expectation()[1]
