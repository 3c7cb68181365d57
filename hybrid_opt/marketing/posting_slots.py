"""Slots in which something can be posted: day, hour, expected engagement, and how far apart they are.

Shapes: T slots, all weeks together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.table import CheckedTable, Column, Problems, TableSource, read_raw, read_table

__all__ = [
    "DAYS",
    "WEEK_HOURS",
    "Slots",
    "check_whole",
    "day_number",
    "gap_minutes",
    "hour_number",
    "hour_text",
    "read_slots",
]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEK_HOURS = 168.0
MOST_WEEKS = 53
LAST = 24 * 60 - 0.5  # minutes that still round to a time of the day
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPANISH = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_DAY_NUMBERS = {
    **{name[:3].lower(): k for k, name in enumerate(DAYS)},
    **{name: k for k, name in enumerate(_LONG)},
    **{name: k for k, name in enumerate(_SPANISH)},
    "miercoles": 2,
    "sabado": 5,
}
_COLUMNS = (
    Column("day", "text", help="Mon, Monday or lunes"),
    Column("hour", "text", help="9, 9.5 or 09:30"),
    Column("engagement", "number", minimum=0, help="expected engagement of a post there"),
    Column("error", "number", required=False, minimum=0, help="standard error of the engagement"),
    Column("capacity", "number", required=False, minimum=1, help="most posts in the slot, 1 if blank"),
    Column("current", "flag", required=False, help="whether it is used today, where slots are chosen"),
    Column("must", "text", required=False, help="'in' takes it (where slots are chosen), 'out' leaves it"),
)


def day_number(text: str) -> int | None:
    """Day of the week, 0 for Monday, or None where the text is no day.

    Example:
        >>> day_number("Tue"), day_number("domingo"), day_number("Tues day")
        (1, 6, None)
    """
    return _DAY_NUMBERS.get(text.strip().lower())


def hour_number(text: str) -> float | None:
    """Hour of the day from 0 to below 24, to the minute, or None where the text is no time.

    Example:
        >>> hour_number("9"), hour_number("09:30"), hour_number("9.499"), hour_number("25")
        (9.0, 9.5, 9.5, None)
    """
    hours, colon, minutes = text.strip().partition(":")
    try:
        number = float(hours) + (int(minutes) / 60.0 if colon else 0.0)
    except ValueError:
        return None
    whole = not colon or (hours.isdigit() and 0 <= int(minutes) < 60)
    # 23.999 would be the next day.
    return round(60.0 * number) / 60.0 if whole and number >= 0.0 and 60.0 * number < LAST else None


def hour_text(hour: float) -> str:
    """An hour as a time of day.

    Example:
        >>> hour_text(9.5)
        '09:30'
    """
    minutes = round(60 * hour)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def gap_minutes(hours: float) -> int:
    """Fewest whole minutes that are at least so many hours.

    Example:
        >>> gap_minutes(1.0), gap_minutes(0.1), gap_minutes(1.001)
        (60, 6, 61)
    """
    return math.ceil(60.0 * hours - 1e-6)  # 60 * 0.1 is a little more than 6


def check_whole(name: str, value: Any, low: int, high: int | None = None, *, none: bool = False) -> None:
    """Check an option that is a whole number.

    Raises:
        OptionError: it is none, or out of range.
    """
    if none and value is None:
        return
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        legal = f"from {low}" if high is None else f"from {low} to {high}"
        raise OptionError(f"{name} is {value!r}; legal are whole numbers {legal}{', or None' * none}")


@dataclass(frozen=True, eq=False)
class Slots:
    """Slots of one or more weeks, in time order.

    Attributes:
        checked: the table of one week.
        rows: row of the table of each slot, shape (T,).
        week: week of each slot, from 1, shape (T,).
        weeks: how many weeks there are.
        every_week: whether the plan is repeated, so that its end is followed by its beginning.
        has_today: whether the table says which slots are used today.
    """

    checked: CheckedTable
    rows: NDArray[np.int64]
    week: NDArray[np.int64]
    weeks: int
    every_week: bool
    has_today: bool

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of numbers, shape (T,)."""
        return np.array(self.checked.column(column), dtype=np.float64)[self.rows]

    @property
    def day(self) -> NDArray[np.int64]:
        """Day of the week, 0 for Monday, shape (T,)."""
        return np.array([day_number(text) for text in self.checked.column("day")], dtype=np.int64)[self.rows]

    @property
    def hour(self) -> NDArray[np.float64]:
        """Hour of the day, shape (T,)."""
        return np.array([hour_number(t) for t in self.checked.column("hour")], dtype=np.float64)[self.rows]

    @property
    def engagement(self) -> NDArray[np.float64]:
        """Expected engagement of a post, shape (T,)."""
        return self.numbers("engagement")

    @property
    def error(self) -> NDArray[np.float64]:
        """Standard error of the engagement, shape (T,); NaN where it is not given."""
        return self.numbers("error")

    @property
    def date(self) -> NDArray[np.int64]:
        """Number of the day since the first Monday, shape (T,)."""
        return np.asarray(7 * (self.week - 1) + self.day)

    @property
    def places(self) -> list[str]:
        """Row of the table of each slot, in words."""
        return [self.checked.places[row] for row in self.rows.tolist()]

    @property
    def names(self) -> list[str]:
        """Name of each slot, e.g. ``"Mon 09:00"`` or ``"week 2 Mon 09:00"``."""
        parts = zip(self.week.tolist(), self.day.tolist(), self.hour.tolist())
        prefix = "week {} " if self.weeks > 1 else ""
        return [f"{prefix.format(week)}{DAYS[day]} {hour_text(hour)}" for week, day, hour in parts]

    @property
    def minutes(self) -> NDArray[np.int64]:
        """Whole minutes since the first Monday, shape (T,); hours would differ by rounding."""
        return np.asarray(1440 * self.date + np.rint(60.0 * self.hour).astype(np.int64))

    @property
    def period(self) -> float | None:
        """Hours after which the plan is repeated; None where it is not."""
        return WEEK_HOURS * self.weeks if self.every_week else None

    def distances(self) -> NDArray[np.float64]:
        """Hours between the slots, shape (T, T); the shorter way round where the plan is repeated."""
        apart = np.abs(self.minutes[:, None] - self.minutes[None, :]) / 60.0
        return np.asarray(apart if self.period is None else np.minimum(apart, self.period - apart))


