"""Where a table comes from: a CSV file, an Excel file or a DataFrame, all turned into a header and rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..errors import TableError
from .table_cells import is_blank
from .table_columns import Column
from .table_layout import Cells, RawTable, laid_out
from .table_problems import nearest
from .table_sheet import read_sheet_cells
from .table_text import read_text_cells

__all__ = ["RawTable", "TableSource", "is_blank", "read_raw"]

TableSource = pd.DataFrame | str | os.PathLike[str]
"""A path to a .csv or .xlsx file, or a pandas DataFrame."""

_EMPTY = "there are no columns; the first row must hold the column names"


def read_raw(source: TableSource, columns: Sequence[Column] = (), *, name: str) -> RawTable:
    """Read the layout of a table.

    Args:
        source: path or DataFrame.
        columns: the columns that the table may hold: they tell which row is the header, and a label that
            stands for one of them is called as the column is.
        name: what the table is, in a word or two, e.g. ``"plan table"``.

    Returns:
        Header and rows, the cells not yet interpreted.

    Raises:
        TableError: the file is missing, unreadable, empty, or its rows do not fit its header.
        MissingDependencyError: an Excel file, and openpyxl is not installed.

    Example:
        >>> raw = read_raw(pd.DataFrame({"channel": ["tv"], "current": [5]}), name="plan table")
        >>> raw.header, raw.places
        (('channel', 'current'), ('index 0',))
        >>> read_raw(pd.DataFrame({"Canal": ["tv"]}), [Column("channel", "text")], name="plan table").header
        ('channel',)
    """
    if isinstance(source, pd.DataFrame):
        rows = [tuple(row) for row in source.astype(object).itertuples(index=False, name=None)]
        places = [f"index {label}" for label in source.index]
        cells = Cells([tuple(source.columns), *rows], ["the header", *places])
        return laid_out(name, cells, columns, _EMPTY, search=False)
    if not isinstance(source, (str, os.PathLike)):
        raise TableError(
            f"{name}: got {type(source).__name__}; give the path of a .csv or .xlsx file, or a DataFrame"
        )
    path = Path(source)
    name = f"{name} {path}"
    content = _content(path, name)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return laid_out(name, read_sheet_cells(content, name), columns, _EMPTY)
    return laid_out(name, read_text_cells(content, name, columns), columns, _EMPTY)


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
