"""Read and check a table the user gives: right columns, right kinds, nothing repaired silently.

Every plan reads its tables here; a plan only lists its columns. All problems of a table come in one error,
each with file, row and column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from .table_cells import is_blank
from .table_columns import Column
from .table_notes import announce
from .table_problems import Problems, nearest
from .table_source import RawTable, TableSource, read_raw
from .table_styles import PLAIN, ColumnStyle, column_styles
from .table_totals import check_inner_totals, check_total, looks_like_total, named_before

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
        labels: column -> its label in the file, where that differs.
        notes: what was understood of layout, labels and cells that are not in the plain form; one sentence.
    """

    name: str
    frame: pd.DataFrame
    places: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def problems(self) -> Problems:
        """A collector for further problems of this table, e.g. of two columns that contradict each other."""
        return Problems(self.name, self.places, self.labels)

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

    A table in the plain form (column names as declared, decimal points, header in the first row) is read as
    it is. A messy one is understood where it can mean one thing only, and a note says as what: other words
    for columns, units in labels, thousands separators, decimal commas, currency and percent signs, a title
    above and a total below. What can mean two things is refused. White space around cells is dropped, rows
    and columns without any content are skipped.

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
    raw = read_raw(source, columns, name=name)
    _check_header(raw, columns, unused, others)
    labels = {name: label for name, label in zip(raw.header, raw.labels) if name != label}
    problems = Problems(raw.name, raw.places, labels)
    if not raw.rows:
        problems.add("there are no rows below the header; add at least one")
    styles = _styles(raw, columns, problems)
    raw, total = _without_total(raw, columns, styles, problems)
    check_inner_totals(_cells_of(raw, columns), raw.rows, styles, problems)
    values, blanks = _read_cells(raw, columns, styles, problems)
    problems.raise_if_any()
    frame = pd.DataFrame(
        {column.name: pd.Series(values[column.name], dtype=_DTYPES[column.kind]) for column in columns}
    )
    notes = (*raw.notes, *_style_notes(raw, styles), *blanks, *total)
    if notes:
        announce(f"{raw.name}: {'; '.join(notes)}")
    return CheckedTable(raw.name, frame, raw.places, labels, notes)


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


def _cells_of(raw: RawTable, columns: Sequence[Column]) -> dict[str, list[Any]]:
    """Column of numbers -> its cells, for the columns that the table has."""
    positions = {label: position for position, label in enumerate(raw.header)}
    counted = [c.name for c in columns if c.kind in ("money", "number") and c.name in positions]
    return {name: [row[positions[name]] for row in raw.rows] for name in counted}


def _styles(raw: RawTable, columns: Sequence[Column], problems: Problems) -> dict[str, ColumnStyle]:
    styles = column_styles(_cells_of(raw, columns), raw.units, raw.separator, problems)
    money = {c.name: styles[c.name].currency for c in columns if c.name in styles}
    known = {currency: name for name, currency in money.items() if currency is not None}
    if len(known) > 1:
        listed = " and ".join(f"{name!r} in {currency}" for currency, name in known.items())
        problems.add(f"column {listed}: convert the amounts to one currency", row=raw.header_place)
    _check_scales(raw, columns, styles, problems)
    return styles


def _check_scales(
    raw: RawTable, columns: Sequence[Column], styles: Mapping[str, ColumnStyle], problems: Problems
) -> None:
    """Refuse amounts without any unit beside amounts in thousands or millions: they may be meant so too."""
    cells = _cells_of(raw, columns)
    money = [c.name for c in columns if c.kind == "money" and c.name in styles]
    scaled = [name for name in money if styles[name].scale != 1]
    bare = [
        name
        for name in money
        if styles[name].scale == 1
        and styles[name].currency is None
        and any(not is_blank(cell) and str(cell).strip() not in ("0", "0.0") for cell in cells[name])
    ]
    if scaled and bare:
        unit = styles[scaled[0]].unit.text
        problems.add(
            f"no unit is given, but column {scaled[0]!r} is in {unit!r}; write the unit of each column of"
            f" amounts into its label, e.g. {bare[0] + ' (' + unit + ')'!r} or {bare[0] + ' (EUR)'!r}",
            row=raw.header_place,
            column=bare[0],
        )


def _without_total(
    raw: RawTable, columns: Sequence[Column], styles: Mapping[str, ColumnStyle], problems: Problems
) -> tuple[RawTable, list[str]]:
    """The table without a last row of totals, and what to say of it."""
    cells = _cells_of(raw, columns)
    if len(raw.rows) < 3 or not cells or not looks_like_total(raw.rows[-1]):
        return raw, []
    if named_before(raw.rows):
        return raw, []
    labels = dict(zip(raw.header, raw.labels))
    before = len(problems.messages)
    added = check_total(cells, labels, styles, len(raw.rows) - 1, problems)
    if len(problems.messages) == before and not added:
        return raw, []
    place = raw.places[-1]
    raw = replace(raw, rows=raw.rows[:-1], places=raw.places[:-1])
    return raw, [f"{place} was left out, as it adds up {added}"]


def _style_notes(raw: RawTable, styles: Mapping[str, ColumnStyle]) -> list[str]:
    """What the columns have in common is said once."""
    labels = dict(zip(raw.header, raw.labels))
    said: dict[str, list[str]] = {}
    for name, style in styles.items():
        for note in style.notes:
            said.setdefault(note, []).append(repr(labels[name]))
    return [f"in {', '.join(names)}: {note}" for note, names in said.items()]


def _read_cells(
    raw: RawTable, columns: Sequence[Column], styles: Mapping[str, ColumnStyle], problems: Problems
) -> tuple[dict[str, list[Any]], list[str]]:
    """Column -> values, and what to say of texts that stand for nothing."""
    values: dict[str, list[Any]] = {column.name: [] for column in columns}
    nothing: dict[str, list[str]] = {}
    seen: dict[tuple[str, Any], int] = {}
    positions = {label: position for position, label in enumerate(raw.header)}
    for i, row in enumerate(raw.rows):
        for column in columns:
            position = positions.get(column.name)
            cell = None if position is None else row[position]
            value, problem = column.read(cell, style=styles.get(column.name, PLAIN))
            first = seen.setdefault((column.name, value), i) if column.unique else i
            if problem is None and first != i:
                problem = f"{value!r} is there already in {raw.places[first]}; keep one of the two"
            if problem is not None:
                problems.add(problem, row=i, column=column.name)
            elif not column.required and column.stands_for_nothing(cell):
                nothing.setdefault(str(cell).strip(), []).append(column.name)
            values[column.name].append(value)
    listed = [f"{text!r} as an empty cell in {', '.join(dict.fromkeys(of))}" for text, of in nothing.items()]
    return values, listed
