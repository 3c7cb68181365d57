"""Read and check a table the user gives: right columns, right kinds, nothing repaired silently.

Every plan reads its tables here; a plan only lists its columns. All problems of a table come in one error,
each with file, row and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .table_columns import Column
from .table_problems import Problems, nearest
from .table_source import RawTable, TableSource, read_raw

__all__ = ["REMOVE", "CheckedTable", "Column", "Problems", "TableSource", "nearest", "read_raw", "read_table"]

_DTYPES = {"text": "object", "money": "float64", "number": "float64", "flag": "bool"}
REMOVE = "remove it"


@dataclass(frozen=True, eq=False)
class CheckedTable:
    """A table that holds exactly the declared columns, in the declared order and kinds.

    Attributes:
        name: what messages call it, with the file name where it came from a file.
        frame: text as ``object``, money and numbers as ``float64``, flags as ``bool``; index 0, 1, 2, ...
        places: how a person finds each row, e.g. ``"row 2"`` (the header of a file is row 1).
    """

    name: str
    frame: pd.DataFrame
    places: tuple[str, ...]

    def problems(self) -> Problems:
        """A collector for further problems of this table, e.g. of two columns that contradict each other."""
        return Problems(self.name, self.places)

    def column(self, name: str) -> list[Any]:
        """The values of a column as Python objects, one per row."""
        return list(self.frame[name].tolist())


def read_table(
    source: TableSource,
    columns: Sequence[Column],
    *,
    name: str = "table",
    unused: str = REMOVE,
    others: bool = False,
) -> CheckedTable:
    """Read a table and check it against its columns.

    CSV files are UTF-8 with or without BOM, cells separated by ``,`` or ``;``, decimals with a point; Excel
    files (.xlsx) have one sheet with content. White space around cells is dropped, rows without any content
    are skipped.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        columns: what the table may hold; any other column is an error, so that a typo is noticed.
        name: what the table is, in a word or two.
        unused: what to do about another column, ``{0}`` being its name; "remove it" where nothing uses it.
        others: leave other columns alone: the caller names the columns, so that no typo goes unnoticed.

    Returns:
        The checked table.

    Raises:
        TableError: anything wrong; the message lists up to ten problems with row and column.
        MissingDependencyError: an Excel file, and openpyxl is not installed.

    Example:
        >>> columns = [Column("channel", "text", unique=True), Column("current", "money")]
        >>> read_table(pd.DataFrame({"channel": ["tv"], "current": ["1500"]}), columns).frame.to_dict("list")
        {'channel': ['tv'], 'current': [1500.0]}
        >>> read_table(pd.DataFrame({"channel": ["tv"], "current": [-5]}), columns, name="plan")
        Traceback (most recent call last):
        hybrid_opt.errors.TableError: plan, index 0, column 'current': -5 is negative; money is 0 or more
    """
    raw = read_raw(source, name=name)
    _check_header(raw, columns, unused, others)
    problems = Problems(raw.name, raw.places)
    if not raw.rows:
        problems.add("there are no rows below the header; add at least one")
    values = _read_cells(raw, columns, problems)
    problems.raise_if_any()
    frame = pd.DataFrame(
        {column.name: pd.Series(values[column.name], dtype=_DTYPES[column.kind]) for column in columns}
    )
    return CheckedTable(raw.name, frame, raw.places)


def _check_header(raw: RawTable, columns: Sequence[Column], unused: str, others: bool = False) -> None:
    problems = Problems(raw.name)
    known = [column.name for column in columns]
    missing = [column.name for column in columns if column.required and column.name not in raw.header]
    for label in raw.header:
        if label in known or others:
            continue
        near = nearest(label, missing) or nearest(label, [name for name in known if name not in raw.header])
        if near in missing:
            missing.remove(near)
        cure = unused.format(label)
        hint = f"did you mean {near!r}? Else {cure}" if near else cure
        problems.add(f"column {label!r} is unknown; {hint}", row=raw.header_place)
    for label in missing:
        near = nearest(label, [name for name in raw.header if name not in known]) if others else None
        cure = f"did you mean {near!r}?" if near else "add it"
        problems.add(f"column {label!r} is missing; {cure}", row=raw.header_place)
    if problems.messages:
        needed = ", ".join(column.name for column in columns if column.required)
        optional = ", ".join(column.name for column in columns if not column.required) or "none"
        problems.messages[-1] += f". Found: {', '.join(raw.header)}. Needed: {needed}. Optional: {optional}"
    problems.raise_if_any()


def _read_cells(raw: RawTable, columns: Sequence[Column], problems: Problems) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {column.name: [] for column in columns}
    seen: dict[tuple[str, Any], int] = {}
    positions = {label: position for position, label in enumerate(raw.header)}
    for i, row in enumerate(raw.rows):
        for column in columns:
            position = positions.get(column.name)
            cell = None if position is None else row[position]
            value, problem = column.read(cell, separator=raw.separator)
            first = seen.setdefault((column.name, value), i) if column.unique else i
            if problem is None and first != i:
                problem = f"{value!r} is there already in {raw.places[first]}; keep one of the two"
            if problem is not None:
                problems.add(problem, row=i, column=column.name)
            values[column.name].append(value)
    return values
