"""The answer of the budget task, in money and in the user's sense (more response is better)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.lines import LevelQuestion
from ..planning.near_optimal import NearOptimal
from ..planning.proven_answer import ProvenAnswer
from ..planning.quantum_check import QuantumCheck
from ..planning.zoom import Zoom
from ..reports import Table
from .budget_question import BudgetQuestion

__all__ = ["BudgetPlan", "GridGap"]


@dataclass(frozen=True)
class GridGap:
    """What the step size costs.

    Attributes:
        factor: how much finer the other grid is.
        value: proven optimum on that grid.
    """

    factor: int
    value: float


@dataclass(frozen=True, eq=False)
class BudgetPlan:
    """A budget plan with its proof, its reasons and its alternatives.

    Attributes:
        question: the task in money.
        levels: the same in units.
        choice: level of each channel in the plan, shape (N,).
        today: the same for today's spends, None where they are not feasible.
        proven: proven optimum, or best plan with its bound.
        zoom: history, where a method other than "auto" found the plan.
        limits: worth of one more step of each limit: limit, kind, change, gain, binds, reason.
        near: plans almost as good as the optimum, None with synergies.
        grid: what the step size costs, None with synergies.
        check: the quantum second opinion, None unless asked for.
        seed: repeats the answer.
        notes: what the reader should know.
        seconds: wall time.
    """

    question: BudgetQuestion
    levels: LevelQuestion
    choice: NDArray[np.int64]
    today: NDArray[np.int64] | None
    proven: ProvenAnswer
    zoom: Zoom | None
    limits: pd.DataFrame
    near: NearOptimal | None
    grid: GridGap | None
    check: QuantumCheck | None
    seed: int
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def value(self) -> float:
        """Response of the plan per period."""
        return self.levels.value(self.choice)

    @cached_property
    def today_value(self) -> float | None:
        """Response of today's spends, feasible or not; None where a curve says nothing about them."""
        spends = self._current
        for line, spend in zip(self.question.table.lines, spends):
            beyond = spend > self.question.curves.limit(line.label) and not self.question.curves.extrapolate
            if beyond or spend < self.question.curves.start(line.label):
                return None
        return float(self._responses(spends).sum()) + self.question.synergy(spends)

    @property
    def bound(self) -> float | None:
        """No plan on this grid brings more; None if nothing was proven."""
        return self.proven.bound

    @property
    def gap(self) -> float | None:
        """(bound - value) / max(abs(bound), 1e-9), None without a bound."""
        if self.bound is None:
            return None
        return max(0.0, self.bound - self.value) / max(abs(self.bound), 1e-9)

    @property
    def status(self) -> str:
        """"optimal" if the plan is proven best on its grid, else "feasible"."""
        return "optimal" if self.gap is not None and self.gap <= 1e-8 else "feasible"

    @property
    def method(self) -> str:
        """How the plan was found."""
        return self.proven.method if self.zoom is None else "step-halving zoom"

    @property
    def _current(self) -> NDArray[np.float64]:
        return np.array([line.current for line in self.question.table.lines])

    def _responses(self, spends: NDArray[np.float64]) -> NDArray[np.float64]:
        labels = self.question.table.labels
        return np.array([float(self.question.curves.response(n, s)) for n, s in zip(labels, spends)])

    def synergy_gain(self) -> float:
        """Part of the gain over today that comes from pairs of channels."""
        return self.question.synergy(self.spends()) - self.question.synergy(self._current)

    def spends(self) -> NDArray[np.float64]:
        """Money per channel, shape (N,)."""
        return self.question.money(self.choice)

    def allocation(self) -> dict[str, float]:
        """Channel -> money."""
        return dict(zip(self.question.table.labels, self.spends().tolist()))

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures, as ``hybrid_opt.planning.compare`` shows them."""
        return {
            "response": self.value,
            "response today": self.today_value,
            "bound": self.bound,
            "gap": self.gap,
            "status": self.status,
            "spent": float(self.spends().sum()),
            "budget": float(self.question.budget),
        }

    def channels(self) -> pd.DataFrame:
        """One row per channel.

        Returns:
            Columns channel, today, plan, change, lowest, highest (money); response_today, response_plan,
            response_lo, response_hi, gain (response; NaN where a curve says nothing); at ("min", "max",
            "fixed", "off" or ""); near_low, near_high (money: its range over near-optimal plans).
        """
        rows = []
        plan = self.spends()
        for i, (line, grid) in enumerate(zip(self.question.table.lines, self.question.grids)):
            curves, spend = self.question.curves, float(plan[i])
            interval = curves.interval(line.label, spend)
            known = curves.start(line.label) <= line.current and (
                curves.extrapolate or line.current <= curves.limit(line.label)
            )
            before = float(curves.response(line.label, line.current)) if known else np.nan
            after = float(curves.response(line.label, spend))
            near = (np.nan, np.nan)
            if self.near is not None:
                unit, rest = float(self.question.unit), float(self.question.remainders[i])
                near = tuple(rest + unit * self.near.ranges[i])
            rows.append(
                {
                    "channel": line.label,
                    "today": line.current,
                    "plan": spend,
                    "change": spend - line.current,
                    "lowest": float(grid.lowest),
                    "highest": float(grid.highest),
                    "response_today": before,
                    "response_plan": after,
                    "response_lo": np.nan if interval is None else float(interval[0]),
                    "response_hi": np.nan if interval is None else float(interval[1]),
                    "gain": after - before,
                    "at": _place(line.fixed, spend, grid.off, float(grid.first), float(grid.highest)),
                    "near_low": near[0],
                    "near_high": near[1],
                }
            )
        return pd.DataFrame(rows)

    def alternatives(self) -> pd.DataFrame:
        """Near-optimal plans that differ most from each other: one row per plan, the best one first.

        Returns:
            A money column per channel, then "response" and "loss" (share of the best); no rows where
            near-optimal plans were not looked for.
        """
        labels = self.question.table.labels
        if self.near is None:
            return pd.DataFrame(columns=[*labels, "response", "loss"])
        table = pd.DataFrame([self.question.money(plan) for plan in self.near.plans], columns=labels)
        best = float(self.near.values[0])
        table["response"] = self.near.values
        table["loss"] = (best - self.near.values) / max(abs(best), 1e-9)
        return table

    def binding(self) -> list[str]:
        """The limits that bind, in words, the dearest first."""
        from .budget_figures import Figures

        figures = Figures.of(self)
        bound = self.limits[self.limits["binds"]].sort_values("gain", ascending=False)
        return [
            f"{_limit_name(row['limit'], row['kind'])}: {_moved(row['change'])} would bring "
            f"{figures.response(row['gain'], signed=True)} a period"
            for row in bound.to_dict("records")
        ]

    def gaps(self) -> pd.DataFrame:
        """What separates the plan from the best imaginable one, each part on its own.

        Returns:
            Rows "solver" (bound against plan), "grid" (a finer step), "coarse grid" and "QUBO surrogate" and
            "sampling" of the quantum check; columns part, loss (share), explanation.
        """
        return gap_table(self)

    def tables(self) -> list[Table]:
        """Everything as tables for a terminal or a page."""
        from .budget_tables import plan_tables

        return plan_tables(self)

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as JSON values."""
        from .budget_tables import plan_dict

        return plan_dict(self)

    def to_json(self, indent: int | None = 2) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a page with tables and charts that opens offline.

        Args:
            path: where; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there.
        """
        from .budget_report import write_report

        return write_report(self, path)

    def __str__(self) -> str:
        from ..reports import table_text

        return "\n".join(table_text(table) for table in self.tables())


def _place(fixed: bool, spend: float, off: bool, first: float, highest: float) -> str:
    if fixed:
        return "fixed"
    if off and spend == 0.0:
        return "off"
    if spend == highest:
        return "max"
    return "min" if spend == first else ""


def _limit_name(limit: str, kind: str) -> str:
    return {"budget": "the budget", "cap": f"the cap of group {limit}"}.get(kind, f"the {kind} of {limit}")


def _moved(change: float) -> str:
    return f"{abs(change):,.10g} {'more' if change > 0 else 'less'}"


def gap_table(plan: BudgetPlan) -> pd.DataFrame:
    """See ``BudgetPlan.gaps``."""
    from .budget_figures import Figures

    figures = Figures.of(plan)
    rows: list[tuple[str, float, str]] = []
    if plan.gap is not None and plan.bound is not None:
        words = f"bound {figures.response(plan.bound)} against the plan's {figures.response(plan.value)}"
        rows.append(("solver", plan.gap, words))
    if plan.grid is not None:
        loss = (plan.grid.value - plan.proven.value) / max(abs(plan.grid.value), 1e-9)
        words = f"steps {plan.grid.factor} times finer would reach {figures.response(plan.grid.value)}"
        rows.append(("grid step", loss, words))
    check = plan.check
    if check is not None:
        best = plan.proven.value
        rows.append(
            (
                "coarse grid",
                check.coarse_gap(best),
                f"proven optimum {figures.response(check.optimum)} of the coarse version against "
                f"{figures.response(best)}",
            )
        )
        surrogate = check.surrogate_gap
        rows.append(
            (
                "QUBO surrogate",
                surrogate,
                f"the QUBO's minimum, re-scored on the response curves: {figures.response(check.rescored)}",
            )
        )
        if check.solver_gap is not None and check.sampled is not None:
            reached = f"best of {check.draws:,} QAOA draws {figures.response(check.sampled)}"
            words = f"{reached} against {figures.response(check.optimum)}"
            rows.append(("sampling", check.solver_gap, words))
    return pd.DataFrame(rows, columns=["part", "loss", "explanation"])
