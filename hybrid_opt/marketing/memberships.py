"""Who belongs to which segment: a table of persons, or of patterns with how many people share them.

A table of persons has the columns person and segment, one row per membership. A table of patterns has the
column people (how many the row stands for) and one column per segment with yes or no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..planning.table import Column, TableSource, nearest, read_raw, read_table

__all__ = ["Memberships", "read_memberships"]

NAME = "table of members"
_PERSONS = (Column("person", "text", help="who"), Column("segment", "text", help="a segment of the plan"))


@dataclass(frozen=True, eq=False)
class Memberships:
    """Rows of people.

    Attributes:
        members: 0 or 1 per segment, shape (rows, N).
        people: how many people each row stands for, shape (rows,).
    """

    members: NDArray[np.int64]
    people: NDArray[np.float64]

    @property
    def sizes(self) -> NDArray[np.float64]:
        """People in each segment, shape (N,)."""
        return self.people @ self.members


def read_memberships(source: TableSource, segments: Sequence[str]) -> Memberships:
    """Read either kind of table, told apart by its columns.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        segments: names of the segments of the plan.

    Returns:
        The people.

    Raises:
        TableError: unknown segments, a membership twice, anything wrong in the table.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"person": ["p", "p", "q"], "segment": ["a", "b", "b"]})
        >>> read_memberships(table, ["a", "b"]).sizes
        array([1., 2.])
    """
    header = read_raw(source, [*_PERSONS, *_pattern_columns(segments)], name=NAME).header
    return _persons(source, segments) if "person" in header else _patterns(source, segments)


def _pattern_columns(segments: Sequence[str]) -> list[Column]:
    columns = [Column("people", "number", minimum=0, unit="people", help="how many the row stands for")]
    return columns + [Column(name, "flag", help="whether they are in it") for name in segments]


def _persons(source: TableSource, segments: Sequence[str]) -> Memberships:
    table = read_table(source, _PERSONS, name=NAME)
    problems = table.problems()
    numbers = {name: number for number, name in enumerate(segments)}
    persons: dict[str, int] = {}
    seen: dict[tuple[int, int], int] = {}
    for i, (person, segment) in enumerate(zip(table.column("person"), table.column("segment"))):
        if segment not in numbers:
            near = nearest(segment, segments)
            hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(segments)}"
            problems.add(f"{segment!r} is no segment of the plan; {hint}", row=i, column="segment")
            continue
        cell = persons.setdefault(person, len(persons)), numbers[segment]
        if cell in seen:
            problems.add(
                f"{person!r} is in {segment!r} already by {table.places[seen[cell]]}; keep one", row=i
            )
        seen.setdefault(cell, i)
    problems.raise_if_any()
    members = np.zeros((len(persons), len(segments)), dtype=np.int64)
    where = np.array(list(seen))
    members[where[:, 0], where[:, 1]] = 1
    return Memberships(members, np.ones(len(persons)))


def _patterns(source: TableSource, segments: Sequence[str]) -> Memberships:
    table = read_table(source, _pattern_columns(segments), name=NAME)
    members = np.array([table.column(name) for name in segments], dtype=np.int64).T
    return Memberships(members, np.array(table.column("people"), dtype=np.float64))