def read_slots(source: TableSource, *, weeks: int = 1, every_week: bool = False) -> Slots:
    """Read the table of slots.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: day, hour, engagement, and perhaps error,
            capacity, current, must.
        weeks: how many weeks are planned; each has all slots.
        every_week: whether the plan is repeated.

    Returns:
        The slots.

    Raises:
        TableError: anything wrong in the table, with row and column.
        OptionError: an illegal number of weeks.

    Example:
        >>> import pandas as pd
        >>> read_slots(pd.DataFrame({"day": ["Tue", "Mon"], "hour": [9, 18], "engagement": [5, 4]})).names
        ['Mon 18:00', 'Tue 09:00']
    """
    check_whole("weeks", weeks, 1, MOST_WEEKS)
    table = read_table(source, _COLUMNS, name="table of slots")
    problems = table.problems()
    times = _times(table, problems)
    for i, capacity in enumerate(table.column("capacity")):
        if capacity == capacity and capacity != int(capacity):
            problems.add(f"{capacity:g} is not whole; write a whole number", row=i, column="capacity")
    for i, must in enumerate(table.column("must")):
        if must not in ("", "in", "out"):
            problems.add(f"{must!r} is not legal; write 'in', 'out' or nothing", row=i, column="must")
    problems.raise_if_any()
    order = np.array(sorted(range(len(times)), key=lambda i: times[i]), dtype=np.int64)
    has_today = "current" in read_raw(source, _COLUMNS, name="table of slots").header
    week = np.repeat(np.arange(1, weeks + 1), len(order))
    return Slots(table, np.tile(order, weeks), week, weeks, bool(every_week), has_today)


def _times(table: CheckedTable, problems: Problems) -> list[tuple[int, float]]:
    """Day and hour of every row; wrong ones and those that are there twice become problems."""
    times: list[tuple[int, float]] = []
    for i, (day_text, hour) in enumerate(zip(table.column("day"), table.column("hour"))):
        day, time = day_number(day_text), hour_number(hour)
        if day is None:
            problems.add(f"{day_text!r} is no day; write {', '.join(DAYS)}", row=i, column="day")
        if time is None:
            problems.add(f"{hour!r} is no time of day; write 9, 9.5 or 09:30", row=i, column="hour")
        found = (-1 if day is None else day, -1.0 if time is None else time)
        if day is not None and time is not None and found in times:
            words = f"the slot is there already in {table.places[times.index(found)]}; keep one of the two"
            problems.add(words, row=i)
        times.append(found)
    return times
