"""Every plan above a threshold, line by line, without dead ends.

A prefix (levels of the first few lines) is kept only if the best completion within budget and caps reaches
the threshold. That completion is known exactly from a dynamic program over the lines that follow, so every
kept prefix leads to a plan that counts. The last two lines are not expanded: their pairs are sorted by total
and value once, and a binary search counts those that complete a prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .chain import Chain, Item, as_item, fold
from .dynamic_program import DynamicProgram
from .prefix_tail import Prefixes, Stage, Tail
from .steps import in_steps

__all__ = ["Census", "PrefixSearch"]

CHUNK = 2**18
TABLE_LIMIT = 2**22


@dataclass(frozen=True, eq=False)
class Census:
    """What a search found.

    Attributes:
        count: plans found.
        exact: whether the search ended; otherwise ``count`` is a lower bound.
        work: prefixes looked at.
        plans: all of them as level positions, shape (count, N), or None if there were too many to keep or
            the search did not end.
    """

    count: int
    exact: bool
    work: int
    plans: NDArray[np.int64] | None


class PrefixSearch:
    """All plans of a spend-exactly question whose value reaches a threshold.

    Args:
        program: the solved question; it must spend its budget exactly.
        threshold: least value of a plan that counts, at most the best value.
        order: line positions in the order in which to expand them; lines of a capped group are kept
            together at the place of the first. None expands lines with few levels first.

    Raises:
        OptionError: the threshold is above the best value, or the question may leave money unspent.

    Example:
        >>> from hybrid_opt.planning.lines import LevelQuestion, Line
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 5.0]) for name in "abc"]
        >>> search = PrefixSearch(DynamicProgram(LevelQuestion(lines, budget=3)), threshold=8.0)
        >>> search.count().count, search.count().plans.tolist()[:2]
        (7, [[0, 1, 2], [0, 2, 1]])
    """

    def __init__(
        self, program: DynamicProgram, threshold: float, *, order: NDArray[np.int64] | None = None
    ) -> None:
        if not threshold <= program.value:
            raise OptionError(
                f"threshold is {threshold!r}; it must not exceed the best value {program.value!r}"
            )
        if program.question.spend != "exactly":
            raise OptionError("the question may leave money unspent; add a line that takes the rest")
        self._steps = in_steps(program.question)
        self._threshold = threshold
        self.stages = self._arrange(program, order)
        self._size = self._steps.budget
        self._bounds = self._completion_bounds()

    def _arrange(self, program: DynamicProgram, order: NDArray[np.int64] | None) -> list[Stage]:
        question, held = program.question, program.best_with_levels()
        kept = [np.flatnonzero(best >= self._threshold) for best in held]
        blocks: list[tuple[list[int], int | None]] = []
        seen: set[str] = set()
        for line in range(len(kept)) if order is None else order.tolist():
            group = question.cap_of(line)
            if group is None:
                blocks.append(([line], None))
            elif group not in seen:
                seen.add(group)
                members = question.members(group)
                if order is not None:
                    members.sort(key=order.tolist().index)
                most = sum(int(self._steps.spends[i][kept[i][-1]]) for i in members)
                if most <= self._steps.caps[group]:
                    blocks.extend(([i], None) for i in members)
                else:
                    blocks.append((members, self._steps.caps[group]))
        if order is None:
            blocks = _few_levels_first(blocks, [len(levels) for levels in kept])
        stages = []
        for members, cap in blocks:
            for place, i in enumerate(members):
                spends = self._steps.spends[i][kept[i]]
                values = question.lines[i].values[kept[i]]
                stages.append(Stage(i, kept[i], spends, values, cap, opens=place == 0))
        return stages

    def _completion_bounds(self) -> list[NDArray[np.float64]]:
        """Per depth the best value that can follow: by total, and inside a group also by its spend so far.

        One-dimensional arrays ignore the spend of the open group; they are exact at the start of a block,
        and stand in where the table would be too large.
        """
        size, n = self._size, len(self.stages)
        bounds: list[NDArray[np.float64]] = [np.zeros(0)] * (n + 1)
        after = np.full(size + 1, -np.inf)
        after[size] = 0.0
        bounds[n] = after
        stop = n
        while stop:
            start = stop - 1
            while not self.stages[start].opens:
                start -= 1
            items: list[Item] = [(stage.spends, stage.values) for stage in self.stages[start:stop]]
            cap = self.stages[start].cap
            if cap is None:
                after = fold(after[::-1], items[0])[::-1]
            else:
                cap = min(cap, size)
                room = np.full(cap + 1, -np.inf)
                room[0] = 0.0
                for depth in range(stop - 1, start, -1):
                    room = fold(room, items[depth - start])
                    bounds[depth] = _within_cap(room, after)
                after = fold(after[::-1], as_item(Chain(items, cap).curve))[::-1]
            bounds[start] = after
            stop = start
        return bounds

    def _bound(self, depth: int, totals: NDArray[np.int64], inside: NDArray[np.int64]) -> NDArray[np.float64]:
        """Best value of the stages from ``depth`` on; totals must not exceed the budget."""
        table = self._bounds[depth]
        cells = totals if table.ndim == 1 else (totals, table.shape[1] - 1 - inside)
        best: NDArray[np.float64] = table[cells]
        return best

    def _options(self, depth: int, prefixes: Prefixes) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which levels of a stage keep each prefix alive, shape (m, levels), and the group's spend then."""
        stage = self.stages[depth]
        totals = prefixes.totals[:, None] + stage.spends
        inside = np.zeros((len(prefixes.values), 1), dtype=np.int64)
        alive = totals <= self._size
        if stage.cap is not None:
            inside = stage.spends + (0 if stage.opens else prefixes.inside[:, None])
            alive &= inside <= min(stage.cap, self._size)
        inside = np.broadcast_to(inside, alive.shape)
        reach = self._bound(depth + 1, np.where(alive, totals, 0), np.where(alive, inside, 0))
        alive &= prefixes.values[:, None] + stage.values + reach >= self._threshold
        return alive, inside

    def _extend(
        self,
        depth: int,
        prefixes: Prefixes,
        inside: NDArray[np.int64],
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
    ) -> Prefixes:
        """Append level ``columns[j]`` of a stage to prefix ``rows[j]``."""
        stage = self.stages[depth]
        return Prefixes(
            prefixes.values[rows] + stage.values[columns],
            prefixes.totals[rows] + stage.spends[columns],
            inside[rows, columns],
            np.column_stack([prefixes.levels[rows], columns]),
        )

    def _root(self, copies: int = 1) -> Prefixes:
        nothing = np.zeros(copies, dtype=np.int64)
        return Prefixes(np.zeros(copies), nothing, nothing, np.zeros((copies, 0), dtype=np.int64))

    def count(
        self,
        *,
        work_limit: int = 30_000_000,
        keep: int = 50_000,
        on_chunk: Callable[[int], None] | None = None,
    ) -> Census:
        """Count the plans, and keep them if they are few.

        Args:
            work_limit: most prefixes to look at; beyond it the count is a lower bound.
            keep: most plans to keep.
            on_chunk: called now and then with the prefixes looked at so far.

        Returns:
            The census.
        """
        tail = Tail(self.stages, self._size)
        last = len(self.stages) - tail.length
        stack = [(0, self._root())]
        count = work = 0
        found: list[NDArray[np.int64]] = []
        while stack:
            depth, prefixes = stack.pop()
            if depth == last:
                first, stop = tail.matches(prefixes, self._threshold)
                count += int((stop - first).sum())
                if count <= keep:
                    found.append(tail.complete(prefixes, first, stop))
                continue
            width = len(self.stages[depth].kept)
            rows = max(1, CHUNK // width)
            if len(prefixes.values) > rows:
                stack.append((depth, prefixes.part(rows, len(prefixes.values))))
                prefixes = prefixes.part(0, rows)
            cost = len(prefixes.values) * width
            if work + cost > work_limit:
                return Census(count, False, work, None)
            work += cost
            if on_chunk is not None:
                on_chunk(work)
            alive, inside = self._options(depth, prefixes)
            stack.append((depth + 1, self._extend(depth, prefixes, inside, *np.nonzero(alive))))
        plans = None
        if count <= keep:
            plans = self._in_question_order(np.concatenate(found))
            plans = plans[np.lexsort(plans.T[::-1])]
        return Census(count, True, work, plans)

    def draw(self, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw plans at random: each line in turn takes any of the levels that still lead to one.

        Not uniform over the plans; lines early in the order vary most.

        Args:
            number: how many, S.
            rng: the source of randomness.

        Returns:
            Level positions, shape (S, N), possibly with repetitions.
        """
        prefixes = self._root(number)
        for depth in range(len(self.stages)):
            alive, inside = self._options(depth, prefixes)
            ranks = np.cumsum(alive, axis=1)
            picks = np.floor(rng.random(len(ranks)) * ranks[:, -1]).astype(np.int64)
            columns = np.argmax(ranks > picks[:, None], axis=1)
            rows = np.flatnonzero(ranks[:, -1] > 0)
            prefixes = self._extend(depth, prefixes, inside, rows, columns[rows])
        return self._in_question_order(prefixes.levels)

    def _in_question_order(self, levels: NDArray[np.int64]) -> NDArray[np.int64]:
        plans = np.zeros_like(levels)
        for depth, stage in enumerate(self.stages):
            plans[:, stage.line] = stage.kept[levels[:, depth]]
        return plans


def _within_cap(room: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Best of room[w] + after[t + w] over w <= allowance, by total t and, if not too large, by allowance."""
    size, cap = len(after) - 1, len(room) - 1
    if len(after) * len(room) > TABLE_LIMIT:
        return fold(after[::-1], as_item(room))[::-1]
    padded = np.concatenate([after, np.full(cap, -np.inf)])
    ahead = np.lib.stride_tricks.sliding_window_view(padded, cap + 1)[: size + 1]
    best: NDArray[np.float64] = np.maximum.accumulate(ahead + room, axis=1)
    return best


def _few_levels_first(
    blocks: list[tuple[list[int], int | None]], sizes: list[int]
) -> list[tuple[list[int], int | None]]:
    """Order blocks so that few prefixes arise and the two largest lines that may form a pair come last."""
    ordered = [(sorted(members, key=lambda i: sizes[i]), cap) for members, cap in blocks]
    ordered.sort(key=lambda block: max(sizes[i] for i in block[0]))
    singles = [k for k, (members, _) in enumerate(ordered) if len(members) == 1][-2:]
    pairs = [[k] for k, (members, _) in enumerate(ordered) if len(members) > 1]
    if len(singles) == 2:
        pairs.append(singles)

    def product(places: list[int]) -> int:
        lines = [i for k in places for i in ordered[k][0]][-2:]
        return sizes[lines[0]] * sizes[lines[1]]

    last = max(pairs, key=product, default=[])
    return [block for k, block in enumerate(ordered) if k not in last] + [ordered[k] for k in last]
