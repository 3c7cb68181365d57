"""An Excel workbook as rows of cells, with what a plain list of values would hide.

Hidden in a list of values are merged cells, numbers shown in per cent, and formulas whose result was never
stored (a workbook that a program wrote and nobody opened), which would be read as blank cells.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from typing import Any

from .._optional import require
from ..errors import TableError
from .table_cells import is_blank
from .table_layout import Cells
from .table_numbers import PercentCell

__all__ = ["read_sheet_cells"]

_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, SyntaxError, struct.error, NotImplementedError, RuntimeError),
    *(AttributeError, EOFError, LookupError, OSError, TypeError, ValueError),
)
"""What zipfile, the XML parser (a SyntaxError) and openpyxl raise on a workbook that is damaged."""


def read_sheet_cells(content: bytes, name: str) -> Cells:
    """Read the only sheet with content.

    Args:
        content: the workbook.
        name: what messages call the table.

    Returns:
        The cells.

    Raises:
        TableError: a damaged or empty workbook, several sheets with content, a formula without a result.
        MissingDependencyError: openpyxl is not installed.
    """
    openpyxl = require("openpyxl", "excel")
    filled: dict[str, Cells] = {}
    lost: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.testzip()
        with warnings.catch_warnings():
            # openpyxl warns of what it drops (validation lists, pictures), none of which is a value.
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
            formulas = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
        for sheet in book.worksheets:
            records = [tuple(_value(cell) for cell in row) for row in sheet.iter_rows()]
            lost += _without_result(sheet, formulas[sheet.title])
            if not all(is_blank(cell) for row in records for cell in row):
                filled[sheet.title] = _cells(sheet, records)
        book.close()
        formulas.close()
    except _DAMAGED as error:
        raise TableError(f"{name}: no sound Excel workbook ({error}); save it again as .xlsx") from error
    if lost:
        raise TableError(
            f"{name}: a formula without a stored result is in {', '.join(lost[:5])}; open the workbook in a"
            " spreadsheet program and save it"
        )
    if not filled:
        raise TableError(f"{name}: the workbook is empty; its first row must hold the column names")
    if len(filled) > 1:
        listed = ", ".join(repr(title) for title in filled)
        raise TableError(f"{name}: several sheets have content ({listed}); keep one table per file")
    return next(iter(filled.values()))


def _value(cell: Any) -> Any:
    value = cell.value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return PercentCell(value) if number and "%" in str(cell.number_format) else value


def _without_result(sheet: Any, formulas: Any) -> list[str]:
    """Cells with a formula where no formula of the sheet has a result: no spreadsheet program saved it.

    Where some have one, an empty result is the formula's own.
    """
    cells = [cell.coordinate for row in formulas.iter_rows() for cell in row if cell.data_type == "f"]
    return cells if all(sheet[place].value is None for place in cells) else []


def _cells(sheet: Any, records: list[tuple[Any, ...]]) -> Cells:
    hidden = [i for i in range(len(records)) if sheet.row_dimensions[i + 1].hidden]
    notes = [f"{len(hidden)} hidden rows were read, the first is row {hidden[0] + 1}"] if hidden else []
    merged = [
        (area.min_row - 1, area.max_row - 1, area.min_col - 1, area.max_col - 1)
        for area in sheet.merged_cells.ranges
    ]
    return Cells(records, [f"row {i + 1}" for i in range(len(records))], None, merged, tuple(notes))
