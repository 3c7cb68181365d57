"""The decimal mark of a column: decided by its cells, by the file, or refused."""

import pytest

from hybrid_opt.planning.table_numbers import PercentCell
from hybrid_opt.planning.table_problems import Problems
from hybrid_opt.planning.table_styles import column_styles
from hybrid_opt.planning.table_units import read_unit

ROWS = [f"row {i}" for i in range(2, 9)]


def test_one_clear_cell_decides_for_its_column() -> None:
    problems = Problems("t", ROWS)
    styles = column_styles({"a": ["1.234", "5,5"], "b": ["1.234", "5.5"]}, {}, ";", problems)
    assert (styles["a"].mark, styles["b"].mark, problems.messages) == ("comma", "point", [])
    assert "decimal commas" in styles["a"].notes


def test_the_file_decides_where_the_column_does_not() -> None:
    problems = Problems("t", ROWS)
    styles = column_styles({"a": ["1.234", "7"], "b": ["0,5"]}, {}, ";", problems)
    assert styles["a"].mark == "comma"
    assert styles["a"].notes[0] == "'1.234' is 1234, as column 'b' has decimal commas"
    comma = column_styles({"a": ["1,234"]}, {}, ",", problems)["a"]
    assert comma.mark == "point"
    assert comma.notes[0] == "'1,234' is 1234, as commas separate the cells of the file"
    assert problems.messages == []


@pytest.mark.parametrize(
    ("cells", "separator", "part"),
    [
        ({"a": ["1.234"]}, ";", "'1.234' can mean 1234 or 1.234, and no cell of the table tells which"),
        ({"a": ["1,234"]}, None, "'1,234' can mean 1234 or 1.234"),
        ({"a": ["1.234"], "b": ["0,5"], "c": ["0.5"]}, ";", "the other columns are written in both ways"),
        ({"a": ["0,5", "0.5"]}, ";", "row 3, column 'a': '0.5' has decimal points, but '0,5' above"),
        ({"a": ["\u20ac5", "$5"]}, ",", "'$5' is in USD, the column in EUR"),
        ({"a": ["5%", "5"]}, ",", "'5' has no percent sign, other cells of the column have one"),
        ({"a": [PercentCell(0.5), 0.4]}, None, "0.4 has no percent sign"),
    ],
)
def test_what_stays_open_or_contradicts_is_refused(
    cells: dict[str, list[object]], separator: str | None, part: str
) -> None:
    problems = Problems("t", ROWS)
    column_styles(cells, {}, separator, problems)
    assert len(problems.messages) == 1
    assert part in problems.messages[0]


def test_a_percent_sign_in_the_label_holds_for_bare_cells() -> None:
    problems = Problems("t", ROWS)
    styles = column_styles({"a": ["5", "0.5"]}, {"a": read_unit("%")}, ",", problems)
    assert problems.messages == []
    assert styles["a"].unit.percent
