"""Planners over the synthetic tables that ship with the package, for the command line and examples."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from ..business import ResourcePlanner
from ..business.synthetic_resources import shipped_example
from ..marketing import BudgetPlanner

__all__ = ["shipped_planners"]

_LIMITS = {"staff": 40, "money": 246_000}


def shipped_planners() -> list[Any]:
    """One planner for each task that has tables of its own in the package; all of them are synthetic.

    Returns:
        The marketing budget and the departments' resources.

    Example:
        >>> [type(planner).__name__ for planner in shipped_planners()]
        ['BudgetPlanner', 'ResourcePlanner']
    """
    data = files("hybrid_opt.marketing") / "data"
    with (
        as_file(data / "plan.csv") as plan,
        as_file(data / "curves.csv") as curves,
        as_file(data / "caps.csv") as caps,
    ):
        budget = BudgetPlanner.from_csv(plan, curves, caps=caps)
    tables = shipped_example()
    resources = ResourcePlanner.from_csv(
        tables.departments,
        tables.curves,
        resources=_LIMITS,  # a level is a post, so staff needs no column
        fairness=tables.fairness,
        synergies=tables.synergies,
    )
    return [budget, resources]
