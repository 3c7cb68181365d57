"""A response curve given as a table: straight lines between its rows, nothing invented beyond them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .money import money_text
from .table import CheckedTable, Column, TableSource, read_table
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["TableCurve", "curve_columns", "read_curves"]


def curve_columns(words: Vocabulary = CHANNELS) -> tuple[Column, ...]:
    """Columns of a table of curves: several rows per line."""
    amount, value = words.amount, words.value
    return (
        Column(words.line, "text", help=f"name of the {words.line}"),
        Column(amount, "money", unit=words.amount_unit, help=f"{amount} of this row"),
        Column(value, "number", unit=f"{value}{words.period}", help=f"expected {value} at this {amount}"),
        Column("lo", "number", required=False, help=f"lower end of the {value}'s interval"),
        Column("hi", "number", required=False, help=f"upper end of the {value}'s interval"),
    )


@dataclass(frozen=True, eq=False)
class TableCurve:
    """Response through given points.

    Attributes:
        spends: money per period, strictly increasing, shape (points,).
        responses: response per period, shape (points,).
        lo: lower ends of the interval, shape (points,), or None.
        hi: upper ends of the interval, shape (points,), or None.

    Example:
        >>> curve = TableCurve(np.array([0.0, 10.0]), np.array([0.0, 40.0]))
        >>> curve.response([2.5, 10, 99])
        array([10., 40., 40.])
    """

    spends: NDArray[np.float64]
    responses: NDArray[np.float64]
    lo: NDArray[np.float64] | None = None
    hi: NDArray[np.float64] | None = None

    def response(self, spends: ArrayLike) -> NDArray[np.float64]:
        """Response at spends, any shape; beyond either end the value of the end."""
        return self._between(spends, self.responses)

    def interval(self, spends: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Lower and upper end of the response, or None where the table gives none."""
        if self.lo is None or self.hi is None:
            return None
        return self._between(spends, self.lo), self._between(spends, self.hi)

    def falls(self) -> list[tuple[float, float]]:
        """Stretches of spend over which the response decreases."""
        steps = np.flatnonzero(np.diff(self.responses) < 0)
        return [(float(self.spends[i]), float(self.spends[i + 1])) for i in steps]

    def _between(self, spends: ArrayLike, values: NDArray[np.float64]) -> NDArray[np.float64]:
        wanted = np.asarray(spends, dtype=np.float64)
        return np.interp(wanted.ravel(), self.spends, values).reshape(wanted.shape)


def read_curves(source: TableSource, words: Vocabulary = CHANNELS) -> dict[str, TableCurve]:
    """Read a table of response curves; the order of its rows does not matter.

    Args:
        source: file or DataFrame with the columns channel, spend, response (or what the task calls them)
            and perhaps lo, hi.
        words: what the task calls its lines, amounts and values.

    Returns:
        Name of the line -> curve, in the order in which they appear first.

    Raises:
        TableError: anything wrong in the table, with row and column.
    """
    columns = curve_columns(words)
    table = read_table(source, columns, name="curve table")
    _check_rows(table, words)
    frame = table.frame
    curves = {}
    for label in dict.fromkeys(table.column(words.line)):
        rows = frame[frame[words.line] == label].sort_values(words.amount)
        spends, responses, lo, hi = (
            np.array(rows[name].tolist()) for name in (words.amount, words.value, "lo", "hi")
        )
        banded = not np.isnan(lo).any()
        curves[label] = TableCurve(spends, responses, lo if banded else None, hi if banded else None)
    return curves


def _check_rows(table: CheckedTable, words: Vocabulary) -> None:
    problems = table.problems()
    seen: dict[tuple[str, float], int] = {}
    banded: dict[str, int] = {}
    columns = [table.column(column.name) for column in curve_columns(words)]
    lows = columns[3]
    for i, (label, amount, value, lo, hi) in enumerate(zip(*columns, strict=True)):
        first = seen.setdefault((label, amount), i)
        if first != i:
            problems.add(
                f"{label!r} has a row at {money_text(amount)} already in {table.places[first]}; keep one",
                row=i,
                column=words.amount,
            )
        has_lo, has_hi = not math.isnan(lo), not math.isnan(hi)
        like = banded.setdefault(label, i)
        if has_lo != has_hi:
            lacking = "hi" if has_lo else "lo"
            problems.add("lo and hi belong together; fill in both or none", row=i, column=lacking)
        elif like != i and has_lo == math.isnan(lows[like]):
            problems.add(
                f"{label!r} has an interval in some rows only (compare {table.places[like]});"
                " fill in lo and hi in all its rows or in none",
                row=i,
                column="lo",
            )
        elif has_lo and not lo <= value <= hi:
            problems.add(
                f"the {words.value} {value:g} is not between lo {lo:g} and hi {hi:g}; correct one of them",
                row=i,
                column=words.value,
            )
    problems.raise_if_any()
