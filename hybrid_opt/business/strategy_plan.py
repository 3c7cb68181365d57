"""The answer of the strategy task: which project starts when, and how sure its value is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.plan_figures import Figures, share_text
from ..planning.plan_json import plain_rows
from ..planning.selection_plan import SelectionPlan
from ..reports import Drawing, Table
from .strategy_columns import Projects
from .strategy_tables import front_drawing, front_table, future_table, gantt_drawing, project_table

__all__ = ["StrategyPlan"]


@dataclass(frozen=True, eq=False)
class StrategyPlan(SelectionPlan):
    """Projects and their starts with proof, reasons and alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        projects: the projects and their starts.
        worth: discounted value of each start, risk aside, shape (S,).
        risk: covariances of the discounted values of the starts, shape (S, S), or None.
        futures: names of the futures; none where none were given.
        factors: factor of each project's value in each future, shape (N, futures), or None.
        front: efficient plans, None unless asked for: value, risk (deviation), third, proven, starts.
        rate: discount rate per period.
    """

    projects: Projects | None = None
    worth: NDArray[np.float64] | None = None
    risk: NDArray[np.float64] | None = None
    futures: Sequence[str] = ()
    factors: NDArray[np.float64] | None = None
    front: pd.DataFrame | None = None
    rate: float = 0.0

    @property
    def _projects(self) -> Projects:
        if self.projects is None:
            raise AttributeError("this plan has no projects; it comes from StrategyPlanner.solve")
        return self.projects

    def starts(self) -> dict[str, int]:
        """Project -> period in which it starts, for those that are carried out."""
        return self._projects.runs(self.spends())

    def deviation(self) -> float:
        """Standard deviation of the discounted value; NaN where no risk is known.

        With futures it is that of ``outcomes()["value"]``, divided by their number (``ddof=0``).
        """
        if self.risk is None:
            return float("nan")
        taken = self.spends()
        return float(np.sqrt(max(0.0, float(taken @ self.risk @ taken))))

    def net_value(self) -> float:
        """Discounted value, risk aside."""
        return 0.0 if self.worth is None else float(self.worth @ self.spends())

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures, with the standard deviation where risk is known."""
        figures = dict(super().figures())
        if self.risk is not None:
            figures |= {"discounted value": self.net_value(), "standard deviation": self.deviation()}
        return figures

    def schedule(self) -> pd.DataFrame:
        """One row per project.

        Returns:
            Columns project, category, start, end (periods; missing where it is not carried out), cost (of all
            its periods), value (discounted, risk aside; missing likewise).
        """
        projects, starts, units = self._projects, self.starts(), self.spends()
        worth = np.zeros(len(units)) if self.worth is None else self.worth
        rows = []
        for i, name in enumerate(projects.names):
            start, duration = starts.get(name), int(projects.durations[i])
            row = {"project": name, "category": projects.checked.column("category")[i]}
            row |= {"start": start, "end": None if start is None else start + duration - 1}
            row["cost"] = float(projects.numbers("cost")[i]) * duration
            own = projects.project == i
            row["value"] = None if start is None else float(worth[own] @ units[own])
            rows.append(row)
        frame = pd.DataFrame(rows)
        return frame.astype({"start": "Int64", "end": "Int64", "value": float})

    def outcomes(self) -> pd.DataFrame:
        """One row per future.

        Returns:
            Columns future and value (of the same plan, discounted, costs taken off where the plan does); no
            rows where no futures were given.
        """
        if self.factors is None or self.worth is None:
            return pd.DataFrame(columns=["future", "value"])
        projects, units = self._projects, self.spends()
        gross = projects.discounted(self.rate, subtract_cost=False) * units
        rows = []
        for k, future in enumerate(self.futures):
            factor = self.factors[projects.project, k]
            rows.append((future, float(self.worth @ units + (factor - 1.0) @ gross)))
        return pd.DataFrame(rows, columns=["future", "value"])

    def limit_words(self) -> str:
        """How many projects are carried out."""
        return f"{len(self.starts())} of {len(self._projects.names)} projects carried out"

    def line_table(self) -> Table:
        """Which project starts when."""
        return project_table(self)

    def task_tables(self) -> list[Table]:
        """Futures and the front, then what every selection has."""
        tables = [future_table(self)] if len(self.outcomes()) else []
        tables += [] if self.front is None else [front_table(self, self.front)]
        return [*tables, *super().task_tables()]

    def task_drawings(self) -> list[Drawing]:
        """When what runs, and the front."""
        drawings = [gantt_drawing(self)] if self.starts() else []
        if self.front is not None and self.front["risk"].nunique() > 1:
            drawings.append(front_drawing(self.front))
        return drawings

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """The schedule, futures and the front, then what every selection has."""
        frames = {"schedule": self.schedule(), **super().task_frames()}
        if len(self.outcomes()):
            frames["futures"] = self.outcomes()
        return frames if self.front is None else {**frames, "front": self.front}

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        own: dict[str, Any] = {"schedule": self.starts(), "futures": plain_rows(self.outcomes())}
        front = [] if self.front is None else plain_rows(self.front)
        own |= {"front": front, "standard_deviation": _or_none(self.deviation())}
        return {**super().task_values(), **own}

    def alternative_table(self) -> Table:
        """Plans almost as good, one row each with its starts."""
        figures, near = Figures.of(self), self.near
        rows = []
        if near is not None:
            for k, (plan, value) in enumerate(zip(near.plans, near.values, strict=True)):
                starts = self._projects.runs(self.question.money(plan))
                loss = (float(near.values[0]) - float(value)) / max(abs(float(near.values[0])), 1e-9)
                words = ", ".join(f"{name} {start}" for name, start in starts.items())
                rows.append([str(k + 1), figures.response(float(value)), f"{loss:.2%}", words])
        count = 0 if near is None else near.count
        exactly = "" if near is None or near.exact else "at least "
        share = "" if near is None else share_text(near.tolerance)
        return Table(
            ["plan", self.words.value, "loss", "projects and their starts"],
            rows,
            title=f"Plans within {share} of the best: {exactly}{count:,}; some that differ most",
            align=["left", "right", "right", "left"],
        )


def _or_none(number: float) -> float | None:
    return None if number != number else number
