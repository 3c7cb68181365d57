"""CSV files: encodings and separators."""

import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.planning.table_columns import Column
from hybrid_opt.planning.table_text import read_text_cells

COLUMNS = (Column("channel", "text"), Column("max", "money"))


@pytest.mark.parametrize(
    ("content", "separator", "note"),
    [
        ("channel,max\nk\u00e4se,5\n".encode(), ",", ""),
        ("channel;max\nk\u00e4se;5\n".encode("utf-16"), ";", "UTF-16"),
        ("Plan, draft\nchannel;max\nk\u00e4se;5\n".encode("cp1252"), ";", "'k\u00e4se' for instance"),
        ("channel\tmax\nk\u00e4se\t5\n".encode(), "\t", "separated by tabs"),
    ],
)
def test_text_and_separator_are_recognized(content: bytes, separator: str, note: str) -> None:
    cells = read_text_cells(content, "t", COLUMNS)
    assert (cells.separator, cells.records[-1]) == (separator, ("k\u00e4se", "5"))
    assert note in "; ".join(cells.notes)


def test_a_separator_line_is_counted_but_not_read() -> None:
    cells = read_text_cells(b"sep=|\nchannel|max\ntv|5\n", "t", COLUMNS)
    assert (cells.separator, list(cells.places)) == ("|", ["row 2", "row 3"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\x81,b\n", "row 1: not UTF-8"),
        (b"\xff\xfea", "broken UTF-16"),
        (b'channel,max\n"tv,5\n', "broken quotes"),
    ],
)
def test_what_is_no_text(content: bytes, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_text_cells(content, "t", COLUMNS)
