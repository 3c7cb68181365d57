"""The exact optimum of a separable question by dynamic programming over the money spent.

The lines of a capped group are folded up to the cap, then the curves of the groups and the other lines up to
the budget: O(lines * levels * budget) additions, in numpy. Nothing is approximated and no solver is trusted,
so the value is a proof: no plan at this step size is better.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError, OptionError, PlanError, UnsupportedModelError
from .chain import Chain, Item, as_item
from .lines import LevelQuestion
from .steps import check_reachable, in_steps

__all__ = ["DynamicProgram", "operations"]


def operations(question: LevelQuestion) -> int:
    """Additions that ``DynamicProgram`` needs at most, to judge beforehand whether it is quick enough.

    Args:
        question: any question; synergies are not looked at.

    Returns:
        Levels times totals, summed over the lines; 10**9 take about a second.
    """
    steps = in_steps(question)
    size = max(steps.budget, 0) + 1
    caps = {group: min(max(cap, 0) + 1, size) for group, cap in steps.caps.items()}
    total = sum(cap * size for cap in caps.values())
    for i, line in enumerate(question.lines):
        group = question.cap_of(i)
        total += len(line.spends) * (size if group is None else caps[group])
    return total


class DynamicProgram:
    """Solve a separable question exactly, and answer questions about its near-optimal plans.

    Of several best plans the one with the smallest total is taken, then the one that spends least on the
    last block, then on the block before it, and so on; a block is a capped group (at the place of its first
    line, its lines in their order) or a line outside of such groups. Ties are exact ties of floating-point
    sums.

    Args:
        question: lines without synergies.
        reach: highest total of ``curve`` in units; the budget if left out or lower.

    Attributes:
        question: the question.
        curve: best value per total spend within the caps, shape (reach + 1,), minus infinity for totals that
            no plan has.
        total: units spent by the best plan.
        choice: level of each line in the best plan, shape (N,).
        value: its value.

    Raises:
        UnsupportedModelError: the question has synergies or side constraints.
        PlanError: no plan keeps the budget and the caps; the message names the nearest totals.
        OptionError: ``reach`` is negative.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line("tv", [0, 5, 6, 7], [0, 4, 5, 6]), Line("search", [0, 1, 2], [0, 2, 3])]
        >>> program = DynamicProgram(LevelQuestion(lines, budget=7))
        >>> program.value, program.choice, program.best_with_levels()[1]
        (7.0, array([2, 1]), array([6., 7., 7.]))
    """

    def __init__(self, question: LevelQuestion, *, reach: int | None = None) -> None:
        if question.synergies:
            raise UnsupportedModelError(
                f"the question has {len(question.synergies)} synergies; dynamic programming needs a value "
                "that is a sum over lines. Use solve_breakpoints"
            )
        if question.sides:
            raise UnsupportedModelError(
                f"the question has {len(question.sides)} side constraints; this dynamic program knows one "
                "budget and caps. Use prove"
            )
        if reach is not None and reach < 0:
            raise OptionError(f"reach is {reach}; it must be zero or more units")
        self.question = question
        self._steps = in_steps(question)
        check_reachable(question, self._steps)
        reach = max(question.budget, reach or 0)
        self._size = (reach - self._steps.base) // self._steps.stride
        self._plan_blocks()
        self.curve = np.full(reach + 1, -np.inf)
        self.curve[self._steps.base :: self._steps.stride] = self._outer.curve
        if question.spend == "exactly":
            self.total = question.budget
        else:
            self.total = int(np.argmax(self.curve[: question.budget + 1]))
        self.choice = self.plan(self.total)
        self.value = float(self.curve[self.total])

    def _plan_blocks(self) -> None:
        """Fold the capped groups, then all blocks; a block is a list of lines and its inner chain, if any."""
        pieces: list[Item] = [(s, line.values) for s, line in zip(self._steps.spends, self.question.lines)]
        self._blocks: list[tuple[list[int], Chain | None]] = []
        self._place: list[tuple[int, int]] = [(0, 0)] * len(pieces)
        seen: set[str] = set()
        items: list[Item] = []
        for i in range(len(pieces)):
            group = self.question.cap_of(i)
            if group in seen:
                continue
            if group is None:
                members, inner = [i], None
                items.append(pieces[i])
            else:
                seen.add(group)
                members = self.question.members(group)
                inner = Chain([pieces[j] for j in members], min(self._steps.caps[group], self._size))
                items.append(as_item(inner.curve))
            for place, j in enumerate(members):
                self._place[j] = (len(self._blocks), place)
            self._blocks.append((members, inner))
        self._outer = Chain(items, self._size)

    def plan(self, total: int) -> NDArray[np.int64]:
        """Best plan that spends exactly ``total``.

        Args:
            total: units, from 0 to ``reach``.

        Returns:
            Level of each line, shape (N,).

        Raises:
            PlanError: no plan spends that total within the caps.
        """
        if not 0 <= total < len(self.curve) or self.curve[total] == -np.inf:
            raise PlanError(
                f"no plan within the caps that was looked at spends exactly {self.question.money(total)}; "
                "take a total where the curve is finite, or raise reach"
            )
        levels = self._outer.backward(len(self._blocks), (total - self._steps.base) // self._steps.stride)
        return self._unfold(levels)

    def _unfold(self, levels: list[int]) -> NDArray[np.int64]:
        choice = np.zeros(len(self.question.lines), dtype=np.int64)
        for (members, inner), (spends, _), level in zip(self._blocks, self._outer.items, levels):
            choice[members] = [level] if inner is None else inner.backward(len(members), int(spends[level]))
        return choice

    @cached_property
    def _outer_completions(self) -> list[NDArray[np.float64]]:
        terminal = np.full(self._size + 1, -np.inf)
        budget = self._steps.budget
        terminal[budget if self.question.spend == "exactly" else 0 : budget + 1] = 0.0
        return self._outer.completions(terminal)

    @cached_property
    def _inner_completions(self) -> dict[int, list[NDArray[np.float64]]]:
        """Per capped group: what its remaining lines and everything outside can add to its spend so far."""
        found = {}
        for block, (_, inner) in enumerate(self._blocks):
            if inner is not None:
                before, after = self._outer.prefixes[block], self._outer_completions[block + 1]
                outside = [(before[: self._size + 1 - s] + after[s:]).max() for s in range(inner.size + 1)]
                found[block] = inner.completions(np.array(outside))
        return found

    @cached_property
    def _held(self) -> tuple[NDArray[np.float64], ...]:
        found = []
        for block, place in self._place:
            inner = self._blocks[block][1]
            if inner is None:
                found.append(self._outer.best_with(block, self._outer_completions[block + 1]))
            else:
                found.append(inner.best_with(place, self._inner_completions[block][place + 1]))
        for table in found:
            table.setflags(write=False)
        return tuple(found)

    def best_with_levels(self) -> tuple[NDArray[np.float64], ...]:
        """Best total value with one line held at one level, for every line and level.

        Returns:
            Per line an array of shape (levels,), minus infinity where no plan has that level. Costs about
            as much as two more dynamic programs, once.
        """
        return self._held

    def best_with_level(self, line: int, level: int) -> float:
        """Best total value with ``line`` held at ``level``; minus infinity if no plan has that level."""
        self._check(line, level)
        return float(self._held[line][level])

    def plan_with_level(self, line: int, level: int) -> NDArray[np.int64]:
        """A best plan among those that hold ``line`` at ``level``.

        Args:
            line: position of a line.
            level: position of one of its levels.

        Returns:
            Level of each line, shape (N,).

        Raises:
            PlanError: no plan has that level.
            ModelError: there is no such line or level.
        """
        self._check(line, level)
        if self._held[line][level] == -np.inf:
            label, spend = self.question.lines[line].label, self.question.lines[line].spends[level]
            raise PlanError(
                f"no plan within budget and caps spends {self.question.money(spend)} on {label!r}"
            )
        block, place = self._place[line]
        members, inner = self._blocks[block]
        step = int(self._steps.spends[line][level])
        inside = [level]
        if inner is not None:
            inner_after = self._inner_completions[block]
            spent = _best_split(inner.prefixes[place], inner_after[place + 1], step)
            rest, total = inner.forward(inner_after, place + 1, spent + step)
            inside = [*inner.backward(place, spent), level, *rest]
            step = total
        after = self._outer_completions
        spent = _best_split(self._outer.prefixes[block], after[block + 1], step)
        rest, _ = self._outer.forward(after, block + 1, spent + step)
        choice = self._unfold([*self._outer.backward(block, spent), 0, *rest])
        choice[members] = inside
        return choice

    def _check(self, line: int, level: int) -> None:
        if not 0 <= line < len(self.question.lines) or not 0 <= level < len(self.question.lines[line].spends):
            raise ModelError(
                f"there is no level {level} of line {line}; there are {len(self.question.lines)} lines with "
                f"{[len(entry.spends) for entry in self.question.lines]} levels"
            )


def _best_split(before: NDArray[np.float64], after: NDArray[np.float64], step: int) -> int:
    """What the items before spend in a best plan in which one item spends ``step``."""
    return int(np.argmax(before[: len(before) - step] + after[step:]))
