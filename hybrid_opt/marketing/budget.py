"""The budget task: how much to spend on each channel, with proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..planning.curves import ResponseCurves
from ..planning.level_planner import LevelPlanner
from ..planning.level_task import LevelTask
from ..planning.line_table import Spend, read_plan
from ..planning.pair_table import read_synergies
from ..planning.preflight import preflight
from ..planning.table import TableSource
from ..planning.vocabulary import CHANNELS
from .budget_plan import BudgetPlan
from .history_plan import RECENT, suggested_plan
from .media_curves import fitted_curves
from .media_history import MediaHistory, fit_history

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
        history: the fitted weekly history that the curves come from, see ``from_history``.

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
        history: MediaHistory | None = None,
    ) -> None:
        self._given = {
            "plan": plan,
            "curves": curves,
            "budget": budget,
            "spend": spend,
            "caps": caps,
            "synergies": synergies,
            "extrapolate": extrapolate,
            "history": history,
        }
        self.history = history
        unreliable = history is not None and not history.reliable
        words = replace(CHANNELS, title="UNRELIABLE budget plan") if unreliable else CHANNELS
        self.table = read_plan(plan, caps=caps, words=words)
        if isinstance(curves, ResponseCurves):
            self.curves = curves
        else:
            self.curves = ResponseCurves.read(curves, extrapolate=extrapolate)
        self.budget = self.table.current_total if budget is None else _without_noise(budget)
        self.spend: Spend = spend
        self.synergies = read_synergies(synergies, self.table.labels)
        findings = preflight(self.table, self.curves, self.budget, spend)
        findings.raise_if_errors()
        self.notes = [*findings.notes, *([] if history is None else history.notes)]
        self.question = LevelTask.of(self.table, self.curves, self.budget, spend, self.synergies)

    @classmethod
    def from_csv(cls, plan: TableSource, curves: TableSource, **options: Any) -> BudgetPlanner:
        """Read the tables from files; options as in the class."""
        return cls(plan, curves, **options)

    @classmethod
    def from_tables(cls, plan: pd.DataFrame, curves: pd.DataFrame, **options: Any) -> BudgetPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(plan, curves, **options)

    @classmethod
    def from_history(
        cls,
        table: TableSource,
        *,
        outcome: str,
        date: str,
        spend: Sequence[str],
        controls: Sequence[str] = (),
        holdout: int = 26,
        season: int = 2,
        starts: int = 12,
        seed: int | None = 0,
        plan: TableSource | None = None,
        recent: int = RECENT,
        step: float | None = None,
        total: Spend = "exactly",
        **options: Any,
    ) -> BudgetPlanner:
        """Fit the response curves to a weekly history, see ``media_history.fit_history``, and plan with them.

        The outcome is explained by a level, a trend, a yearly season, the controls, and for each channel a
        geometric adstock and a Hill curve with an effect of at least 0. A plan's response is what its spends
        bring per week when they are kept up; standard errors of the curves become their intervals, from which
        ``solve(draws=...)`` draws. The last weeks are predicted by a fit that has not seen them, beside a
        model without media; where that is no worse, the plan is marked UNRELIABLE everywhere. The curves of
        the plan come from a fit to all weeks.

        Args:
            table: the weekly history, a path of a .csv or .xlsx file or a DataFrame.
            outcome: column of the outcome, e.g. revenue.
            date: column of the date, YYYY-MM-DD, seven days apart.
            spend: columns of the channels' weekly spends; their names become the channels.
            controls: columns of whatever else moves the outcome, numbers or few different texts.
            holdout: last weeks to check on.
            season: pairs of cosine and sine for the yearly season.
            starts: starts of the fit.
            seed: makes the fit repeatable.
            plan: a plan table, its channels being the spend columns. Where None: today is the mean of the
                recent weeks, the highest spend the largest week of the history, in round steps.
            recent: how many last weeks are today's spends, where no plan is given.
            step: step of all channels, where no plan is given.
            total: whether a plan spends "exactly" the budget or "at_most" that much.
            options: budget, caps, synergies and so on, as in the class.

        Returns:
            The planner; ``planner.history`` holds the fit.

        Raises:
            TableError: a table is wrong; file, row and column are named.
            OptionError: an illegal option.
            PlanError: as in the class.

        Example:
            >>> from hybrid_opt.marketing.synthetic_history import make_history
            >>> planner = BudgetPlanner.from_history(make_history(), outcome="revenue", date="week",
            ...                                      spend=["tv", "search"], controls=["price", "holiday"],
            ...                                      starts=2)
            >>> planner.history.reliable, planner.table.labels
            (True, ['tv', 'search'])
        """
        for name in ("spend", "curves", "history", "extrapolate"):
            if name in options:
                raise OptionError(f"{name!r} is no option here: the curves come from the history")
        history = fit_history(
            table, outcome=outcome, date=date, spend=spend, controls=controls, holdout=holdout,
            season=season, starts=starts, seed=seed,
        )
        suggested = suggested_plan(history.weekly, recent=recent, step=step)
        given = suggested if plan is None else plan
        lines = {line.label: line for line in read_plan(given).lines}
        grids = [
            np.append(lines[name].spends, lines[name].current) if name in lines else np.zeros(1)
            for name in history.channels
        ]
        curves = fitted_curves(history.fit, history.channels, grids, history.seen_most)
        return cls(given, curves, spend=total, history=history, **options)

    def _fields(self) -> Mapping[str, Any]:
        return {"history": self.history}


def _without_noise(budget: float) -> float:
    """A budget that was added up in floating point, without the last digits: 0.1 + 0.2 is 0.3."""
    if isinstance(budget, bool) or not isinstance(budget, (int, float, np.number)):
        return budget
    rounded = round(float(budget), 6)
    return rounded if abs(rounded - float(budget)) <= 1e-12 * max(1.0, abs(rounded)) else float(budget)
