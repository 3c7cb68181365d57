"""Tables that were once read as something else than they say: refused, or read as they stand."""

from pathlib import Path
from time import perf_counter

import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.planning.table import CheckedTable, Column, read_table
from hybrid_opt.planning.table_labels import match_labels
from hybrid_opt.planning.table_layout import header_row
from hybrid_opt.planning.table_numbers import PercentCell, split_number

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


@pytest.mark.parametrize("rows", ["A,0,5\nB,0,0\nTotal,0,5\n", "A,5,5\nTotal,5,5\n"])
def test_a_row_called_total_that_shows_no_sum_stays(tmp_path: Path, rows: str) -> None:
    kept = read(tmp_path, "project,value,cost\n" + rows).column("project")
    assert kept[-1] == "Total"


def test_a_total_that_adds_up_one_column_only_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "project,value,cost\nA,5,1\nB,6,2\nTotal,11,9\n")
    assert "row 4, column 'cost'" in message
    assert "9 is not the sum 3" in message


def test_a_curve_of_a_channel_called_total_keeps_its_points(tmp_path: Path) -> None:
    text = "channel,spend,response\nTotal,1,1\nTotal,2,3\nTotal,3,4\n"
    assert len(read(tmp_path, text, CURVE).frame) == 3


def test_names_such_as_na_are_no_empty_cells_in_columns_of_text(tmp_path: Path) -> None:
    table = read(tmp_path, "project,value,cost,category\nA,5,1,NA\nB,6,2,none\nC,1,1,-\n")
    assert table.column("category") == ["NA", "none", ""]


@pytest.mark.parametrize(
    "title",
    [
        "k\u20ac", "Amounts: thousands of EUR", "Miles de euros", "Unit: k\u20ac", "Plan (M)",
        "Plan (mil euros)", "Cifras en mil euros", "Plan 2026 - kEUR", ",k\u20ac,k\u20ac", ",000,000",
        "in thousands", "All amounts k\u20ac", "Plan \u2013 Tsd. Euro", "Units,%,%",
    ],
)  # fmt: skip
def test_a_unit_above_the_header_is_refused(tmp_path: Path, title: str) -> None:
    message = refused(tmp_path, f"{title}\nproject,value,cost\nA,5,1\n")
    assert "row 1: the title says" in message
    assert "into the labels" in message


@pytest.mark.parametrize(
    "title", ["Plan for 1000 stores", "Media plan, spring 2026", "Costs in EUR", "Team T-1 2026"]
)
def test_other_titles_are_left_out(tmp_path: Path, title: str) -> None:
    assert len(read(tmp_path, f"\"{title}\"\nproject,value,cost\nA,5,1\n").frame) == 1


@pytest.mark.parametrize("unit", ["m\u20ac", "M\u20ac", "mEUR", "$M", "\u00a3m", "EUR m"])
def test_an_m_beside_a_currency_is_refused(tmp_path: Path, unit: str) -> None:
    message = refused(tmp_path, f"project,value,Cost ({unit})\nA,5,7\n")
    assert "row 1" in message
    assert "can mean thousand or million; write 'thousand' or 'million'" in message


@pytest.mark.parametrize(
    "unit",
    [
        "10k\u20ac", "thsd.", "thou", "ths", "10^3 \u20ac", "10\u00b3 \u20ac", "1e3 \u20ac", "millares",
        "cents", "ct", "lakh", "hundreds", "thds", "1.000er", "kE",
    ],
)  # fmt: skip
def test_unknown_scales_are_refused(tmp_path: Path, unit: str) -> None:
    message = refused(tmp_path, f"project,value,Cost ({unit})\nA,5,7\n")
    assert "row 1" in message
    assert "may be a scale that is not known" in message


@pytest.mark.parametrize("unit", ["2026", "Q1 2026", "kg CO2", "m2", "\u20ac / week"])
def test_digits_that_belong_to_a_name_are_no_scale(tmp_path: Path, unit: str) -> None:
    assert read(tmp_path, f"project,value,Cost ({unit})\nA,5,7\n").column("cost") == [7.0]


