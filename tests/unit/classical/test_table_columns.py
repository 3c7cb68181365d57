"""Columns: numbers, categories, gaps, constant columns; each wrong cell has its line."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.table_columns import column_values, numeric_columns, read_csv, standardize


def write(folder, text):
    file = folder / "table.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read(tmp_path):
    table = read_csv(write(tmp_path, "a,b\n1,x\n2,y\n"))
    assert table["a"].tolist() == [1, 2]
    assert table["b"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read as a CSV"),
        ("a,b\n", "no rows"),
        ("a,b,a\n1,2,3\n", "names a column twice: a"),
        ("a,b\n1,2\n1,2,3,4\n", "cannot be read as a CSV"),
        ("a,b\n1,2,3\n4,5,6\n", "rows of more cells than there are column names"),
    ],
)
def test_files_that_are_no_tables(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read_csv(write(tmp_path, text))


def test_files_that_are_not_there_or_not_text(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        read_csv(tmp_path / "missing.csv")
    (tmp_path / "table.csv").write_bytes(b"a,b\n\xff,1\n")
    with pytest.raises(DataError, match="cannot be read as a CSV file in UTF-8"):
        read_csv(tmp_path / "table.csv")


@pytest.mark.parametrize("cell", [np.nan, np.inf, None])
def test_a_gap_is_named_with_its_line(cell):
    with pytest.raises(DataError, match=r"table t, column 'a', line 3: .*\(1 such"):
        column_values(pd.DataFrame({"a": [1.0, cell, 2.0]}), "a", "table t")


def test_separators_at_the_ends_of_lines_shift_nothing(tmp_path):
    assert read_csv(write(tmp_path, "a,b\n1,2,\n4,5,\n")).to_dict("list") == {"a": [1, 4], "b": [2, 5]}


def test_words_that_read_like_no_value_are_told(tmp_path):
    table = read_csv(write(tmp_path, "country,n\nDE,1\nNA,2\n"))
    with pytest.raises(DataError, match=r"column 'country', line 3: .* reads like no value, e.g. NA, None"):
        column_values(table, "country", "t")


def test_a_missing_column_lists_those_there_are():
    with pytest.raises(DataError, match="no column 'label'; it has a, b"):
        column_values(pd.DataFrame({"a": [1], "b": [2]}), "label", "t")


def test_categories_become_one_column_each():
    table = pd.DataFrame({"n": [1, 2], "k": ["y", "x"], "flag": [True, False]})
    values, names, measured = numeric_columns(table, "t")
    assert values.tolist() == [[1, 0, 1, 1], [2, 1, 0, 0]]
    assert names == ["n", "k=x", "k=y", "flag"]
    assert measured.tolist() == [True, False, False, False]


def test_columns_that_cannot_be_used():
    with pytest.raises(DataError, match=r"column 'name' is text with 21 different values \(e.g. '0'\)"):
        numeric_columns(pd.DataFrame({"name": list(map(str, range(21)))}), "t")
    with pytest.raises(DataError, match="no other column"):
        numeric_columns(pd.DataFrame(index=range(3)), "t")
    assert numeric_columns(pd.DataFrame({"name": list(map(str, range(20)))}), "t")[0].shape == (20, 20)


def test_scaling_uses_the_given_rows_only():
    values = np.array([[1.0, 0.1], [3.0, 0.1], [100.0, 0.7]])
    scaled, mean, deviation = standardize(values, np.array([0, 1]))
    assert mean.tolist() == [2.0, 0.1]
    assert deviation.tolist() == [1.0, 1.0]
    assert scaled[:2].tolist() == [[-1, 0], [1, 0]]
    assert scaled[2] == pytest.approx([98, 0.6])
