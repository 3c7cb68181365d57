"""A CSV file as rows of cells: which text encoding, and what stands between the cells.

UTF-8 and UTF-16 are recognized; what is neither is read as Windows-1252, the encoding of Western European
Excel, and said so with one of the words concerned. The separator is the one under which a row names most of
the columns.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence

from ..errors import TableError
from .table_cells import is_blank
from .table_columns import Column
from .table_layout import Cells, header_row

__all__ = ["read_text_cells"]

_SEPARATORS = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}


def read_text_cells(content: bytes, name: str, columns: Sequence[Column]) -> Cells:
    """Read the cells of a CSV file.

    Args:
        content: the file.
        name: what messages call the table.
        columns: the columns that the table may hold, to find the separator by.

    Returns:
        The cells.

    Raises:
        TableError: no text, or broken quotes.
    """
    text, notes = _decoded(content, name)
    named = re.match(r"\s*sep=(.)\r?\n", text)
    if named:
        return _cells(text[named.end() :], named[1], name, notes, skipped=1)
    first = next((line for line in text.splitlines() if line.strip()), "")
    usual = ";" if first.count(";") > first.count(",") else ","
    usual = "\t" if usual not in first and "\t" in first else usual
    if columns and _named(text, usual, columns) < 2:
        counts = {separator: _named(text, separator, columns) for separator in _SEPARATORS}
        best = max(counts, key=lambda separator: counts[separator])
        usual = best if counts[best] > counts[usual] else usual
    return _cells(text, usual, name, notes)


def _decoded(content: bytes, name: str) -> tuple[str, list[str]]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16"), ["the file is UTF-16 text"]
        except UnicodeDecodeError as error:
            raise TableError(f"{name}: broken UTF-16 text; save the file as 'CSV UTF-8'") from error
    try:
        text, notes = content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise TableError(f"{name}, row {row}: not UTF-8 text; save the file as 'CSV UTF-8'") from error
        word = re.search(r"[^\s,;|\"]*[^\x00-\x7f][^\s,;|\"]*", text)
        shown = f", {word[0]!r} for instance" if word else ""
        notes = [f"the file is not UTF-8 and was read as Windows-1252{shown}"]
    if "\0" in text:
        raise TableError(f"{name}: this is not a text file; save it as 'CSV UTF-8' or with the ending .xlsx")
    return text, notes


def _named(text: str, separator: str, columns: Sequence[Column]) -> int:
    """How many columns the best row names when the cells are cut so; 0 where they cannot be."""
    try:
        records = [tuple(record) for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator)]
    except csv.Error:
        return 0
    filled = [record for record in records if not all(is_blank(cell) for cell in record)]
    return header_row(filled, columns)[1] if filled else 0


def _cells(text: str, separator: str, name: str, notes: Sequence[str], skipped: int = 0) -> Cells:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        records = [tuple(record) for record in reader]
    except csv.Error as error:
        line = reader.line_num + skipped
        cure = 'close every " or remove it'
        raise TableError(f"{name}, line {line}: broken quotes ({error}); {cure}") from error
    found = list(notes)
    if separator not in ",;":
        found.append(f"the cells are separated by {_SEPARATORS.get(separator, repr(separator))}")
    places = [f"row {i + 1 + skipped}" for i in range(len(records))]
    return Cells(records, places, separator, notes=tuple(found))
