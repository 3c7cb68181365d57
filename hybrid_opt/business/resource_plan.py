"""The answer of the resource task: what is used of each resource, how fair it is, and all of a level plan."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..planning.level_plan import LevelPlan
from ..planning.line_side import LineSide
from ..planning.money import money_text
from ..planning.plan_figures import Figures
from ..planning.plan_json import plain_rows
from ..reports import Drawing, Table, allocation_bars

__all__ = ["ResourcePlan"]


class ResourcePlan(LevelPlan):
    """A resource plan with proof, reasons and alternatives; see ``LevelPlan`` for all it holds."""

    def departments(self) -> pd.DataFrame:
        """One row per department, see ``LevelPlan.lines``."""
        return self.lines()

    def resources(self) -> pd.DataFrame:
        """One row per resource.

        Returns:
            Columns resource, limit, today, plan, left (amounts of the resource), step, worth (value that a
            limit higher by one step would bring; NaN where it was not computed).
        """
        return self._sides("resource").rename(columns={"limit_of": "resource"})

    def fairness(self) -> pd.DataFrame:
        """One row per fair pair.

        Returns:
            Columns pair, limit, today, plan, left (differences of level / need), step, worth, as in
            ``resources``.
        """
        return self._sides("fairness").rename(columns={"limit_of": "pair"})

    def _sides(self, kind: str) -> pd.DataFrame:
        worth = dict(zip(self.limits["limit"], self.limits["gain"]))
        rows = []
        for side in self.question.sides:
            if side.kind == kind:
                today, plan = side.used(self.current), side.used(self.spends())
                today, plan = (abs(today), abs(plan)) if side.both else (today, plan)
                limit, step = float(side.high), float(side.step)
                row = {"limit_of": _name(side), "limit": limit, "today": today, "plan": plan}
                gain = float(worth.get(side.label, float("nan")))
                rows.append({**row, "left": limit - plan, "step": step, "worth": gain})
        return pd.DataFrame(rows, columns=["limit_of", "limit", "today", "plan", "left", "step", "worth"])

    def limits_used(self) -> dict[str, float]:
        """Used and limit of every resource, for ``figures``."""
        table = self.resources()
        figures = {}
        for row in table.to_dict("records"):
            figures[f"{row['resource']} used"] = float(row["plan"])
            figures[f"{row['resource']} limit"] = float(row["limit"])
        return figures

    def limit_words(self) -> str:
        """The resources in a few words."""
        return ", ".join(
            f"{money_text(row['limit'])} {row['resource']}" for row in self.resources().to_dict("records")
        )

    def task_tables(self) -> list[Table]:
        """What is used of each resource, and how fair the plan is."""
        figures = Figures.of(self)
        tables = [_table(self.resources(), "resource", "What is used of each resource", figures)]
        fair = self.fairness()
        if len(fair):
            tables.append(_table(fair, "pair", "Fairness: difference of level / need", figures))
        return tables

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """The same as data frames."""
        return {"resources": self.resources(), "fairness": self.fairness()}

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"resources": plain_rows(self.resources()), "fairness": plain_rows(self.fairness())}

    def task_drawings(self) -> list[Drawing]:
        """Bars of each resource's use as a share of its limit."""
        table = self.resources()
        table = table[table["limit"] > 0]
        if not len(table):
            return []
        today, plan = (100 * table[name] / table["limit"] for name in ("today", "plan"))
        bars = allocation_bars(
            [str(name) for name in table["resource"]],
            today.tolist(),
            plan.tolist(),
            [0.0] * len(table),
            [max(100.0, share) for share in today.tolist()],
            x_title="Use in percent of the limit",
        )
        return [Drawing(bars, "Use of each resource today and in the plan; the line is the limit.")]


def _name(side: LineSide) -> str:
    return side.label.removeprefix("fairness of ") if side.kind == "fairness" else side.label


def _table(frame: pd.DataFrame, first: str, title: str, figures: Figures) -> Table:
    rows = [
        [
            str(row[first]),
            *(money_text(round(float(row[name]), 6)) for name in ("limit", "today", "plan", "left", "step")),
            figures.response(float(row["worth"]), signed=True),
        ]
        for row in frame.to_dict("records")
    ]
    return Table(
        [first, "limit", "today", "plan", "left", "step", "worth of a step"],
        rows,
        title=title,
        align=["left", "right", "right", "right", "right", "right", "right"],
        note="the worth comes from solving again with the limit one step wider",
    )
