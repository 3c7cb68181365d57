"""Every plan above a threshold, under any side constraints and with synergies: branch and bound by prices.

Lines are fixed one after the other. A prefix is dropped where what remains cannot keep a limit, or where its
value, plus what the open limits are worth at fixed prices, plus the best priced level of every open line,
stays below the threshold. Any prices of at least zero give a valid bound (Lagrangian relaxation; H. Everett,
Operations Research 11 (1963)); those of the linear relaxation make it tight. A pair of lines counts with the
most that it can still bring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ..errors import OptionError
from .lines import LevelQuestion
from .prefix_search import Census

__all__ = ["limit_rows", "search_plans"]

CHUNK = 2**13


def limit_rows(question: LevelQuestion) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All limits of a question as rows "weights times units is at most room".

    Args:
        question: any question.

    Returns:
        Weights, shape (rows, N), and rooms, shape (rows,).

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> limit_rows(LevelQuestion([Line("a", [0, 1], [0, 1])], budget=1))[0].tolist()
        [[1], [-1]]
    """
    n = len(question.lines)
    rows: list[tuple[NDArray[np.int64], int]] = [(np.ones(n, dtype=np.int64), question.budget)]
    if question.spend == "exactly":
        rows.append((-np.ones(n, dtype=np.int64), -question.budget))
    for group, cap in question.caps.items():
        weights = np.zeros(n, dtype=np.int64)
        weights[question.members(group)] = 1
        rows.append((weights, cap))
    for side in question.sides:
        weights = np.array(side.weights, dtype=np.int64)
        if side.high is not None:
            rows.append((weights, side.high))
        if side.low is not None:
            rows.append((-weights, -side.low))
    return np.array([row for row, _ in rows]), np.array([room for _, room in rows], dtype=np.int64)


