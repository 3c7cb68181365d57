"""The basis states that an engine keeps: a product of factors, each with a list of bit patterns.

A full register of N qubits, one-hot groups, groups of fixed Hamming weight and free bits are all of this
form. The index of a state counts in C order, the first factor most significant. In a full register, wire 0 is
therefore the most significant bit, as everywhere in this package.

Shapes: N bits, D states, factor g with K_g patterns of w_g bits, S states asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import whole_number
from .errors import CircuitError

__all__ = ["Factor", "ProductSpace", "binary_space"]

# Wires of one factor of a full register: its table of patterns stays in a fast cache.
_CHUNK = 10


@dataclass(frozen=True, eq=False)
class Factor:
    """Some of the bits, and the patterns they may take.

    Attributes:
        wires: positions of these bits, w_g of them.
        patterns: uint8 of shape (K_g, w_g), every row another pattern; row k is the factor's level k.
    """

    wires: tuple[int, ...]
    patterns: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Number of levels K_g."""
        return len(self.patterns)

    @cached_property
    def codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sorted pattern numbers (first bit most significant) and the level of each."""
        numbers = _as_numbers(self.patterns)
        order = np.argsort(numbers)
        return numbers[order], order

    def levels(self, bits: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Level of each row of bits, shape (S, w_g) -> (S,); -1 for a pattern that is not in the list."""
        known, order = self.codes
        numbers = _as_numbers(bits)
        places = np.minimum(np.searchsorted(known, numbers), self.size - 1)
        return np.where(known[places] == numbers, order[places], -1)


def _as_numbers(bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    # Column by column: all of them as 64-bit numbers at once would take eight times the memory of the bits.
    numbers = np.zeros(len(bits), dtype=np.int64)
    for column in bits.T:
        numbers <<= 1
        numbers |= column
    return numbers


@dataclass(frozen=True, eq=False)
class ProductSpace:
    """A product of factors that together hold every bit once.

    Attributes:
        n_bits: N.
        factors: the first is most significant in an index.

    Raises:
        CircuitError: a bit that stands in no factor or in several, no factor, a factor with no pattern, with
            one twice, with entries that are not 0 or 1 or with more than 62 bits.

    Example:
        >>> pair = Factor((0, 2), np.array([[1, 0], [0, 1]], dtype=np.uint8))
        >>> free = Factor((1,), np.array([[0], [1]], dtype=np.uint8))
        >>> space = ProductSpace(3, (pair, free))
        >>> space.dimension, space.bits([0, 3]).tolist()
        (4, [[1, 0, 0], [0, 1, 1]])
        >>> space.indices(np.array([[0, 1, 1], [1, 1, 1]])).tolist()
        [3, -1]
    """

    n_bits: int
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        whole_number("n_bits", self.n_bits, 1)
        wires = [wire for factor in self.factors for wire in factor.wires]
        if sorted(wires) != list(range(self.n_bits)):
            raise CircuitError(
                f"the factors hold the bits {sorted(wires)}; they must hold each of 0 to "
                f"{self.n_bits - 1} once"
            )
        for number, factor in enumerate(self.factors):
            shape = (factor.size, len(factor.wires))
            if factor.patterns.shape != shape or 0 in shape or shape[1] > 62:
                raise CircuitError(
                    f"the patterns of factor {number} have shape {factor.patterns.shape}; it must be "
                    f"(levels, {shape[1]}) with at least one level and 1 to 62 bits"
                )
            if not ((factor.patterns == 0) | (factor.patterns == 1)).all():
                raise CircuitError(f"the patterns of factor {number} hold something else than 0 and 1")
            if (np.diff(factor.codes[0]) == 0).any():
                raise CircuitError(f"factor {number} lists a pattern twice")

    @property
    def shape(self) -> tuple[int, ...]:
        """Levels of each factor; a state vector has this shape as a tensor."""
        return tuple(factor.size for factor in self.factors)

    @property
    def dimension(self) -> int:
        """Number of states, D."""
        return prod(self.shape)

    def bits(self, indices: ArrayLike) -> NDArray[np.uint8]:
        """Bit strings of states.

        Args:
            indices: from 0 to D - 1, shape (S,).

        Returns:
            Shape (S, N); column i is wire i.

        Raises:
            CircuitError: an index outside the space.
        """
        rows = np.asarray(indices, dtype=np.int64)
        if rows.size and not (rows.min() >= 0 and rows.max() < self.dimension):
            raise CircuitError(f"a state's index must be from 0 to {self.dimension - 1}")
        bits = np.empty((len(rows), self.n_bits), dtype=np.uint8)
        for factor, levels in zip(self.factors, np.unravel_index(rows, self.shape)):
            bits[:, list(factor.wires)] = factor.patterns[levels]
        return bits

    def indices(self, bits: ArrayLike) -> NDArray[np.int64]:
        """Which state a bit string is.

        Args:
            bits: of 0 and 1, shape (S, N).

        Returns:
            Shape (S,); -1 for a string outside the space.

        Raises:
            CircuitError: another number of columns.
        """
        rows = np.asarray(bits, dtype=np.uint8)
        if rows.ndim != 2 or rows.shape[1] != self.n_bits:
            raise CircuitError(f"the bits have shape {rows.shape}; it must be (strings, {self.n_bits})")
        index = np.zeros(len(rows), dtype=np.int64)
        inside = np.ones(len(rows), dtype=np.bool_)
        for factor in self.factors:
            levels = factor.levels(rows[:, list(factor.wires)])
            inside &= levels >= 0
            index = index * factor.size + levels
        return np.where(inside, index, -1)

    def factor_marginals(self, weights: NDArray[np.floating], kept: Sequence[int]) -> NDArray[np.float64]:
        """Sum over all factors but some.

        Args:
            weights: one per state, shape (D,).
            kept: numbers of the factors to keep, ascending.

        Returns:
            Shape: the levels of each kept factor.
        """
        tensor = weights.reshape(self.shape)
        dropped = tuple(number for number in range(len(self.factors)) if number not in kept)
        summed: NDArray[np.float64] = tensor.sum(axis=dropped, dtype=np.float64)
        return summed


def binary_space(n_bits: int) -> ProductSpace:
    """All bit strings, wire 0 most significant.

    Args:
        n_bits: N, at least 1.

    Returns:
        A space of dimension 2**N, in factors of up to ten wires.

    Raises:
        CircuitError: no positive integer.

    Example:
        >>> binary_space(12).shape
        (4, 1024)
        >>> binary_space(3).bits([4]).tolist()
        [[1, 0, 0]]
    """
    n = whole_number("n_bits", n_bits, 1)
    factors = []
    # The first factor is the short one, so that the others end at whole chunks.
    start = 0
    while start < n:
        stop = start + ((n - start) % _CHUNK or _CHUNK)
        shifts = np.arange(stop - start - 1, -1, -1)
        patterns = (np.arange(2 ** (stop - start))[:, None] >> shifts & 1).astype(np.uint8)
        factors.append(Factor(tuple(range(start, stop)), patterns))
        start = stop
    return ProductSpace(n, tuple(factors))
