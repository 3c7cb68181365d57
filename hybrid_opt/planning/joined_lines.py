"""Two lines that interact become one line: its spend is their sum, its value the best split of that sum.

A question in which every line interacts with one other line at most is then separable, and dynamic
programming is exact for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lines import LevelQuestion, Line

__all__ = ["Joined", "join_pairs", "joinable_pairs"]

PAIR_LIMIT = 2**22


@dataclass(frozen=True, eq=False)
class Joined:
    """A question whose lines stand for one or two lines of another.

    Attributes:
        question: the question without synergies.
        members: positions in the other question, per joined line.
        levels: per joined line the level of each member at each of its levels, shape (levels, members).
    """

    question: LevelQuestion
    members: tuple[tuple[int, ...], ...]
    levels: tuple[NDArray[np.int64], ...]

    def split(self, choice: ArrayLike) -> NDArray[np.int64]:
        """The plan of the other question that a plan of this one stands for, shape (N,)."""
        parts = np.zeros(sum(len(members) for members in self.members), dtype=np.int64)
        for members, levels, level in zip(self.members, self.levels, np.asarray(choice)):
            parts[list(members)] = levels[level]
        return parts


def joinable_pairs(question: LevelQuestion) -> dict[tuple[int, int], float]:
    """The synergies that can be joined, strongest first, each line in one of them at most.

    Args:
        question: the question.

    Returns:
        Positions of the two lines, increasing -> value per unit times unit. Two lines can be joined if
        they share their cap or have none, and if their pairs of levels are not too many.
    """
    factors: dict[tuple[int, int], float] = {}
    for pair in question.synergies:
        key = (min(pair.first, pair.second), max(pair.first, pair.second))
        factors[key] = factors.get(key, 0.0) + question.product_value(pair)
    sizes = [len(line.spends) for line in question.lines]
    strengths = {
        (i, j): abs(factor) * float(question.lines[i].spends[-1]) * float(question.lines[j].spends[-1])
        for (i, j), factor in factors.items()
    }
    chosen: dict[tuple[int, int], float] = {}
    taken: set[int] = set()
    for i, j in sorted(factors, key=lambda key: -strengths[key]):
        free = not {i, j} & taken and sizes[i] * sizes[j] <= PAIR_LIMIT
        if free and question.cap_of(i) == question.cap_of(j):
            chosen[i, j] = factors[i, j]
            taken |= {i, j}
    return chosen


def join_pairs(
    question: LevelQuestion, values: Sequence[NDArray[np.float64]], pairs: dict[tuple[int, int], float]
) -> Joined:
    """Join pairs of lines.

    Args:
        question: the question; its synergies and side constraints are not looked at.
        values: values to use instead of those of its lines, per line, shape (levels,).
        pairs: positions of two lines -> value per unit times unit; no line twice.

    Returns:
        The joined question; its lines are called by the positions of their members.

    Example:
        >>> lines = [Line(name, [0, 1, 2], [0.0, 1.0, 1.5]) for name in "abc"]
        >>> joined = join_pairs(LevelQuestion(lines, 3), [line.values for line in lines], {(0, 2): 1.0})
        >>> joined.question.lines[0].values, joined.split([4, 1])
        (array([0. , 1. , 3. , 4.5, 7. ]), array([2, 1, 2]))
    """
    second = {j for _, j in pairs}
    members: list[tuple[int, ...]] = []
    levels: list[NDArray[np.int64]] = []
    lines: list[Line] = []
    for i, line in enumerate(question.lines):
        if i in second:
            continue
        found = [pair for pair in pairs if pair[0] == i]
        group = question.cap_of(i)
        if not found:
            members.append((i,))
            levels.append(np.arange(len(line.spends))[:, None])
            lines.append(Line(str(i), line.spends, values[i], group))
            continue
        (pair,) = found
        other = question.lines[pair[1]]
        totals = (line.spends[:, None] + other.spends).ravel()
        product = np.outer(line.spends.astype(np.float64), other.spends)
        worth = (values[i][:, None] + values[pair[1]] + pairs[pair] * product).ravel()
        order = np.lexsort((-worth, totals))
        spends, first = np.unique(totals[order], return_index=True)
        best = order[first]
        members.append(pair)
        levels.append(np.column_stack(np.divmod(best, len(other.spends))))
        lines.append(Line("+".join(map(str, pair)), spends, worth[best], group))
    return Joined(replace(question, lines=lines, synergies=(), sides=()), tuple(members), tuple(levels))