def _prices(
    question: LevelQuestion, weights: NDArray[np.int64], rooms: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Price of each row at the optimum of the linear relaxation; zero where that was not solved."""
    sizes = [len(line.spends) for line in question.lines]
    values = np.concatenate([line.values for line in question.lines])
    used = np.concatenate([np.outer(w, line.spends) for w, line in zip(weights.T, question.lines)], axis=1)
    one = np.zeros((len(sizes), len(values)))
    for i, end in enumerate(np.cumsum(sizes)):
        one[i, end - sizes[i] : end] = 1.0
    scale = np.maximum(np.abs(used).max(axis=1), 1).astype(np.float64)
    top = float(np.abs(values).max()) or 1.0
    found = linprog(
        -values / top,
        A_ub=used / scale[:, None],
        b_ub=rooms / scale,
        A_eq=one,
        b_eq=np.ones(len(sizes)),
        bounds=(0, 1),
        method="highs",
    )
    if found.status != 0:
        return np.zeros(len(rooms))
    return np.asarray(np.maximum(0.0, -found.ineqlin.marginals) * top / scale, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Prefixes:
    """Prefixes of ``depth`` lines in the order of the search."""

    depth: int
    levels: NDArray[np.int64]  # (prefixes, depth)
    values: NDArray[np.float64]  # pairs of fixed lines included
    used: NDArray[np.int64]  # (prefixes, rows)


class _Search:
    """Expands prefixes and drops those that lead nowhere."""

    def __init__(self, question: LevelQuestion, threshold: float) -> None:
        self.question, self.threshold = question, threshold
        n = len(question.lines)
        self.order = sorted(range(n), key=lambda i: len(question.lines[i].spends))
        self.weights, self.rooms = limit_rows(question)
        prices = _prices(question, self.weights, self.rooms)
        lines = [question.lines[i] for i in self.order]
        self.spends = [line.spends for line in lines]
        self.lines = [line.values for line in lines]
        self.use = [np.outer(line.spends, self.weights[:, i]) for i, line in zip(self.order, lines)]
        self.prices = prices
        best = [float((values - use @ prices).max()) for values, use in zip(self.lines, self.use)]
        least = [use.min(axis=0) for use in self.use]
        # What the lines from each depth on can add at most, and what they use at least.
        self.open_best = np.append(np.cumsum(best[::-1])[::-1], 0.0)
        self.open_least = np.array([sum(least[d:], 0 * self.rooms) for d in range(n + 1)])
        place = {line: depth for depth, line in enumerate(self.order)}
        self.pairs: list[tuple[int, int, float]] = []
        for pair in question.synergies:
            first, second = sorted((place[pair.first], place[pair.second]))
            self.pairs.append((first, second, question.product_value(pair)))

    def _open_pairs(self, prefixes: _Prefixes) -> NDArray[np.float64]:
        """The most that pairs with an open line can still add, shape (prefixes,)."""
        total = np.zeros(len(prefixes.values))
        for first, second, factor in self.pairs:
            if second < prefixes.depth:
                continue
            ends = self.spends[second][[0, -1]].astype(np.float64)
            if first < prefixes.depth:
                own = self.spends[first][prefixes.levels[:, first]].astype(np.float64)
                total += (factor * own[:, None] * ends).max(axis=1)
            else:
                total += float((factor * np.outer(self.spends[first][[0, -1]], ends)).max())
        return total

    def expand(self, prefixes: _Prefixes) -> _Prefixes:
        """One more line at each of its levels, hopeless ones dropped, in the order of their bounds."""
        depth, count = prefixes.depth, len(self.lines[prefixes.depth])
        levels = np.column_stack(
            [np.repeat(prefixes.levels, count, axis=0), np.tile(np.arange(count), len(prefixes.values))]
        )
        values = (prefixes.values[:, None] + self.lines[depth]).ravel()
        used = (prefixes.used[:, None, :] + self.use[depth]).reshape(-1, len(self.rooms))
        for first, second, factor in self.pairs:
            if second == depth:
                own, other = self.spends[first][levels[:, first]], self.spends[depth][levels[:, depth]]
                values = values + factor * own.astype(np.float64) * other
        grown = _Prefixes(depth + 1, levels, values, used)
        left = self.rooms - used
        bound = values
        if depth + 1 < len(self.lines):  # what a whole plan leaves unused is worth nothing
            bound = values + left @ self.prices + self.open_best[depth + 1] + self._open_pairs(grown)
        keep = np.flatnonzero((left >= self.open_least[depth + 1]).all(axis=1) & (bound >= self.threshold))
        # The most promising prefixes first: a search that is cut short has seen the best plans.
        keep = keep[np.argsort(-bound[keep], kind="stable")]
        return _Prefixes(depth + 1, levels[keep], values[keep], used[keep])


def search_plans(
    question: LevelQuestion,
    threshold: float,
    *,
    work_limit: int = 5_000_000,
    keep: int = 50_000,
    on_chunk: Callable[[int], None] | None = None,
) -> Census:
    """Find every feasible plan whose value reaches a threshold.

    Args:
        question: lines, budget, caps, side constraints and synergies.
        threshold: least value of a plan that counts.
        work_limit: most prefixes to look at; the count is a lower bound where it ended the search.
        keep: most plans to return; the first ones found where there are more.
        on_chunk: told the prefixes looked at so far.

    Returns:
        Count and plans. Unlike those of ``PrefixSearch`` the plans are there, up to ``keep`` of them, even
        where the search did not end.

    Raises:
        OptionError: a limit below one.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 5.0]) for name in "abc"]
        >>> search_plans(LevelQuestion(lines, budget=3), 8.0).count
        7
    """
    for what, number in (("work_limit", work_limit), ("keep", keep)):
        if number < 1:
            raise OptionError(f"{what} is {number!r}; it must be at least 1")
    # The bound adds and subtracts the same numbers in another order than the value does.
    slack = 1e-12 * sum(float(np.abs(line.values).max()) for line in question.lines)
    search = _Search(question, threshold - slack)
    n, rows = len(question.lines), len(search.rooms)
    start = _Prefixes(0, np.zeros((1, 0), dtype=np.int64), np.zeros(1), np.zeros((1, rows), dtype=np.int64))
    stack, found, count, work, kept = [start], [np.zeros((0, n), dtype=np.int64)], 0, 0, 0
    while stack and work < work_limit:
        prefixes = stack.pop()
        grown = search.expand(prefixes)
        work += len(prefixes.values) * len(search.lines[prefixes.depth])
        if grown.depth == n:
            count += len(grown.values)
            plans = np.zeros((min(len(grown.values), keep - kept), n), dtype=np.int64)
            plans[:, search.order] = grown.levels[: len(plans)]
            found.append(plans)
            kept += len(plans)
        else:
            width = max(1, CHUNK // len(search.lines[grown.depth]))
            for begin in reversed(range(0, len(grown.values), width)):
                cut = slice(begin, begin + width)
                stack.append(_Prefixes(grown.depth, grown.levels[cut], grown.values[cut], grown.used[cut]))
        if on_chunk is not None:
            on_chunk(work)
    return Census(count, not stack, work, np.concatenate(found))
