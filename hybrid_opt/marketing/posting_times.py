"""When past posts were published: ISO times, read in one time zone, never guessed.

A number such as 02/03/2026 can be two days, and an offset from UTC moves a post into another hour or day;
both are refused by row unless the user says what is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.table import CheckedTable, Problems

__all__ = ["Moments", "read_moments"]

_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?P<time>[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(?P<offset> ?(Z|[+-]\d\d:?\d\d))?)?"
)
_TURNED = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b.*")
WRITE = "write e.g. 2026-03-02 09:15"


@dataclass(frozen=True, eq=False)
class Moments:
    """Times of past posts.

    Attributes:
        day: day of the week, 0 for Monday, shape (posts,).
        hour: whole hour, shape (posts,).
        notes: which time zone they are in, and what is unusual.
    """

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    notes: tuple[str, ...]


def read_moments(table: CheckedTable, *, dates: bool = False, timezone: str | None = None) -> Moments:
    """Read the column timestamp.

    Args:
        table: the table of past posts.
        dates: whether a date without a time of day is enough.
        timezone: IANA name of the zone whose days and hours are wanted; times without an offset are taken to
            be in it. Where None, days and hours are those that the table writes.

    Returns:
        The times.

    Raises:
        TableError: a cell is no such time, has no time of day, or offsets differ.
        OptionError: there is no such zone.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.planning.table import Column, read_table
        >>> frame = pd.DataFrame({"timestamp": ["2026-03-01T23:30:00Z"]})
        >>> table = read_table(frame, [Column("timestamp", "text")])
        >>> read_moments(table, timezone="Europe/Madrid").day.tolist()
        [0]
    """
    zone = None if timezone is None else _zone(timezone)
    problems = table.problems()
    texts = [str(text) for text in table.column("timestamp")]
    found = [_moment(text, i, dates, problems) for i, text in enumerate(texts)]
    problems.raise_if_any()
    moments = [moment for moment in found if moment is not None]
    note = f"days and hours are those of {timezone}"
    if zone is None:
        note = _same_offset(table, texts, moments, problems)
        problems.raise_if_any()
    else:
        if any(moment.tzinfo is None for moment in moments):
            note += ", and times without an offset are taken to be in it"
        moments = [_moved(moment, zone, i, problems) for i, moment in enumerate(moments)]
        problems.raise_if_any()
    notes = [note]
    if not dates and len(moments) > 1 and all(m.hour == m.minute == m.second == 0 for m in moments):
        notes.append(
            "all past posts are at 00:00, as if the times had been lost; block_hours=24 plans days alone"
        )
    return Moments(
        np.array([moment.weekday() for moment in moments], dtype=np.int64),
        np.array([moment.hour for moment in moments], dtype=np.int64),
        tuple(notes),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise OptionError(
            f"timezone is {name!r}; legal are names of the IANA data base, e.g. 'Europe/Madrid' or 'UTC'; "
            "where the system has none, install the package tzdata"
        ) from error


def _moment(text: str, row: int, dates: bool, problems: Problems) -> datetime | None:
    """One time, or a problem of its row."""
    cell = _ISO.fullmatch(text.strip())
    words = f"{text!r} is no time; {WRITE}"
    if cell is None and _TURNED.fullmatch(text.strip()):
        words = f"{text!r} may mean two days; write year, month, day, e.g. 2026-03-02 09:15"
    elif cell is not None:
        if cell["time"] is None and not dates:
            words = f"{text!r} has no time of day; {WRITE}, or plan whole days with block_hours=24"
        else:
            try:
                offset = cell["offset"] or ""
                moment = text.strip().removesuffix(offset) if offset else text.strip()
                return datetime.fromisoformat(moment + offset.strip())
            except ValueError as error:
                words = f"{text!r} is no time ({error}); {WRITE}"
    problems.add(words, row=row, column="timestamp")
    return None


def _same_offset(
    table: CheckedTable, texts: list[str], moments: list[datetime], problems: Problems
) -> str:
    """Words about the one offset of all times; a problem where they differ."""
    offsets = [moment.utcoffset() for moment in moments]
    for i, offset in enumerate(offsets):
        if offset != offsets[0]:
            problems.add(
                f"{texts[i]!r} has another offset from UTC than {texts[0]!r} in {table.places[0]}; give "
                "timezone=, the zone whose days and hours are planned, or write all times without an offset",
                row=i,
                column="timestamp",
            )
            return ""
    if offsets[0] is None:
        return "days and hours are those that the table of past posts writes, in no stated time zone"
    return f"days and hours are those of {moments[0].tzname()}, as the table of past posts writes"


def _moved(moment: datetime, zone: ZoneInfo, row: int, problems: Problems) -> datetime:
    try:
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    except OverflowError:
        problems.add(f"the year {moment.year} is too far; correct it", row=row, column="timestamp")
        return moment