def test_per_cent_in_two_words(tmp_path: Path) -> None:
    columns = (Column("product", "text"), Column("share", "number", minimum=0, maximum=1))
    assert read(tmp_path, "product,share (per cent)\nA,45\n", columns).column("share") == [0.45]


@pytest.mark.parametrize("words", ["if used", "standard deviation", "lower", "upper", "saved", "max"])
def test_brackets_that_name_something_else_are_not_taken_off(tmp_path: Path, words: str) -> None:
    for label in (f"Cost ({words})", f'"Cost, {words}"'):
        message = refused(tmp_path, f"project,value,{label}\nA,5,7\n")
        assert "'cost' is missing" in message or "is unknown" in message


def test_thousands_in_the_cell_and_in_the_label_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "project,value,Cost (k\u20ac)\nA,5,7k\n")
    assert "row 2" in message
    assert "'7k' has its own thousands" in message


def test_amounts_without_a_unit_beside_thousands_are_refused(tmp_path: Path) -> None:
    columns = (Column("channel", "text"), Column("current", "money"), Column("max", "money"))
    message = refused(tmp_path, "channel,current (k\u20ac),max\nTV,5,9000\n", columns)
    assert "row 1, column 'max': no unit is given, but column 'current' is in" in message
    assert read(tmp_path, "channel,current (k\u20ac),max (EUR)\nTV,5,9\n", columns).column("max") == [9.0]
    assert read(tmp_path, "channel,current (k\u20ac),max\nTV,5,0\n", columns).column("current") == [5000.0]


SHARES = (Column("product", "text"), Column("share", "number", minimum=0, maximum=1))


def test_percent_signs_in_some_cells_below_a_percent_label_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "product,share (%)\nA,45%\nB,0.3\n", SHARES)
    assert "row 3" in message
    assert "'0.3' has no percent sign" in message


def test_a_column_that_a_user_calls_by_a_percent_sign(tmp_path: Path) -> None:
    columns = (Column("name", "text"), Column("CPU %", "number"))
    assert read(tmp_path, "name,CPU %\nA,45\n", columns).column("CPU %") == [45.0]


def test_rates_that_a_workbook_shows_in_per_cent_are_the_numbers_they_are() -> None:
    assert Column("effect", "number").read(PercentCell(0.45)) == (0.45, None)
    assert Column("share", "number", maximum=1).read(PercentCell(0.45)) == (0.45, None)
    problem = Column("cost", "money").read(PercentCell(0.45))[1]
    assert problem is not None
    assert "per cent" in problem


def test_two_currencies_in_columns_of_numbers_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "project,value ($),cost (\u20ac)\nA,5,1\n")
    assert "'value' in USD and 'cost' in EUR" in message


def test_thousands_separators_are_told_where_another_column_decides(tmp_path: Path) -> None:
    table = read(tmp_path, "project;value;cost\nA;0,5;1.200\n")
    assert table.column("cost") == [1200.0]
    assert any("'cost': thousands separators" in note for note in table.notes)


def test_the_first_row_that_names_all_required_columns_is_the_header() -> None:
    data = ("project", "value", "cost", "category")
    assert header_row([("project", "value", "cost", "x"), data], PROJECTS) == (0, 3)
    assert header_row([("project", "value"), data], PROJECTS) == (1, 4)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ("A,5,1\nB,6,2\nTotal,11,3\nC,4,4\n", "row 4"),
        ("Total,11,3\nA,5,1\nB,6,2\n", "row 2"),
        ("A,5,1\nB,6,2\nTotal 2026,11,3\n", "row 4"),
        ("A,5,1\nB,6,2\nTotal (EUR),11,3\n", "row 4"),
        ("A,5,1\nB,6,2\nC,4,4\nD,1,1\nSubtotal EUR,16,8\n", "row 6"),
    ],
)
def test_totals_elsewhere_are_refused(tmp_path: Path, rows: str, place: str) -> None:
    message = refused(tmp_path, "project,value,cost\n" + rows)
    assert place in message
    assert "adds up other rows and would count twice" in message


def test_a_row_called_total_that_adds_up_nothing_stays_among_others(tmp_path: Path) -> None:
    table = read(tmp_path, "project,value,cost\nA,5,1\nTotal,7,9\nB,6,2\n")
    assert table.column("project") == ["A", "Total", "B"]
