"""A last row of totals."""

import pytest

from hybrid_opt.planning.table_problems import Problems
from hybrid_opt.planning.table_styles import PLAIN
from hybrid_opt.planning.table_totals import check_total, looks_like_total


@pytest.mark.parametrize(
    ("row", "is_total"),
    [(["Total", 1], True), ([None, "SUMA:", 1], True), (["Total Energies", 1], False), ([5, "Total"], False)],
)
def test_what_is_called_a_total(row: list[object], is_total: bool) -> None:
    assert looks_like_total(row) is is_total


def test_sums_are_compared() -> None:
    problems = Problems("t", ["row 2", "row 3", "row 4"])
    labels, styles = {"a": "A", "b": "B"}, {"a": PLAIN, "b": PLAIN}
    cells = {"a": [1.5, "2", "3.5"], "b": [1, None, 1]}
    assert check_total(cells, labels, styles, 2, problems) == "'A'"
    assert check_total({"a": [0, 0, 0], "b": [0, 5, 5]}, labels, styles, 2, problems) == ""
    assert problems.messages == []
    assert check_total({"b": [1, None, 9]}, labels, styles, 2, problems) == ""
    assert "row 4, column 'b': this row is called a total, but 9 is not the sum 1" in problems.messages[0]
