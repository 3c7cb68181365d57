"""Where a table lies in a sheet: its header row, the rows below, and what stands around them.

Rows and columns without any content are skipped, but counted, so that row numbers are those a person sees in
the file: its first row is row 1. Rows above the header (a title, a date) are left out and said so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .table_cells import is_blank
from .table_columns import Column
from .table_labels import Label, match_labels
from .table_problems import Problems
from .table_units import Unit, read_unit

__all__ = ["Cells", "RawTable", "header_row", "laid_out"]

_SEARCHED = 12
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_PARTS = re.compile(r"[:,;\u2013\u2014]|\s-\s|(?<=\w)-(?=\s)")
_AFTER_IN = re.compile(r"\b(?:in|en) (.+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Cells:
    """A sheet as it was found.

    Attributes:
        records: rows of cells, of any lengths.
        places: how a person finds each row.
        separator: the character between the cells of a CSV file, else None.
        merged: merged cells of a workbook: first row, last row, first column, last column, counted from 0.
        notes: what was understood already.
    """

    records: Sequence[tuple[Any, ...]]
    places: Sequence[str]
    separator: str | None = None
    merged: Sequence[tuple[int, int, int, int]] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawTable:
    """Cells as they were found.

    Attributes:
        name: what messages call the table.
        header: column names; where a label stands for a declared column, that column's name.
        header_place: where the header stands, ``"row 1"`` in a file.
        rows: one tuple of cells per row that has content, as long as the header.
        places: how a person finds each of these rows: ``"row 2"``, or ``"index 0"`` of a DataFrame.
        separator: the character between the cells of a CSV file, else None.
        labels: the labels as they were written, one per column.
        units: column -> the unit in its label.
        notes: what was understood of the layout and the labels.
    """

    name: str
    header: tuple[str, ...]
    header_place: str
    rows: tuple[tuple[Any, ...], ...]
    places: tuple[str, ...]
    separator: str | None = None
    labels: tuple[str, ...] = ()
    units: Mapping[str, Unit] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def header_row(records: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> tuple[int, int]:
    """Find the header: the first row that names all required columns, else the one that names the most.

    Args:
        records: rows that have content.
        columns: the columns that the table may hold; none keeps the first row.

    Returns:
        Position of the row, and how many columns it names.
    """
    best, most = 0, -1
    required = {column.name for column in columns if column.required}
    for i, record in enumerate(records[: _SEARCHED if columns else 1]):
        labels = match_labels([_label(cell) for cell in record], columns)
        names = {label.name for label in labels if label.known}
        count = sum(label.known for label in labels)
        if count > most and (i == 0 or count >= min(2, len(columns))):
            best, most = i, count
        if best == i and len(names) >= min(2, len(columns)) and required <= names:
            break  # a row of data below may hold more words that are names of columns
    return best, max(most, 0)


def laid_out(
    name: str, cells: Cells, columns: Sequence[Column], empty: str, *, search: bool = True
) -> RawTable:
    """Find the header and cut the rows to it.

    Args:
        name: what messages call the table.
        cells: the sheet.
        columns: the columns that the table may hold; none takes the first row as it is.
        empty: error where there is no content at all.
        search: whether the header may stand below the first row.

    Returns:
        Header and rows, not yet interpreted.

    Raises:
        TableError: no content, a column without a name or two of one name, rows that do not fit the header,
            merged cells whose content is not clear.
    """
    records, places = [tuple(record) for record in cells.records], cells.places
    filled = [i for i, record in enumerate(records) if not all(is_blank(cell) for cell in record)]
    problems = Problems(name)
    if not filled:
        problems.add(empty)
        problems.raise_if_any()
    start = header_row([records[i] for i in filled], columns)[0] if search else 0
    above, top, below = filled[:start], filled[start], filled[start + 1 :]
    written = [_label(cell) for cell in records[top]]
    while written and not written[-1]:
        written.pop()
    index = _index_column(written, [records[i] for i in below])
    notes = [*cells.notes, *_left_out(above, records, places, problems)]
    if index >= 0:
        notes.append(f"column {index + 1} without a name only counts the rows and was left out")
    labels = match_labels(written, columns)
    for position, label in enumerate(labels):
        column = [cell for i in below for cell in records[i][position : position + 1]]
        if not label.text and position != index and not all(is_blank(cell) for cell in column):
            problems.add(f"column {position + 1} has no name; name it or remove it", row=places[top])
        elif label.text and label.text in written[:position]:
            problems.add(f"the column {label.text!r} is there twice; keep one", row=places[top])
        elif label.problem is not None:
            problems.add(label.problem, row=places[top])
    notes += _split_merged(records, cells, top, labels, columns, problems)
    for i in below:
        extra = [cell for cell in records[i][len(written) :] if not is_blank(cell)]
        if extra or (cells.separator is not None and len(records[i]) < len(written)):
            problems.add(
                f"there are {len(records[i])} cells where the header has {len(written)}; a"
                f" '{cells.separator or ','}' inside a cell needs quotes, an empty cell still needs its"
                " separator",
                row=places[i],
            )
    problems.raise_if_any()
    kept = [position for position, label in enumerate(labels) if label.text]
    read = [label.note for label in labels if label.note]
    return RawTable(
        name,
        tuple(labels[p].name for p in kept),
        places[top],
        tuple(tuple(records[i][p] if p < len(records[i]) else None for p in kept) for i in below),
        tuple(places[i] for i in below),
        cells.separator,
        tuple(labels[p].text for p in kept),
        {labels[p].name: labels[p].unit for p in kept},
        (*notes, *([f"read {', '.join(read)}"] if read else [])),
    )


def _label(cell: Any) -> str:
    return "" if is_blank(cell) else " ".join(str(cell).split())


def _index_column(labels: Sequence[str], records: Sequence[tuple[Any, ...]]) -> int:
    """Position of an unnamed first column that counts the rows from 0 or 1, -1 where there is none."""
    if not labels or labels[0] or not records:
        return -1
    cells = [str(record[0]).strip() for record in records]
    return 0 if any(cells == [str(i + first) for i in range(len(cells))] for first in (0, 1)) else -1


def _left_out(
    above: Sequence[int], records: Sequence[tuple[Any, ...]], places: Sequence[str], problems: Problems
) -> list[str]:
    """Notes on the rows above the header; one that tells a scale is a problem."""
    notes = []
    for i in above:
        words = [str(cell).strip() for cell in records[i] if not is_blank(cell)]
        notes.append(f"{places[i]} above the header ({_short(' '.join(words))!r}) was left out")
        for text in words:
            part = _unit_of_title(text)
            if part is not None:
                problems.add(
                    f"the title says {part!r}; write the unit into the labels of the columns that it"
                    " holds for, and take it out of the title",
                    row=places[i],
                )
                break
    return notes


def _unit_of_title(text: str) -> str | None:
    """The part of a title that tells, or may tell, a scale; None where none does."""
    for part in (*_BRACKETS.findall(text), *_AFTER_IN.findall(text)):
        unit = read_unit(part)
        if unit.scale != 1 or unit.percent or unit.problem:
            return str(part)
    for part in dict.fromkeys((text, *_PARTS.split(text))):
        unit = read_unit(part)
        telling = unit.scale != 1 or unit.percent or unit.problem is not None
        # A title of several words may hold "1000" or "T" without any unit: there it takes a currency too.
        if telling and (unit.known or unit.currency is not None or len(part.split()) <= 2):
            return part.strip()
    return None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _split_merged(
    records: list[tuple[Any, ...]],
    cells: Cells,
    top: int,
    labels: Sequence[Label],
    columns: Sequence[Column],
    problems: Problems,
) -> list[str]:
    """Copy a text down that stands in cells merged below one another; other merged cells are refused."""
    texts = {column.name for column in columns if column.kind == "text"}
    notes = []
    for first, last, left, right in cells.merged:
        content = records[first][left] if left < len(records[first]) else None
        if first <= top or is_blank(content):
            continue
        label = labels[left] if left < len(labels) else None
        if left != right or label is None or label.name not in texts:
            problems.add(
                f"{_cell_name(first, left)} to {_cell_name(last, right)} are merged; split them and fill in"
                " each",
                row=cells.places[first],
            )
            continue
        for i in range(first, last + 1):
            records[i] = (*records[i][:left], content, *records[i][left + 1 :])
        notes.append(
            f"{str(content)!r} holds for {cells.places[first]} to {cells.places[last]}, whose cells are"
            " merged"
        )
    return notes


def _cell_name(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
