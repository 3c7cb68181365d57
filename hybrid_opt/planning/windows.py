"""Smaller questions inside a large one: a few levels per line around an anchor, small enough for a QUBO.

All kept spends of a line differ from its anchor by multiples of one common step, so sums stay on the
anchor's total plus multiples of that step: "spend exactly" keeps its solutions and needs no slack.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelTooLargeError, PlanError
from ..qubo import LevelModel, Qubo, to_qubo
from .breakpoints import solve_breakpoints
from .dynamic_program import DynamicProgram
from .level_models import to_level_model
from .lines import LevelQuestion, Line
from .resource_program import resource_operations, solve_resources

__all__ = ["Window", "coarsen", "common_step", "nearest_plan", "own_steps", "window"]


@dataclass(frozen=True, eq=False)
class Window:
    """A question on some of the levels of a larger one.

    Attributes:
        question: the smaller question; value and feasibility of its plans are those of the large one.
        kept: per line the levels of the large question that were kept, shape (levels,).
        step: common step in units.
    """

    question: LevelQuestion
    kept: Sequence[NDArray[np.int64]]
    step: int

    def model(self) -> LevelModel:
        """The smaller question as a model to minimize."""
        return to_level_model(self.question)

    def lift(self, choice: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """A plan of the small question as levels of the large one, both of shape (N,)."""
        return np.array([int(kept[level]) for kept, level in zip(self.kept, choice)], dtype=np.int64)


def own_steps(question: LevelQuestion) -> list[int]:
    """Step of each line with a choice, in units: the most frequent difference of neighbouring spends.

    An "off" level far below the others does not count.
    """
    steps = []
    for line in question.lines:
        if len(line.spends) > 1:
            differences, counts = np.unique(np.diff(line.spends), return_counts=True)
            steps.append(int(differences[np.argmax(counts)]))
    return steps


def common_step(question: LevelQuestion) -> int:
    """Smallest step in units that leads from any regular level of any line to another one."""
    return lcm(*own_steps(question))


def nearest_plan(question: LevelQuestion, spends: ArrayLike) -> NDArray[np.int64]:
    """The feasible plan that moves the least money away from given spends.

    Args:
        question: lines, budget and caps; values and synergies play no part.
        spends: wished units per line, shape (N,), feasible or not.

    Returns:
        Level of each line, shape (N,).

    Raises:
        PlanError: no plan is feasible.

    Example:
        >>> lines = [Line("tv", [0, 1, 2], [0, 3, 5]), Line("search", [0, 1, 2], [0, 4, 5])]
        >>> nearest_plan(LevelQuestion(lines, budget=2), [2, 2]).tolist() in ([0, 2], [1, 1], [2, 0])
        True
    """
    wished = np.asarray(spends, dtype=np.float64)
    lines = [
        Line(line.label, line.spends, -np.abs(line.spends - wish), line.group)
        for line, wish in zip(question.lines, wished)
    ]
    wished_plan = replace(question, lines=lines, synergies=())
    if not question.sides:
        return DynamicProgram(wished_plan).choice
    if resource_operations(wished_plan) is not None:
        return solve_resources(wished_plan)
    found = solve_breakpoints(wished_plan)
    if found.choice is None:
        raise PlanError(f"no plan was found that keeps all limits together ({' '.join(found.notes)})")
    return found.choice


def window(
    question: LevelQuestion,
    anchor: NDArray[np.integer[Any]],
    step: int,
    reach: int | None = None,
    *,
    free: Collection[int] | None = None,
) -> Window:
    """Keep, per line, the levels at the anchor's spend plus multiples of a step.

    Args:
        question: the large question.
        anchor: a plan, level of each line, shape (N,).
        step: in units.
        reach: most steps away from the anchor; None keeps all.
        free: positions of the lines that may move; None frees all.

    Returns:
        The small question; the anchor is one of its plans.
    """
    kept = []
    for i, (line, level) in enumerate(zip(question.lines, anchor)):
        away = line.spends - line.spends[level]
        keep = away % step == 0 if free is None or i in free else away == 0
        if reach is not None:
            keep &= np.abs(away) <= reach * step
        kept.append(np.flatnonzero(keep))
    lines = [
        Line(line.label, line.spends[keep], line.values[keep], line.group)
        for line, keep in zip(question.lines, kept)
    ]
    return Window(replace(question, lines=lines), kept, step)


def coarsen(
    question: LevelQuestion, anchor: NDArray[np.integer[Any]], max_bits: int
) -> tuple[Window, Qubo]:
    """A window around an anchor whose QUBO has at most ``max_bits`` bits.

    First with all lines free, at the finest common step that fits. A plan of many lines allows only steps so
    wide that hardly any line can move; then the lines with the largest spends in the anchor may move by one
    step up or down, and the others are held.

    Args:
        question: the large question.
        anchor: a feasible plan, usually today's; never the optimum, which would give the answer away.
        max_bits: limit, slack bits included.

    Returns:
        The window and its QUBO.

    Raises:
        ModelTooLargeError: every window needs more bits.
        PlanError: no step leaves two lines a choice.
    """
    free = [i for i, line in enumerate(question.lines) if len(line.spends) > 1]
    found, needed = _finest(question, anchor, max_bits, free) if len(free) > 1 else (None, None)
    movable = 0 if found is None else sum(len(kept) > 1 for kept in found[0].kept)
    if movable < min(len(free), max_bits // 3):
        block = _one_step_block(question, anchor, max_bits, free)
        if block is not None and sum(len(kept) > 1 for kept in block[0].kept) > movable:
            return block
    if found is not None:
        return found
    if needed is None:
        raise PlanError("no coarse step leaves two lines a choice; widen some limits or allow more qubits")
    raise ModelTooLargeError(
        f"the coarsest version of the plan needs {needed} qubits, more than {max_bits}; allow more, or fix "
        "some lines"
    )


def _finest(
    question: LevelQuestion, anchor: NDArray[np.integer[Any]], max_bits: int, free: Sequence[int]
) -> tuple[tuple[Window, Qubo] | None, int | None]:
    """The finest step that fits with all levels of these lines, or None and the fewest bits seen."""
    base = common_step(question)
    away = [question.lines[i].spends - question.lines[i].spends[anchor[i]] for i in free]
    widest = max(int(line[-1] - line[0]) for line in away)
    smallest: int | None = None
    multiple = 1
    while multiple <= widest // base:
        levels = [int(np.count_nonzero(line % (multiple * base) == 0)) for line in away]
        if sum(level > 1 for level in levels) < 2 and question.spend == "exactly":
            break
        # No exact encoding needs fewer bits than this; compiling is only worth it below the limit.
        needed = sum((level - 1).bit_length() for level in levels)
        skip = 1.0
        if needed <= max_bits and sum(levels) - len(levels) <= 3 * max_bits:
            small = window(question, anchor, multiple * base, free=free)
            qubo = to_qubo(to_level_model(small.question))
            if 0 < qubo.n_bits <= max_bits:
                return (small, qubo), None
            needed = qubo.n_bits
            # Bits shrink about like the number of levels, so this skips no more than a few steps.
            skip = (needed / max_bits) ** 0.25 if needed else 1.05
        if needed:
            smallest = needed if smallest is None else min(smallest, needed)
        multiple = max(multiple + 1, int(multiple * skip))
    return None, smallest


def _one_step_block(
    question: LevelQuestion, anchor: NDArray[np.integer[Any]], max_bits: int, free: Sequence[int]
) -> tuple[Window, Qubo] | None:
    """Lines with large spends, each with up to three levels: one step down, the anchor, one step up."""
    spends = question.spends(anchor)
    block = sorted(free, key=lambda i: -int(spends[i]))[: max(2, max_bits // 2)]
    if all(len(question.lines[i].spends) <= 2 for i in free):
        block = _chosen_and_not(question, anchor, free)[:max_bits]
    base = common_step(question)
    away = [np.abs(question.lines[i].spends - spends[i]) for i in block]
    widest = max(int(line.max()) for line in away)
    steps = base * np.arange(1, widest // base + 1)
    if not len(steps):
        return None
    choices = sum((np.array([np.count_nonzero(line == step) for step in steps]) for line in away), 0 * steps)
    # The step that leaves most levels; of several the widest, which tells plans apart best.
    step = int(steps[np.flatnonzero(choices == choices.max())[-1]])
    while len(block) > 1:
        small = window(question, anchor, step, 1, free=block)
        qubo = to_qubo(to_level_model(small.question))
        if 0 < qubo.n_bits <= max_bits:
            return small, qubo
        block = block[:-1]
    return None


def _chosen_and_not(
    question: LevelQuestion, anchor: NDArray[np.integer[Any]], free: Sequence[int]
) -> list[int]:
    """Lines with two levels, in turn one at its upper level and one at its lower, the most valuable first.

    Of lines that share a capped group the best of every group come first: within one little is to choose.
    """
    order = sorted(free, key=lambda i: -float(np.ptp(question.lines[i].values)))
    met: dict[str | None, int] = {}
    ranks = {}
    for i in order:
        group = question.cap_of(i)
        ranks[i] = 0 if group is None else met.get(group, 0)
        met[group] = met.get(group, 0) + 1
    order = sorted(order, key=lambda i: ranks[i])
    sides = [[i for i in order if bool(anchor[i]) is upper] for upper in (True, False)]
    turns = [(place, k, i) for k, side in enumerate(sides) for place, i in enumerate(side)]
    return [i for _, _, i in sorted(turns)]
