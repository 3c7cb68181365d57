"""Some groups of a question about choices, the others held: for simulators, and for improvement by blocks.

Shapes: G groups, N options of all groups together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError, PlanError
from ..progress import Progress, silent
from ..qubo import LevelModel, Qubo, to_qubo
from ..seeds import child_seed, resolve_seed
from ..solvers import Solver, solve
from .choice_form import ChoiceForm
from .lines import LevelQuestion, Line
from .windows import Window
from .zoom import Zoom

__all__ = ["ChoiceWindow", "choice_window", "coarsen_choices", "improve_choices"]

Encoding = Literal["one-hot", "auto"]


@dataclass(frozen=True, eq=False)
class ChoiceWindow(Window):
    """A question about choices in which some groups are held; its model has one variable per group."""

    def model(self) -> LevelModel:
        """The question with one variable per group."""
        return ChoiceForm.of(self.question).model()

    def lift(self, choice: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """An option per group, shape (G,), as levels of the lines of the whole question, shape (N,)."""
        form = ChoiceForm.of(self.question)
        picks = np.array([[own[int(k)] for own, k in zip(form.options, choice)]])
        units = form.units(picks)[0].tolist()
        return np.array([unit if len(own) > 1 else int(own[0]) for own, unit in zip(self.kept, units)])


def choice_window(
    question: LevelQuestion, anchor: NDArray[np.integer[Any]], free: Sequence[str]
) -> ChoiceWindow:
    """Hold every group at the anchor's option but the free ones.

    Args:
        question: the whole question.
        anchor: a plan, level of each line, shape (N,).
        free: names of the groups that may move.

    Returns:
        The smaller question.
    """
    kept = [
        np.arange(len(line.spends)) if line.group in free else np.array([int(level)])
        for line, level in zip(question.lines, anchor)
    ]
    lines = [
        Line(line.label, line.spends[own], line.values[own], line.group)
        for line, own in zip(question.lines, kept)
    ]
    return ChoiceWindow(replace(question, lines=lines), kept, 1)


def _free_bits(form: ChoiceForm) -> dict[str, int]:
    """One-hot bits of every group in which there is something to choose."""
    return {group: len(own) for group, own in zip(form.groups, form.options) if len(own) > 1}


def coarsen_choices(
    question: LevelQuestion,
    anchor: NDArray[np.integer[Any]],
    max_bits: int,
    *,
    encoding: Encoding = "one-hot",
) -> tuple[ChoiceWindow, Qubo]:
    """The whole question where its bits fit, else the groups in which the choice matters most.

    Args:
        question: the whole question.
        anchor: a feasible plan, level of each line, shape (N,).
        max_bits: most bits, slack bits included.
        encoding: of the groups; "auto" saves at least a bit per group, but is no one-hot group for a mixer.

    Returns:
        The window and its QUBO.

    Raises:
        PlanError: every group has one option only.
        ModelTooLargeError: no two groups fit.
    """
    form = ChoiceForm.of(question)
    bits = _free_bits(form)
    if not bits:
        raise PlanError("every group has one option only; there is nothing to choose")
    reach = {group: float(np.ptp(own)) for group, own in zip(form.groups, form.values)}
    order, free, used = sorted(bits, key=lambda group: -reach[group]), [], 0
    for group in order:
        needed = bits[group] - (encoding == "auto")
        if used + needed <= max_bits:
            free.append(group)
            used += needed
    least = min(2, len(bits))
    while len(free) >= least:
        small = choice_window(question, anchor, free)
        qubo = to_qubo(small.model(), encoding=encoding)
        if qubo.n_bits <= max_bits:
            return small, qubo
        free = free[:-1]
    raise ModelTooLargeError(
        f"two groups and the limits need more than {max_bits} qubits; allow more, or shorten the ladders"
    )


def improve_choices(
    question: LevelQuestion,
    start: NDArray[np.integer[Any]],
    method: str | Solver,
    *,
    max_bits: int = 20,
    seed: int | None = None,
    time_limit: float = 60.0,
    progress: Progress = silent,
) -> Zoom:
    """Improve a feasible plan block of groups by block, in two passes over all groups.

    Args:
        question: the whole question.
        start: a feasible plan, level of each line, shape (N,); the answer is never worse.
        method: any method of ``solve`` for the blocks.
        max_bits: most one-hot bits of a block.
        seed: of the method, and of the order of the groups.
        time_limit: seconds for all blocks.
        progress: told the share of blocks done.

    Returns:
        The plan, and a row per block.
    """
    seed = resolve_seed(seed)
    random = np.random.default_rng(child_seed(seed, "blocks of choices"))
    bits = _free_bits(ChoiceForm.of(question))
    found = Zoom(np.array(start, dtype=np.int64), question.value(start))
    deadline = monotonic() + time_limit
    blocks = [block for _ in range(2) for block in _blocks(bits, max_bits, random)]
    blocks = blocks[:1] if sum(bits.values()) <= max_bits else blocks
    for number, block in enumerate(blocks):
        left = deadline - monotonic()
        if left <= 0:
            found.deterministic = False
            break
        try:
            small = choice_window(question, found.choice, block)
            answer = solve(
                small.model(), method, seed=child_seed(seed, f"block {number}"), time_limit=left
            )
        except KeyboardInterrupt:
            found.interrupted, found.deterministic = True, False
            break
        found.deterministic &= answer.deterministic
        if answer.feasible and answer.sample is not None:
            groups = ChoiceForm.of(small.question).groups
            choice = small.lift(np.array([int(answer.sample[group]) for group in groups]))
            if question.feasible(choice) and question.value(choice) > found.value:
                found.choice, found.value = choice, question.value(choice)
        row = {"step": 1, "bits": sum(bits[group] for group in block), "value": found.value}
        found.rounds.append(row)
        progress((number + 1) / len(blocks), f"block {number + 1} of {len(blocks)}")
        if answer.interrupted:
            found.interrupted, found.deterministic = True, False
            break
    return found


def _blocks(bits: dict[str, int], most: int, random: np.random.Generator) -> list[list[str]]:
    """All groups in a random order, cut into blocks that fit (a group alone where it does not)."""
    names = list(bits)
    blocks: list[list[str]] = []
    room = 0
    for k in random.permutation(len(names)).tolist():
        if not blocks or bits[names[k]] > room:
            blocks.append([])
            room = most
        blocks[-1].append(names[k])
        room -= bits[names[k]]
    return blocks
