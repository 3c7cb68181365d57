"""Completions of a prefix by the last two lines: sorted once, counted by binary search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Prefixes", "Stage", "Tail"]

PAIR_LIMIT = 2**22


@dataclass(frozen=True, eq=False)
class Stage:
    """One line in search order, cut to the levels that some plan above the threshold has.

    Attributes:
        line: its position in the question.
        kept: positions of the kept levels, shape (levels,).
        spends: steps of each, shape (levels,).
        values: value of each, shape (levels,).
        cap: steps that the lines of its block may spend together, or None.
        opens: whether it is the first of its block.
    """

    line: int
    kept: NDArray[np.int64]
    spends: NDArray[np.int64]
    values: NDArray[np.float64]
    cap: int | None
    opens: bool


@dataclass(frozen=True, eq=False)
class Prefixes:
    """Prefixes of equal length, m of them.

    Attributes:
        values: value so far, shape (m,).
        totals: steps spent so far, shape (m,).
        inside: steps spent so far in the group of the last stage, shape (m,).
        levels: positions in the kept levels of each stage, shape (m, depth).
    """

    values: NDArray[np.float64]
    totals: NDArray[np.int64]
    inside: NDArray[np.int64]
    levels: NDArray[np.int64]

    def part(self, start: int, stop: int) -> Prefixes:
        """Prefixes ``start`` to ``stop - 1``."""
        cut = slice(start, stop)
        return Prefixes(self.values[cut], self.totals[cut], self.inside[cut], self.levels[cut])


class Tail:
    """Completions by the last one or two stages, sorted by total and, within a total, by value.

    Caps need no attention here. Two stages form the tail only if they are of one capped block or of none;
    and what the last block spends is settled when it opens, where the search has checked its cap.

    Args:
        stages: all stages in search order.
        size: steps to spend in all.

    Attributes:
        length: number of stages in the tail, 1 or 2.
    """

    def __init__(self, stages: list[Stage], size: int) -> None:
        self._size = size
        last = stages[-2:]
        pairs = len(last) == 2 and len(last[0].kept) * len(last[1].kept) <= PAIR_LIMIT
        self.length = 2 if pairs and _share_cap(last) else 1
        first = stages[-self.length]
        spends, values = first.spends, first.values
        self._width = len(stages[-1].kept)
        if self.length == 2:
            spends = (spends[:, None] + stages[-1].spends).ravel()
            values = (values[:, None] + stages[-1].values).ravel()
        self._order = np.lexsort((values, spends))
        self._sorted = np.sort(values)
        ranks = np.searchsorted(self._sorted, values[self._order])
        self._keys = spends[self._order] * (len(values) + 1) + ranks
        self._stride = len(values) + 1

    def matches(self, prefixes: Prefixes, threshold: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which completions spend the rest and reach the threshold.

        Args:
            prefixes: prefixes of all stages but those of the tail, m of them.
            threshold: least value of a plan that counts.

        Returns:
            Per prefix the first place in sorted order and the one after the last, both of shape (m,).
        """
        rest = self._size - prefixes.totals
        needs = np.searchsorted(self._sorted, threshold - prefixes.values)
        first = np.searchsorted(self._keys, rest * self._stride + needs)
        stop = np.searchsorted(self._keys, (rest + 1) * self._stride)
        return first, np.maximum(first, stop)

    def complete(
        self, prefixes: Prefixes, first: NDArray[np.intp], stop: NDArray[np.intp]
    ) -> NDArray[np.int64]:
        """The full levels of all these plans, shape (plans, stages)."""
        sizes = stop - first
        rows = np.repeat(np.arange(len(sizes)), sizes)
        places = np.arange(int(sizes.sum())) + np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
        columns = self._order[places]
        levels = columns[:, None] if self.length == 1 else np.column_stack(np.divmod(columns, self._width))
        return np.column_stack([prefixes.levels[rows], levels])


def _share_cap(last: list[Stage]) -> bool:
    """Whether two stages are of one capped block, or of none."""
    return not last[1].opens or (last[0].cap is None and last[1].cap is None)
