"""Plans as tables: what they bring, against today, and what is proven."""

from __future__ import annotations

from collections.abc import Sequence

from ..planning.plan_summary import summary_table
from ..reports import Table
from .plan_results import PlanResult

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
        own = {plan.name: plan.figures() for plan in plans if plan.room == room}
        if own:
            tables.append(summary_table(own, title))
    return tables
