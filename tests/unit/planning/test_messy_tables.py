"""Spreadsheets as people send them: each understood and said so, or refused with its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.planning.table import CheckedTable, Column, read_table

COLUMNS = (
    Column("channel", "text", unique=True),
    Column("current", "money"),
    Column("max", "money"),
    Column("share", "number", required=False, minimum=0, maximum=1),
    Column("fixed", "flag", required=False),
    Column("group", "text", required=False),
)
WANTED = [["tv", 1200.0, 2500.5], ["caf\u00e9", 40.0, 1000.0]]


def read(folder: Path, text: str, encoding: str = "utf-8") -> CheckedTable:
    path = folder / "plan.csv"
    path.write_bytes(text.encode(encoding))
    return read_table(path, COLUMNS, name="plan table")


def refused(folder: Path, text: str) -> str:
    with pytest.raises(TableError) as caught:
        read(folder, text)
    return str(caught.value)


UNDERSTOOD = [
    (
        "Channel,Current ($),Max spend\ntv,\"$1,200\",\"$2,500.50\"\ncaf\u00e9,$40,\"1,000\"\n",
        "utf-8",
        "'Max spend' as max",
    ),
    (
        "Canal;Presupuesto;Gasto m\u00e1ximo (\u20ac)\ntv;1.200;2.500,50\ncaf\u00e9;40;1.000\n",
        "utf-8",
        "decimal commas",
    ),
    (
        "Canal;Actual [k\u20ac];M\u00e1ximo [EUR]\ntv;1,2;2500,5\ncaf\u00e9;0,04;1000\n",
        "cp1252",
        "(times 1,000)",
    ),
    ("Kanal\tAktuell\tH\u00f6chstens\ntv\t1 200\t2 500,5\ncaf\u00e9\t40\t1 000\n", "utf-16", "UTF-16"),
    ("\ufeffsep=;\nchannel;current;max\ntv;1200;2500.5\ncaf\u00e9;40;1000\n", "utf-8", ""),
    (
        "Media plan, spring\n\nchannel,current,max\n\ntv,1200,2500.5\ncaf\u00e9,40,1000\n",
        "utf-8",
        "row 1 above the header",
    ),
    (
        "channel,current,max\ntv,1200,2500.5\ncaf\u00e9,40,1000\nTotal,1240,3500.5\n",
        "utf-8",
        "row 4 was left out",
    ),
    (",channel,current,max\n0,tv,1200,2500.5\n1,caf\u00e9,40,1000\n", "utf-8", "only counts the rows"),
    ("channel|current|max\ntv|1200|2500.5\ncaf\u00e9|40|1000\n", "utf-8", "separated by '|'"),
    (
        "channel,,current,,max,\ntv,,1'200,,2'500.5,\n,,,,,\ncaf\u00e9,,40,,1'000,\n",
        "utf-8",
        "thousands separators",
    ),
    ("channel,current,max\ntv,1.2k,2500.5\ncaf\u00e9,40,1k\n", "utf-8", "'k' as thousands"),
    (
        "Medio;Gasto actual;Gasto m\u00e1ximo\ntv;1200,0;2500,5\ncaf\u00e9;40,0;1000,0\n",
        "cp1252",
        "Windows-1252",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding", "note"), UNDERSTOOD, ids=[case[0][:30] for case in UNDERSTOOD])
def test_messy_files_give_the_same_table_and_say_so(
    tmp_path: Path, text: str, encoding: str, note: str
) -> None:
    table = read(tmp_path, text, encoding)
    assert table.frame[["channel", "current", "max"]].values.tolist() == WANTED
    assert note in "; ".join(table.notes)


def test_a_plain_table_needs_no_note(tmp_path: Path) -> None:
    assert read(tmp_path, "channel,current,max\ntv,1200,2500.5\n").notes == ()


REFUSED = [
    ("channel;current;max\ntv;1.200;2.500\n", ["row 2, column 'current'", "can mean 1200 or 1.2"]),
    ("Plan (in thousands)\nchannel,current,max\ntv,1,2\n", ["row 1", "the title says 'in thousands'"]),
    ("channel,current (M),max\ntv,1,2\n", ["row 1", "can mean thousand or million"]),
    (
        "channel,current ($),max (\u20ac)\ntv,1,2\n",
        ["row 1", "'current' in USD", "'max' in EUR", "one currency"],
    ),
    ("channel,spend,budget,max\ntv,1,2,3\n", ["row 1", "'spend' and 'budget' both stand for 'current'"]),
    ("channel,current,max\ntv,1,2\nweb,3,4\nTotal,5,7\n", ["row 4", "5 is not the sum 4 of the rows above"]),
    ("channel,current,M\u00e1ximo\ntv,1,(1.200)\n", ["row 2, column 'M\u00e1ximo' (max)", "negative"]),
    ("channel,current,max\ntv,1,50%\n", ["row 2, column 'max'", "per cent"]),
    ("channel,current,max\ntv,-,2\n", ["row 2, column 'current'", "missing number", "fill in"]),
    ("channel,current,max,share\ntv,1,2,45\n", ["row 2, column 'share'", "more than 1"]),
    ("channel,current,max\ntv,#REF!,2\n", ["row 2, column 'current'", "error of a formula"]),
    ("channel,current,max,max\ntv,1,2,3\n", ["row 1", "'max' is there twice"]),
    (
        "channel,current,max\ntv,\"0,5\",0.5\nweb,0.7,1\n",
        ["row 3, column 'current'", "write the column in one way"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), REFUSED, ids=[case[0][:35] for case in REFUSED])
def test_what_can_mean_two_things_is_refused_with_its_place(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    message = refused(tmp_path, text)
    for part in ["plan.csv", *parts]:
        assert part in message


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ("s\u00ed;no;x", [True, False, True]),
        ("yes;;-", [True, False, False]),
        ("Verdadero;FALSO;1", [True, False, True]),
    ],
)
def test_yes_and_no_in_several_languages(tmp_path: Path, words: str, flags: list[bool]) -> None:
    rows = "".join(f"c{i};1;2;{word}\n" for i, word in enumerate(words.split(";")))
    assert read(tmp_path, "Canal;Actual;M\u00e1ximo;Fijo\n" + rows).frame["fixed"].tolist() == flags


def test_shares_in_per_cent_and_texts_for_nothing(tmp_path: Path) -> None:
    table = read(tmp_path, "channel,current,max,share,group\na,1,2,45%,-\nb,1,2,5 %,n/a\nc,1,2,-,g\n")
    assert table.frame["share"].tolist()[:2] == [0.45, 0.05]
    assert table.frame["share"].isna().tolist() == [False, False, True]
    assert table.frame["group"].tolist() == ["", "", "g"]
    assert "'-' as an empty cell in group, share" in "; ".join(table.notes)
    assert read(tmp_path, "channel,current,max,\"share, %\"\na,1,2,45\n").frame["share"].tolist() == [0.45]


def workbook(folder: Path, fill: Callable[[Any], None]) -> Path:
    book = openpyxl.Workbook()
    fill(book.active)
    book.save(folder / "plan.xlsx")
    return folder / "plan.xlsx"


def test_a_workbook_with_title_percent_cells_and_merged_groups(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Plan 2026"])
        sheet.append([])
        sheet.append([None, "Canal", "Actual", "M\u00e1ximo", "share", "Grupo"])
        sheet.append([None, "tv", 1200, 2500.5, 0.45, "video"])
        sheet.append([None, "caf\u00e9", 40, 1000, 0.05, None])
        sheet.merge_cells("A1:F1")
        sheet.merge_cells("F4:F5")
        sheet["E4"].number_format = sheet["E5"].number_format = "0%"

    table = read_table(workbook(tmp_path, fill), COLUMNS, name="plan table")
    assert table.frame[["channel", "current", "max"]].values.tolist() == WANTED
    assert table.frame["share"].tolist() == [0.45, 0.05]
    assert table.frame["group"].tolist() == ["video", "video"]
    assert "'video' holds for row 4 to row 5" in "; ".join(table.notes)


def test_workbooks_that_are_refused(tmp_path: Path) -> None:
    def merged(sheet: Any) -> None:
        for row in [["channel", "current", "max"], ["tv", 5, 9], ["web", None, 9]]:
            sheet.append(row)
        sheet.merge_cells("B2:B3")

    def formula(sheet: Any) -> None:
        for row in [["channel", "current", "max"], ["tv", "=2+3", 9]]:
            sheet.append(row)

    for fill, part in ((merged, "row 2: B2 to B3 are merged"), (formula, "without a stored result is in B2")):
        with pytest.raises(TableError) as caught:
            read_table(workbook(tmp_path, fill), COLUMNS, name="plan table")
        assert part in str(caught.value)


def test_the_notes_stand_in_the_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(
        "Canal;Presupuesto (k\u20ac);Gasto m\u00ednimo;Gasto m\u00e1ximo (\u20ac);Paso (\u20ac)\n"
        "tv;0,06;0;100;20\nweb;0,04;0;100;20\n",
        encoding="utf-8",
    )
    lines = ["tv", "tv", "web", "web"]
    curves = pd.DataFrame({"Canal": lines, "Gasto": [0, 100] * 2, "Ingresos": [0, 9, 0, 8]})
    planner = BudgetPlanner.from_csv(tmp_path / "plan.csv", curves)
    assert "'Presupuesto (k\u20ac)' as current (times 1,000)" in planner.notes[0]
    assert planner.notes[1].startswith("curve table: read 'Canal' as channel")
    plan = planner.solve(seed=1)
    assert plan.notes[:2] == planner.notes[:2]
    assert plan.allocation() == {"tv": 100.0, "web": 0.0}
