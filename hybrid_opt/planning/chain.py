"""Best value per total spend of a list of items: the (max, +) folds of the dynamic program.

An item is a pair (spends, values): increasing whole numbers and the value of each. A curve holds in entry t
the best value of some items whose spends add up to exactly t, minus infinity where no choice does. Bellman,
"Dynamic Programming" (1957).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chain", "Item", "as_item", "fold"]

Item = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Spends in steps, increasing, and the value of each, both of shape (levels,)."""


def fold(curve: NDArray[np.float64], item: Item) -> NDArray[np.float64]:
    """Add one item to a curve: best over its levels k of curve[t - spends[k]] + values[k].

    Args:
        curve: best value per total, shape (size + 1,).
        item: the item; levels above ``size`` are left out.

    Returns:
        The new curve, same shape.

    Example:
        >>> start = np.array([0.0, -np.inf, -np.inf])
        >>> fold(start, (np.array([0, 2]), np.array([1.0, 5.0])))
        array([  1., -inf,   5.])
    """
    new = np.full(len(curve), -np.inf)
    filled = np.flatnonzero(curve > -np.inf)
    if len(filled) == 0:
        return new
    low, stop = int(filled[0]), int(filled[-1]) + 1
    size = len(curve)
    buffer = np.empty(stop - low)
    for step, value in zip(item[0].tolist(), item[1].tolist()):
        end = min(stop, size - step)
        if end <= low:
            break
        shifted = np.add(curve[low:end], value, out=buffer[: end - low])
        target = new[low + step : end + step]
        np.maximum(target, shifted, out=target)
    return new


def as_item(curve: NDArray[np.float64]) -> Item:
    """The reachable totals of a curve as the levels of one item."""
    totals = np.flatnonzero(curve > -np.inf).astype(np.int64)
    return totals, curve[totals]


class Chain:
    """Items folded one after the other.

    Args:
        items: the items in order, n of them.
        size: highest total that matters.

    Attributes:
        items: the items.
        size: the highest total.
        prefixes: curves of the first 0, 1, ..., n items, shape (n + 1, size + 1).
    """

    def __init__(self, items: Sequence[Item], size: int) -> None:
        self.items = list(items)
        self.size = size
        start = np.full(size + 1, -np.inf)
        start[0] = 0.0
        self.prefixes = [start]
        for item in self.items:
            self.prefixes.append(fold(self.prefixes[-1], item))

    @property
    def curve(self) -> NDArray[np.float64]:
        """Curve of all items, shape (size + 1,)."""
        return self.prefixes[-1]

    def completions(self, terminal: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """What the remaining items can still add.

        Args:
            terminal: value of having spent t in all, shape (size + 1,).

        Returns:
            n + 1 arrays of shape (size + 1,): entry t of array i is the best value of items i to n - 1 plus
            the terminal value, when t is spent already.
        """
        backward = [terminal[::-1]]
        for item in reversed(self.items):
            backward.append(fold(backward[-1], item))
        return [curve[::-1] for curve in reversed(backward)]

    def best_with(self, position: int, after: NDArray[np.float64]) -> NDArray[np.float64]:
        """Best value with one item held at each of its levels.

        Args:
            position: which item.
            after: entry ``position + 1`` of ``completions``.

        Returns:
            Values, shape (levels,), minus infinity where the level fits nowhere.
        """
        before = self.prefixes[position]
        spends, values = self.items[position]
        best = np.full(len(spends), -np.inf)
        for k, step in enumerate(spends.tolist()):
            if step > self.size:
                break
            best[k] = (before[: self.size + 1 - step] + after[step:]).max() + values[k]
        return best

    def backward(self, count: int, total: int) -> list[int]:
        """Levels of the first ``count`` items in a best choice that spends exactly ``total``.

        Ties go to the lower level, decided for the last item first.
        """
        levels: list[int] = []
        for position in reversed(range(count)):
            spends, values = self.items[position]
            fits = int(np.searchsorted(spends, total, side="right"))
            level = int(np.argmax(self.prefixes[position][total - spends[:fits]] + values[:fits]))
            levels.append(level)
            total -= int(spends[level])
        return levels[::-1]

    def forward(
        self, completions: Sequence[NDArray[np.float64]], start: int, total: int
    ) -> tuple[list[int], int]:
        """Levels of items ``start`` onwards in a best choice once ``total`` is spent, and the total then."""
        levels: list[int] = []
        for position in range(start, len(self.items)):
            spends, values = self.items[position]
            fits = int(np.searchsorted(spends, self.size - total, side="right"))
            level = int(np.argmax(completions[position + 1][total + spends[:fits]] + values[:fits]))
            levels.append(level)
            total += int(spends[level])
        return levels, total
