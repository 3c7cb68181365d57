"""Slots from past posts: means by day and hour, drawn towards what the day and the hour bring anywhere.

With n posts in the slot of day d and block h, their mean y, and the fit m = mean + day effect + hour effect,

    estimate = (n / s2 * y + m / t2) / (n / s2 + 1 / t2),      error = (n / s2 + 1 / t2) ** -1/2

where s2 is the variance of posts within slots and t2 that of slots around the fit, both estimated (empirical
Bayes; Efron and Morris, "Data analysis using Stein's estimator", JASA 70, 1975). The error of the fit itself
is left out, so that errors of slots with few posts are rather too small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.line_limits import listed
from ..planning.table import CheckedTable, Column, TableSource, read_table
from .posting_slots import DAYS, hour_text

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


def read_history(source: TableSource, block_hours: int = 1) -> SlotEstimate:
    """Estimate slots from past posts.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: timestamp, engagement, and perhaps impressions
            (then engagement per 1,000 impressions is planned).
        block_hours: length of a slot, a divisor of 24.

    Returns:
        One slot per day and block of hours that occur, each with its estimate.

    Raises:
        TableError: anything wrong in the table, or too few posts to tell slots from chance.
        OptionError: the length does not divide the day.

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
    day, hour = _moments(table)
    block = hour // block_hours
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
    shape = (len(days), len(blocks))
    counts, sums = np.zeros(shape), np.zeros(shape)
    np.add.at(counts, (d, b), 1.0)
    np.add.at(sums, (d, b), y)
    fit = _fit(d, b, y, shape)
    found, error = _shrunk(table.name, counts, sums, fit, float(np.sum(y**2)))
    rows = [(i, j) for i in range(shape[0]) for j in range(shape[1])]
    names = [f"{DAYS[days[i]]} {hour_text(float(blocks[j] * block_hours))}" for i, j in rows]
    flat = counts.astype(np.int64).ravel()
    notes += _words(names, flat)
    slots = pd.DataFrame(
        {
            "day": [DAYS[days[i]] for i, _ in rows],
            "hour": [hour_text(float(blocks[j] * block_hours)) for _, j in rows],
            "engagement": np.maximum(0.0, found.ravel()),
            "error": error.ravel(),
        }
    )
    return SlotEstimate(slots, flat, tuple(notes))


def _moments(table: CheckedTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Day of the week and hour of every row."""
    problems = table.problems()
    days, hours = [], []
    for i, text in enumerate(table.column("timestamp")):
        try:
            moment = pd.Timestamp(text)
        except ValueError:
            problems.add(f"{text!r} is no time; write e.g. 2026-03-02 09:15", row=i, column="timestamp")
            continue
        days.append(moment.weekday())
        hours.append(moment.hour)
    problems.raise_if_any()
    return np.array(days, dtype=np.int64), np.array(hours, dtype=np.int64)


def _fit(
    d: NDArray[np.int64], b: NDArray[np.int64], y: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Mean + day effect + hour effect by least squares over posts, shape (days, blocks)."""
    design = np.zeros((len(y), 1 + sum(shape)))
    design[:, 0] = 1.0
    design[np.arange(len(y)), 1 + d] = 1.0
    design[np.arange(len(y)), 1 + shape[0] + b] = 1.0
    # The effects are determined up to a constant; the shortest solution gives the same sums.
    effects = np.linalg.lstsq(design, y, rcond=None)[0]
    return np.asarray(effects[0] + effects[1 : 1 + shape[0], None] + effects[None, 1 + shape[0] :])


def _shrunk(
    name: str,
    counts: NDArray[np.float64],
    sums: NDArray[np.float64],
    fit: NDArray[np.float64],
    squares: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimates and errors of all slots, both of shape (days, blocks)."""
    met = counts > 0
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=met)
    spare = float(counts.sum() - met.sum())
    if spare < 1:
        raise TableError(
            f"{name}: no slot has two posts, so that chance cannot be told from slots; give more posts, or a "
            "larger block_hours"
        )
    within = max(0.0, squares - float(np.sum(counts * means**2))) / spare
    # Moments: the weighted squared distance of slot means from the fit, less what chance alone would give.
    parameters = met.any(axis=1).sum() + met.any(axis=0).sum() - 1
    free = float(met.sum() - parameters)
    distance = float(np.sum(counts * (means - fit) ** 2))
    between = max(0.0, distance - free * within) / float(counts.sum()) if free > 0 else 0.0
    if within == 0.0:
        estimate = np.where(met, means, fit)
        return estimate, np.where(met, 0.0, np.sqrt(between))
    weight = np.divide(counts * between, counts * between + within)
    error = np.sqrt(within * between / (counts * between + within))
    # Where slots do not differ from the fit at all, what remains uncertain is the mean of all posts.
    error = np.maximum(error, np.sqrt(within / counts.sum()))
    return np.asarray(fit + weight * (means - fit)), np.asarray(error)


def _words(names: list[str], counts: NDArray[np.int64]) -> list[str]:
    notes = [f"engagement was estimated from {int(counts.sum()):,} past posts in {len(names)} slots"]
    thin = [f"{name} ({n})" for name, n in zip(names, counts.tolist()) if 0 < n < THIN]
    never = [name for name, n in zip(names, counts.tolist()) if n == 0]
    if thin:
        notes.append(f"slots with fewer than {THIN} past posts: {listed(thin)}")
    if never:
        notes.append(
            f"slots never used before, of which only day and hour are known: {listed(never)}; leave them out "
            "with a table of slots if that is too bold"
        )
    return notes
