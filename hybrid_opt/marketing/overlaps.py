"""How many people two segments share: a square table, or one row per pair.

A square table has the column segment and one column per segment: the people in both the row's segment and the
column's; the diagonal, where filled in, is the size. A table of pairs has the columns segment, other and
overlap; pairs that are left out share nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..planning.money import money_text
from ..planning.pair_table import read_pairs, synergy_columns
from ..planning.table import Column, Problems, TableSource, read_raw, read_table
from ..planning.vocabulary import Vocabulary

__all__ = ["read_overlaps"]

NAME = "overlap table"
_OVERLAP = Column("overlap", "number", minimum=0, unit="people", help="people in both")


def read_overlaps(
    source: TableSource, segments: Sequence[str], sizes: NDArray[np.float64], words: Vocabulary
) -> NDArray[np.float64]:
    """Read either kind of table, told apart by its columns.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        segments: names of the segments of the plan.
        sizes: people in each, shape (N,).
        words: what the task calls its segments.

    Returns:
        Symmetric overlaps with a zero diagonal, shape (N, N).

    Raises:
        TableError: a segment is missing, two cells of a pair differ, an overlap above a size, a diagonal that
            is not the size, anything wrong in the table.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.planning.vocabulary import CHANNELS
        >>> table = pd.DataFrame({"channel": ["tv"], "other": ["web"], "overlap": [3]})
        >>> read_overlaps(table, ["tv", "web"], np.array([5.0, 4.0]), CHANNELS)
        array([[0., 3.],
               [3., 0.]])
    """
    pairs = (*synergy_columns(words)[:2], _OVERLAP)
    raw = read_raw(source, (*pairs, *(Column(name, "number") for name in segments)), name=NAME)
    if "overlap" in raw.header:
        return _from_pairs(source, segments, sizes, words)
    return _from_square(source, segments, sizes, words)


def _from_pairs(
    source: TableSource, segments: Sequence[str], sizes: NDArray[np.float64], words: Vocabulary
) -> NDArray[np.float64]:
    raw = read_raw(source, (*synergy_columns(words)[:2], _OVERLAP), name=NAME)
    problems = Problems(raw.name, raw.places)
    overlaps = np.zeros((len(segments), len(segments)))
    for i, (first, other, shared) in enumerate(
        read_pairs(source, segments, words, _OVERLAP, name=NAME)
    ):
        a, b = segments.index(first), segments.index(other)
        _check(problems, shared, (first, sizes[a]), (other, sizes[b]), i, "overlap")
        overlaps[a, b] = overlaps[b, a] = shared
    problems.raise_if_any()
    return overlaps


def _from_square(
    source: TableSource, segments: Sequence[str], sizes: NDArray[np.float64], words: Vocabulary
) -> NDArray[np.float64]:
    columns = [Column(words.line, "text", unique=True, help=f"a {words.line} of the plan")]
    columns += [Column(name, "number", required=False, minimum=0, unit="people") for name in segments]
    table = read_table(source, columns, name=NAME)
    problems = table.problems()
    names = table.column(words.line)
    for i, name in enumerate(names):
        if name not in segments:
            problems.add(f"{name!r} is no {words.line} of the plan", row=i, column=words.line)
    for name in segments:
        if name not in names:
            problems.add(f"there is no row for {name!r}; a square table has one per {words.line}")
    problems.raise_if_any()
    rows = {name: i for i, name in enumerate(names)}
    given = np.array([table.column(name) for name in segments], dtype=np.float64).T
    given = given[[rows[name] for name in segments]]
    overlaps = np.zeros_like(given)
    for a, first in enumerate(segments):
        if not np.isnan(given[a, a]) and given[a, a] != sizes[a]:
            problems.add(
                f"the diagonal says {money_text(given[a, a])} people, the size of {first!r} is "
                f"{money_text(sizes[a])}; make them equal, or leave the diagonal empty",
                row=rows[first],
                column=first,
            )
        for b in range(a):
            other = segments[b]
            below, above = given[a, b], given[b, a]
            if np.isnan(below) and np.isnan(above):
                blank = "the cell is blank; fill in the people in both, or 0"
                problems.add(blank, row=rows[first], column=other)
                continue
            if not np.isnan(below) and not np.isnan(above) and below != above:
                problems.add(
                    f"{money_text(below)} people here, but {money_text(above)} in the mirrored cell; make "
                    "them equal",
                    row=rows[first],
                    column=other,
                )
            shared = below if not np.isnan(below) else above
            _check(problems, shared, (first, sizes[a]), (other, sizes[b]), rows[first], other)
            overlaps[a, b] = overlaps[b, a] = shared
    problems.raise_if_any()
    return overlaps


def _check(
    problems: Problems,
    shared: float,
    first: tuple[str, float],
    other: tuple[str, float],
    row: int,
    column: str,
) -> None:
    """Two segments cannot share more people than the smaller one has."""
    name, least = min((first, other), key=lambda pair: pair[1])
    if shared > least:
        problems.add(
            f"{money_text(shared)} people are more than the {money_text(least)} of {name!r}; an overlap "
            "cannot exceed a size",
            row=row,
            column=column,
        )
