"""A weekly history as arrays: date, outcome, spend per channel, controls; checked week by week.

Shapes: T weeks, C channels, D control columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.money import money_text
from ..planning.table import CheckedTable, Column, TableSource, read_raw, read_table
from ..planning.table_cells import is_blank
from ..planning.table_numbers import split_number

__all__ = ["WeeklyHistory", "read_history"]

MOST_KINDS = 12  # different texts of a control that become indicators
_WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True, eq=False)
class WeeklyHistory:
    """A checked weekly history, oldest week first.

    Attributes:
        dates: first day of each week, shape (T,).
        outcome: e.g. revenue per week, shape (T,).
        spends: money per week and channel, shape (T, C).
        controls: what else moves the outcome, shape (T, D); a text column stands as indicators.
        channels: names of the channels, C of them.
        control_names: names of the controls, D of them.
        outcome_name: column of the outcome.
    """

    dates: NDArray[np.datetime64]
    outcome: NDArray[np.float64]
    spends: NDArray[np.float64]
    controls: NDArray[np.float64]
    channels: list[str]
    control_names: list[str]
    outcome_name: str

    @property
    def weeks(self) -> int:
        """Number of weeks."""
        return len(self.outcome)


def read_history(
    source: TableSource, *, outcome: str, date: str, spend: Sequence[str], controls: Sequence[str] = ()
) -> WeeklyHistory:
    """Read a weekly history; columns that are not named are left alone, its rows may stand in any order.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame, one row per week.
        outcome: column of the outcome.
        date: column of the date (YYYY-MM-DD).
        spend: columns of the channels' spends in money per week; their names become the channels.
        controls: columns of whatever else moves the outcome: numbers, or a text with few different values,
            each of which but the most frequent becomes an indicator.

    Returns:
        The history.

    Raises:
        OptionError: no spend column, or a column with two roles.
        TableError: a column is missing, a cell is wrong, a week is missing or there twice, a channel never
            spent, a text control with too many values; row and column are named.

    Example:
        >>> frame = pd.DataFrame({"week": ["2024-01-01", "2024-01-08"], "sales": [9, 8], "tv": [1, 0]})
        >>> read_history(frame, outcome="sales", date="week", spend=["tv"]).spends.tolist()
        [[1.0], [0.0]]
    """
    spend, controls = _names(spend, "spend"), _names(controls, "controls")
    if not spend:
        raise OptionError("spend names no column; name at least one column of a channel's spend")
    named = [date, outcome, *spend, *controls]
    for name in named:
        if named.count(name) > 1:
            raise OptionError(f"the column {name!r} is named twice; give each column one role")
    texts = _text_columns(source, named, controls)
    columns = [
        Column(date, "text", help="first day of the week"),
        Column(outcome, "number", help="outcome of the week"),
        *(Column(name, "money", unit="money per week", help="spend of the week") for name in spend),
        *(Column(name, "text" if name in texts else "number", help="a control") for name in controls),
    ]
    table = read_table(source, columns, name="history", others=True)
    dates = _dates(table, date)
    order = np.argsort(dates, kind="stable")
    frame = table.frame.iloc[order]
    spends = frame[list(spend)].to_numpy(dtype=np.float64)
    for name, column in zip(spend, spends.T, strict=True):
        if not column.any():
            raise TableError(f"{table.name}, column {name!r}: nothing was ever spent; leave the channel out")
    parts, labels = [], []
    for name in controls:
        found, own = _indicators(table, frame[name], name) if name in texts else ([frame[name]], [name])
        parts += [np.asarray(part, dtype=np.float64) for part in found]
        labels += own
    return WeeklyHistory(
        dates[order],
        frame[outcome].to_numpy(dtype=np.float64),
        spends,
        np.column_stack(parts) if parts else np.zeros((len(frame), 0)),
        list(spend),
        labels,
        outcome,
    )


def _names(given: Sequence[str], what: str) -> list[str]:
    if isinstance(given, str) or not all(isinstance(name, str) for name in given):
        raise OptionError(f"{what} is {given!r}; give a list of column names")
    return list(given)


def _text_columns(source: TableSource, named: Sequence[str], controls: Sequence[str]) -> set[str]:
    """Controls none of whose cells looks like a number; one that has both is read as numbers and refused."""
    raw, found = read_raw(source, [Column(name, "text") for name in named], name="history"), set()
    for name in controls:
        if name in raw.header and raw.rows:
            cells = [row[raw.header.index(name)] for row in raw.rows]
            if not any(_like_number(cell) for cell in cells):
                found.add(name)
    return found


def _like_number(cell: Any) -> bool:
    """Whether a cell is a number or blank, so that it does not speak for a column of texts."""
    return is_blank(cell) or not isinstance(cell, str) or split_number(cell) is not None


def _dates(table: CheckedTable, column: str) -> NDArray[np.datetime64]:
    """The dates, each week once and none missing."""
    problems, given = table.problems(), table.column(column)
    parsed = pd.to_datetime(pd.Series(given, dtype="object"), format="ISO8601", errors="coerce", utc=True)
    for i in np.flatnonzero(parsed.isna()):
        problems.add(f"{given[i]!r} is no date; write YYYY-MM-DD, e.g. 2024-01-08", row=int(i), column=column)
    problems.raise_if_any()
    days = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    order = np.argsort(days, kind="stable")
    for before, after in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        gap = int((days[after] - days[before]) / np.timedelta64(1, "D"))
        if gap == 0:
            problems.add(f"the week {days[after]} is there already in {table.places[before]}", row=after)
        elif gap != 7:
            problems.add(
                f"{days[after]} comes {gap} days after {days[before]}; rows must be 7 days apart: add the "
                "missing weeks, or add up days to weeks",
                row=after,
                column=column,
            )
    problems.raise_if_any()
    return np.asarray(days)


def _indicators(
    table: CheckedTable, values: pd.Series[str], name: str
) -> tuple[list[NDArray[np.float64]], list[str]]:
    """A text column as one indicator per value but the most frequent one."""
    kinds = values.value_counts()
    if len(kinds) > MOST_KINDS:
        raise TableError(
            f"{table.name}, column {name!r}: {money_text(len(kinds))} different texts; a control has at most "
            f"{MOST_KINDS}, or numbers"
        )
    others = sorted(str(kind) for kind in kinds.index[1:])
    texts = np.array([str(value) for value in values])
    found = [np.asarray(texts == kind, dtype=np.float64) for kind in others]
    return found, [f"{name}: {kind}" for kind in others]
