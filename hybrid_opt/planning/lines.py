"""The question "how much on each line": levels, values, one budget, caps, side constraints.

A line (a channel, a department) may spend one of a few allowed amounts and has a value for each of them.
Values are **maximized**: a plan has the user's sense, unlike a dimod model. All amounts are integer counts
of one unit of money, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelError
from .exact_sums import check_exact
from .side_constraint import SideConstraint

__all__ = ["LevelQuestion", "Line", "Spend", "Synergy"]

Spend = Literal["exactly", "at_most"]
"""Whether the budget must be used up, or is an upper limit."""


def _count(number: Any, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 0:
        raise ModelError(f"{what} is {number!r}; it must be a whole number of units, zero or more")
    return int(number)


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a plan: what it may spend, and the value of each.

    Attributes:
        label: its name.
        spends: allowed spends in units, strictly increasing, shape (levels,).
        values: value of each, shape (levels,).
        group: name of the group whose cap it shares, or None.

    Raises:
        ModelError: a table is empty, of the wrong shape, not finite, or the spends are not increasing whole
            numbers from zero on.

    Example:
        >>> Line("tv", [0, 5, 6, 7], [0.0, 4.0, 4.5, 4.8]).spends
        array([0, 5, 6, 7])
    """

    label: str
    spends: NDArray[np.int64]
    values: NDArray[np.float64]
    group: str | None = None

    def __post_init__(self) -> None:
        spends, values = np.array(self.spends), np.array(self.values, dtype=np.float64)
        if spends.ndim != 1 or len(spends) == 0:
            raise ModelError(f"line {self.label!r} has spends of shape {spends.shape}; give at least one")
        if not np.issubdtype(spends.dtype, np.integer):
            raise ModelError(
                f"line {self.label!r} has spends of type {spends.dtype}; they are whole numbers of units"
            )
        if spends[0] < 0 or (np.diff(spends) <= 0).any():
            raise ModelError(
                f"line {self.label!r} has spends {spends[:8].tolist()}...; they must start at zero or above "
                "and strictly increase"
            )
        if values.shape != spends.shape:
            raise ModelError(
                f"line {self.label!r} has {len(spends)} spends and values of shape {values.shape}; "
                "give one value per spend"
            )
        if not np.isfinite(values).all():
            raise ModelError(f"line {self.label!r} has a value that is NaN or infinite; all must be finite")
        spends = spends.astype(np.int64)
        spends.setflags(write=False)
        values.setflags(write=False)
        object.__setattr__(self, "spends", spends)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Synergy:
    """Two lines that help each other (or, with a negative strength, get in each other's way).

    Attributes:
        first: position of a line in the question.
        second: position of another line.
        strength: value per money: the plan gains strength * money_first * money_second / reference money.
    """

    first: int
    second: int
    strength: float


