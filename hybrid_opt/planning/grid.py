"""The allowed spends of one line, exactly: an arithmetic grid, perhaps with "off" below it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .money import exact, money_text
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["Grid", "check_row", "row_grid"]


@dataclass(frozen=True)
class Grid:
    """The amounts first, first + step, ..., ``count`` of them, and 0 as well where ``off`` is set.

    Attributes:
        first: lowest amount of the arithmetic part.
        step: distance between its amounts.
        count: how many there are, at least 1.
        off: whether 0, below ``first``, is allowed too.

    Example:
        >>> Grid(Fraction(2), Fraction(1, 2), 3, off=True).spends()
        array([0. , 2. , 2.5, 3. ])
    """

    first: Fraction
    step: Fraction
    count: int
    off: bool = False

    @property
    def lowest(self) -> Fraction:
        """Lowest allowed amount."""
        return Fraction(0) if self.off else self.first

    @property
    def highest(self) -> Fraction:
        """Highest allowed amount."""
        return self.first + (self.count - 1) * self.step

    @property
    def gaps(self) -> list[Fraction]:
        """Distances between neighbouring amounts, each once."""
        return ([self.step] if self.count > 1 else []) + ([self.first] if self.off else [])

    def spends(self) -> NDArray[np.float64]:
        """All amounts in money, shape (levels,)."""
        denominator = math.lcm(self.first.denominator, self.step.denominator)
        first, step = int(self.first * denominator), int(self.step * denominator)
        # Numerators stay exact in Python's integers; one division rounds each amount once.
        amounts = [(first + k * step) / denominator for k in range(self.count)]
        return np.array([0.0, *amounts] if self.off else amounts)

    def units(self, unit: Fraction) -> NDArray[np.int64]:
        """All amounts in whole units above the lowest, shape (levels,); ``unit`` divides every gap."""
        start = int((self.first - self.lowest) / unit)
        units = start + int(self.step / unit) * np.arange(self.count, dtype=np.int64)
        return np.concatenate([[0], units]).astype(np.int64) if self.off else units

    def around(self, amount: float) -> list[Fraction]:
        """The allowed amounts next to any amount: the one below and the one above, where they exist."""
        position = (exact(amount) - self.first) / self.step
        below = min(math.floor(position), self.count - 1)
        above = max(math.ceil(position), 0)
        near = [self.first + k * self.step for k in (below, above) if 0 <= k < self.count]
        if self.off and below < 0:
            near = [Fraction(0), *near]
        return sorted(set(near))


def check_row(row: Mapping[str, Any], words: Vocabulary = CHANNELS) -> Iterator[tuple[str, str]]:
    """Find contradictions within one row of the plan table.

    Args:
        row: column -> value.
        words: what the task calls its lines.

    Yields:
        The column to change, and what is wrong.
    """
    low, high, current = row["min"], row["max"], row["current"]
    least = row["min_if_used"]
    switched = not math.isnan(least)
    if high < low:
        yield "max", f"max {money_text(high)} is below min {money_text(low)}; raise max or lower min"
        return
    if switched and low > 0:
        yield "min_if_used", (
            f"'off or at least {money_text(least)}' needs min 0, but min is {money_text(low)};"
            " set min to 0 or leave min_if_used empty"
        )
        return
    if switched and least > high:
        yield "min_if_used", (
            f"min_if_used {money_text(least)} is above max {money_text(high)}; lower it, raise max, or"
            f" switch the {words.line} off with max 0 and an empty min_if_used"
        )
        return
    if row["fixed"]:
        legal = low <= current <= high and not (switched and 0 < current < least)
        if not legal:
            lowest = f"0 or {money_text(least)}" if switched else money_text(low)
            yield "fixed", (
                f"fixed keeps the current {money_text(current)}, but allowed are {lowest} to"
                f" {money_text(high)}; change the limits or set fixed to false"
            )
        return
    start, step = exact(least if switched else low), exact(row["step"])
    rest = (exact(high) - start) % step
    if rest:
        below, above = exact(high) - rest, exact(high) - rest + step
        name = "min_if_used" if switched else "min"
        yield "max", (
            f"step misses the bounds: steps of {money_text(step)} from {name} {money_text(start)} do not meet"
            f" max {money_text(high)}; nearest legal max: {money_text(below)} or {money_text(above)}"
        )


def row_grid(row: Mapping[str, Any]) -> Grid:
    """Build the grid of one row that ``check_row`` found nothing wrong with.

    Args:
        row: column -> value.

    Returns:
        The allowed spends.
    """
    step = exact(row["step"])
    if row["fixed"]:
        return Grid(exact(row["current"]), step, 1)
    switched = not math.isnan(row["min_if_used"])
    first = exact(row["min_if_used"] if switched else row["min"])
    return Grid(first, step, int((exact(row["max"]) - first) / step) + 1, off=switched)
