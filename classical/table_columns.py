"""Columns of a table become numbers: numeric ones are standardized, categories become one column each.

Shapes: N rows, T columns of numbers.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import DataError

__all__ = ["MOST_CATEGORIES", "column_values", "numeric_columns", "read_csv", "standardize"]

# A column of text with more different values than this is a name or a number written as text, not a category.
MOST_CATEGORIES = 20


def read_csv(path: str | Path) -> pd.DataFrame:
    r"""Read a CSV file of the user.

    Args:
        path: a UTF-8 file with a line of column names.

    Returns:
        The table.

    Raises:
        DataError: the file is missing, is no CSV, has no rows or longer rows than names, or names a column
            twice.

    Example:
        >>> _ = Path("tiny.csv").write_text("a,b\n1,x\n", encoding="utf-8")
        >>> read_csv("tiny.csv").columns.tolist()
        ['a', 'b']
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"there is no file {str(path)!r}: check the path")
    try:
        with warnings.catch_warnings():
            # Longer rows: with index_col left open pandas would take the cells in front for row labels, and
            # every name would stand over its neighbor.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, encoding="utf-8", low_memory=False, index_col=False)
        header = pd.read_csv(path, encoding="utf-8", header=None, nrows=1, dtype=str).iloc[0].tolist()
    except pd.errors.ParserWarning as problem:
        raise DataError(
            f"{str(path)!r} has rows of more cells than there are column names: name every column"
        ) from problem
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as problem:
        raise DataError(f"{str(path)!r} cannot be read as a CSV file in UTF-8: {problem}") from problem
    if doubled := sorted({str(name) for name in header if header.count(name) > 1}):
        raise DataError(f"{str(path)!r} names a column twice: {', '.join(doubled)}; rename one of each")
    if table.empty:
        raise DataError(f"{str(path)!r} has column names but no rows: add rows")
    return table


def column_values(table: pd.DataFrame, name: str, source: str) -> pd.Series:
    """One column without gaps.

    Args:
        table: the table.
        name: name of the column.
        source: what messages call the table.

    Returns:
        The column.

    Raises:
        DataError: there is no such column, or a cell of it is empty or infinite.

    Example:
        >>> column_values(pd.DataFrame({"a": [1, 2]}), "a", "table").tolist()
        [1, 2]
    """
    if name not in table.columns:
        listed = ", ".join(map(str, table.columns))
        raise DataError(f"{source} has no column {name!r}; it has {listed}. Name one of them as label")
    column = table[name]
    gaps = column.isna()
    if pd.api.types.is_numeric_dtype(column):
        gaps |= np.isinf(column.to_numpy(dtype=float, na_value=np.nan))
    if gaps.any():
        # Line 1 of the file holds the names.
        raise DataError(
            f"{source}, column {name!r}, line {int(np.flatnonzero(gaps)[0]) + 2}: the cell is empty, "
            f"infinite or reads like no value, e.g. NA, None, null ({int(gaps.sum())} such cell(s)); fill it "
            "in, write the word differently, or remove the row"
        )
    return column


def numeric_columns(
    table: pd.DataFrame, source: str
) -> tuple[npt.NDArray[np.float64], list[str], npt.NDArray[np.bool_]]:
    """All columns as numbers.

    A column of text with at most 20 different values becomes one column of 0 and 1 for each value, called
    ``column=value``; so does a column of yes and no (``True``, ``False``), as a single one.

    Args:
        table: columns of the inputs, without the label.
        source: what messages call the table.

    Returns:
        Numbers (N, T), their T names, and which of the T are measured numbers rather than 0 and 1 for a
        category.

    Raises:
        DataError: no column, an empty cell, or a column of text with more than 20 different values.

    Example:
        >>> table = pd.DataFrame({"x": [1.5, 2], "kind": ["a", "b"]})
        >>> values, names, measured = numeric_columns(table, "table")
        >>> values.tolist(), names, measured.tolist()
        ([[1.5, 1.0, 0.0], [2.0, 0.0, 1.0]], ['x', 'kind=a', 'kind=b'], [True, False, False])
    """
    if table.shape[1] == 0:
        raise DataError(f"{source} has a label but no other column to predict it from: add columns")
    values, names, measured = [], [], []
    for name in map(str, table.columns):
        column = column_values(table, name, source)
        if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
            values.append(column.to_numpy(dtype=float))
            names.append(name)
            measured.append(not pd.api.types.is_bool_dtype(column))
            continue
        categories = sorted(column.astype(str).unique())
        if len(categories) > MOST_CATEGORIES:
            raise DataError(
                f"{source}, column {name!r} is text with {len(categories)} different values (e.g. "
                f"{categories[0]!r}); at most {MOST_CATEGORIES} can be told apart as categories: remove the "
                "column, or turn it into numbers"
            )
        for category in categories:
            values.append((column.astype(str) == category).to_numpy(dtype=float))
            names.append(f"{name}={category}")
            measured.append(False)
    return np.column_stack(values), names, np.array(measured)


def standardize(
    values: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Shift and scale columns to mean 0 and standard deviation 1 on some rows.

    Args:
        values: numbers (N, T).
        rows: the rows that mean and deviation come from: those of the training part.

    Returns:
        Scaled numbers (N, T), means (T,), deviations (T,). A column that is constant on these rows is only
        shifted; its deviation is given as 1.

    Example:
        >>> standardize(np.array([[0.0], [2.0], [5.0]]), np.array([0, 1]))[0].tolist()
        [[-1.0], [1.0], [4.0]]
    """
    chosen = values[rows]
    mean, deviation = chosen.mean(axis=0), chosen.std(axis=0)
    # The mean of equal numbers is off by rounding, and so is their deviation from zero.
    constant = chosen.max(axis=0) == chosen.min(axis=0)
    mean, deviation = np.where(constant, chosen[0], mean), np.where(constant, 1.0, deviation)
    return (values - mean) / deviation, mean, deviation
