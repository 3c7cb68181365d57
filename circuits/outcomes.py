"""What measuring a QAOA state can give: the distribution over an engine's basis states, and figures of it.

Shapes: D states of the engine's space, N bits, M energy levels, S samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .arguments import real_number, whole_number
from .errors import CircuitError
from .memory import require_bytes
from .objectives import EXPECTATION, CVaR, Objective, weigh
from .product_space import ProductSpace

__all__ = ["EnergyHistogram", "Outcomes"]

# Energies this close are one level: relative to their spread, and to the rounding of the largest.
_SAME = 1e-9
_ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class EnergyHistogram:
    """Probability of each energy.

    Attributes:
        energies: different energies, ascending, shape (M,).
        probabilities: of each, shape (M,); they sum to 1.
    """

    energies: NDArray[np.float64]
    probabilities: NDArray[np.float64]


class Outcomes:
    """A distribution over the states of a space, each with an energy.

    Args:
        space: what the states are.
        probabilities: of each state, shape (D,), not negative. Their sum may miss 1 by rounding.
        levels: energies: of each state, or with ``codes`` a list of possible ones.
        codes: number of each state's energy in ``levels``, shape (D,), or None.

    Attributes:
        space: as given.
        probabilities: as given.

    Raises:
        CircuitError: shapes that do not fit.

    Example:
        >>> from .product_space import binary_space
        >>> chances, energies = np.array([0.5, 0.0, 0.25, 0.25]), np.array([0.0, 1.0, 1.0, 4.0])
        >>> outcomes = Outcomes(binary_space(2), chances, energies)
        >>> outcomes.value(), outcomes.p_optimum(), outcomes.marginals().tolist()
        (1.25, 0.5, [0.5, 0.25])
        >>> outcomes.histogram().probabilities.tolist()
        [0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        space: ProductSpace,
        probabilities: NDArray[np.floating],
        levels: NDArray[np.float64],
        codes: NDArray[np.unsignedinteger] | None = None,
    ) -> None:
        if probabilities.shape != (space.dimension,):
            raise CircuitError(
                f"the probabilities have shape {probabilities.shape}; it must be ({space.dimension},)"
            )
        if (levels if codes is None else codes).shape != (space.dimension,):
            raise CircuitError(f"every one of the {space.dimension} states needs an energy")
        self.space = space
        self.probabilities = probabilities
        self._levels = levels
        self._codes = codes

    def _require(self, bytes_per_state: int) -> None:
        states = self.space.dimension
        require_bytes(
            states * bytes_per_state,
            f"figures of {states:,} probabilities",
            "Use fewer qubits, or free some memory",
        )

    @cached_property
    def _distribution(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Energies and probabilities summed by code where there are codes; normalized."""
        self._require(16)
        summed: NDArray[np.float64] = self.probabilities.astype(np.float64, copy=False)
        if self._codes is not None:
            totals = np.bincount(self._codes, weights=summed, minlength=len(self._levels))
            summed = totals.astype(np.float64, copy=False)
        return self._levels, summed / summed.sum()

    def value(self, objective: Objective = EXPECTATION) -> float:
        """An objective of the distribution, the mean energy if none is named.

        Args:
            objective: see `objectives`.

        Returns:
            Its value.
        """
        return weigh(objective, *self._distribution)[0]

    def cvar(self, alpha: float) -> float:
        """Mean of the lowest share ``alpha`` of the energies, see `objectives.CVaR`.

        Args:
            alpha: above 0 and at most 1.

        Returns:
            The mean.

        Raises:
            CircuitError: an illegal share.
        """
        return self.value(CVaR(alpha))

    def histogram(self) -> EnergyHistogram:
        """Probability of every energy that some state has; energies equal up to rounding are one level."""
        energies, probabilities = self._distribution
        if self._codes is not None:
            self._require(8)
            used = np.bincount(self._codes, minlength=len(energies)) > 0
            energies, probabilities = energies[used], probabilities[used]
        else:
            self._require(48)
        order = np.argsort(energies, kind="stable")
        energies, probabilities = energies[order], probabilities[order]
        starts = np.flatnonzero(np.concatenate([[True], np.diff(energies) > _tolerance(energies)]))
        return EnergyHistogram(energies[starts], np.add.reduceat(probabilities, starts))

    def p_optimum(self, optimum: float | None = None) -> float:
        """Probability of a state with the lowest energy.

        Args:
            optimum: energy that counts as optimal (with all below it), in place of the space's lowest.

        Returns:
            From 0 to 1; 0 if no state has so low an energy.

        Raises:
            CircuitError: an optimum that is no finite number.
        """
        histogram = self.histogram()
        least = float(histogram.energies[0]) if optimum is None else real_number("optimum", optimum)
        reached = histogram.energies <= least + _tolerance(histogram.energies)
        return float(histogram.probabilities[reached].sum())

    def marginals(self) -> NDArray[np.float64]:
        """Probability that each bit is 1, shape (N,), wire order."""
        marginals = np.empty(self.space.n_bits)
        for number, factor in enumerate(self.space.factors):
            levels = self._factor_marginals((number,))
            marginals[list(factor.wires)] = levels @ factor.patterns
        return marginals

    def correlations(self) -> NDArray[np.float64]:
        """Two-point correlations <Z_i Z_j> with Z = 1 - 2 x, shape (N, N); the diagonal is 1."""
        n = self.space.n_bits
        result = np.empty((n, n))
        factors = self.space.factors
        for a, first in enumerate(factors):
            left = 1.0 - 2.0 * first.patterns
            joint = self._factor_marginals((a,))
            result[np.ix_(first.wires, first.wires)] = left.T @ (joint[:, None] * left)
            for b in range(a + 1, len(factors)):
                second = factors[b]
                joint = self._factor_marginals((a, b))
                block = left.T @ joint @ (1.0 - 2.0 * second.patterns)
                result[np.ix_(first.wires, second.wires)] = block
                result[np.ix_(second.wires, first.wires)] = block.T
        return result

    def _factor_marginals(self, kept: tuple[int, ...]) -> NDArray[np.float64]:
        summed = self.space.factor_marginals(self.probabilities, kept)
        summed /= summed.sum()
        return summed

    def sample(self, shots: int, seed: int | np.random.Generator | None = None) -> NDArray[np.uint8]:
        """Draw bit strings.

        Args:
            shots: number of draws S, at least 1.
            seed: the same integer gives the same draws.

        Returns:
            Shape (S, N); column i is wire i.

        Raises:
            CircuitError: no positive number of shots, or an illegal seed.
            CircuitTooLargeError: the samples do not fit into free memory.
        """
        number = whole_number("shots", shots, 1)
        self._require(8)
        require_bytes(number * (self.space.n_bits + 40), f"{number:,} samples", "Draw fewer at a time")
        if seed is not None and not isinstance(seed, np.random.Generator):
            whole_number("seed", seed, 0)
        rng = np.random.default_rng(seed)
        # In float64 whatever the states are: a sum of 2**24 float32 numbers has no digits left for the last.
        reached = np.cumsum(self.probabilities, dtype=np.float64)
        places = np.searchsorted(reached, rng.random(number) * reached[-1], side="right")
        return self.space.bits(np.minimum(places, self.space.dimension - 1))

    def most_probable(self, count: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """The likeliest bit strings.

        Args:
            count: how many at most, at least 1.

        Returns:
            Bits, shape (C, N), likeliest first (equal ones by index), and their probabilities, shape (C,).

        Raises:
            CircuitError: no positive number.
        """
        number = min(whole_number("count", count, 1), self.space.dimension)
        chosen = np.argpartition(-self.probabilities, number - 1)[:number]
        chosen = chosen[np.lexsort((chosen, -self.probabilities[chosen]))]
        return self.space.bits(chosen), self.probabilities[chosen].astype(np.float64)


def _tolerance(ascending: NDArray[np.float64]) -> float:
    """Distance up to which energies count as equal."""
    lowest, highest = float(ascending[0]), float(ascending[-1])
    return max(_SAME * (highest - lowest), _ROUNDING * max(-lowest, highest))
