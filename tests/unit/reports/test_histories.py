"""The picture of a history: what it holds, and each wrong argument."""

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import history_chart

DATES = [f"2024-01-{day:02}" for day in (1, 8, 15, 22)]


def test_the_picture_names_its_series_and_marks_what_was_held_out(tmp_path):
    series = {"fitted": [1.0, 2.0, 3.0, 4.0], "foreseen": [np.nan, np.nan, 3.5, 4.5]}
    svg = history_chart(DATES, [1, 2, 3, 5], series, held_out=2, y_title="sales", png=tmp_path / "h.png")
    assert svg.startswith("<svg")
    for words in ("fitted", "foreseen", "held out", "sales", "actual"):
        assert words in svg
    assert "held out" not in history_chart(DATES, [1, 2, 3, 5], {"fitted": [1, 2, 3, 4]})
    assert (tmp_path / "h.png").stat().st_size > 1_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (({}, 0), "0 series"),
        (({f"s{k}": [1, 2, 3, 4] for k in range(9)}, 0), "9 series"),
        (({"a": [1, 2, 3]}, 0), "lists of one length"),
        (({"a": [1, 2, 3, 4]}, 4), "held_out is 4"),
        (({"a": [1, 2, 3, 4]}, -1), "held_out is -1"),
    ],
)
def test_wrong_arguments(arguments, words):
    series, held = arguments
    with pytest.raises(OptionError, match=words):
        history_chart(DATES, [1, 2, 3, 4], series, held_out=held)
