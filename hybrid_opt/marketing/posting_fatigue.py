"""Fatigue: posts that are close in time take engagement from each other.

Two posts d hours apart each lose the share f(d) of their engagement. The shares of several close posts add
up, which is a lower bound of what is left when they act one after the other: prod(1 - f_i) >= 1 - sum f_i.

In a plan that is repeated every P hours, two posts meet on both sides, and a post meets its own copies:

    share(i, j) = sum over all whole k of f(|t_i - t_j + k P|),      own share = 2 sum over k >= 1 of f(k P)

Shapes: T slots, K points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from ..planning.table import Column, TableSource, read_table

__all__ = ["Fatigue", "read_fatigue"]

LONGEST = 8784.0  # hours of a year
_COLUMNS = (
    Column("hours", "number", minimum=0, unique=True, unit="hours", help="hours between two posts"),
    Column("share", "number", minimum=0, maximum=1, help="share of its engagement that each of them loses"),
)


@dataclass(frozen=True, eq=False)
class Fatigue:
    """Share that is lost by hours between two posts: straight lines between points, nothing beyond the last.

    Attributes:
        hours: increasing, shape (K,).
        shares: share lost there, shape (K,).
    """

    hours: NDArray[np.float64]
    shares: NDArray[np.float64]

    def share(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Shares for hours between posts, any shape to the same shape."""
        given = np.asarray(distances, dtype=np.float64)
        return np.asarray(np.interp(given, self.hours, self.shares, right=0.0))

    def between(self, minutes: ArrayLike, period: float | None = None) -> NDArray[np.float64]:
        """Share that a post in one slot loses by one in another.

        Args:
            minutes: whole minutes since the plan's beginning, shape (T,).
            period: hours after which the plan is repeated, None where it is not.

        Returns:
            Shares, symmetric, shape (T, T); in the diagonal that of another post in the same slot.

        Raises:
            OptionError: the fatigue lasts longer than a year, and the plan is repeated.

        Example:
            >>> read_fatigue(0.4, 24).between([0, 720, 1200], 24).round(3).tolist()[0]
            [0.4, 0.4, 0.4]
        """
        given = np.asarray(minutes, dtype=np.int64)
        apart = (given[:, None] - given[None, :]) / 60.0
        total = self.share(np.abs(apart))
        if period is None:
            return total
        for k in range(1, self._copies(period) + 2):
            total += self.share(np.abs(apart + k * period))
            total += self.share(np.abs(apart - k * period))
        return total

    def own(self, period: float | None) -> float:
        """Share that a post loses to its own copies in a plan that is repeated after so many hours.

        Raises:
            OptionError: the fatigue lasts longer than a year, or nothing is left of a post.
        """
        if period is None:
            return 0.0
        lost = 2.0 * float(self.share(period * np.arange(1, self._copies(period) + 1)).sum())
        if lost >= 1.0:
            raise OptionError(
                f"every_week: a post's own copies in other weeks would take {lost:.0%} of it; lower fatigue "
                "or fatigue_hours, or plan more weeks"
            )
        return lost

    def _copies(self, period: float) -> int:
        """How many copies ahead a post can still feel."""
        if not self.shares.any():
            return 0
        if self.hours[-1] > LONGEST:
            raise OptionError(
                f"every_week: the fatigue lasts {self.hours[-1]:g} hours; legal are up to {LONGEST:g} "
                "(a year) in a plan that is repeated; lower fatigue_hours"
            )
        return int(self.hours[-1] // period)


def read_fatigue(fatigue: float | TableSource, hours: float) -> Fatigue:
    """Read the fatigue.

    Args:
        fatigue: share that each of two simultaneous posts loses, falling in a straight line to 0 at
            ``hours``; or a table (hours, share).
        hours: from how many hours on posts do not touch each other.

    Returns:
        The fatigue.

    Raises:
        OptionError: a share outside 0 to 1, or hours that are not positive.
        TableError: anything wrong in the table, or a share that grows with the distance.

    Example:
        >>> read_fatigue(0.4, 24).share([0, 12, 30]).tolist()
        [0.4, 0.2, 0.0]
    """
    if isinstance(hours, bool) or not isinstance(hours, (int, float, np.number)) or not 0 < hours < np.inf:
        raise OptionError(f"fatigue_hours is {hours!r}; legal are finite numbers above 0, in hours")
    if isinstance(fatigue, (int, float, np.number)):
        if isinstance(fatigue, bool) or not 0 <= fatigue <= 1:
            raise OptionError(f"fatigue is {fatigue!r}; legal are shares from 0 to 1, or a table")
        return Fatigue(np.array([0.0, float(hours)]), np.array([float(fatigue), 0.0]))
    table = read_table(fatigue, _COLUMNS, name="table of fatigue")
    order = np.argsort(table.column("hours"), kind="stable")
    known, shares = (np.array(table.column(name), dtype=np.float64)[order] for name in ("hours", "share"))
    problems = table.problems()
    for k in np.flatnonzero(np.diff(shares) > 0).tolist():
        words = f"the share {shares[k + 1]:g} is above the one at fewer hours, {shares[k]:g}; lower it"
        problems.add(words, row=int(order[k + 1]), column="share")
    problems.raise_if_any()
    return Fatigue(known, shares)
