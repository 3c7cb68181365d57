"""The answer of a selection: what is chosen, what it brings together, what it uses of each limit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..reports import Drawing, Table
from .level_plan import LevelPlan
from .plan_json import plain_rows
from .true_score import TrueScore

__all__ = ["SelectionPlan"]


@dataclass(frozen=True, eq=False)
class SelectionPlan(LevelPlan):
    """A selection with its proof, its reasons and its alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        truth: the true values, where pairs do not express them; None where the model with pairs is the task.
        weight: factor of all pairs in the model with pairs.
        has_today: whether the table says what is chosen today.
        by_count: the best selection of every size, see ``value_by_count``; None where it was not computed.
    """

    truth: TrueScore | None = None
    weight: float = 1.0
    has_today: bool = False
    by_count: pd.DataFrame | None = None

    def chosen(self) -> list[str]:
        """Names of the items that are chosen."""
        return [label for label, taken in zip(self.question.table.labels, self.spends()) if taken]

    def worth_of(self, amounts: NDArray[np.float64]) -> float:
        """Value of a selection, 0 or 1 per item, shape (N,): the true one where it is known."""
        if self.truth is not None:
            return float(self.truth.values(amounts.astype(np.int64)))
        return float(self._responses(amounts).sum()) + self.question.synergy(amounts)

    @property
    def value(self) -> float:
        """Value of the selection: the true one where it is known."""
        return self.worth_of(self.spends())

    @cached_property
    def today_value(self) -> float | None:
        """Value of what is chosen today; None where the table does not say it."""
        return self.worth_of(self.current) if self.has_today else None

    @property
    def pairs_only(self) -> bool:
        """Whether the true value is known, so that the model with pairs is a surrogate."""
        return self.truth is not None

    @property
    def method(self) -> str:
        """How the selection was found."""
        return self.proven.method if self.zoom is None else "improving blocks of items"

    def limits_used(self) -> dict[str, float]:
        """How many are chosen, and what they use of every limit."""
        figures = {"chosen": float(self.spends().sum())}
        for row in self.budgets().to_dict("records"):
            figures[f"{row['limit_of']} used"] = float(row["plan"])
            figures[f"{row['limit_of']} limit"] = float(row["limit"])
        return figures

    def limit_words(self) -> str:
        """How many are chosen, in a few words."""
        return f"{len(self.chosen())} of them chosen"

    def origin(self) -> str:
        """Where the values come from."""
        return "The figures come from the tables that were given"

    def budgets(self) -> pd.DataFrame:
        """One row per budget.

        Returns:
            Columns limit_of (its name), limit, plan, left (amounts), step, worth (value that a limit higher
            by one step would bring; NaN where it was not computed).
        """
        worth = dict(zip(self.limits["limit"], self.limits["gain"]))
        rows = []
        for side in self.question.sides:
            if side.kind == "resource":
                used, limit = side.used(self.spends()), float(side.high)
                row = {"limit_of": side.label, "limit": limit, "plan": used, "left": limit - used}
                rows.append({**row, "step": float(side.step), "worth": worth.get(side.label, float("nan"))})
        return pd.DataFrame(rows, columns=["limit_of", "limit", "plan", "left", "step", "worth"])

    def lines(self) -> pd.DataFrame:
        """One row per item.

        Returns:
            Columns: name of the item, group, today (where known) and plan (0 or 1), alone (what it brings
            alone), adds (what the selection would lose without it, or gain with it, limits aside), near
            ("always", "sometimes" or "never" in plans within the tolerance; "" where not looked for).
        """
        amounts, alone = self.spends(), self._responses(np.ones(len(self.current)))
        rows, value = [], self.value
        for i, line in enumerate(self.question.table.lines):
            other = amounts.copy()
            other[i] = 1.0 - other[i]
            adds = (value - self.worth_of(other)) * (1.0 if amounts[i] else -1.0)
            row: dict[str, Any] = {self.words.line: line.label, "group": line.group}
            if self.has_today:
                row["today"] = int(line.current)
            row |= {"plan": int(amounts[i]), "alone": float(alone[i]), "adds": adds, "near": self._near(i)}
            rows.append(row)
        return pd.DataFrame(rows)

    def _near(self, i: int) -> str:
        if self.near is None:
            return ""
        low, high = self.near.ranges[i].tolist()
        # A line that is held counts from its own lowest amount.
        return "always" if low else "sometimes" if high else "never"

    def task_values(self) -> dict[str, Any]:
        """What is chosen, what is used of each limit, and the best of every size."""
        counts = [] if self.by_count is None else plain_rows(self.by_count)
        budgets = plain_rows(self.budgets())
        own = {"chosen_names": self.chosen(), "pair_weight": self.weight}
        return {**own, "budgets": budgets, "by_count": counts}

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """What is used of each limit, and the best of every size."""
        frames = {"budgets": self.budgets()} if len(self.budgets()) else {}
        return frames if self.by_count is None else {**frames, "by number": self.by_count}

    def task_tables(self) -> list[Table]:
        """What is used of each limit, and the best of every size."""
        from .selection_tables import budget_table, count_table

        tables = [budget_table(self)] if len(self.budgets()) else []
        return tables if self.by_count is None else [*tables, count_table(self, self.by_count)]

    def task_drawings(self) -> list[Drawing]:
        """What each item brings alone and adds to the selection, and the best of every size."""
        from .selection_tables import count_drawing, gain_drawing

        drawings = [gain_drawing(self)]
        if self.by_count is not None and len(self.by_count) > 1:
            drawings.append(count_drawing(self, self.by_count))
        return drawings

    def line_table(self) -> Table:
        """What is chosen, and what each item adds."""
        from .selection_tables import item_table

        return item_table(self)

    def gaps(self) -> pd.DataFrame:
        """What separates the selection from the best imaginable one, part by part; see ``LevelPlan``."""
        from .plan_gaps import gap_table
        from .selection_tables import true_gap_table

        return gap_table(self) if self.truth is None else true_gap_table(self)
