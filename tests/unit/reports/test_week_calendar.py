import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports.week_calendar import calendar_chart


def test_marks_and_cells_are_drawn(tmp_path):
    png = tmp_path / "week.png"
    picture = calendar_chart(
        ["09:00", "18:00"], ["Mon", "Tue"], [[5, np.nan], [7, 9]], {(1, 0): "news & <tips>"}, png=png
    )
    assert picture.startswith("<svg")
    assert picture.count('data-mark="cell') == 4
    assert picture.count('data-mark="chosen') == 1
    assert "news &amp; &lt;tips&gt;: Mon 18:00" in picture
    assert png.stat().st_size > 1000


def test_equal_numbers_and_no_marks():
    assert "Chosen: nothing" in calendar_chart(["9"], ["Mon"], [[0]], {})


@pytest.mark.parametrize(
    ("values", "marks", "words"),
    [
        ([[1, 2, 3]], {}, "values has shape"),
        ([[np.inf, 1]], {}, "infinite"),
        ([[np.nan, np.nan]], {}, "infinite number, or none"),
        ([[1, 2]], {(1, 0): "x"}, "lies outside of 1 rows"),
    ],
)
def test_wrong_arguments(values, marks, words):
    with pytest.raises(OptionError, match=words):
        calendar_chart(["9"], ["Mon", "Tue"], values, marks)
