"""The table of a selection: items that are taken or left, what they bring, and what is settled already.

A selection is a level plan whose every line has two amounts, 0 (left out) and 1 (taken), so all that level
plans can do holds for it: proof, what binds, plans almost as good, the quantum check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curve_table import TableCurve
from .curves import ResponseCurves
from .grid import Grid
from .line_table import LineTable, PlanLine
from .table import REMOVE, CheckedTable, Column, TableSource, read_raw, read_table
from .vocabulary import Vocabulary

__all__ = ["ItemTable", "choice_curves", "item_columns", "read_items"]

MUST = {"": None, "in": 1, "out": 0}


def item_columns(words: Vocabulary, extra: Sequence[Column] = ()) -> tuple[Column, ...]:
    """Columns of the table of items.

    Args:
        words: what the task calls its items.
        extra: the task's own columns.

    Returns:
        All columns.
    """
    return (
        Column(words.line, "text", unique=True, help=f"name of the {words.line}"),
        *extra,
        Column("group", "text", required=False, help="group with limits of its own"),
        Column("current", "flag", required=False, help="whether it is chosen today"),
        Column("must", "text", required=False, help="'in' takes it, 'out' leaves it, whatever it brings"),
        Column("lo", "number", required=False, help="lower end of what it may bring alone"),
        Column("hi", "number", required=False, help="upper end of what it may bring alone"),
    )


@dataclass(frozen=True, eq=False)
class ItemTable:
    """A checked table of items.

    Attributes:
        table: the items as lines that get 0 or 1; caps are added later.
        checked: the table as it was read, for further problems.
        has_today: whether it says what is chosen today.
    """

    table: LineTable
    checked: CheckedTable
    has_today: bool

    @property
    def labels(self) -> list[str]:
        """Names of the items."""
        return self.table.labels

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of numbers, shape (N,)."""
        return np.array(self.checked.column(column), dtype=np.float64)

    def with_caps(self, caps: Mapping[str, float]) -> ItemTable:
        """The same with the most that may be chosen of each group."""
        return replace(self, table=replace(self.table, caps=dict(caps)))


def read_items(
    source: TableSource, words: Vocabulary, extra: Sequence[Column] = (), unused: str = REMOVE
) -> ItemTable:
    """Read the table of items.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        words: what the task calls its items.
        extra: the task's own columns.
        unused: what to do about another column, see ``read_table``.

    Returns:
        The items; their own columns stand in ``PlanLine.extra``.

    Raises:
        TableError: anything wrong in the table, with row and column.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.planning.vocabulary import CHANNELS
        >>> items = read_items(pd.DataFrame({"channel": ["tv", "mail"], "must": ["in", ""]}), CHANNELS)
        >>> [line.spends.tolist() for line in items.table.lines]
        [[1.0], [0.0, 1.0]]
    """
    name = f"table of {words.lines}"
    columns = item_columns(words, extra)
    table = read_table(source, columns, name=name, unused=unused)
    has_today = "current" in read_raw(source, columns, name=name).header
    problems = table.problems()
    for i, (must, lo, hi) in enumerate(zip(table.column("must"), table.column("lo"), table.column("hi"))):
        if must not in MUST:
            problems.add(f"{must!r} is not legal; write 'in', 'out' or nothing", row=i, column="must")
        if np.isnan(lo) != np.isnan(hi):
            lacking = "lo" if np.isnan(lo) else "hi"
            problems.add("lo and hi belong together; fill in both or none", row=i, column=lacking)
        elif lo > hi:
            problems.add(f"lo {lo:g} is above hi {hi:g}; exchange them", row=i, column="lo")
    problems.raise_if_any()
    rows = [dict(zip([c.name for c in columns], row)) for row in table.frame.itertuples(index=False)]
    lines = [_line(row, words, place, has_today) for row, place in zip(rows, table.places)]
    return ItemTable(LineTable(tuple(lines), {}, Fraction(1), table.name, words), table, has_today)


def _line(row: Mapping[str, Any], words: Vocabulary, place: str, has_today: bool) -> PlanLine:
    must = MUST[row["must"]]
    grid = Grid(Fraction(0), Fraction(1), 2) if must is None else Grid(Fraction(must), Fraction(1), 1)
    return PlanLine(
        label=str(row[words.line]),
        current=float(row["current"]) if has_today else float(must or 0),
        spends=grid.spends(),
        units=grid.units(Fraction(1)),
        grid=grid,
        fixed=must is not None,
        group=str(row["group"]),
        place=place,
        extra=dict(row),
        lowest_kind="must",
    )


def choice_curves(
    items: ItemTable,
    values: NDArray[np.float64],
    low: NDArray[np.float64] | None = None,
    high: NDArray[np.float64] | None = None,
) -> ResponseCurves:
    """What each item brings alone, as the curves that level plans read.

    Args:
        items: the items.
        values: value of each, shape (N,).
        low: lower ends of their intervals, shape (N,), NaN where an item has none; or None.
        high: upper ends, likewise.

    Returns:
        Curves through (0, 0) and (1, value).
    """
    curves = {}
    for i, label in enumerate(items.labels):
        banded = low is not None and high is not None and not np.isnan(low[i])
        ends = [np.array([0.0, end[i]]) if banded and end is not None else None for end in (low, high)]
        curves[label] = TableCurve(np.array([0.0, 1.0]), np.array([0.0, float(values[i])]), *ends)
    return ResponseCurves(curves, words=items.table.words)
