"""The budget task: how much to spend on each channel, with proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..planning.curves import ResponseCurves
from ..planning.level_planner import LevelPlanner
from ..planning.level_task import LevelTask
from ..planning.line_table import Spend, read_plan
from ..planning.pair_table import read_synergies
from ..planning.preflight import preflight
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from .budget_plan import BudgetPlan

__all__ = ["BudgetPlanner"]


class BudgetPlanner(LevelPlanner[BudgetPlan]):
    """Divide a budget among channels whose response curves are known.

    Everything is checked when the planner is made; ``solve`` answers.

    Args:
        plan: the plan table, a path of a .csv or .xlsx file or a DataFrame: channel, current, min, max, step
            and perhaps fixed, group, min_if_used; absolute money per period.
        curves: response curves, likewise: channel, spend, response (perhaps lo, hi), linear between rows; or
            Hill parameters: channel, theta, alpha, K, beta.
        budget: money per period; what is spent today if left out.
        spend: "exactly" the budget or "at_most" that much.
        caps: group -> most money of its channels together; a mapping or a table (group, cap).
        synergies: table (channel, other, strength): extra response strength * spend * spend / budget.
        extrapolate: hold the last response of a curve beyond its last row instead of refusing.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the limits cannot hold the budget, or a curve does not cover a channel's range; the clash
            is named.
        OptionError: an illegal option.

    Example:
        >>> plan = pd.DataFrame({"channel": ["tv", "search"], "current": [60, 40], "min": [0, 0],
        ...                      "max": [100, 100], "step": [20, 20]})
        >>> curves = pd.DataFrame({"channel": ["tv"] * 3 + ["search"] * 3, "spend": [0, 60, 100] * 2,
        ...                        "response": [0, 90, 110, 0, 120, 150]})
        >>> planner = BudgetPlanner.from_tables(plan, curves)
        >>> answer = planner.solve(seed=1)
        >>> answer.status, answer.allocation(), answer.value, answer.today_value
        ('optimal', {'tv': 40.0, 'search': 60.0}, 180.0, 170.0)
    """

    plan_type = BudgetPlan

    @tells_what_was_read
    def __init__(
        self,
        plan: TableSource,
        curves: TableSource | ResponseCurves,
        *,
        budget: float | None = None,
        spend: Spend = "exactly",
        caps: TableSource | Mapping[str, float] | None = None,
        synergies: TableSource | None = None,
        extrapolate: bool = False,
    ) -> None:
        self._given = {
            "plan": plan,
            "curves": curves,
            "budget": budget,
            "spend": spend,
            "caps": caps,
            "synergies": synergies,
            "extrapolate": extrapolate,
        }
        self.table = read_plan(plan, caps=caps)
        if isinstance(curves, ResponseCurves):
            self.curves = curves
        else:
            self.curves = ResponseCurves.read(curves, extrapolate=extrapolate)
        self.budget = self.table.current_total if budget is None else _without_noise(budget)
        self.spend: Spend = spend
        self.synergies = read_synergies(synergies, self.table.labels)
        findings = preflight(self.table, self.curves, self.budget, spend)
        findings.raise_if_errors()
        self.notes = findings.notes
        self.question = LevelTask.of(self.table, self.curves, self.budget, spend, self.synergies)

    @classmethod
    def from_csv(cls, plan: TableSource, curves: TableSource, **options: Any) -> BudgetPlanner:
        """Read the tables from files; options as in the class."""
        return cls(plan, curves, **options)

    @classmethod
    def from_tables(cls, plan: pd.DataFrame, curves: pd.DataFrame, **options: Any) -> BudgetPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(plan, curves, **options)


def _without_noise(budget: float) -> float:
    """A budget that was added up in floating point, without the last digits: 0.1 + 0.2 is 0.3."""
    if isinstance(budget, bool) or not isinstance(budget, (int, float, np.number)):
        return budget
    rounded = round(float(budget), 6)
    return rounded if abs(rounded - float(budget)) <= 1e-12 * max(1.0, abs(rounded)) else float(budget)
