"""The answer of the audience task: who is reached, exactly or between which ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.money import money_text
from ..planning.plan_figures import Figures
from ..planning.selection_plan import SelectionPlan
from ..reports import Table
from .reach_interval import reach_interval

__all__ = ["AudiencePlan"]


@dataclass(frozen=True, eq=False)
class AudiencePlan(SelectionPlan):
    """A choice of segments with proof, reasons and alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        worth: value of the people of each segment, shape (N,); the people themselves where no value is given.
        shared: value that two segments share, symmetric, shape (N, N).
        costs: cost of each segment that is subtracted, shape (N,); zeros where it is not.
        people: people of each segment, shape (N,).
    """

    worth: NDArray[np.float64] | None = None
    shared: NDArray[np.float64] | None = None
    costs: NDArray[np.float64] | None = None
    people: NDArray[np.float64] | None = None

    def segments(self) -> pd.DataFrame:
        """One row per segment, see ``SelectionPlan.lines``."""
        return self.lines()

    def interval(self, amounts: NDArray[np.float64] | None = None) -> tuple[float, float]:
        """Between which ends the reach of a selection lies, from sizes and pair overlaps alone.

        Args:
            amounts: 0 or 1 per segment, shape (N,); those of the plan where None.

        Returns:
            Lower end (Bonferroni) and upper end (Hunter), costs subtracted where the plan does.
        """
        taken = self.spends() if amounts is None else amounts
        if self.worth is None or self.shared is None or self.costs is None:
            return float("nan"), float("nan")
        low, high = reach_interval(self.worth, self.shared, taken)
        cost = float(self.costs @ taken)
        return low - cost, high - cost

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures; with pair overlaps alone the ends of the reach."""
        figures = dict(super().figures())
        if self.truth is None:
            low, high = self.interval()
            figures |= {"reach from": low, "reach to": high}
        return figures

    def task_tables(self) -> list[Table]:
        """The reach, exact or between its ends, then what every selection has."""
        return [self._reach_table(), *super().task_tables()]

    def task_values(self) -> dict[str, Any]:
        """The ends of the reach, for JSON."""
        low, high = self.interval()
        known = self.value if self.truth is not None else None
        return {**super().task_values(), "reach": {"from": low, "to": high, "true": known}}

    def _reach_table(self) -> Table:
        figures = Figures.of(self)
        rows = []
        choices = [("plan", self.spends())]
        if self.has_today:
            choices = [("today", self.current), *choices]
        # The habit it replaces: as many segments, the largest ones.
        sizes = np.zeros(len(self.current)) if self.people is None else self.people
        largest = np.zeros(len(sizes))
        largest[np.argsort(-sizes, kind="stable")[: int(self.spends().sum())]] = 1.0
        choices.append((f"the {int(largest.sum())} largest, limits aside", largest))
        for name, amounts in choices:
            low, high = self.interval(amounts)
            ends = [figures.response(low), figures.response(high)]
            exact = "not known"
            if self.truth is not None:
                exact = figures.response(self.worth_of(amounts))
            elif high - low <= 1e-9 * max(1.0, abs(high)):
                exact = figures.response(low)  # the ends meet
            rows.append([name, money_text(float(sizes @ amounts)), *ends, exact])
        note = (
            "from: sizes less all pair overlaps (Bonferroni), or the largest segment; to: sizes less the "
            "largest tree of overlaps (Hunter)"
        )
        if self.truth is None:
            note += "; with pair overlaps alone the reach is only known where both ends meet"
        return Table(
            ["choice", "people, counted twice", "at least", "at most", "exactly"],
            rows,
            title="Who is reached",
            align=["left", "right", "right", "right", "right"],
            note=note,
            strong=[1 if self.has_today else 0],
        )
