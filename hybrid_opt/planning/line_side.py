"""A limit on what all lines use together, in the user's amounts: a resource, or fairness of two lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from ..errors import PlanError
from .exact_sums import advice_on_amounts, fits_exactly
from .money import exact, money_text
from .side_constraint import SideConstraint

__all__ = ["LineSide"]


@dataclass(frozen=True)
class LineSide:
    """Sum over lines of weight * amount is at most ``high``; with ``both``, at least -``high`` too.

    Attributes:
        label: its name, e.g. ``"money"`` or ``"fairness of a and b"``.
        kind: what it is, e.g. ``"resource"`` or ``"fairness"``.
        weights: exact weight per line, N of them: what one unit of amount uses.
        high: most sum.
        step: by how much the limit is moved to see what it is worth; 0 leaves it where it is.
        both: whether the sum must not fall below -``high`` either.
        minimum: whether it is a lower limit, written with negative weights; moving it makes it lower.
        column: name of the column that the weights come from, where there is one.
    """

    label: str
    kind: str
    weights: tuple[Fraction, ...]
    high: Fraction
    step: Fraction
    both: bool = False
    minimum: bool = False
    column: str | None = None

    def used(self, amounts: ArrayLike) -> float:
        """What a plan uses: amounts, shape (N,), to the weighted sum."""
        return float(self._used(amounts))

    def _used(self, amounts: ArrayLike) -> Fraction:
        given = np.asarray(amounts, dtype=np.float64).tolist()
        return sum((w * exact(amount) for w, amount in zip(self.weights, given)), Fraction(0))

    def keeps(self, amounts: ArrayLike) -> bool:
        """Whether a plan keeps the limit: amounts, shape (N,)."""
        used = self._used(amounts)
        return (-self.high if self.both else used) <= used <= self.high

    def problem(self, amounts: ArrayLike) -> str | None:
        """Why today's amounts, shape (N,), break the limit, or None."""
        if self.keeps(amounts):
            return None
        used = self.used(amounts)
        today = money_text(abs(used) if self.both else used)
        if self.kind not in ("resource", "fairness"):
            return f"{self.label}: not kept today"
        return f"{self.label}: today {today}, the limit is {money_text(self.high)}"

    @property
    def change(self) -> float:
        """By how much ``moved`` moves the limit, in the user's sense: a minimum falls."""
        return -float(self.step) if self.minimum else float(self.step)

    @property
    def described(self) -> str:
        """Its name and how much there is; the name alone where it says all."""
        amount = self.kind in ("resource", "fairness")
        return f"{self.label} ({money_text(self.high)})" if amount else self.label

    def moved(self) -> LineSide:
        """The same limit, one step wider."""
        return replace(self, high=self.high + self.step)

    def in_units(self, unit: Fraction, remainders: Sequence[Fraction]) -> SideConstraint:
        """The limit on whole units.

        Args:
            unit: amount per unit.
            remainders: amount of each line that stands below its unit 0.

        Returns:
            The same limit for every choice of units.
        """
        below = sum((w * rest for w, rest in zip(self.weights, remainders)), Fraction(0))
        weights = [weight * unit for weight in self.weights]
        low = -self.high - below if self.both else None
        return SideConstraint.of(self.label, weights, low, self.high - below)

    def in_exact_units(
        self, unit: Fraction, remainders: Sequence[Fraction], highest: Sequence[Fraction]
    ) -> SideConstraint:
        """The limit on whole units whose sums are exact.

        Args:
            unit: amount per unit.
            remainders: amount of each line that stands below its unit 0.
            highest: most amount of each line.

        Returns:
            As ``in_units``.

        Raises:
            PlanError: amounts with more decimals, or larger, than can be added exactly.
        """
        whole = self.in_units(unit, remainders)
        largest = [int((most - rest) / unit) for most, rest in zip(highest, remainders, strict=True)]
        if not fits_exactly(whole.weights, largest, [whole.low, whole.high]):
            advice = advice_on_amounts(self.weights, highest, self.high, self.column)
            raise PlanError(f"the limit {self.label!r} cannot be checked: {advice}")
        return whole
