"""The rules of a strategic plan as limits on starts.

With x_it = 1 for a project i that starts in period t: at most one start per project (a cap); what runs in a
period costs no more than its budget; where j needs i, x_js <= sum of x_it with t + duration_i <= s; of
projects that exclude each other one start in all; limits of categories, as in ``planning.selection_rules``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.line_side import LineSide
from ..planning.money import exact, money_text
from ..planning.pair_table import read_links
from ..planning.selection_items import read_items
from ..planning.selection_rules import GroupSource, group_limits
from ..planning.table import Column, TableSource, read_table
from .strategy_columns import PROJECTS, STARTS, Projects

__all__ = ["BudgetSource", "category_sides", "must_sides", "period_budgets", "project_pairs", "read_budgets"]

BudgetSource = TableSource | Sequence[float] | float
"""Budgets per period: one number for every period, one per period, or a table (period, budget)."""

_BUDGETS = (
    Column("period", "number", minimum=1, unique=True, help="period, counted from 1"),
    Column("budget", "number", minimum=0, unit="money", help="most that may be spent in it"),
)


def read_budgets(budgets: BudgetSource, periods: int) -> list[float]:
    """Budgets of all periods.

    Args:
        budgets: one number, one per period, or a table.
        periods: how many periods there are.

    Returns:
        One budget per period.

    Raises:
        OptionError: another number of budgets, or one that is no finite number of at least 0.
        TableError: a wrong table, or a period that has no row.

    Example:
        >>> read_budgets(50, 3)
        [50.0, 50.0, 50.0]
    """
    if isinstance(budgets, (int, float, np.number)) and not isinstance(budgets, bool):
        budgets = [float(budgets)] * periods
    if isinstance(budgets, np.ndarray) and budgets.ndim == 1:
        budgets = budgets.tolist()
    if isinstance(budgets, (list, tuple)):
        good = all(isinstance(b, (int, float, np.number)) and not isinstance(b, bool) for b in budgets)
        if not good or len(budgets) != periods or not all(0 <= b < float("inf") for b in budgets):
            raise OptionError(
                f"budgets is {budgets!r}; give one finite number of at least 0 per period ({periods} of them)"
            )
        return [float(budget) for budget in budgets]
    if not isinstance(budgets, (pd.DataFrame, str, os.PathLike)):
        raise OptionError(f"budgets is {budgets!r}; give a number, one per period, or a table")
    table = read_table(budgets, _BUDGETS, name="table of budgets")
    given = dict(zip(table.column("period"), table.column("budget"), strict=True))
    problems = table.problems()
    for i, period in enumerate(table.column("period")):
        if period not in range(1, periods + 1):
            problems.add(f"there is no period {period:g}; legal are 1 to {periods}", row=i, column="period")
    for period in range(1, periods + 1):
        if period not in given:
            problems.add(f"period {period} has no row; give it a budget")
    problems.raise_if_any()
    return [float(given[float(period)]) for period in range(1, periods + 1)]


def period_budgets(projects: Projects, budgets: Sequence[float]) -> list[LineSide]:
    """One limit per period; each is moved by the least that a project costs in a period."""
    costs = [exact(cost) for cost in projects.numbers("cost").tolist()]
    step = min((cost for cost in costs if cost), default=Fraction(1))
    sides = []
    for period, budget in enumerate(budgets, start=1):
        weights = tuple(exact(cost) for cost in projects.costs_in(period).tolist())
        label = f"budget of period {period}"
        sides.append(LineSide(label, "resource", weights, exact(budget), step, column="cost"))
    return sides


def project_pairs(
    projects: Projects, exclusions: TableSource | None, needs: TableSource | None
) -> list[LineSide]:
    """Projects that exclude each other, and projects that need another one to be over.

    Args:
        projects: the projects.
        exclusions: table (project, other), or None.
        needs: table (project, needs), or None.

    Returns:
        One limit per exclusion, one per start of a project that needs another one.

    Raises:
        TableError: unknown or equal projects, a pair twice, anything wrong in a table.
    """
    names, one = projects.names, Fraction(1)
    sides = []
    for first, other in read_links(exclusions, names, PROJECTS, "other", name="table of exclusions"):
        both = (projects.project == names.index(first)) | (projects.project == names.index(other))
        label = f"{first} and {other} exclude each other"
        sides.append(LineSide(label, "exclusion", _weights(both.astype(int)), one, one))
    for first, other in read_links(needs, names, PROJECTS, "needs", name="table of needs"):
        later, before = names.index(first), names.index(other)
        over = projects.start + projects.durations[before]
        for k in np.flatnonzero(projects.project == later).tolist():
            weights = -((projects.project == before) & (over <= projects.start[k])).astype(int)
            weights[k] = 1
            label = f"{first} in period {projects.start[k]} needs {other} to be over"
            sides.append(LineSide(label, "precedence", _weights(weights), Fraction(0), one))
    return sides


def _weights(numbers: NDArray[np.int64]) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(number)) for number in numbers)


def must_sides(projects: Projects) -> list[LineSide]:
    """Projects that have to be carried out start in one of their periods."""
    sides = []
    for i, (name, must) in enumerate(zip(projects.names, projects.checked.column("must"))):
        if must == "in":
            weights = _weights(-(projects.project == i).astype(int))
            sides.append(LineSide(f"{name} must be in", "precedence", weights, Fraction(-1), Fraction(1)))
    return sides


def category_sides(projects: Projects, groups: GroupSource | None) -> list[LineSide]:
    """Limits of categories: how many projects, and which share of all costs.

    Args:
        projects: the projects.
        groups: a table (group, at_least, at_most, min_share), a mapping, or None.

    Returns:
        The limits.

    Raises:
        TableError: an unknown category, or a number that is not legal.
    """
    if groups is None:
        return []
    categories = [projects.checked.column("category")[i] for i in projects.project]
    frame = pd.DataFrame({"start": projects.items.labels, "group": categories})
    total = projects.numbers("cost") * projects.durations
    items = read_items(frame, STARTS)
    caps, sides = group_limits(items, groups, "cost", total[projects.project])
    for group, most in caps.items():
        weights = tuple(Fraction(int(category == group)) for category in categories)
        label = f"at most {money_text(most)} of group {group}"
        sides.append(LineSide(label, "maximum", weights, exact(most), Fraction(1)))
    return sides


