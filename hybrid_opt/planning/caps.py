"""Caps on groups of lines: the most that a group may get together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from .table import Column, TableSource, nearest, read_table
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["cap_columns", "read_caps"]


def cap_columns(words: Vocabulary = CHANNELS) -> tuple[Column, ...]:
    """Columns of the table of caps."""
    return (
        Column("group", "text", unique=True, help="name of a group of the plan table"),
        Column("cap", "money", unit=words.amount_unit, help="most that the group may get together"),
    )


def read_caps(
    source: TableSource | Mapping[str, float], groups: Sequence[str], words: Vocabulary = CHANNELS
) -> dict[str, float]:
    """Read the caps and check that their groups exist.

    Args:
        source: a mapping group -> amount, or a table with the columns group and cap.
        groups: the groups that the plan table names.
        words: what the task calls its lines.

    Returns:
        Group -> cap.

    Raises:
        TableError: anything wrong in the table, or a group that no line belongs to.

    Example:
        >>> read_caps({"digital": 5000}, ["digital"])
        {'digital': 5000.0}
    """
    if isinstance(source, Mapping):
        frame = pd.DataFrame({"group": list(source), "cap": list(source.values())}, dtype=object)
        if frame.empty:
            return {}
        source = frame.set_index(pd.Index(list(source)))
    table = read_table(source, cap_columns(words), name="cap table")
    problems = table.problems()
    for i, group in enumerate(table.column("group")):
        if group not in groups:
            near = nearest(group, groups)
            known = f"the plan table has {', '.join(groups)}" if groups else "the plan table names no group"
            hint = f"did you mean {near!r}?" if near else f"{known}; correct the name or remove the row"
            problems.add(f"no {words.line} is in group {group!r}; {hint}", row=i, column="group")
    problems.raise_if_any()
    return dict(zip(table.column("group"), table.column("cap"), strict=True))