@dataclass(frozen=True, eq=False)
class LevelQuestion:
    """Lines under one budget: which level of each line gives the highest total value?

    Attributes:
        lines: the lines, N of them.
        budget: money to spend, in units.
        spend: "exactly" the budget, or "at_most" that much.
        caps: group name -> most units that the lines of that group may spend together. A line is in one
            group at most, so the caps are disjoint; a group without a cap is only a name.
        synergies: pairs that make the value non-separable.
        sides: further limits, linear in the units of all lines: other resources, fairness.
        unit: money per unit.
        reference: money by which a synergy's product is divided; None means the budget. It is kept when
            only the budget is changed on purpose, so that the synergies stay what they were.

    Raises:
        ModelError: no line, a label twice, a negative or fractional budget or cap, a cap on an unknown group,
            a synergy of unknown or equal lines, a limit whose sum reaches 2**53.

    Example:
        >>> lines = [Line("tv", [0, 1, 2], [0.0, 3.0, 5.0]), Line("search", [0, 1], [0.0, 4.0])]
        >>> question = LevelQuestion(lines, budget=2, unit=500.0)
        >>> question.value([1, 1]), question.feasible([1, 1]), question.feasible([2, 1])
        (7.0, True, False)
    """

    lines: Sequence[Line]
    budget: int
    spend: Spend = "exactly"
    caps: Mapping[str, int] = field(default_factory=dict)
    synergies: Sequence[Synergy] = ()
    unit: float = 1.0
    reference: float | None = None
    sides: Sequence[SideConstraint] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.lines))
        object.__setattr__(self, "synergies", tuple(self.synergies))
        object.__setattr__(self, "sides", tuple(self.sides))
        object.__setattr__(self, "budget", _count(self.budget, "the budget"))
        caps = {group: _count(cap, f"the cap of group {group!r}") for group, cap in self.caps.items()}
        object.__setattr__(self, "caps", caps)
        if not self.lines:
            raise ModelError("the question has no line; give at least one")
        labels = [line.label for line in self.lines]
        for label in labels:
            if labels.count(label) > 1:
                raise ModelError(f"two lines are called {label!r}; every label must be new")
        if self.spend not in ("exactly", "at_most"):
            raise ModelError(f"spend is {self.spend!r}; legal are 'exactly' and 'at_most'")
        groups = {line.group for line in self.lines}
        for group in caps:
            if group not in groups:
                known = sorted(str(name) for name in groups if name is not None)
                raise ModelError(f"there is a cap on group {group!r}, but the lines have the groups {known}")
        for what, money in (("unit", self.unit), ("reference", self.reference)):
            if money is not None and not (np.isfinite(money) and money > 0):
                raise ModelError(f"{what} is {money!r}; it must be a positive amount of money")
        for pair in self.synergies:
            if pair.first == pair.second or not all(0 <= i < len(labels) for i in (pair.first, pair.second)):
                raise ModelError(
                    f"a synergy joins lines {pair.first} and {pair.second}; it needs two different positions "
                    f"from 0 to {len(labels) - 1}"
                )
            if not np.isfinite(pair.strength):
                raise ModelError(
                    f"the synergy of {labels[pair.first]!r} and {labels[pair.second]!r} has strength "
                    f"{pair.strength!r}; it must be finite"
                )

        names = ["budget", *(f"cap of {group}" for group in caps)]
        for side in self.sides:
            if len(side.weights) != len(labels):
                raise ModelError(
                    f"side constraint {side.label!r} has {len(side.weights)} weights for {len(labels)} "
                    "lines; give one per line"
                )
            if side.label in names:
                raise ModelError(f"two limits are called {side.label!r}; every name must be new")
            names.append(side.label)
        self._check_sums()

    def _check_sums(self) -> None:
        """Refuse limits whose sums would wrap around or round."""
        largest = [int(line.spends[-1]) for line in self.lines]
        check_exact("budget", [1] * len(largest), largest, [self.budget])
        for group, cap in self.caps.items():
            own = [int(line.group == group) for line in self.lines]
            check_exact(f"cap of {group}", own, largest, [cap])
        for side in self.sides:
            check_exact(side.label, side.weights, largest, [side.low, side.high])

    def members(self, group: str) -> list[int]:
        """Positions of the lines of a group."""
        return [i for i, line in enumerate(self.lines) if line.group == group]

    def cap_of(self, line: int) -> str | None:
        """The group whose cap limits a line, or None if no cap does."""
        group = self.lines[line].group
        return group if group in self.caps else None

    def product_value(self, pair: Synergy) -> float:
        """Value per unit times unit of a synergy."""
        money = self.unit * self.budget if self.reference is None else self.reference
        return pair.strength * self.unit**2 / money if money else 0.0

    def spends(self, choices: ArrayLike) -> NDArray[np.int64]:
        """Units spent per line, same shape as ``choices``: level positions, shape (..., N)."""
        levels = self._checked(choices)
        columns = [line.spends[levels[..., i]] for i, line in enumerate(self.lines)]
        return np.stack(columns, axis=-1)

    def values(self, choices: ArrayLike) -> NDArray[np.float64]:
        """Total value of many plans.

        Args:
            choices: level positions, shape (..., N).

        Returns:
            Values, shape (...), synergies included, feasible or not.
        """
        levels = self._checked(choices)
        total = np.sum([line.values[levels[..., i]] for i, line in enumerate(self.lines)], axis=0)
        if self.synergies:
            spends = self.spends(levels).astype(np.float64)
            for pair in self.synergies:
                total = total + self.product_value(pair) * spends[..., pair.first] * spends[..., pair.second]
        return np.asarray(total, dtype=np.float64)

    def value(self, choice: ArrayLike) -> float:
        """Total value of one plan: level positions, shape (N,)."""
        return float(self.values(choice))

    def feasible(self, choice: ArrayLike) -> bool:
        """Whether one plan, level positions of shape (N,), keeps budget, caps and side constraints."""
        spends = self.spends(choice)
        total = int(spends.sum())
        fits = total == self.budget if self.spend == "exactly" else total <= self.budget
        fits = fits and all(int(spends[self.members(g)].sum()) <= cap for g, cap in self.caps.items())
        return fits and all(bool(side.keeps(spends)) for side in self.sides)

    def money(self, units: float) -> str:
        """An amount of units as text in money, for messages."""
        return f"{units * self.unit:,.10g}"

    def _checked(self, choices: ArrayLike) -> NDArray[np.int64]:
        levels = np.asarray(choices)
        if levels.ndim == 0 or levels.shape[-1] != len(self.lines):
            raise ModelError(
                f"a choice has shape {levels.shape}; its last axis is the {len(self.lines)} lines"
            )
        if not np.issubdtype(levels.dtype, np.integer):
            raise ModelError(f"a choice has type {levels.dtype}; it holds whole level positions")
        for i, line in enumerate(self.lines):
            column = levels[..., i]
            if column.size and (column.min() < 0 or column.max() >= len(line.spends)):
                raise ModelError(
                    f"a choice holds a level of line {line.label!r} outside 0 to {len(line.spends) - 1}"
                )
        return levels.astype(np.int64)
