"""The answer of a level task, in the user's amounts and sense (more value is better)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..reports import Drawing, Section, Table, style
from .baselines import PlanBaseline
from .level_task import LevelTask
from .lines import LevelQuestion
from .near_optimal import NearOptimal
from .proven_answer import ProvenAnswer
from .quantum_check import QuantumCheck
from .stability import Stability
from .vocabulary import Vocabulary
from .zoom import Zoom

__all__ = ["GridGap", "LevelPlan"]


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
class LevelPlan:
    """A level plan with its proof, its reasons and its alternatives.

    Attributes:
        question: the task in amounts.
        levels: the same in units.
        choice: level of each line in the plan, shape (N,).
        today: the same for today's amounts, None where they are not feasible.
        proven: proven optimum, or best plan with its bound.
        zoom: history, where a method other than "auto" found the plan.
        limits: worth of one more step of each limit: limit, kind, change, gain, binds, reason.
        near: plans almost as good as the optimum, None where they were not looked for.
        grid: what the step size costs, None where it was not looked at.
        check: the quantum second opinion, None unless asked for.
        baselines: the same question by other exact methods and greedy, where the task asks for it.
        stability: what re-solving over draws of the curves showed, None unless asked for.
        what_if: line -> plans with that line held at other amounts.
        seed: repeats the answer.
        notes: what the reader should know.
        seconds: wall time.
        interrupted: ctrl-C ended the search for the plan, or what comes after it; the notes say what.
    """

    question: LevelTask
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
    baselines: Sequence[PlanBaseline] = ()
    stability: Stability | None = None
    what_if: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def words(self) -> Vocabulary:
        """What the task calls its lines, amounts and values."""
        return self.question.table.words

    @property
    def value(self) -> float:
        """Value of the plan."""
        return self.levels.value(self.choice)

    @cached_property
    def today_value(self) -> float | None:
        """Value of today's amounts, feasible or not; None where a curve says nothing about them."""
        spends = self.current
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
    def pairs_only(self) -> bool:
        """Whether the QUBO's values leave out what more than two lines do together."""
        return False

    @property
    def current(self) -> NDArray[np.float64]:
        """Amount per line today, shape (N,)."""
        return np.array([line.current for line in self.question.table.lines])

    def _responses(self, spends: NDArray[np.float64]) -> NDArray[np.float64]:
        labels = self.question.table.labels
        return np.array([float(self.question.curves.response(n, s)) for n, s in zip(labels, spends)])

    def synergy_gain(self) -> float:
        """Part of the gain over today that comes from pairs of lines."""
        return self.question.synergy(self.spends()) - self.question.synergy(self.current)

    def spends(self) -> NDArray[np.float64]:
        """Amount per line, shape (N,)."""
        return self.question.money(self.choice)

    def allocation(self) -> dict[str, float]:
        """Name of the line -> amount."""
        return dict(zip(self.question.table.labels, self.spends().tolist()))

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures, as ``hybrid_opt.planning.compare`` shows them."""
        return {
            self.words.value: self.value,
            f"{self.words.value} today": self.today_value,
            "bound": self.bound,
            "gap": self.gap,
            "status": self.status,
            **self.limits_used(),
        }

    def limits_used(self) -> dict[str, float]:
        """What is used of the plan's limits and how much there is, for ``figures``."""
        if self.question.budget is None:
            return {}
        return {"spent": float(self.spends().sum()), "budget": float(self.question.budget)}

    def origin(self) -> str:
        """Where the values come from, for the foot of a page."""
        return f"{self.words.value.capitalize()}s come from the curves that were given"

    def line_table(self) -> Table:
        """What each line gets, for people."""
        from .plan_tables import line_table

        return line_table(self)

    def alternative_table(self) -> Table:
        """Plans almost as good, for people."""
        from .plan_tables import alternative_table

        return alternative_table(self)

    def lines(self) -> pd.DataFrame:
        """One row per line.

        Returns:
            Columns: name of the line; today, plan, change, lowest, highest (amounts); value_today,
            value_plan, value_lo, value_hi, called after the task's word for value, and gain (NaN where a
            curve says nothing); at ("min", "max", "fixed", "off" or ""); near_low, near_high (amounts: its
            range over near-optimal plans).
        """
        from .plan_frames import line_frame

        return line_frame(self)

    def alternatives(self) -> pd.DataFrame:
        """Near-optimal plans that differ most from each other: one row per plan, the best one first.

        Returns:
            An amount column per line, then the value and "loss" (share of the best); no rows where
            near-optimal plans were not looked for.
        """
        labels = self.question.table.labels
        if self.near is None:
            return pd.DataFrame(columns=[*labels, self.words.value, "loss"])
        table = pd.DataFrame([self.question.money(plan) for plan in self.near.plans], columns=labels)
        best = float(self.near.values[0])
        table[self.words.value] = self.near.values
        table["loss"] = (best - self.near.values) / max(abs(best), 1e-9)
        return table

    def binding(self) -> list[str]:
        """The limits that bind, in words, the dearest first."""
        from .plan_binding import binding_words

        return binding_words(self)

    def gaps(self) -> pd.DataFrame:
        """What separates the plan from the best imaginable one, each part on its own.

        Returns:
            Rows "solver" (bound against plan), "grid" (a finer step), "coarse grid" and "QUBO surrogate" and
            "sampling" of the quantum check; columns part, loss (share), explanation.
        """
        from .plan_gaps import gap_table

        return gap_table(self)

    def task_tables(self) -> list[Table]:
        """Further tables of the task, after what each line gets."""
        return []

    def task_drawings(self) -> list[Drawing]:
        """Further pictures of the task, after its tables."""
        return []

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """Further data frames of the task, after that of its lines."""
        return {}

    def task_values(self) -> dict[str, Any]:
        """Further JSON values of the task."""
        return {}

    @property
    def draw_words(self) -> str:
        """What a draw of the stability does, for the foot of its table."""
        return "each draw moves every curve within its interval (read as a 90% range, lines independent)"

    @property
    def drawn(self) -> str:
        """What a draw of the stability draws, for the head of its table."""
        return "curves"

    def draw_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What is told of the draws: rows of ``stability_frame``, of which a task may leave some out."""
        return frame

    def limit_words(self) -> str:
        """The plan's main limit in a few words, for the head of a page."""
        budget = 0.0 if self.question.budget is None else self.question.budget
        return f"{self.question.spend.replace('_', ' ')} {style.money(budget)}{self.words.period}"

    def tables(self) -> list[Table]:
        """Everything as tables for a terminal or a page."""
        from .plan_tables import plan_tables

        return plan_tables(self)

    def to_dict(self) -> dict[str, Any]:
        """The whole answer as JSON values."""
        from .plan_json import plan_dict

        return plan_dict(self)

    def to_json(self, indent: int | None = 2) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Everything as data frames: name -> table, the sheets of ``to_excel``."""
        from .plan_frames import plan_frames

        return plan_frames(self)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write every table as a sheet of an Excel workbook.

        Args:
            path: where, ending with .xlsx; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: another ending, or the file cannot be written there.
            MissingDependencyError: openpyxl is not installed.
        """
        from .excel import write_workbook

        return write_workbook(self.frames(), path)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write a page with tables and charts that opens offline.

        Args:
            path: where; an older file is replaced, whole or not at all.

        Returns:
            The path.

        Raises:
            OptionError: the file cannot be written there.
        """
        from .plan_report import write_report

        return write_report(self, path)

    def sections(self) -> list[Section]:
        """What the page is made of."""
        from .plan_report import plan_sections

        return plan_sections(self)

    def __str__(self) -> str:
        from ..reports import table_text

        return "\n".join(table_text(table) for table in self.tables())
