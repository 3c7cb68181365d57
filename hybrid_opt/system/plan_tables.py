"""Plans as tables: what they bring, against today, and what is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..reports import Table
from .plan_results import PlanResult
from .table_figures import to_the_right

__all__ = ["plan_tables"]

_TITLES = {"marketing": "Marketing plans", "business": "Business plans"}


def plan_tables(plans: Sequence[PlanResult]) -> list[Table]:
    """One table per room.

    Args:
        plans: solved plans.

    Returns:
        Marketing, then business; a room without plans has none.

    Example:
        >>> plan_tables([])
        []
    """
    tables = []
    for room, title in _TITLES.items():
        own = [plan for plan in plans if plan.room == room]
        if own:
            tables.append(_table(title, own))
    return tables


def _table(title: str, plans: Sequence[PlanResult]) -> Table:
    rows = []
    for plan in plans:
        figures, gains = plan.figures(), plan.gains()
        named = {name for name, _, _ in gains}
        for name, today, value in gains:
            share = f" ({(value - today) / abs(today):+.1%})" if today else ""
            rows.append(
                [plan.name, name, f"{today:,.6g}", f"{value:,.6g}", f"{value - today:+,.6g}{share}",
                 _proof(figures)]
            )  # fmt: skip
        if not named:
            rows += [
                [plan.name, name, "-", f"{value:,.6g}", "-", _proof(figures)]
                for name, value in list(figures.items())[:1]
                if isinstance(value, int | float)
            ]
    return Table(
        ["Plan", "Figure", "Today", "Plan", "Change", "Proof"],
        rows,
        title=title,
        align=["left", "left", *to_the_right(3), "left"],
        note="Expected by the tables that were handed in; synthetic where those are.",
    )


def _proof(figures: Mapping[str, Any]) -> str:
    status, bound, gap = (figures.get(name) for name in ("status", "bound", "gap"))
    words = [str(status)] if status else []
    if isinstance(bound, int | float):
        words.append(f"bound {bound:,.6g}")
    if isinstance(gap, int | float):
        words.append(f"gap {gap:.2%}")
    return ", ".join(words) or "none"
