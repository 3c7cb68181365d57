"""Columns of the department table: the level of each department, and what one level uses of each resource."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from ..errors import OptionError, TableError
from ..planning.line_side import LineSide
from ..planning.line_table import LineTable, plan_columns
from ..planning.money import exact
from ..planning.table import Column, TableSource, read_raw
from ..planning.vocabulary import Vocabulary

__all__ = ["DEPARTMENTS", "UNUSED", "check_resources", "resource_columns", "resource_sides"]

DEPARTMENTS = Vocabulary(
    title="Resource plan",
    line="department",
    lines="departments",
    amount="level",
    amounts="levels",
    amount_unit="levels",
    measure="levels",
    value="value",
    period="",
    what="Which level for which department",
    strength="value per level and level",
    product="times level * level",
)
"""The words of the resource plan."""

UNUSED = "give its limit in resources (--resource {0}=LIMIT) where it is one, or remove it"
_OWN = (
    Column("service", "number", required=False, help="least value that the department must bring"),
    Column("need", "number", required=False, above=0, help="level that would cover its need, for fairness"),
)


def check_resources(resources: Mapping[str, float]) -> dict[str, float]:
    """Check names and limits of the resources.

    Args:
        resources: name -> how much there is.

    Returns:
        The same as a dictionary of floats.

    Raises:
        OptionError: none is given, a name stands for a column of the table, or a limit is no finite number of
            at least 0.

    Example:
        >>> check_resources({"staff": 40})
        {'staff': 40.0}
    """
    if not isinstance(resources, Mapping) or not resources:
        raise OptionError(f"resources is {resources!r}; give a name and a limit of at least one")
    taken = [column.name for column in (*plan_columns(DEPARTMENTS), *_OWN)]
    for name, limit in resources.items():
        if not isinstance(name, str) or not name.strip() or name in taken:
            raise OptionError(
                f"a resource is called {name!r}; give it a name of its own, not one of {', '.join(taken)}"
            )
        number = isinstance(limit, (int, float, np.number)) and not isinstance(limit, bool)
        if not number or not math.isfinite(limit) or limit < 0:
            raise OptionError(f"the limit of {name!r} is {limit!r}; it must be a finite number, 0 or more")
    return {name: float(limit) for name, limit in resources.items()}


def resource_columns(source: TableSource, resources: Mapping[str, float]) -> list[Column]:
    """The task's own columns of the department table.

    One resource may have no column: then the level itself is what is used of it.

    Args:
        source: the department table.
        resources: name -> limit.

    Returns:
        Columns to read beside those of every plan.

    Raises:
        TableError: several resources have no column, or the table cannot be read.
    """
    uses = [Column(name, "number") for name in resources]
    raw = read_raw(source, (*plan_columns(DEPARTMENTS), *_OWN, *uses), name="plan table")
    missing = [name for name in resources if name not in raw.header]
    if len(missing) > 1:
        listed = ", ".join(repr(name) for name in missing)
        raise TableError(
            f"{raw.name}, {raw.header_place}: the resources {listed} have no column; add a column with the "
            "use per level for each, only one resource may be the level itself"
        )
    used = [
        Column(name, "number", minimum=0, unit=f"{name} per level", help=f"{name} that one level uses")
        for name in resources
        if name not in missing
    ]
    return [*_OWN, *used]


def resource_sides(table: LineTable, resources: Mapping[str, float]) -> list[LineSide]:
    """One limit per resource.

    Args:
        table: the department table.
        resources: name -> limit.

    Returns:
        The limits; each is moved by the least that one more step of some department uses of it.
    """
    sides = []
    for name, limit in resources.items():
        uses = [exact(line.extra.get(name, 1.0)) for line in table.lines]
        used = [(use, line.grid) for use, line in zip(uses, table.lines)]
        steps = [use * grid.step for use, grid in used if use and grid.count > 1]
        step = min(steps) if steps else Fraction(1)
        column = name if name in table.lines[0].extra else None
        sides.append(LineSide(name, "resource", tuple(uses), exact(limit), step, column=column))
    return sides
