"""Slots from past posts: means by day and hour, drawn towards what the day and the hour bring anywhere.

The formulas stand in ``posting_effects``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.line_limits import listed
from ..planning.table import CheckedTable, Column, TableSource, read_table
from .posting_effects import estimate_slots
from .posting_slots import DAYS, hour_text
from .posting_times import read_moments

__all__ = ["SlotEstimate", "read_history"]

THIN = 3  # posts below which a slot is named
_COLUMNS = (
    Column("timestamp", "text", help="when it was posted, e.g. 2026-03-02 09:15"),
    Column("engagement", "number", minimum=0, help="what it brought"),
    Column("impressions", "number", required=False, above=0, help="then engagement per 1,000 counts"),
    Column("post", "text", required=False, help="its name; not used"),
)


@dataclass(frozen=True, eq=False)
class SlotEstimate:
    """What a history says about slots.

    Attributes:
        slots: table of slots: day, hour, engagement, error.
        posts: past posts in each slot.
        notes: what the reader should know.
    """

    slots: pd.DataFrame
    posts: NDArray[np.int64]
    notes: tuple[str, ...]


def read_history(
    source: TableSource, block_hours: int = 1, *, timezone: str | None = None
) -> SlotEstimate:
    """Estimate slots from past posts.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: timestamp, engagement, and perhaps impressions
            (then engagement per 1,000 impressions is planned).
        block_hours: length of a slot, a divisor of 24; with 24, dates without a time of day are enough.
        timezone: IANA name of the zone whose days and hours are planned, see ``read_moments``.

    Returns:
        One slot per day and block of hours that occur, each with its estimate; without those of which nothing
        can be said, which the notes name.

    Raises:
        TableError: anything wrong in the table, or too few posts to tell slots from chance.
        OptionError: the length does not divide the day, or there is no such zone.

    Example:
        >>> times = ["2026-03-02 09:10", "2026-03-02 18:00", "2026-03-09 09:40", "2026-03-09 18:30"]
        >>> found = read_history(pd.DataFrame({"timestamp": times, "engagement": [9, 5, 11, 7]}))
        >>> found.slots["engagement"].round(2).tolist(), found.posts.tolist()
        ([10.0, 6.0], [2, 2])
    """
    whole = isinstance(block_hours, int) and not isinstance(block_hours, bool)
    if not whole or not 1 <= block_hours <= 24 or 24 % block_hours:
        raise OptionError(f"block_hours is {block_hours!r}; legal are 1, 2, 3, 4, 6, 8, 12 and 24")
    table = read_table(source, _COLUMNS, name="table of past posts")
    moments = read_moments(table, dates=block_hours == 24, timezone=timezone)
    day, block = moments.day, moments.hour // block_hours
    y = np.array(table.column("engagement"), dtype=np.float64)
    shown = np.array(table.column("impressions"), dtype=np.float64)
    notes = []
    if not np.isnan(shown).all():
        if np.isnan(shown).any():
            raise TableError(f"{table.name}: impressions are blank in some rows; fill in all or none")
        y = 1000.0 * y / shown
        notes.append("engagement is counted per 1,000 impressions")
    days, blocks = np.unique(day), np.unique(block)
    d, b = np.searchsorted(days, day), np.searchsorted(blocks, block)
    found = estimate_slots(table.name, d, b, y)
    counts = np.zeros(found.estimate.shape, dtype=np.int64)
    np.add.at(counts, (d, b), 1)
    rows = [(i, j) for i in range(len(days)) for j in range(len(blocks))]
    slots = pd.DataFrame(
        {
            "day": [DAYS[days[i]] for i, _ in rows],
            "hour": [hour_text(float(blocks[j] * block_hours)) for _, j in rows],
            "engagement": np.maximum(0.0, found.estimate.ravel()),
            "error": found.error.ravel(),
        }
    )
    names, known = (slots["day"] + " " + slots["hour"]).tolist(), slots["engagement"].notna().to_numpy()
    lost = [name for name, kept in zip(names, known.tolist()) if not kept]
    posts = counts.ravel()[known]
    notes += _words([name for name, kept in zip(names, known.tolist()) if kept], posts, found.free)
    notes += [*moments.notes, *_repeated(table)]
    if lost:
        notes.append(
            f"no estimate is possible of {listed(lost)}: their days and hours were never used together with "
            "others; they are no slots of the plan"
        )
    return SlotEstimate(slots[known].reset_index(drop=True), posts, tuple(notes))


def _repeated(table: CheckedTable) -> list[str]:
    """A note on rows that say the same as an earlier one, which may be copies."""
    seen: dict[tuple[str, ...], str] = {}
    copies = []
    columns = ("timestamp", "engagement", "impressions", "post")
    for place, *cells in zip(table.places, *(table.column(name) for name in columns)):
        key = tuple(map(str, cells))
        if key in seen:
            copies.append(f"{place} ({seen[key]})")
        seen.setdefault(key, place)
    if not copies:
        return []
    return [
        f"rows that repeat an earlier one (in brackets), each counted as a post of its own: {listed(copies)};"
        " remove them if they are copies"
    ]


def _words(names: list[str], counts: NDArray[np.int64], free: int) -> list[str]:
    notes = [f"engagement was estimated from {int(counts.sum()):,} past posts in {len(names)} slots"]
    thin = [f"{name} ({n})" for name, n in zip(names, counts.tolist()) if 0 < n < THIN]
    never = [name for name, n in zip(names, counts.tolist()) if n == 0]
    if thin:
        notes.append(f"slots with fewer than {THIN} past posts: {listed(thin)}")
    if never and not free:
        notes.append(
            "how far a slot lies from what its day and hour bring is unknown, as too few slots were used; "
            "errors of slots never used are too small"
        )
    if never:
        notes.append(
            f"slots never used before, of which only day and hour are known: {listed(never)}; leave them out "
            "with a table of slots if that is too bold"
        )
    return notes
