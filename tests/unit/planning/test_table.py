"""Tables: what is read, and one message per way of being wrong."""

import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pytest

from hybrid_opt.errors import MissingDependencyError, TableError
from hybrid_opt.planning.table import Column, read_table

COLUMNS = (
    Column("channel", "text", unique=True),
    Column("min", "money"),
    Column("step", "money", above=0),
    Column("fixed", "flag", required=False),
    Column("theta", "number", required=False, minimum=0, below=1),
    Column("note", "text", required=False, default="none"),
)


def write(folder: Path, text: str | bytes, name: str = "plan.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def message(folder: Path, text: str | bytes, name: str = "plan.csv") -> str:
    with pytest.raises(TableError) as caught:
        read_table(write(folder, text, name), COLUMNS, name="plan table")
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "channel,min,step,fixed\ntv,0.1,5,yes\nsearch,3,1,\n",
        "\ufeffchannel;min;step;fixed\r\n tv ;0.1;5;TRUE\r\n\r\nsearch;3;1;0\r\n",
        'channel,min,step,fixed,,\n"tv",1e-1,5.0,1,,\nsearch,+3,1,no,,\n,,,,,\n',
    ],
    ids=["comma", "semicolon, BOM, CRLF", "empty columns and rows"],
)
def test_csv_layouts_give_the_same_table(tmp_path: Path, text: str) -> None:
    table = read_table(write(tmp_path, text), COLUMNS)
    assert table.frame["channel"].tolist() == ["tv", "search"]
    assert table.frame["min"].tolist() == [0.1, 3.0]
    assert table.frame["fixed"].tolist() == [True, False]
    assert table.frame["theta"].isna().all()
    assert table.frame["note"].tolist() == ["none", "none"]
    assert [str(dtype) for dtype in table.frame.dtypes] == [
        *("object", "float64", "float64", "bool", "float64", "object")
    ]


def test_row_names_are_those_of_the_file(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "channel,min,step\n\ntv,0,1\n\nsearch,0,1\n"), COLUMNS)
    assert table.places == ("row 3", "row 5")


def test_a_data_frame_is_read_and_left_alone() -> None:
    frame = pd.DataFrame(
        {
            "min": [1, Decimal("0.1")],
            "channel": [7.0, "b"],
            "step": ["1", np.float32(2)],
            "fixed": [None, True],
        }
    )
    before = frame.copy(deep=True)
    table = read_table(frame, COLUMNS)
    assert table.frame["channel"].tolist() == ["7", "b"]
    assert table.frame["min"].tolist() == [1.0, 0.1]
    assert table.frame["fixed"].tolist() == [False, True]
    pd.testing.assert_frame_equal(frame, before)


def test_excel_and_csv_give_the_same_table(tmp_path: Path) -> None:
    rows = [["channel", "min", "step", "fixed"], ["tv", 0.1, 5, True], [None] * 4, ["search", 3, 1, None]]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "plan.xlsx")
    table = read_table(tmp_path / "plan.xlsx", COLUMNS)
    csv = read_table(write(tmp_path, "channel,min,step,fixed\ntv,0.1,5,1\n\nsearch,3,1,\n"), COLUMNS)
    pd.testing.assert_frame_equal(table.frame, csv.frame)
    assert table.places == csv.places == ("row 2", "row 4")


CELLS = [
    ("tv,abc,5,,", ["row 2", "'min'", "'abc' is text where a number is needed", "e.g. 1250.5"]),
    ("tv,,5,,", ["row 2", "'min'", "blank", "fill in numbers from 0"]),
    (",1,5,,", ["row 2", "'channel'", "blank", "fill in a name"]),
    ("tv,nan,5,,", ["row 2", "'min'", "missing number", "fill in numbers from 0"]),
    ("tv,-5,5,,", ["row 2", "'min'", "-5 is negative; money is 0 or more"]),
    ("tv,inf,5,,", ["row 2", "'min'", "not finite"]),
    ("tv,1e999,5,,", ["row 2", "'min'", "not finite"]),
    ("tv,1_000,5,,", ["row 2", "'min'", "is text where a number is needed"]),
    ("tv,1,0,,", ["row 2", "'step'", "0 is not above 0", "legal are numbers above 0"]),
    ("tv,1,5,,1", ["row 2", "'theta'", "1 is not below 1", "legal are numbers from 0 to below 1"]),
    ("tv,1,5,,-0.1", ["row 2", "'theta'", "less than 0", "legal are numbers from 0 to below 1"]),
    ("tv,1,5,perhaps,", ["row 2", "'fixed'", "'perhaps' is neither true nor false", "yes/no"]),
    ("tv,1,5,,\ntv,2,5,,", ["row 3", "'channel'", "'tv' is there already in row 2", "keep one"]),
]


@pytest.mark.parametrize(("rows", "parts"), CELLS, ids=[rows.replace("\n", "|") for rows, _ in CELLS])
def test_each_wrong_cell_has_its_message(tmp_path: Path, rows: str, parts: list[str]) -> None:
    text = message(tmp_path, f"channel,min,step,fixed,theta\n{rows}\n")
    for part in ["plan table", str(tmp_path / "plan.csv"), *parts]:
        assert part in text
    assert "\n" not in text


