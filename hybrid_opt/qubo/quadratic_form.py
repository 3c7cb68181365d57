"""A quadratic function of bits, built up term by term."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["QuadraticForm"]


class QuadraticForm:
    """``offset + sum of linear[i] x_i + sum of quadratic[i, j] x_i x_j`` over bits x, i < j.

    Bits satisfy x^2 = x, so squares are kept as linear terms.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self.linear: dict[int, float] = {}
        self.quadratic: dict[tuple[int, int], float] = {}

    def add_linear(self, bits: Sequence[int], weights: ArrayLike, constant: float = 0.0) -> None:
        """Add ``constant + sum of weights[k] * x[bits[k]]``."""
        self.offset += constant
        for bit, weight in zip(bits, np.asarray(weights, dtype=np.float64).tolist()):
            self.linear[bit] = self.linear.get(bit, 0.0) + weight

    def add_product(self, first: int, second: int, weight: float) -> None:
        """Add ``weight * x[first] * x[second]``."""
        if first == second:
            self.add_linear([first], [weight])
            return
        key = (first, second) if first < second else (second, first)
        self.quadratic[key] = self.quadratic.get(key, 0.0) + weight

    def add_square(
        self, bits: Sequence[int], weights: ArrayLike, constant: float, factor: float = 1.0
    ) -> None:
        """Add ``factor * (constant + sum of weights[k] * x[bits[k]])^2``, bits all different."""
        values = np.asarray(weights, dtype=np.float64)
        self.add_linear(bits, factor * (values**2 + 2 * constant * values), factor * constant**2)
        for k, weight in enumerate(values.tolist()):
            for other in range(k + 1, len(values)):
                self.add_product(bits[k], bits[other], 2 * factor * weight * float(values[other]))

    def values(self, strings: NDArray[Any]) -> NDArray[np.float64]:
        """The function on bit strings, (S, n) to (S,); exact where all terms are whole numbers."""
        bits = np.asarray(strings, dtype=np.float64)
        total = np.full(len(bits), self.offset)
        for bit, weight in self.linear.items():
            total += weight * bits[:, bit]
        for (i, j), weight in self.quadratic.items():
            total += weight * bits[:, i] * bits[:, j]
        return total

    def magnitude(self) -> float:
        """Sum of the absolute values of all terms; its share 2**-52 is the rounding error of an energy."""
        terms = [self.offset, *self.linear.values(), *self.quadratic.values()]
        return float(sum(abs(term) for term in terms))

    def add(self, other: QuadraticForm, factor: float = 1.0) -> None:
        """Add ``factor * other``."""
        self.offset += factor * other.offset
        for bit, weight in other.linear.items():
            self.linear[bit] = self.linear.get(bit, 0.0) + factor * weight
        for (i, j), weight in other.quadratic.items():
            self.add_product(i, j, factor * weight)
