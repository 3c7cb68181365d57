"""The posts to be placed: their topics, multipliers, allowed days, and where they stand today.

Shapes: P posts, T slots.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..planning.table import CheckedTable, Column, TableSource, nearest, read_raw, read_table
from .posting_slots import DAYS, Slots, day_number, hour_number

__all__ = ["Posts", "read_posts"]

_COLUMNS = (
    Column("post", "text", unique=True, help="name of the post"),
    Column("topic", "text", required=False, help="posts of a topic keep away from each other"),
    Column("multiplier", "number", required=False, default=1.0, above=0, help="its engagement / a usual one"),
    Column("days", "text", required=False, help="allowed days, e.g. Mon Wed; all if blank"),
    Column("slot", "text", required=False, help="the slot in which it must stay"),
    Column("current", "text", required=False, help="the slot in which it stands today"),
)
_FACTORS = (
    Column("post", "text", help="name of a post"),
    Column("day", "text", required=False, help="a day; every day if blank"),
    Column("hour", "text", required=False, help="an hour; every hour if blank"),
    Column("multiplier", "number", minimum=0, help="its engagement there / what it would be else"),
)


@dataclass(frozen=True, eq=False)
class Posts:
    """The checked posts.

    Attributes:
        checked: the table.
        factor: engagement of each post in each slot / the slot's, shape (P, T).
        allowed: whether it may stand there, shape (P, T).
        today: position of its slot today, -1 where there is none, shape (P,).
        has_today: whether the table says where posts stand today.
    """

    checked: CheckedTable
    factor: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    today: NDArray[np.int64]
    has_today: bool

    @property
    def names(self) -> list[str]:
        """Names of the posts."""
        return [str(name) for name in self.checked.column("post")]

    @property
    def topics(self) -> list[str]:
        """Topic of each post, "" where it has none."""
        return [str(topic) for topic in self.checked.column("topic")]


def read_posts(source: TableSource, slots: Slots, multipliers: TableSource | None = None) -> Posts:
    """Read the table of posts.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: post, and perhaps topic, multiplier, days,
            slot, current.
        slots: the slots.
        multipliers: table (post, day, hour, multiplier) of further factors, or None.

    Returns:
        The posts.

    Raises:
        TableError: anything wrong in a table, with row and column; a post without any slot.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.marketing.posting_slots import read_slots
        >>> slots = read_slots(pd.DataFrame({"day": ["Mon", "Tue"], "hour": [9, 9], "engagement": [5, 4]}))
        >>> read_posts(pd.DataFrame({"post": ["a"], "days": ["tue"], "multiplier": [2]}), slots).factor
        array([[2., 2.]])
    """
    table = read_table(source, _COLUMNS, name="table of posts")
    problems, names = table.problems(), slots.names
    usable = np.array([must != "out" for must in slots.checked.column("must")])[slots.rows]
    allowed, today = np.tile(usable, (len(table.frame), 1)), []
    for i in range(len(table.frame)):
        row = {name: str(table.frame[name][i]) for name in ("days", "slot", "current")}
        words = [word for word in re.split(r"[\s,;/]+", row["days"]) if word]
        numbers = [day_number(word) for word in words]
        for word, number in zip(words, numbers):
            if number is None:
                problems.add(f"{word!r} is no day; write {' '.join(DAYS)}", row=i, column="days")
        if words:
            allowed[i] &= np.isin(slots.day, [number for number in numbers if number is not None])
        for column, name in (("slot", row["slot"]), ("current", row["current"])):
            if name and name not in names:
                near = nearest(name, names)
                hint = f"did you mean {near!r}?" if near else f"slots are called like {names[0]!r}"
                problems.add(f"there is no slot {name!r}; {hint}", row=i, column=column)
        if row["slot"] in names:
            allowed[i] &= np.arange(len(names)) == names.index(row["slot"])
        today.append(names.index(row["current"]) if row["current"] in names else -1)
    problems.raise_if_any()
    for i in np.flatnonzero(~allowed.any(axis=1)).tolist():
        problems.add("no slot is left for this post; allow more days, or add slots", row=i, column="days")
    problems.raise_if_any()
    own = np.array(table.column("multiplier"), dtype=np.float64)
    factor = own[:, None] * _factors(multipliers, [str(name) for name in table.column("post")], slots)
    has_today = "current" in read_raw(source, _COLUMNS, name="table of posts").header
    return Posts(table, factor, allowed, np.array(today, dtype=np.int64), has_today)


def _factors(source: TableSource | None, posts: list[str], slots: Slots) -> NDArray[np.float64]:
    """Factors by post and slot, shape (P, T); several rows that meet are multiplied."""
    found = np.ones((len(posts), len(slots.rows)))
    if source is None:
        return found
    table = read_table(source, _FACTORS, name="table of multipliers")
    problems, day, hour = table.problems(), slots.day, slots.hour
    numbers = table.column("multiplier")
    for i, cells in enumerate(zip(*(table.column(name) for name in ("post", "day", "hour")))):
        post, day_text, hour_words = map(str, cells)
        number, time = day_number(day_text), hour_number(hour_words)
        if post not in posts:
            near = nearest(post, posts)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(posts)}"
            problems.add(f"there is no post {post!r}; {hint}", row=i, column="post")
        if day_text and number is None:
            problems.add(f"{day_text!r} is no day; write {', '.join(DAYS)}", row=i, column="day")
        if hour_words and time is None:
            problems.add(f"{hour_words!r} is no time of day; write 9, 9.5 or 09:30", row=i, column="hour")
        here = np.ones(len(day), dtype=bool)
        here &= np.ones(len(day), dtype=bool) if number is None else day == number
        here &= np.ones(len(day), dtype=bool) if time is None else hour == time
        if not here.any():
            problems.add(f"there is no slot on {day_text} {hour_words}; correct it or remove the row", row=i)
        if post in posts:
            found[posts.index(post)] *= np.where(here, float(numbers[i]), 1.0)
    problems.raise_if_any()
    return found
