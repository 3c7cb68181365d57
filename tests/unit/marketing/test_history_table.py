"""The weekly history: what is read, and what is refused with row and column."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.history_table import read_history

FRAME = pd.DataFrame(
    {
        "week": ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"],
        "sales": [10.0, 12.0, 11.0, 15.0],
        "tv": [1.0, 0.0, 2.0, 3.0],
        "search": [2.0, 2.0, 1.0, 0.0],
        "event": ["none", "fair", "none", "sale"],
        "price": [5.0, 5.1, 5.0, 4.9],
        "not used": ["a", "b", "c", "d"],
    }
)


def read(frame=FRAME, **options):
    named = {"outcome": "sales", "date": "week", "spend": ["tv", "search"], "controls": ["event", "price"]}
    return read_history(frame, **(named | options))


def test_rows_in_any_order_and_columns_that_are_not_named(tmp_path):
    path = tmp_path / "history.csv"
    FRAME.iloc[[2, 0, 3, 1]].to_csv(path, index=False)
    for found in (read(), read(path)):
        assert found.outcome.tolist() == [10, 12, 11, 15]
        assert found.spends.T.tolist() == [[1, 0, 2, 3], [2, 2, 1, 0]]
        assert found.control_names == ["event: fair", "event: sale", "price"]
        assert found.controls.T.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1], [5, 5.1, 5, 4.9]]
        assert (np.diff(found.dates) == np.timedelta64(7, "D")).all()
        assert (found.weeks, found.channels) == (4, ["tv", "search"])


def test_dates_of_a_workbook_are_read(tmp_path):
    frame = FRAME.assign(week=pd.to_datetime(FRAME["week"]))
    frame.to_excel(tmp_path / "history.xlsx", index=False)
    assert read(tmp_path / "history.xlsx").dates[0] == np.datetime64("2024-01-01")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"week": ["2024-01-01", "2024-01-08", "2024-01-16", "2024-01-22"]}, "index 2.*8 days after"),
        ({"week": ["2024-01-01", "2024-01-08", "2024-01-08", "2024-01-15"]}, "index 2.*already in index 1"),
        ({"week": ["2024-01-01", "08/01/2024", "2024-01-15", "2024-01-22"]}, "index 1.*is no date"),
        ({"tv": [1, -1, 2, 3]}, "index 1, column 'tv'.*negative"),
        ({"tv": [0, 0, 0, 0]}, "column 'tv'.*nothing was ever spent"),
        ({"sales": [1, None, 2, 3]}, "index 1, column 'sales'.*blank"),
        ({"price": [1, "high", 2, 3]}, "index 1, column 'price'.*text"),
    ],
)
def test_a_wrong_cell_is_named(change, words):
    with pytest.raises(TableError, match=words):
        read(FRAME.assign(**change))


def test_a_text_control_has_few_values():
    days = pd.date_range("2024-01-01", periods=20, freq="7D").astype(str)
    frame = pd.DataFrame({"week": days, "sales": range(20), "tv": 1, "event": [f"e{i}" for i in range(20)]})
    with pytest.raises(TableError, match=r"column 'event'.*20 different texts.*at most 12"):
        read(frame, spend=["tv"], controls=["event"])


def test_wrong_names_of_columns():
    with pytest.raises(TableError, match=r"column 'telly' is missing.*Found: week, sales, tv"):
        read(spend=["telly"])
    with pytest.raises(OptionError, match="no column"):
        read(spend=[])
    with pytest.raises(OptionError, match="'tv' is named twice"):
        read(controls=["tv"])
    with pytest.raises(OptionError, match="list of column names"):
        read(spend="tv")
