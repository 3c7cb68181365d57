"""Limits of a level question beside its budget: a further resource, fairness between two lines.

A side constraint is linear in the units of all lines, with whole weights and whole ends, so that whether a
plan keeps it is decided exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelError

__all__ = ["SideConstraint"]


@dataclass(frozen=True)
class SideConstraint:
    """low <= sum over lines of weight * units <= high.

    Attributes:
        label: its name.
        weights: whole weight of each line's units, N of them, negative ones too.
        low: least whole sum, or None.
        high: most whole sum, or None.

    Raises:
        ModelError: neither end is given, or a number is not whole.

    Example:
        >>> staff = SideConstraint("staff", (1, 2), None, 5)
        >>> staff.keeps([[1, 2], [2, 2]])
        array([ True, False])
    """

    label: str
    weights: tuple[int, ...]
    low: int | None
    high: int | None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends:
            raise ModelError(f"side constraint {self.label!r} has neither a low nor a high end; give one")
        for number in (*self.weights, *ends):
            if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
                raise ModelError(
                    f"side constraint {self.label!r} holds {number!r}; weights and ends are whole numbers"
                )

    @classmethod
    def of(
        cls, label: str, weights: Sequence[Fraction], low: Fraction | None, high: Fraction | None
    ) -> SideConstraint:
        """Make a constraint from exact fractions, multiplied up to whole numbers.

        Args:
            label: its name.
            weights: exact weight of each line's units.
            low: least sum, or None.
            high: most sum, or None.

        Returns:
            The same constraint for every choice of whole units.

        Example:
            >>> SideConstraint.of("pay", [Fraction(1, 2), Fraction(1, 3)], None, Fraction(5, 4))
            SideConstraint(label='pay', weights=(3, 2), low=None, high=7)
        """
        # The coarsest whole form: small numbers need few slack bits in a QUBO.
        scale = Fraction(lcm(*(weight.denominator for weight in weights)))
        scale /= gcd(*(int(weight * scale) for weight in weights)) or 1
        return cls(
            label,
            tuple(int(weight * scale) for weight in weights),
            None if low is None else ceil(low * scale),
            None if high is None else floor(high * scale),
        )

    def sums(self, units: ArrayLike) -> NDArray[np.int64]:
        """Weighted sums of plans: units, shape (..., N), to sums, shape (...)."""
        return np.asarray(units, dtype=np.int64) @ np.array(self.weights, dtype=np.int64)

    def keeps(self, units: ArrayLike) -> NDArray[np.bool_]:
        """Which plans keep the constraint: units, shape (..., N), to flags, shape (...)."""
        sums = self.sums(units)
        kept = np.ones(sums.shape, dtype=bool)
        if self.low is not None:
            kept &= sums >= self.low
        if self.high is not None:
            kept &= sums <= self.high
        return kept
