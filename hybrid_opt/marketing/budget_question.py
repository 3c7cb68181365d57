"""From a checked plan table and response curves to a question about levels, and back to money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..planning.lines import LevelQuestion, Line, Synergy
from ..planning.money import common_unit, exact, money_text
from .curves import ResponseCurves
from .plan_grid import Grid
from .plan_table import PlanTable, Spend
from .synergies import ChannelSynergy

__all__ = ["BudgetQuestion"]


@dataclass(frozen=True, eq=False)
class BudgetQuestion:
    """A budget task on exact grids.

    Spends are counted in whole units above a small remainder per channel (its lowest spend modulo the unit),
    so that odd cents of a fixed channel do not make the unit small.

    Attributes:
        table: the plan table.
        curves: response of every channel.
        budget: money per period.
        spend: "exactly" or "at_most".
        synergies: pairs of channels.
        grids: allowed spends per channel; the table's own unless changed on purpose.
        reference: money by which a synergy's product is divided; the budget.
    """

    table: PlanTable
    curves: ResponseCurves
    budget: float
    spend: Spend
    synergies: Sequence[ChannelSynergy]
    grids: Sequence[Grid]
    reference: float

    @classmethod
    def of(
        cls,
        table: PlanTable,
        curves: ResponseCurves,
        budget: float,
        spend: Spend,
        synergies: Sequence[ChannelSynergy],
    ) -> BudgetQuestion:
        """The question on the plan table's own grids."""
        grids = [line.grid for line in table.lines]
        return cls(table, curves, budget, spend, synergies, grids, budget)

    @property
    def unit(self) -> Fraction:
        """Money per unit: what all steps have in common."""
        return common_unit(gap for grid in self.grids for gap in grid.gaps)

    @property
    def remainders(self) -> list[Fraction]:
        """Money of each channel that stands below its unit 0."""
        return [grid.lowest % self.unit for grid in self.grids]

    def levels(self) -> LevelQuestion:
        """The question in units; values are responses per period, synergies included."""
        unit, remainders = self.unit, self.remainders
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
            budget=floor((exact(self.budget) - rest) / unit),
            spend=self.spend,
            caps=caps,
            synergies=pairs,
            unit=float(unit),
            reference=self.reference or None,
        )

    def money(self, choice: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Spend per channel of a plan: level positions, shape (N,), to money, shape (N,)."""
        return np.array([grid.spends()[level] for grid, level in zip(self.grids, choice)])

    def units(self, money: NDArray[np.float64]) -> NDArray[np.float64]:
        """Spends in money as units, whole or not, both of shape (N,)."""
        remainders = np.array([float(remainder) for remainder in self.remainders])
        return np.asarray((money - remainders) / float(self.unit))

    def synergy(self, money: NDArray[np.float64]) -> float:
        """Response that comes from pairs of channels, for spends in money of shape (N,)."""
        spend = dict(zip(self.table.labels, money.tolist()))
        total = sum(pair.strength * spend[pair.channel] * spend[pair.other] for pair in self.synergies)
        return total / self.reference if self.reference else 0.0

    def finer(self, factor: int) -> BudgetQuestion:
        """The same question with every step divided by ``factor``; its optimum is at least as good."""
        grids = [
            replace(grid, step=grid.step / factor, count=(grid.count - 1) * factor + 1) for grid in self.grids
        ]
        return replace(self, grids=grids)

    def longer(self, i: int, end: str) -> tuple[BudgetQuestion | None, str]:
        """The same question with one more step for channel i at its "max" or "min" end.

        Returns:
            The question, or None with the reason why that end cannot move (empty where the end is no limit:
            a fixed channel, an off level, a spend of zero).
        """
        grid, line = self.grids[i], self.table.lines[i]
        if line.fixed or (end == "min" and (grid.off or grid.first == 0)):
            return None, ""
        longer = replace(grid, count=grid.count + 1)
        if end == "min":
            longer = replace(longer, first=grid.first - grid.step)
        if longer.first < 0:
            return None, "a spend cannot be negative"
        limit, start = self.curves.limit(line.label), self.curves.start(line.label)
        if not self.curves.extrapolate and float(longer.highest) > limit:
            return None, f"its response curve ends at {money_text(limit)}"
        if float(longer.lowest) < start:
            return None, f"its response curve begins at {money_text(start)}"
        return replace(self, grids=[longer if k == i else own for k, own in enumerate(self.grids)]), ""
