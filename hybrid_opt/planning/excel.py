"""A plan as an Excel workbook: one sheet per table, numbers as numbers, text never as a formula."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from .._optional import require
from ..errors import OptionError
from ..reports.atomic import write_whole

__all__ = ["write_workbook"]

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write_workbook(frames: Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> Path:
    """Write tables into a workbook.

    A name such as ``=SUM(A1)`` stays text. Missing numbers are empty cells.

    Args:
        frames: sheet name -> table.
        path: where, ending with .xlsx; an older file is replaced, whole or not at all.

    Returns:
        The path.

    Raises:
        OptionError: the path has another ending or cannot be written.
        MissingDependencyError: openpyxl is not installed.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise OptionError(f"{str(path)!r} does not end with .xlsx; only that form of Excel file is written")
    openpyxl = require("openpyxl", "excel")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in frames.items():
        sheet = book.create_sheet(_FORBIDDEN.sub(" ", name)[:31])
        rows = [list(frame.columns), *frame.itertuples(index=False, name=None)]
        for row, values in enumerate(rows, start=1):
            for column, value in enumerate(values, start=1):
                plain = _plain(value)
                if plain is None:
                    continue
                cell = sheet.cell(row=row, column=column)
                cell.value = plain
                if isinstance(plain, str):
                    cell.data_type = "s"  # openpyxl would read a leading "=" as a formula
        sheet.freeze_panes = "A2"
    content = io.BytesIO()
    book.save(content)
    return write_whole(target, content.getvalue())


def _plain(value: object) -> str | float | int | bool | None:
    """What a cell holds: a missing or infinite number is nothing, anything unknown its text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, (bool, int, float)):
        return value
    return _CONTROL.sub(" ", str(value))
