"""The energy of every basis state, as small codes where the energies are few and evenly spaced.

The diagonal of a polynomial is made block by block: for every setting of the high bits the terms that are on
give a polynomial of the low bits, and summing its coefficients over subsets gives the block (the zeta
transform; F. Yates, "The design and analysis of factorial experiments", 1937). That is about n / 2
additions per state, and exact where the coefficients are integers.

The constant of a model is kept apart: phases and derivatives of a cost near 1e9 would lose nine digits to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cost_kernels import energy_codes, energy_range, energy_values
from .cost_terms import CostTerms
from .errors import CircuitError
from .memory import require_memory
from .row_threads import run_in_parts

__all__ = ["CostDiagonal", "diagonal_from_costs", "diagonal_from_terms"]

_MOST_LEVELS = 1 << 16
_BLOCK_BITS = 12
_DENOMINATORS = (*(2**k for k in range(21)), *(10**k for k in range(1, 7)))


@dataclass(frozen=True, eq=False)
class CostDiagonal:
    """Energies of all basis states; wire 0 is the most significant bit of their number.

    Attributes:
        n_qubits: number of bits, n.
        codes: uint8 or uint16, shape (2**n,), or None.
        levels: energy of each code less the constant, shape (M,), ascending and evenly spaced; None without
            codes.
        costs: energies less the constant, float64, shape (2**n,); None with codes.
        symmetric: whether the energy of every state is that of its complement.
        constant: what every energy has besides.
    """

    n_qubits: int
    codes: NDArray[Any] | None
    levels: NDArray[np.float64] | None
    costs: NDArray[np.float64] | None
    symmetric: bool
    constant: float = 0.0

    def energies(self) -> NDArray[np.float64]:
        """The energy of every state.

        Returns:
            Shape (2**n,), read only.

        Raises:
            CircuitError: the diagonal was built by hand, with neither codes nor costs.
            CircuitTooLargeError: it does not fit.

        Example:
            >>> diagonal_from_terms(CostTerms.of(2, [(0,), (1,)], [2.0, 1.0])).energies()
            array([0., 1., 2., 3.])
        """
        if self.costs is None:
            levels, codes = self.level_energies, self.codes
            if levels is None or codes is None:
                raise CircuitError("a diagonal has either codes and levels or costs")
            require_memory(self.n_qubits, 8)
            energies = np.take(levels, codes)
        elif self.constant:
            require_memory(self.n_qubits, 8)
            energies = self.costs + self.constant
        else:
            energies = self.costs.view()
        energies.flags.writeable = False
        return energies

    def levels_and_codes(self) -> tuple[NDArray[np.float64], NDArray[Any] | None]:
        """Energies in the form that `Outcomes` takes.

        Returns:
            The energy of each code and the codes; or the energy of every state, and None.

        Example:
            >>> diagonal_from_costs([2.0, 0.0]).levels_and_codes()
            (array([0., 2.]), array([1, 0], dtype=uint8))
        """
        levels = self.level_energies
        return (self.energies(), None) if levels is None else (levels, self.codes)

    @property
    def level_energies(self) -> NDArray[np.float64] | None:
        """Energy of each code, the constant included, shape (M,); None without codes."""
        return None if self.levels is None else self.levels + self.constant

    @property
    def limit(self) -> float:
        """Largest distance of an energy from the constant.

        Raises:
            CircuitError: the diagonal was built by hand, with neither codes nor costs.
        """
        values = self.levels if self.costs is None else self.costs
        if values is None:
            raise CircuitError("a diagonal has either codes and levels or costs")
        return float(max(values.max(), -values.min()))

    @property
    def n_bytes(self) -> int:
        """Memory held."""
        return sum(part.nbytes for part in (self.codes, self.levels, self.costs) if part is not None)


def _integers(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], int, int] | None:
    """Integers k, g, d with numbers = k g / d up to rounding; None where there are none."""
    largest = float(np.abs(numbers).max(initial=0.0))
    for denominator in _DENOMINATORS:
        whole = np.rint(numbers * denominator)
        if np.abs(whole).max(initial=0.0) > 2.0**40:
            return None
        if np.abs(whole / denominator - numbers).max(initial=0.0) <= 4e-16 * largest:
            unit = max(1, gcd(*(int(k) for k in np.unique(np.abs(whole)))))
            return whole / unit, unit, denominator
    return None


def diagonal_from_terms(terms: CostTerms, *, threads: int | None = None) -> CostDiagonal:
    """The diagonal of a polynomial, streamed.

    Args:
        terms: the polynomial.
        threads: most threads; None for all.

    Returns:
        Codes and levels where all coefficients but the constant are multiples of a power of two or of ten,
        and the energies span fewer than 65,536 multiples of their greatest common divisor; else costs.

    Raises:
        CircuitTooLargeError: it does not fit into free memory.

    Example:
        >>> triangle = CostTerms.of(3, [(0, 1), (1, 2), (0, 2)], [1.0, 1.0, 1.0], spins=True)
        >>> diagonal = diagonal_from_terms(triangle)
        >>> diagonal.codes.tolist(), diagonal.level_energies.tolist(), diagonal.symmetric
        ([1, 0, 0, 0, 0, 0, 0, 1], [-1.0, 3.0], True)
    """
    n = terms.n_qubits
    block_bits = min(n, _BLOCK_BITS)
    blocks = 1 << (n - block_bits)
    chunks = min(blocks, 64)
    varying = terms.masks != 0
    masks, numbers = terms.masks[varying], terms.coefficients[varying]
    cost = max(1, (blocks // chunks) * (len(masks) + (block_bits << block_bits) // 8))
    whole = _integers(numbers)
    symmetric = terms.is_symmetric()
    if whole is not None:
        require_memory(n, 1)
        counts, unit, denominator = whole
        bounds = np.empty((chunks, 2))

        def measure(some: slice) -> None:
            for chunk in range(some.start, some.stop):
                first, last = blocks * chunk // chunks, blocks * (chunk + 1) // chunks
                energy_range(masks, counts, block_bits, first, last, bounds[chunk])

        run_in_parts(measure, chunks, cost, threads)
        low, high = int(bounds[:, 0].min()), int(bounds[:, 1].max())
        if high - low < _MOST_LEVELS:
            kind = np.uint8 if high - low < 256 else np.uint16
            require_memory(n, kind().itemsize)
            codes = np.empty(1 << n, kind)

            def encode(some: slice) -> None:
                for chunk in range(some.start, some.stop):
                    first, last = blocks * chunk // chunks, blocks * (chunk + 1) // chunks
                    energy_codes(masks, counts, block_bits, first, last, low, codes)

            run_in_parts(encode, chunks, cost, threads)
            levels = np.arange(low, high + 1) * float(unit) / denominator
            return CostDiagonal(n, codes, levels, None, symmetric, terms.constant)
    require_memory(n, 8)
    costs = np.empty(1 << n)

    def evaluate(some: slice) -> None:
        for chunk in range(some.start, some.stop):
            first, last = blocks * chunk // chunks, blocks * (chunk + 1) // chunks
            energy_values(masks, numbers, block_bits, first, last, costs)

    run_in_parts(evaluate, chunks, cost, threads)
    return CostDiagonal(n, None, None, costs, symmetric, terms.constant)


def diagonal_from_costs(costs: ArrayLike) -> CostDiagonal:
    """A diagonal from a ready vector of energies.

    Args:
        costs: shape (2**n,), n at least 1; wire 0 is the most significant bit.

    Returns:
        Codes and levels where the energies are multiples of a power of two or of ten and span fewer than
        65,536 multiples of their greatest common divisor; else the costs themselves, not copied if float64,
        or with a constant taken out where they lie far from 0.

    Raises:
        CircuitError: not a vector of 2**n finite numbers.

    Example:
        >>> diagonal_from_costs([0.5, 1.0, 1.0, 2.5]).level_energies.tolist()
        [0.5, 1.0, 1.5, 2.0, 2.5]
    """
    try:
        values = np.ascontiguousarray(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError(
            "the costs cannot be read as numbers; a vector of 2**n energies is needed"
        ) from error
    if values.ndim != 1 or values.size < 2 or values.size & (values.size - 1):
        raise CircuitError(f"the costs have shape {values.shape}; it must be (2**n,) with n of at least 1")
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise CircuitError(f"the cost of state {bad} is {values[bad]}; every cost must be a finite number")
    n = values.size.bit_length() - 1
    symmetric = bool(np.array_equal(values[: values.size // 2], values[: values.size // 2 - 1 : -1]))
    if _integers(values[:4096] - values[0]) is not None:
        base = float(values.min())
        whole = _integers(values - base)
        if whole is not None and whole[0].max() < _MOST_LEVELS:
            counts, unit, denominator = whole
            kind = np.uint8 if counts.max() < 256 else np.uint16
            levels = np.arange(int(counts.max()) + 1) * float(unit) / denominator
            return CostDiagonal(n, counts.astype(kind), levels, None, symmetric, base)
    low, high = float(values.min()), float(values.max())
    if max(-high, low) > high - low:
        require_memory(n, 8)
        return CostDiagonal(n, None, None, values - low, symmetric, low)
    if not values.flags.writeable:
        require_memory(n, 8)
        values = values.copy()
    return CostDiagonal(n, None, None, values, symmetric)
