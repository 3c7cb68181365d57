"""Four ways to write a variable with states 0..U in bits.

=============  ================  ==============================================  ===================
name           bits              a bit string is valid if                        exact for
=============  ================  ==============================================  ===================
binary         ceil(log2(U+1))   always; the top coefficient is truncated        costs quadratic in
                                 so that no string exceeds U                     the bits, rows affine
increments     U                 always; the state is the number of ones         convex costs, rows affine
domain-wall    U                 the ones come first: 1..10..0                   everything
one-hot        U + 1             exactly one bit is set                          everything
=============  ================  ==============================================  ===================

Sources: domain-wall, N. Chancellor, arXiv:1903.05068; truncated binary, bounded-coefficient encoding,
S. Karimi and P. Ronagh, arXiv:1706.01945. Increments are the unary encoding without an ordering penalty:
when the costs are convex the cheapest increments come first, so at a given number of ones the sorted string
is among the cheapest.

Shapes: d states of the variable (U + 1), b bits, S strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .quadratic_form import QuadraticForm

__all__ = ["ENCODING_NAMES", "Encoding", "EncodingName", "bit_coefficients", "is_convex"]

EncodingName = Literal["binary", "increments", "domain-wall", "one-hot"]
ENCODING_NAMES: tuple[EncodingName, ...] = ("binary", "increments", "domain-wall", "one-hot")
FIT_LIMIT = 256  # states up to which a cost table is fitted by a quadratic function of binary bits


def bit_coefficients(top: int) -> NDArray[np.int64]:
    """Coefficients 1, 2, 4, ..., rest whose subset sums are exactly 0..top.

    Args:
        top: largest sum, not negative; 0 needs no bit.

    Returns:
        ceil(log2(top + 1)) positive integers that add up to ``top``.

    Example:
        >>> bit_coefficients(31).tolist(), bit_coefficients(32).tolist()
        ([1, 2, 4, 8, 16], [1, 2, 4, 8, 16, 1])
    """
    n_bits = int(top).bit_length()
    if n_bits == 0:
        return np.zeros(0, dtype=np.int64)
    powers = 2 ** np.arange(n_bits - 1, dtype=np.int64)
    return np.append(powers, top - powers.sum())


def is_convex(table: NDArray[np.float64]) -> bool:
    """Whether neighbouring differences never decrease, up to rounding."""
    return bool((np.diff(table, n=2) >= -1e-12 * max(1.0, float(np.abs(table).max(initial=0.0)))).all())


@dataclass(frozen=True)
class Encoding:
    """How one variable is written in bits.

    Attributes:
        name: one of the four above.
        size: number of states d.
        first_bit: position of its first bit in the whole string.
        reason: why it was chosen, a sentence for the user.
    """

    name: EncodingName
    size: int
    first_bit: int
    reason: str = ""

    @cached_property
    def coefficients(self) -> NDArray[np.int64]:
        """State units per bit for the encodings that add up bits, shape (b,)."""
        if self.name == "binary":
            return bit_coefficients(self.size - 1)
        return np.ones(self.n_bits, dtype=np.int64)

    @property
    def n_bits(self) -> int:
        """Number of bits b; a variable with a single state needs none."""
        if self.size == 1:
            return 0
        if self.name == "binary":
            return (self.size - 1).bit_length()
        return self.size if self.name == "one-hot" else self.size - 1

    @property
    def bits(self) -> range:
        """Positions of its bits in the whole string."""
        return range(self.first_bit, self.first_bit + self.n_bits)

    @property
    def always_valid(self) -> bool:
        """Whether every bit string stands for a state, so that no penalty is needed."""
        return self.name in ("binary", "increments") or self.n_bits <= 1

    def linear(self, table: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Write a function of the state as a constant plus a weight per bit.

        Args:
            table: the function's value for each state, shape (d,). For "binary" and "increments" it must be
                affine in the state.

        Returns:
            The constant and the weights, shape (b,). On valid strings the sum is ``table[state]``. For
            "one-hot" the constant is the smallest entry, so all weights are non-negative.
        """
        if self.size == 1:
            return float(table[0]), np.zeros(0)
        if self.name == "one-hot":
            low = float(table.min())
            return low, table - low
        if self.name == "domain-wall":
            return float(table[0]), np.diff(table)
        return float(table[0]), (table[1] - table[0]) * self.coefficients.astype(np.float64)

    def affine(self, at_zero: float, slope: float) -> tuple[float, NDArray[np.float64]]:
        """Like ``linear`` for ``at_zero + slope * state``, without writing the table out if possible."""
        if self.name in ("one-hot", "domain-wall") or self.size == 1:
            return self.linear(at_zero + slope * np.arange(self.size, dtype=np.float64))
        return at_zero, slope * self.coefficients.astype(np.float64)

    def cost(self, table: NDArray[np.float64]) -> QuadraticForm | None:
        """Write a cost per state as a quadratic form in this variable's bits.

        Args:
            table: cost of each state, shape (d,).

        Returns:
            A form over the whole string's bit positions, or None if this encoding cannot hold the table
            exactly. For "increments" that is a table that is not convex.
        """
        form = QuadraticForm()
        if self.name == "increments" and not is_convex(table):
            return None
        if self.name != "binary" or self.size <= 2:
            constant, weights = (
                (float(table[0]), np.diff(table)) if self.name == "increments" else self.linear(table)
            )
            form.add_linear(self.bits, weights, constant)
            return form
        return self._fit(table)

    def _fit(self, table: NDArray[np.float64]) -> QuadraticForm | None:
        """Least squares over the strings of a binary encoding; exact or nothing."""
        n, coefficients = self.n_bits, self.coefficients.astype(np.float64)
        first, second = np.triu_indices(n, k=1)
        tolerance = 1e-9 * max(1.0, float(np.ptp(table)))
        if self.size > FIT_LIMIT:
            # Three points fix a quadratic a + b s + c s^2; every other state must lie on it.
            state = np.arange(self.size, dtype=np.float64)
            square = float(table[2] - 2 * table[1] + table[0]) / 2
            slope = float(table[1] - table[0]) - square
            if np.abs(table[0] + slope * state + square * state**2 - table).max() > tolerance:
                return None
            linear = slope * coefficients + square * coefficients**2
            products = 2 * square * coefficients[first] * coefficients[second]
            constant = float(table[0])
        else:
            strings = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
            columns = [np.ones((len(strings), 1)), strings, strings[:, first] * strings[:, second]]
            design = np.hstack(columns).astype(np.float64)
            target = table[strings @ self.coefficients]
            solution = np.linalg.lstsq(design, target, rcond=None)[0]
            if np.abs(design @ solution - target).max() > tolerance:
                return None
            constant, linear, products = float(solution[0]), solution[1 : n + 1], solution[n + 1 :]
        form = QuadraticForm()
        form.add_linear(self.bits, linear, constant)
        for i, j, value in zip(first, second, products):
            form.add_product(self.bits[int(i)], self.bits[int(j)], float(value))
        return form

    def validity(self) -> QuadraticForm:
        """A form that is 0 on valid strings and a positive integer on all others.

        Domain-wall: sum over k of x_{k+1} (1 - x_k), the number of blocks of ones that do not start at the
        first bit. One-hot: (sum of x - 1)^2.
        """
        form = QuadraticForm()
        if self.always_valid:
            return form
        if self.name == "one-hot":
            form.add_square(self.bits, np.ones(self.n_bits), -1.0)
        else:
            for k in range(1, self.n_bits):
                form.add_linear([self.bits[k]], np.ones(1))
                form.add_product(self.bits[k - 1], self.bits[k], -1.0)
        return form

    def decode(self, strings: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """States of bit strings.

        Args:
            strings: 0/1 array of whole strings, shape (S, all bits).

        Returns:
            States, shape (S,), and whether each string is valid for this variable, shape (S,). The state of
            an invalid string means nothing.
        """
        own = strings[:, self.first_bit : self.first_bit + self.n_bits].astype(np.int64)
        valid = np.ones(len(own), dtype=np.bool_)
        if self.size == 1:
            return np.zeros(len(own), dtype=np.int64), valid
        if self.name == "one-hot":
            return own.argmax(axis=1), own.sum(axis=1) == 1
        if self.name == "domain-wall":
            valid = np.asarray((np.diff(own, axis=1) <= 0).all(axis=1))
        return own @ self.coefficients, valid

    def encode(self, state: int) -> NDArray[np.uint8]:
        """One bit string for a state, shape (b,)."""
        bits = np.zeros(self.n_bits, dtype=np.uint8)
        if self.size == 1:
            return bits
        if self.name == "one-hot":
            bits[state] = 1
        elif self.name == "binary":
            rest = state
            for k in reversed(range(self.n_bits)):
                # The truncated top coefficient may be smaller than the one below it, so greedy from the top
                # must leave a rest that the lower powers of two can still reach.
                if rest >= self.coefficients[k]:
                    bits[k], rest = 1, rest - int(self.coefficients[k])
        else:
            bits[:state] = 1
        return bits
