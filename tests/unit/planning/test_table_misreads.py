"""Tables that were once read as something else than they say: refused, or read as they stand."""

from pathlib import Path
from time import perf_counter

import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.planning.table import CheckedTable, Column, read_table
from hybrid_opt.planning.table_labels import match_labels
from hybrid_opt.planning.table_numbers import split_number

PROJECTS = (
    Column("project", "text", unique=True),
    Column("value", "number"),
    Column("cost", "money"),
    Column("category", "text", required=False),
)
CURVE = (Column("channel", "text"), Column("spend", "money"), Column("response", "number"))


def read(folder: Path, text: str, columns: tuple[Column, ...] = PROJECTS) -> CheckedTable:
    path = folder / "plan.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path, columns, name="plan")


def refused(folder: Path, text: str, columns: tuple[Column, ...] = PROJECTS) -> str:
    with pytest.raises(TableError) as caught:
        read(folder, text, columns)
    return str(caught.value)


@pytest.mark.parametrize("text", ["1" + " " * 2000 + "x", "1 " * 200, "1" * 61, "1  234"])
def test_long_texts_of_spaces_are_no_numbers_at_once(text: str) -> None:
    begin = perf_counter()
    assert split_number(text) is None
    assert perf_counter() - begin < 1.0


@pytest.mark.parametrize("sign", ["$", "\u20ac", "%"])
def test_a_column_called_by_a_sign_only(sign: str) -> None:
    (label,) = match_labels([sign], [Column(sign, "number")])
    assert label.name == sign
