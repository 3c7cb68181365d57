"""What one more step of a limit is worth: change the limit, solve again, take the difference.

A dual price of a linear relaxation says nothing reliable about whole steps. Solving again is exact, and with
dynamic programming it costs milliseconds per limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..errors import InfeasibleModelError, ModelError, OptionError, PlanError
from ..progress import Progress, silent
from .lines import LevelQuestion, Line

__all__ = ["Change", "changes_by_one_step", "no_changes", "worth_of_changes"]

COLUMNS = ["limit", "kind", "change", "gain", "binds", "reason"]
BINDING_SHARE = 1e-9


@dataclass(frozen=True, eq=False)
class Change:
    """One limit moved, all else equal.

    Attributes:
        limit: what is moved, e.g. a channel or a group.
        kind: which limit of it, e.g. "budget", "upper bound", "cap".
        change: money by which it moves.
        question: the question with the limit moved, or None if it cannot be moved.
        reason: why it cannot be moved.
    """

    limit: str
    kind: str
    change: float
    question: LevelQuestion | None
    reason: str = ""


def changes_by_one_step(
    question: LevelQuestion,
    step: int,
    longer: Iterable[tuple[int, str, Line | None]] = (),
) -> list[Change]:
    """The usual changes: one more step of the budget, of each cap, and of each bound that can move.

    Args:
        question: the question as it is.
        step: units by which the budget and the caps grow.
        longer: (position of a line, kind of bound, the line with one more level at that end) for every
            bound to move; None instead of a line where there is no further level.

    Returns:
        The changes: budget, caps in the order given, bounds in the order given.

    Raises:
        OptionError: the step is below one unit.
        ModelError: a longer line does not contain all levels of the line it stands for.

    Example:
        >>> lines = [Line("tv", [0, 1], [0.0, 3.0]), Line("search", [0, 1], [0.0, 2.0])]
        >>> longer = [(0, "upper bound", Line("tv", [0, 1, 2], [0.0, 3.0, 5.5]))]
        >>> changes = changes_by_one_step(LevelQuestion(lines, budget=2, unit=500.0), 1, longer)
        >>> [(change.limit, change.kind, change.change) for change in changes]
        [('budget', 'budget', 500.0), ('tv', 'upper bound', 500.0)]
    """
    if step < 1:
        raise OptionError(f"step is {step!r}; it must be one unit or more")
    money = step * question.unit
    reference = question.reference or question.unit * question.budget or None
    more = replace(question, budget=question.budget + step, reference=reference)
    changes = [Change("budget", "budget", money, more)]
    for group, cap in question.caps.items():
        changes.append(
            Change(group, "cap", money, replace(question, caps={**question.caps, group: cap + step}))
        )
    for position, kind, line in longer:
        old = question.lines[position]
        if line is None:
            changes.append(Change(old.label, kind, 0.0, None, "there is no further level in this direction"))
            continue
        if not np.isin(old.spends, line.spends).all():
            raise ModelError(
                f"the longer line for {old.label!r} lacks some of its levels; moving a bound only adds levels"
            )
        further = max(int(line.spends[-1] - old.spends[-1]), int(old.spends[0] - line.spends[0]))
        lines = [line if i == position else entry for i, entry in enumerate(question.lines)]
        changes.append(Change(old.label, kind, further * question.unit, replace(question, lines=lines)))
    return changes


def no_changes(question: LevelQuestion) -> pd.DataFrame:
    """The table of ``worth_of_changes`` without a row, for a question whose changes were not tried."""
    return worth_of_changes(question, [], lambda _: 0.0)


def worth_of_changes(
    question: LevelQuestion,
    changes: Iterable[Change],
    solve: Callable[[LevelQuestion], float],
    *,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Solve every changed question and report what it gains over the question as it is.

    Args:
        question: the question as it is.
        changes: the changes to try.
        solve: returns the best value of a question; it may raise ``PlanError`` or ``InfeasibleModelError``
            where a changed question has no plan. Only a proven best value makes the gain exact.
        progress: told about the share of the changes done.

    Returns:
        A table with one row per change and the columns limit, kind, change (money), gain (value; NaN where
        there is no answer), binds (whether the gain is above rounding) and reason (why there is no answer).

    Example:
        >>> from hybrid_opt.planning.dynamic_program import DynamicProgram
        >>> lines = [Line("tv", [0, 1, 2], [0.0, 3.0, 4.0]), Line("search", [0, 1], [0.0, 2.0])]
        >>> question = LevelQuestion(lines, budget=2, unit=500.0)
        >>> changes = changes_by_one_step(question, 1)
        >>> worth_of_changes(question, changes, lambda q: DynamicProgram(q).value)[["limit", "gain", "binds"]]
            limit  gain  binds
        0  budget   1.0   True
    """
    changes = list(changes)
    base = solve(question)
    rows = []
    for done, change in enumerate(changes):
        gain, reason = float("nan"), change.reason
        if change.question is not None:
            try:
                gain = solve(change.question) - base
            except (PlanError, InfeasibleModelError) as error:
                reason = str(error)
        binds = gain > BINDING_SHARE * max(1.0, abs(base))
        rows.append((change.limit, change.kind, change.change, gain, binds, reason))
        progress((done + 1) / len(changes), f"worth of {change.limit}")
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"change": float, "gain": float, "binds": bool, "reason": str})
