"""Return on spend of each channel: on average, and of the last and the next step.

    average    v(b) / b
    last step  (v(b) - v(b - step)) / step          what the dearest money brings
    next step  (v(b + step) - v(b)) / step

In a plan without other limits the last step of each channel returns at least what the next step of any other
would, up to whole steps; a channel whose last step returns little is a candidate for less money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..planning.plan_figures import Figures
from ..reports import Table

if TYPE_CHECKING:
    from .budget_plan import BudgetPlan

__all__ = ["returns_frame", "returns_table"]


def returns_frame(plan: BudgetPlan) -> pd.DataFrame:
    """Returns of each channel.

    Args:
        plan: the plan.

    Returns:
        Columns channel, spend (money), response, average, last_step, next_step (response per money; NaN where
        there is no spend, or no allowed step that way). What pairs of channels add is not divided among them.
    """
    rows = []
    lines = plan.question.table.lines
    for line, grid, level in zip(lines, plan.question.grids, plan.choice.tolist(), strict=True):
        spends = grid.spends()
        values = plan.question.curves.response(line.label, spends)
        spend, value = float(spends[level]), float(values[level])
        slopes = np.diff(values) / np.diff(spends)
        rows.append(
            {
                "channel": line.label,
                "spend": spend,
                "response": value,
                "average": value / spend if spend else np.nan,
                "last_step": float(slopes[level - 1]) if level else np.nan,
                "next_step": float(slopes[level]) if level < len(slopes) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def returns_table(plan: BudgetPlan) -> Table:
    """The same for people, the whole plan in the last row."""
    figures, frame = Figures.of(plan), returns_frame(plan)
    rows = [
        [
            row["channel"],
            figures.spend(row["spend"]),
            figures.response(row["response"]),
            *(_ratio(row[name]) for name in ("average", "last_step", "next_step")),
        ]
        for row in frame.to_dict("records")
    ]
    spent = float(plan.spends().sum())
    whole = _ratio(plan.value / spent if spent else np.nan)
    rows.append(["total", figures.spend(spent), figures.response(plan.value), whole, "", ""])
    pairs = "; the total holds what pairs of channels add" if plan.question.synergies else ""
    return Table(
        ["channel", "spend", "response", "return", "last step", "next step"],
        rows,
        title="Return on spend: response per money",
        align=["left", *["right"] * 5],  # type: ignore[list-item]
        note=f"of all money of a channel, of its last step, and of one step more{pairs}",
        strong=[-1],
    )


def _ratio(value: float) -> str:
    return "" if np.isnan(value) else f"{value:,.4g}"
