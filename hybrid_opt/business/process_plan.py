"""The answer of the process task: what is saved in every area, and what adding up would have promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..planning.plan_figures import Figures
from ..planning.plan_json import plain_rows
from ..planning.selection_plan import SelectionPlan
from ..reports import Drawing, Table, allocation_bars
from .combined_saving import CombinedSaving

__all__ = ["ProcessPlan"]


@dataclass(frozen=True, eq=False)
class ProcessPlan(SelectionPlan):
    """A choice of improvements with proof, reasons and alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        area_names: names of the areas, A of them; none where savings are money.
    """

    area_names: Sequence[str] = ()

    def improvements(self) -> pd.DataFrame:
        """One row per improvement, see ``SelectionPlan.lines``."""
        return self.lines()

    def added_up(self) -> float:
        """What the chosen savings would be if they added up."""
        return float(self._responses(self.spends()).sum())

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures, with the sum of the single savings beside."""
        return {**super().figures(), "savings added up": self.added_up()}

    def areas(self) -> pd.DataFrame:
        """One row per area.

        Returns:
            Columns area, cost, added_up (savings as if they added up), saving (combined), share (of the
            cost), chosen (names); no rows where savings are money.
        """
        columns = ["area", "cost", "added_up", "saving", "share", "chosen"]
        if not isinstance(self.truth, CombinedSaving):
            return pd.DataFrame(columns=columns)
        units = self.spends()
        saved, single = self.truth.by_area(units), self.truth.singles() * units
        rows = []
        for a, name in enumerate(self.area_names):
            own = self.truth.areas == a
            names = [label for label, inside in zip(self.question.table.labels, own & (units > 0)) if inside]
            cost, saving = float(self.truth.costs[a]), float(saved[a])
            share = saving / cost if cost else 0.0
            rows.append((name, cost, float(single[own].sum()), saving, share, ", ".join(names)))
        return pd.DataFrame(rows, columns=columns)

    def task_tables(self) -> list[Table]:
        """What is saved in every area, then what every selection has."""
        tables = super().task_tables()
        return [self._area_table(), *tables] if len(self.areas()) else tables

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """What is saved in every area, then what every selection has."""
        frames = super().task_frames()
        return {"areas": self.areas(), **frames} if len(self.areas()) else frames

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**super().task_values(), "areas": plain_rows(self.areas())}

    def task_drawings(self) -> list[Drawing]:
        """Bars: single savings added up, and the combined one, by area."""
        frame = self.areas()
        if not len(frame):
            return super().task_drawings()
        bars = allocation_bars(
            frame["area"].tolist(),
            frame["added_up"].tolist(),
            frame["saving"].tolist(),
            x_title="Saving",
            names=("added up", "combined"),
        )
        drawing = Drawing(bars, "What the chosen improvements of each area save: added up, and together.")
        return [drawing, *super().task_drawings()]

    def _area_table(self) -> Table:
        figures, frame = Figures.of(self), self.areas()
        rows = [
            [
                row["area"],
                figures.response(row["cost"]),
                figures.response(row["added_up"]),
                figures.response(row["saving"]),
                f"{row['share']:.1%}",
                row["chosen"],
            ]
            for row in frame.to_dict("records")
        ]
        total = [figures.response(float(frame[name].sum())) for name in ("cost", "added_up", "saving")]
        share = float(frame["saving"].sum()) / max(float(frame["cost"].sum()), 1e-9)
        rows.append(["total", *total, f"{share:.1%}", ""])
        return Table(
            ["area", "cost", "added up", "saving", "of the cost", "improvements"],
            rows,
            title="What is saved where",
            align=["left", "right", "right", "right", "right", "left"],
            note="added up: single savings as if they did not overlap; each improvement saves its share of "
            "what the others leave",
            strong=[-1],
        )
