"""A last row that adds up the rows above it: left out where it does, refused where it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isclose
from typing import Any

from .table_cells import is_blank
from .table_numbers import split_number
from .table_problems import Problems
from .table_styles import ColumnStyle
from .table_units import CURRENCY
from .table_words import plain

__all__ = ["check_inner_totals", "check_total", "looks_like_total", "named_before"]

_WORDS = frozenset(
    (
        "total", "totals", "totales", "sum", "suma", "summe", "gesamt", "grand total",
        "total general", "subtotal", "sum total", "insgesamt", "gesamtsumme", "suma total",
        "total sum", "sub total", "subtotals", "subtotales", "zwischensumme", "teilsumme",
    )
)
_BESIDE = re.compile(r"[(\[{][^)\]}]*[)\]}]|\b(?:19|20)\d\d\b|" + CURRENCY, re.IGNORECASE)


def looks_like_total(row: Sequence[Any]) -> bool:
    """Say whether the first cell with content reads "Total", "Suma", "Summe" or the like.

    Args:
        row: cells of the last row.

    Returns:
        True where it does.

    Example:
        >>> looks_like_total(["TOTAL:", 5]), looks_like_total(["tv", 5])
        (True, False)
    """
    first = next((cell for cell in row if not is_blank(cell)), None)
    return isinstance(first, str) and plain(first) in _WORDS


def check_inner_totals(
    cells: Mapping[str, Sequence[Any]],
    rows: Sequence[Sequence[Any]],
    styles: Mapping[str, ColumnStyle],
    problems: Problems,
) -> None:
    """Refuse rows called a total or subtotal that add up rows above, or, the first row, all rows below.

    A year, a unit in brackets and a currency at the end of the name are looked past: "Total 2026 (EUR)".

    Args:
        cells: column of numbers -> its cells.
        rows: all rows that stay in the table.
        styles: column -> how its numbers are written.
        problems: takes each such row.
    """
    begin = 0
    for i, row in enumerate(rows):
        place, first = next(((p, cell) for p, cell in enumerate(row) if not is_blank(cell)), (0, None))
        name = plain(_BESIDE.sub(" ", first)) if isinstance(first, str) else ""
        if name not in _WORDS or sum(plain(str(other[place])) == plain(str(first)) for other in rows) > 1:
            continue
        spans = [(begin, i), (0, i)] if i else [(1, len(rows))]
        for column, numbers in cells.items():
            total = _number(numbers[i], styles[column])
            if total and any(_adds_up(total, numbers[a:b], styles[column]) for a, b in spans):
                problems.add(
                    f"the row {first!r} adds up other rows and would count twice; remove it, or give it"
                    " another name where it is no total",
                    row=i,
                    column=column,
                )
                break
        begin = i + 1


def _adds_up(total: Decimal, cells: Sequence[Any], style: ColumnStyle) -> bool:
    parts = [number for cell in cells if (number := _number(cell, style))]
    return len(parts) >= 2 and isclose(float(total), float(sum(parts)), rel_tol=1e-9, abs_tol=0.0051)


def named_before(rows: Sequence[Sequence[Any]]) -> bool:
    """Say whether the name of the last row stands in its column before: then it is one point of a curve.

    Args:
        rows: all rows, the last one called a total.

    Returns:
        True where it does.

    Example:
        >>> named_before([["Total", 1], ["total", 2]]), named_before([["tv", 1], ["Total", 1]])
        (True, False)
    """
    *above, last = rows
    place = next(place for place, cell in enumerate(last) if not is_blank(cell))
    return any(plain(str(row[place])) == plain(str(last[place])) for row in above)


def check_total(
    cells: Mapping[str, Sequence[Any]],
    labels: Mapping[str, str],
    styles: Mapping[str, ColumnStyle],
    row: int,
    problems: Problems,
) -> str:
    """Compare a row of totals with the sums of the rows above.

    Args:
        cells: column of numbers -> its cells, the total's last.
        labels: column -> its label in the file.
        styles: column -> how its numbers are written.
        row: position of the total among the rows.
        problems: takes a total that is not the sum in some column.

    Returns:
        What to say of the columns: which of them it adds up, ``""`` where none tells, so that the row may
        be one like the others.
    """
    right: list[str] = []
    wrong: list[tuple[str, Decimal, Decimal]] = []
    for name, column in cells.items():
        total = _number(column[-1], styles[name])
        parts = [number for cell in column[:-1] if (number := _number(cell, styles[name])) is not None]
        if total is None or not parts:
            continue
        same = isclose(float(total), float(sum(parts)), rel_tol=1e-9, abs_tol=0.0051)
        if not same:
            wrong.append((name, total, sum(parts, Decimal(0))))
        elif total and sum(part != 0 for part in parts) >= 2:
            # 0 = 0 + 0 and 5 = 5 + 0 say nothing of a sum.
            right.append(repr(labels[name]))
    if wrong:
        name, total, parts_sum = wrong[0]
        problems.add(
            f"this row is called a total, but {total.normalize():f} is not the sum"
            f" {parts_sum.normalize():f} of the rows above; correct it, remove it, or give it another name"
            " where it is no total",
            row=row,
            column=name,
        )
    return ", ".join(right)


def _number(cell: Any, style: ColumnStyle) -> Decimal | None:
    if isinstance(cell, bool) or is_blank(cell):
        return None
    if isinstance(cell, (int, float)):
        return Decimal(repr(float(cell)))
    parts = split_number(cell) if isinstance(cell, str) else None
    return None if parts is None else parts.value(style.mark)
