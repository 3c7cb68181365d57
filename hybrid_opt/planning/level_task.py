"""From a checked plan table and curves to a question about levels, and back to amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curves import ResponseCurves
from .grid import Grid
from .line_side import LineSide
from .line_table import LineTable, Spend
from .lines import LevelQuestion, Line, Synergy
from .money import common_unit, exact, money_text
from .pair_table import LineSynergy

__all__ = ["LevelTask"]


@dataclass(frozen=True, eq=False)
class LevelTask:
    """A level task on exact grids.

    Spends are counted in whole units above a small remainder per line (its lowest amount modulo the unit), so
    that odd cents of a fixed line do not make the unit small.

    Attributes:
        table: the plan table.
        curves: what every line brings.
        budget: most (or all) that the lines get together; None leaves the total free.
        spend: "exactly" or "at_most".
        synergies: pairs of lines.
        grids: allowed amounts per line; the table's own unless changed on purpose.
        reference: amount by which a synergy's product is divided.
        sides: other resources and fairness.
    """

    table: LineTable
    curves: ResponseCurves
    budget: float | None
    spend: Spend
    synergies: Sequence[LineSynergy]
    grids: Sequence[Grid]
    reference: float
    sides: Sequence[LineSide] = ()

    @classmethod
    def of(
        cls,
        table: LineTable,
        curves: ResponseCurves,
        budget: float | None,
        spend: Spend,
        synergies: Sequence[LineSynergy],
        *,
        reference: float | None = None,
        sides: Sequence[LineSide] = (),
    ) -> LevelTask:
        """The question on the plan table's own grids; synergies are divided by the budget by default."""
        grids = [line.grid for line in table.lines]
        divided = (budget or 0.0) if reference is None else reference
        return cls(table, curves, budget, spend, synergies, grids, divided, sides)

    @property
    def unit(self) -> Fraction:
        """Amount per unit: what all steps have in common."""
        return common_unit(gap for grid in self.grids for gap in grid.gaps)

    @property
    def remainders(self) -> list[Fraction]:
        """Amount of each line that stands below its unit 0."""
        return [grid.lowest % self.unit for grid in self.grids]

    def levels(self) -> LevelQuestion:
        """The question in units; values are per period, synergies included.

        Raises:
            PlanError: a limit's amounts have more decimals, or are larger, than can be added exactly.
        """
        unit, remainders = self.unit, self.remainders
        highest = [grid.highest for grid in self.grids]
        index = {line.label: i for i, line in enumerate(self.table.lines)}
        spends, values = [], []
        for line, grid, remainder in zip(self.table.lines, self.grids, remainders):
            money = grid.spends()
            spends.append(np.array([int(u) for u in np.rint((money - float(remainder)) / float(unit))]))
            values.append(self.curves.response(line.label, money).astype(np.float64))
        pairs = []
        for pair in self.synergies:
            i, j = index[pair.channel], index[pair.other]
            pairs.append(Synergy(i, j, pair.strength))
            # (r_i + u_i)(r_j + u_j) = u_i u_j + r_j u_i + r_i u_j + r_i r_j: only the first term is a pair.
            factor = pair.strength / self.reference if self.reference else 0.0
            values[i] = values[i] + factor * float(remainders[j]) * self.grids[i].spends()
            values[j] = values[j] + factor * float(remainders[i]) * spends[j] * float(unit)
        lines = [
            Line(line.label, s, v, line.group or None)
            for line, s, v in zip(self.table.lines, spends, values)
        ]
        rest = sum(remainders, Fraction(0))
        caps = {}
        for group, cap in self.table.caps.items():
            below = sum((remainders[index[line.label]] for line in self.table.groups[group]), Fraction(0))
            caps[group] = floor((exact(cap) - below) / unit)
        return LevelQuestion(
            lines,
            # Without a budget the total is free: no plan exceeds the sum of the highest amounts.
            budget=sum(int(s[-1]) for s in spends)
            if self.budget is None
            else floor((exact(self.budget) - rest) / unit),
            spend=self.spend,
            caps=caps,
            synergies=pairs,
            unit=float(unit),
            reference=self.reference or None,
            sides=[side.in_exact_units(unit, remainders, highest) for side in self.sides],
        )

    def money(self, choice: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Amount per line of a plan: level positions, shape (N,), to amounts, shape (N,)."""
        return np.array([grid.spends()[level] for grid, level in zip(self.grids, choice)])

    def units(self, money: NDArray[np.float64]) -> NDArray[np.float64]:
        """Amounts as units, whole or not, both of shape (N,)."""
        remainders = np.array([float(remainder) for remainder in self.remainders])
        return np.asarray((money - remainders) / float(self.unit))

    def bands(self) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
        """How far each line's value may lie below and above its curve, per line of shape (levels,)."""
        below, above = [], []
        for line, grid in zip(self.table.lines, self.grids):
            amounts = grid.spends()
            value = self.curves.response(line.label, amounts)
            interval = self.curves.interval(line.label, amounts)
            low, high = (value, value) if interval is None else interval
            below.append(np.maximum(0.0, value - low))
            above.append(np.maximum(0.0, high - value))
        return below, above

    def current_problems(self) -> list[str]:
        """Why today's amounts break a side limit, in words."""
        today = [line.current for line in self.table.lines]
        return [problem for side in self.sides if (problem := side.problem(today))]

    def synergy(self, money: NDArray[np.float64]) -> float:
        """Value that comes from pairs of lines, for amounts of shape (N,)."""
        spend = dict(zip(self.table.labels, money.tolist()))
        total = sum(pair.strength * spend[pair.channel] * spend[pair.other] for pair in self.synergies)
        return total / self.reference if self.reference else 0.0

    def finer(self, factor: int) -> LevelTask:
        """The same question with every step divided by ``factor``; its optimum is at least as good."""
        grids = [
            replace(grid, step=grid.step / factor, count=(grid.count - 1) * factor + 1) for grid in self.grids
        ]
        return replace(self, grids=grids)

    def longer(self, i: int, end: str) -> tuple[LevelTask | None, str]:
        """The same question with one more step for line i at its "max" or "min" end.

        Returns:
            The question, or None with the reason why that end cannot move (empty where the end is no limit:
            a choice, a fixed line, an off level, an amount of zero).
        """
        grid, line, words = self.grids[i], self.table.lines[i], self.table.words
        if words.choice or line.fixed or (end == "min" and (grid.off or grid.first == 0)):
            return None, ""
        longer = replace(grid, count=grid.count + 1)
        if end == "min":
            longer = replace(longer, first=grid.first - grid.step)
        if longer.first < 0:
            return None, f"a {words.amount} cannot be negative"
        limit, start = self.curves.limit(line.label), self.curves.start(line.label)
        if not self.curves.extrapolate and float(longer.highest) > limit:
            return None, f"its {words.value} curve ends at {money_text(limit)}"
        if float(longer.lowest) < start:
            return None, f"its {words.value} curve begins at {money_text(start)}"
        return replace(self, grids=[longer if k == i else own for k, own in enumerate(self.grids)]), ""
