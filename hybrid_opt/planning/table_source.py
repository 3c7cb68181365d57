"""Where a table comes from: a CSV file, an Excel file or a DataFrame, all turned into a header and rows.

Nothing is interpreted here but the layout. Rows and columns without any content are skipped, but counted,
so that row numbers are those a person sees in the file: the header of a file is row 1.
"""

from __future__ import annotations

import csv
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .._optional import require
from ..errors import TableError
from .table_problems import Problems, nearest

__all__ = ["RawTable", "TableSource", "is_blank", "read_raw"]

TableSource = pd.DataFrame | str | os.PathLike[str]
"""A path to a .csv or .xlsx file, or a pandas DataFrame."""

_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, SyntaxError, struct.error, NotImplementedError, RuntimeError),
    *(AttributeError, EOFError, LookupError, OSError, TypeError, ValueError),
)
"""What zipfile, the XML parser (a SyntaxError) and openpyxl raise on a workbook that is damaged."""


@dataclass(frozen=True)
class RawTable:
    """Cells as they were found.

    Attributes:
        name: what messages call the table.
        header: column names, stripped.
        header_place: where the header stands, ``"row 1"`` in a file.
        rows: one tuple of cells per row that has content, as long as the header.
        places: how a person finds each of these rows: ``"row 2"``, or ``"index 0"`` of a DataFrame.
        separator: the character between the cells of a CSV file, else None.
    """

    name: str
    header: tuple[str, ...]
    header_place: str
    rows: tuple[tuple[Any, ...], ...]
    places: tuple[str, ...]
    separator: str | None = None


def is_blank(cell: Any) -> bool:
    """Say whether a cell holds nothing: None, NaN, NaT or only white space."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return True
    if isinstance(cell, str):
        return not cell.strip()
    return isinstance(cell, float) and cell != cell


def read_raw(source: TableSource, *, name: str) -> RawTable:
    """Read the layout of a table.

    Args:
        source: path or DataFrame.
        name: what the table is, in a word or two, e.g. ``"plan table"``.

    Returns:
        Header and rows, not yet interpreted.

    Raises:
        TableError: the file is missing, unreadable, empty, or its rows do not fit its header.
        MissingDependencyError: an Excel file, and openpyxl is not installed.

    Example:
        >>> raw = read_raw(pd.DataFrame({"channel": ["tv"], "current": [5]}), name="plan table")
        >>> raw.header, raw.places
        (('channel', 'current'), ('index 0',))
    """
    if isinstance(source, pd.DataFrame):
        cells = [tuple(row) for row in source.astype(object).itertuples(index=False, name=None)]
        places = [f"index {label}" for label in source.index]
        return _laid_out(name, [tuple(source.columns), *cells], ["the header", *places], None)
    if not isinstance(source, (str, os.PathLike)):
        raise TableError(
            f"{name}: got {type(source).__name__}; give the path of a .csv or .xlsx file, or a DataFrame"
        )
    path = Path(source)
    name = f"{name} {path}"
    content = _content(path, name)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        records, separator = _excel(content, name), None
    else:
        records, separator = _csv(content, name)
    return _laid_out(name, records, [f"row {i + 1}" for i in range(len(records))], separator)


def _content(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise TableError(f"{name}: this is a folder; give the path of a .csv or .xlsx file in it")
        if path.suffix.lower() == ".xls":
            raise TableError(f"{name}: old .xls files are not read; save it as .xlsx or as CSV UTF-8")
        content = path.read_bytes()
    except FileNotFoundError as error:
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, beside)
        cure = f"did you mean {path.with_name(near)}?" if near else "check the path"
        raise TableError(f"{name}: there is no such file; {cure}") from error
    except OSError as error:
        raise TableError(f"{name}: cannot be read ({error.strerror}); check path and permissions") from error
    if not content.strip():
        raise TableError(f"{name}: the file is empty; its first row must hold the column names")
    return content


def _csv(content: bytes, name: str) -> tuple[list[tuple[Any, ...]], str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise TableError(f"{name}, row {row}: not UTF-8 text; save the file as 'CSV UTF-8'") from error
    if "\0" in text:
        raise TableError(f"{name}: this is not a text file; save it as 'CSV UTF-8' or with the ending .xlsx")
    header = next(line for line in text.splitlines() if line.strip())
    separator = ";" if header.count(";") > header.count(",") else ","
    if separator not in header and "\t" in header:
        raise TableError(f"{name}, row 1: the cells are separated by tabs; save the file with ',' or ';'")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [tuple(record) for record in reader], separator
    except csv.Error as error:
        raise TableError(
            f"{name}, line {reader.line_num}: broken quotes ({error}); close every \" or remove it"
        ) from error


def _excel(content: bytes, name: str) -> list[tuple[Any, ...]]:
    openpyxl = require("openpyxl", "excel")
    filled = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.testzip()
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
            if not all(is_blank(cell) for row in rows for cell in row):
                filled[sheet.title] = rows
        book.close()
    except _DAMAGED as error:
        raise TableError(f"{name}: no sound Excel workbook ({error}); save it again as .xlsx") from error
    if not filled:
        raise TableError(f"{name}: the workbook is empty; its first row must hold the column names")
    if len(filled) > 1:
        listed = ", ".join(repr(title) for title in filled)
        raise TableError(f"{name}: several sheets have content ({listed}); keep one table per file")
    return next(iter(filled.values()))


def _laid_out(
    name: str, records: Sequence[tuple[Any, ...]], places: Sequence[str], separator: str | None
) -> RawTable:
    filled = [i for i, record in enumerate(records) if not all(is_blank(cell) for cell in record)]
    if not filled:
        raise TableError(f"{name}: there are no columns; the first row must hold the column names")
    top, below = filled[0], filled[1:]
    header = ["" if is_blank(cell) else str(cell).strip() for cell in records[top]]
    while header and not header[-1]:
        header.pop()
    problems = Problems(name)
    for position, label in enumerate(header):
        cells = [cell for i in below for cell in records[i][position : position + 1]]
        if not label and not all(is_blank(cell) for cell in cells):
            problems.add(f"column {position + 1} has no name; name it or remove it", row=places[top])
        elif label and label in header[:position]:
            problems.add(f"the column {label!r} is there twice; keep one", row=places[top])
    for i in below:
        extra = [cell for cell in records[i][len(header) :] if not is_blank(cell)]
        if extra or (separator is not None and len(records[i]) < len(header)):
            problems.add(
                f"there are {len(records[i])} cells where the header has {len(header)}; a"
                f" '{separator or ','}' inside a cell needs quotes, an empty cell still needs its separator",
                row=places[i],
            )
    problems.raise_if_any()
    kept = [position for position, label in enumerate(header) if label]
    rows = [tuple(records[i][p] if p < len(records[i]) else None for p in kept) for i in below]
    return RawTable(
        name,
        tuple(header[p] for p in kept),
        places[top],
        tuple(rows),
        tuple(places[i] for i in below),
        separator,
    )
