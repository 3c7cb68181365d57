"""Caps on groups of channels: the most money a group may spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ..planning.table import Column, TableSource, nearest, read_table

__all__ = ["CAP_COLUMNS", "read_caps"]

CAP_COLUMNS = (
    Column("group", "text", unique=True, help="name of a group of the plan table"),
    Column("cap", "money", unit="money per period", help="most money the group may spend"),
)
"""Columns of the table of caps."""


def read_caps(source: TableSource | Mapping[str, float], groups: Sequence[str]) -> dict[str, float]:
    """Read the caps and check that their groups exist.

    Args:
        source: a mapping group -> money per period, or a table with the columns group and cap.
        groups: the groups that the plan table names.

    Returns:
        Group -> cap.

    Raises:
        TableError: anything wrong in the table, or a group that no channel belongs to.

    Example:
        >>> read_caps({"digital": 5000}, ["digital"])
        {'digital': 5000.0}
    """
    if isinstance(source, Mapping):
        frame = pd.DataFrame({"group": list(source), "cap": list(source.values())}, dtype=object)
        if frame.empty:
            return {}
        source = frame.set_index(pd.Index(list(source)))
    table = read_table(source, CAP_COLUMNS, name="cap table")
    problems = table.problems()
    for i, group in enumerate(table.column("group")):
        if group not in groups:
            near = nearest(group, groups)
            known = f"the plan table has {', '.join(groups)}" if groups else "the plan table names no group"
            hint = f"did you mean {near!r}?" if near else f"{known}; correct the name or remove the row"
            problems.add(f"no channel is in group {group!r}; {hint}", row=i, column="group")
    problems.raise_if_any()
    return dict(zip(table.column("group"), table.column("cap"), strict=True))
