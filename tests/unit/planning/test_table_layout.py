"""Where the table lies in a sheet."""

from typing import Any

import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.planning.table_columns import Column
from hybrid_opt.planning.table_layout import Cells, header_row, laid_out

COLUMNS = (Column("channel", "text"), Column("max", "money"))


def sheet(*rows: tuple[Any, ...], merged: tuple[tuple[int, int, int, int], ...] = ()) -> Cells:
    return Cells(rows, [f"row {i + 1}" for i in range(len(rows))], None, merged)


def test_a_later_row_is_the_header_only_if_it_names_more() -> None:
    assert header_row([("Plan", None), ("Canal", "Max")], COLUMNS) == (1, 2)
    assert header_row([("Canal", "Max"), ("channel", "max")], COLUMNS) == (0, 2)
    assert header_row([("a", "b"), ("channel", 5)], COLUMNS) == (0, 0)


def test_what_stands_around_the_table_is_left_out() -> None:
    cells = sheet(("Plan", None), (None, None), (None, "channel", "max"), (0, "tv", 5))
    raw = laid_out("t", cells, COLUMNS, "e")
    assert (raw.header, raw.rows, raw.places) == (("channel", "max"), (("tv", 5),), ("row 4",))
    assert [note.split(" ")[0] for note in raw.notes] == ["row", "column"]


def test_merged_texts_are_copied_down_and_numbers_refused() -> None:
    rows = (("channel", "max"), ("tv", 5), (None, None), (None, 6))
    assert laid_out("t", sheet(*rows, merged=((1, 3, 0, 0),)), COLUMNS, "e").rows[-1] == ("tv", 6)
    with pytest.raises(TableError, match="B2 to B4 are merged"):
        laid_out("t", sheet(*rows, merged=((1, 3, 1, 1),)), COLUMNS, "e")


def test_nothing_at_all() -> None:
    with pytest.raises(TableError, match="t: nothing here"):
        laid_out("t", sheet((None, " ")), COLUMNS, "nothing here")
