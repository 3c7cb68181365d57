"""The limits of a level task, each moved by one step and the task solved again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import PlanError
from .level_task import LevelTask
from .lines import LevelQuestion
from .money import exact
from .proven_answer import ProvenAnswer, prove
from .worth import Change, no_changes, worth_of_changes

__all__ = ["changes_of_limits", "worth_of_limits"]

FIRST = ("budget", "number", "cap", "resource")  # what is worth most to know where time is short


def changes_of_limits(task: LevelTask, choice: NDArray[np.integer[Any]]) -> list[Change]:
    """One more step of the budget, of each cap, of each resource and fairness limit, and of each bound.

    Args:
        task: the task.
        choice: its plan, level of each line, shape (N,); a bound that cannot be moved is only named where the
            plan stands at it.

    Returns:
        The changes, in that order.
    """
    steps = [grid.step for grid in task.grids if grid.count > 1]
    step = min(steps) if steps else task.unit
    changes = []
    if task.budget is not None and not task.table.words.fixed_total:
        more = replace(task, budget=float(exact(task.budget) + step))
        kind = "number" if task.table.words.choice else "budget"
        changes.append(_change(task.table.words.total, kind, float(step), more))
    for group, cap in ({} if task.table.words.fixed_caps else task.table.caps).items():
        caps = {**task.table.caps, group: float(exact(cap) + step)}
        wider = replace(task, table=replace(task.table, caps=caps))
        changes.append(_change(group, "cap", float(step), wider))
    for k, side in enumerate(task.sides):
        if not side.step:
            continue
        sides = [side.moved() if k == j else other for j, other in enumerate(task.sides)]
        changes.append(_change(side.label, side.kind, side.change, replace(task, sides=sides)))
    for i, line in enumerate(task.table.lines):
        for end, sign in (("max", 1), ("min", -1)):
            longer, reason = task.longer(i, end)
            own = sign * float(task.grids[i].step)
            kind = line.lowest_kind if end == "min" else end
            if longer is not None:
                changes.append(_change(line.label, kind, own, longer))
            elif reason and int(choice[i]) == (len(task.grids[i].spends()) - 1 if end == "max" else 0):
                changes.append(Change(line.label, kind, own, None, reason))
    return changes


def worth_of_limits(
    task: LevelTask,
    levels: LevelQuestion,
    proven: ProvenAnswer,
    notes: list[str],
    *,
    time_limit: float = 60.0,
    solve: Callable[..., ProvenAnswer] = prove,
) -> pd.DataFrame:
    """What one more step of each limit is worth.

    Where there are too many limits for the time, those of a task with side constraints are cut down to the
    resources and caps, and a note says so.

    Args:
        task: the task.
        levels: ``task.levels()``.
        proven: its proven answer.
        notes: takes what the reader should know.
        time_limit: seconds for all limits together, as far as the first proof's time tells.
        solve: what answers a question, called as ``prove`` is.

    Returns:
        The table of ``worth_of_changes``; without a row where the answer is not proven or time is short.
    """
    changes = changes_of_limits(task, proven.choice)
    # Each answer takes about as long as the first; without a proof a difference would mean nothing.
    in_windows = proven.program is None and not (levels.synergies or levels.sides)
    in_windows = in_windows and not task.table.words.choice
    if levels.sides and proven.seconds * len(changes) > time_limit:
        fewer = [change for change in changes if change.kind in FIRST]
        notes.append(
            f"the worth of {len(changes) - len(fewer)} bounds and fairness limits was left out, to keep "
            f"within the time limit of {time_limit:g} s"
        )
        changes = fewer
    if in_windows or not proven.proven or proven.seconds * len(changes) > time_limit:
        return no_changes(levels)

    def best(question: LevelQuestion) -> float:
        if question is levels:
            return proven.value
        answer = solve(question, time_limit=time_limit)
        if not answer.proven:
            raise PlanError(f"the best plan with it was not proven in {time_limit:g} s; allow more time")
        return answer.value

    return worth_of_changes(levels, changes, best)


def _change(limit: str, kind: str, by: float, task: LevelTask) -> Change:
    """The changed task as a question, or why it is none."""
    try:
        return Change(limit, kind, by, task.levels())
    except PlanError as error:
        return Change(limit, kind, by, None, str(error))