FILES = [
    ("  \n", ["the file is empty", "column names"]),
    ("channel,min,step\n", ["no rows below the header"]),
    (",,\n", ["there are no columns"]),
    ("channel,min\ntv,1\n", ["row 1", "'step' is missing", "Found: channel, min. Needed: channel"]),
    ("chanel,min,step\ntv,1,1\n", ["row 1", "'chanel' is unknown", "did you mean 'channel'"]),
    ("channel,min,step,fixd\ntv,1,1,\n", ["row 1", "'fixd' is unknown", "did you mean 'fixed'", "remove it"]),
    ("channel,min,step,roi\ntv,1,1,2\n", ["row 1", "'roi' is unknown", "remove it", "Optional: fixed"]),
    ("channel,min,step,min\ntv,1,1,1\n", ["row 1", "'min' is there twice"]),
    ("channel,min,step,\ntv,1,1,1\n", ["row 2", "4 cells", "header has 3"]),
    ("channel,min,,step\ntv,1,9,1\n", ["row 1", "column 3 has no name"]),
    ("channel,min,step\ntv,1,000,5\n", ["row 2", "4 cells", "has 3; a ',' inside a cell needs quotes"]),
    ("channel;min;step\ntv;1\n", ["row 2", "2 cells", "header has 3"]),
    ("channel;min;step\ntv;1.000;5\n", ["row 2", "'min'", "'1.000' can mean 1000 or 1"]),
    ('channel,min,step\n"tv,1,1\n', ["line 2", "broken quotes"]),
    (b"channel,min,step\nk\x81se,1,1\n", ["row 2", "not UTF-8", "CSV UTF-8"]),
    (b"channel,min\0step\n", ["not a text file", ".xlsx"]),
]


@pytest.mark.parametrize(("content", "parts"), FILES, ids=[str(content)[:40] for content, _ in FILES])
def test_each_wrong_layout_has_its_message(tmp_path: Path, content: str | bytes, parts: list[str]) -> None:
    text = message(tmp_path, content)
    for part in [str(tmp_path / "plan.csv"), *parts]:
        assert part in text


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, "channel\n")
    with pytest.raises(TableError, match=r"plan table .*plam\.csv: there is no .*; did you mean .*plan\.csv"):
        read_table(tmp_path / "plam.csv", COLUMNS, name="plan table")
    with pytest.raises(TableError, match="there is no such file; check the path"):
        read_table(tmp_path / "nowhere" / "x.csv", COLUMNS)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="this is a folder"):
        read_table(tmp_path, COLUMNS)
    with pytest.raises(TableError, match="cannot be read"):
        read_table("channel,min\n" + "x" * 5000, COLUMNS)
    with pytest.raises(TableError, match="got int; give the path"):
        read_table(5, COLUMNS)  # type: ignore[arg-type]


def test_excel_files_that_are_none(tmp_path: Path) -> None:
    assert "no sound Excel workbook" in message(tmp_path, "channel,min,step\n", "plan.xlsx")
    assert "old .xls files are not read; save it as .xlsx" in message(tmp_path, "x", "plan.xls")


def test_damaged_excel_files_are_named_whatever_breaks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for i in range(40):
        book.active.append([f"c{i}", i, i * i])
    book.save(tmp_path / "sound.xlsx")
    sound = (tmp_path / "sound.xlsx").read_bytes()
    for position in range(0, len(sound), 97):
        damaged = sound[:position] + b"\xff" + sound[position + 1 :]
        assert "plan.xlsx" in message(tmp_path, damaged, "plan.xlsx")
    assert "plan.xlsx" in message(tmp_path, sound[: len(sound) // 2], "plan.xlsx")


def test_excel_with_several_filled_sheets_or_none(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(TableError, match="the workbook is empty"):
        read_table(tmp_path / "plan.xlsx", COLUMNS)
    book.active.append(["channel"])
    book.create_sheet("curves").append(["channel"])
    book.save(tmp_path / "plan.xlsx")
    with pytest.raises(TableError, match=r"several sheets have content \('Sheet', 'curves'\); keep"):
        read_table(tmp_path / "plan.xlsx", COLUMNS)


def test_excel_without_its_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingDependencyError, match=r'openpyxl.*pip install "hybrid-opt\[excel\]"'):
        read_table(write(tmp_path, "x", "plan.xlsx"), COLUMNS)


def test_problems_come_together_in_the_order_of_rows(tmp_path: Path) -> None:
    text = message(tmp_path, "channel,min,step\ntv,x,0\nsearch,-1,5\n")
    assert text.splitlines() == [
        f"plan table {tmp_path / 'plan.csv'} has 3 problems:",
        "- row 2, column 'min': 'x' is text where a number is needed; write digits and a decimal point,"
        " e.g. 1250.5",
        "- row 2, column 'step': 0 is not above 0; legal are numbers above 0",
        "- row 3, column 'min': -1 is negative; money is 0 or more",
    ]


def test_only_ten_problems_are_listed(tmp_path: Path) -> None:
    rows = "".join(f"c{i},-1,1\n" for i in range(13))
    lines = message(tmp_path, "channel,min,step\n" + rows).splitlines()
    assert lines[0].endswith("has 13 problems:")
    assert len(lines) == 12
    assert lines[-1] == "- and 3 more"


def test_a_data_frame_is_named_by_its_index() -> None:
    columns = {"channel": ["a", "b"], "min": [True, -1.0], "step": [1, float("inf")]}
    frame = pd.DataFrame(columns, index=[5, 9])
    with pytest.raises(TableError) as caught:
        read_table(frame, COLUMNS, name="plan table")
    assert str(caught.value).splitlines()[1:] == [
        "- index 5, column 'min': True is a flag where a number is needed; write numbers from 0",
        "- index 9, column 'min': -1.0 is negative; money is 0 or more",
        "- index 9, column 'step': inf is not finite; legal are numbers above 0",
    ]
