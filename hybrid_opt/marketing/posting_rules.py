"""Rules of a posting plan as limits: spacing, posts per day, topics, weekend, an equal split.

With x_i = 1 where option i (a slot, or a post in a slot) is taken:

    sum over the slots of any window of h hours x_i <= 1        at least h hours between two posts
    the same over the posts of a topic                          at least h hours between posts of a topic
    sum over a slot x_i <= capacity                             room of a slot
    low <= sum over a day, a weekend, a week x_i <= high        split of the week

Shapes: T slots, N options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.line_side import LineSide
from ..planning.table import Column, TableSource, read_table
from .posting_slots import DAYS, WEEK_HOURS, Slots, check_whole, day_number, gap_minutes

__all__ = ["Limits", "PostingRules", "capacity_sides", "rule_sides"]

Limits = tuple[int | None, int | None]
"""At least and at most so many; None where an end is open."""

_COLUMNS = (
    Column("day", "text", help="a day of the week"),
    Column("at_least", "number", required=False, minimum=0, help="fewest posts on it"),
    Column("at_most", "number", required=False, minimum=0, help="most posts on it"),
)


@dataclass(frozen=True)
class PostingRules:
    """The rules that were asked for; see ``PostingPlanner``."""

    min_gap: float = 0.0
    topic_gap: float = 0.0
    topic_per_day: int | None = None
    max_per_day: int | None = None
    min_per_day: int | None = None
    weekend: Limits = (None, None)
    days: TableSource | None = None
    equal_split: Literal["days", "weeks"] | None = None

    def check(self) -> None:
        """Refuse what can be no rule.

        Raises:
            OptionError: an illegal value.
        """
        for name, hours in (("min_gap", self.min_gap), ("topic_gap", self.topic_gap)):
            number = isinstance(hours, (int, float, np.number)) and not isinstance(hours, bool)
            if not number or not 0 <= hours <= WEEK_HOURS:
                raise OptionError(f"{name} is {hours!r}; legal are numbers of hours from 0 to 168")
        for name, low in (("topic_per_day", 1), ("max_per_day", 1), ("min_per_day", 0)):
            check_whole(name, getattr(self, name), low, none=True)
        if not isinstance(self.weekend, (tuple, list)) or len(self.weekend) != 2:
            raise OptionError(f"weekend is {self.weekend!r}; give (at least, at most), None for an open end")
        for end in self.weekend:
            check_whole("an end of weekend", end, 0, none=True)
        if self.equal_split not in (None, "days", "weeks"):
            raise OptionError(f"equal_split is {self.equal_split!r}; legal are 'days', 'weeks' and None")


def capacity_sides(slots: Slots, at: NDArray[np.int64], capacity: int) -> list[LineSide]:
    """Room of each slot.

    Args:
        slots: the slots.
        at: position of the slot of each option, shape (N,).
        capacity: most posts in a slot whose table says nothing.

    Returns:
        One limit per slot that could get too many.
    """
    given = slots.numbers("capacity")
    room = np.where(np.isnan(given), capacity, given).astype(np.int64)
    counts = np.bincount(at, minlength=len(slots.rows))
    return [
        _most(f"at most {room[t]} in {slots.names[t]}", at == t, int(room[t]))
        for t in np.flatnonzero(counts > room).tolist()
    ]


def rule_sides(
    slots: Slots,
    at: NDArray[np.int64],
    topics: Sequence[str],
    rules: PostingRules,
    count: int | None,
) -> list[LineSide]:
    """All rules as limits.

    Args:
        slots: the slots.
        at: position of the slot of each option, shape (N,).
        topics: topic of each option's post, "" for none, N of them.
        rules: the rules.
        count: how many posts there are; None where that is open.

    Returns:
        The limits; those that no choice can break are left out.

    Raises:
        OptionError: an equal split of a number that is open.
        TableError: anything wrong in the table of days.
    """
    sides = []
    words = f"at least {rules.min_gap:g} hours between posts"
    for window in _windows(slots, rules.min_gap):
        sides.append(_most(f"{words} ({_span(slots, window)})", np.isin(at, window), 1))
    names = [topic for topic in dict.fromkeys(topics) if topic]
    members = {topic: np.array([other == topic for other in topics]) for topic in names}
    for topic, member in members.items():
        words = f"at least {rules.topic_gap:g} hours between posts on {topic}"
        for window in _windows(slots, rules.topic_gap):
            sides.append(_most(f"{words} ({_span(slots, window)})", np.isin(at, window) & member, 1))
        for date in np.unique(slots.date).tolist() if rules.topic_per_day is not None else ():
            label = f"at most {rules.topic_per_day} on {topic} on {_day_name(slots, date)}"
            sides.append(_most(label, (slots.date[at] == date) & member, int(rules.topic_per_day or 0)))
    limits = _day_limits(rules.days, slots)
    for date in np.unique(slots.date).tolist():
        here, name = slots.date[at] == date, f"on {_day_name(slots, date)}"
        sides += _between(name, here, (rules.min_per_day, rules.max_per_day))
        sides += _between(name, here, limits.get(date % 7, (None, None)))
    for week in range(1, slots.weeks + 1):
        here = (slots.week[at] == week) & (slots.day[at] >= 5)
        name = "on the weekend" + (f" of week {week}" if slots.weeks > 1 else "")
        sides += _between(name, here, rules.weekend)
    if rules.equal_split is not None:
        sides += _equal(slots, at, rules.equal_split, count)
    # A rule that is asked for twice, as by max_per_day and by days, is one limit.
    return list({side.label: side for side in sides if _can_break(side)}.values())


def _windows(slots: Slots, hours: float) -> list[NDArray[np.int64]]:
    """Largest sets of slots that are all less than some hours apart, each from its first slot on."""
    if hours <= 0:
        return []
    place, gap, period = slots.minutes, gap_minutes(hours), int(60 * (slots.period or 0.0))
    found: list[NDArray[np.int64]] = []
    for start in place.tolist():
        ahead = place - start
        ahead = np.where(ahead < 0, ahead + period, ahead)
        inside = np.flatnonzero((ahead >= 0) & (ahead < gap))
        found.append(inside[np.argsort(ahead[inside], kind="stable")])  # the first slot names the window
    sets = [set(own.tolist()) for own in found]
    # A window of one slot still keeps two posts from sharing it.
    return [
        own
        for k, own in enumerate(found)
        if not any(_covers(other, sets[k], j < k) for j, other in enumerate(sets) if j != k)
    ]


def _covers(other: set[int], own: set[int], earlier: bool) -> bool:
    return own < other or (own == other and earlier)


def _span(slots: Slots, window: NDArray[np.int64]) -> str:
    names = slots.names
    return names[window[0]] if len(window) == 1 else f"{names[window[0]]} to {names[window[-1]]}"


def _day_name(slots: Slots, date: int) -> str:
    return f"{DAYS[date % 7]}" + (f" of week {date // 7 + 1}" if slots.weeks > 1 else "")


def _day_limits(source: TableSource | None, slots: Slots) -> Mapping[int, Limits]:
    """Limits of days of the week, Monday is 0."""
    if source is None:
        return {}
    table = read_table(source, _COLUMNS, name="table of days")
    problems = table.problems()
    found: dict[int, Limits] = {}
    for i, (text, least, most) in enumerate(table.frame.itertuples(index=False)):
        day = day_number(text)
        if day is None:
            problems.add(f"{text!r} is no day; write {', '.join(DAYS)}", row=i, column="day")
            continue
        if day in found:
            problems.add(f"{DAYS[day]} is there already; keep one row", row=i, column="day")
        if least > 0 and not (slots.day == day).any():
            words = f"there is no slot on {DAYS[day]}; add one, or leave at_least blank"
            problems.add(words, row=i, column="at_least")
        for column, number in (("at_least", least), ("at_most", most)):
            if number == number and number != int(number):
                problems.add(f"{number:g} is not whole; write a whole number", row=i, column=column)
        if least > most:
            problems.add(f"at_least {least:g} is above at_most {most:g}; lower it", row=i, column="at_least")
        found[day] = tuple(None if end != end else int(end) for end in (least, most))  # type: ignore[assignment]
    problems.raise_if_any()
    return found


def _equal(slots: Slots, at: NDArray[np.int64], split: str, count: int | None) -> list[LineSide]:
    if count is None:
        raise OptionError("equal_split needs a fixed number of posts: give posts, or choose without at_most")
    numbers = slots.date[at] if split == "days" else slots.week[at]
    parts = np.unique(slots.date if split == "days" else slots.week).tolist()
    sides = []
    for part in parts:
        where = _day_name(slots, part) if split == "days" else f"week {part}"
        ends = (count // len(parts), -(-count // len(parts)))
        sides += _between(f"{'on' if split == 'days' else 'in'} {where} (equal split)", numbers == part, ends)
    return sides


def _between(name: str, here: NDArray[np.bool_], ends: Any) -> list[LineSide]:
    low, high = ends
    sides = [] if high is None else [_most(f"at most {high} {name}", here, int(high))]
    if low:
        weights = tuple(Fraction(-int(flag)) for flag in here.tolist())
        label = f"at least {low} {name}"
        sides.append(LineSide(label, "minimum", weights, Fraction(-int(low)), Fraction(0), minimum=True))
    return sides


def _most(label: str, here: NDArray[np.bool_], high: int) -> LineSide:
    """At most so many options; the step is 0, as whole rules are moved, not their single limits."""
    weights = tuple(Fraction(int(flag)) for flag in here.tolist())
    return LineSide(label, "maximum", weights, Fraction(high), Fraction(0))


def _can_break(side: LineSide) -> bool:
    """Whether the limit rules anything out."""
    return side.minimum or sum(side.weights, Fraction(0)) > side.high
