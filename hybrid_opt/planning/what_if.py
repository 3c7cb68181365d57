"""What if one line got another amount: hold it there, solve the rest again, with proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import InfeasibleModelError, OptionError, PlanError
from .level_task import LevelTask
from .lines import Line
from .money import money_text
from .proven_answer import ProvenAnswer, prove
from .table import nearest

__all__ = ["line_position", "what_if_table"]

MOST_AMOUNTS = 15


def what_if_table(
    task: LevelTask,
    proven: ProvenAnswer,
    label: str,
    amounts: Sequence[float] | None = None,
    *,
    time_limit: float = 60.0,
    solve: Callable[..., ProvenAnswer] = prove,
) -> pd.DataFrame:
    """Best plans with one line held at each of some amounts.

    Args:
        task: the task.
        proven: its proven answer.
        label: name of the line.
        amounts: allowed amounts of that line; up to fifteen over its range where None, today's and the
            plan's among them.
        time_limit: seconds for each amount.
        solve: what answers a question, called as ``prove`` is.

    Returns:
        One row per amount: the amount of every line, the value of the plan (NaN where there is none), loss
        (share of the best value), proven, and reason (why there is no plan).

    Raises:
        OptionError: no such line, or an amount that it may not get.
    """
    labels, value = task.table.labels, task.table.words.value
    i, question = line_position(task, label), task.levels()
    spends, line = task.grids[i].spends(), question.lines[i]
    rows = []
    for level in _levels(task, i, amounts, int(proven.choice[i])):
        held = Line(line.label, line.spends[level : level + 1], line.values[level : level + 1], line.group)
        own = [held if k == i else other for k, other in enumerate(question.lines)]
        row: dict[str, Any] = dict.fromkeys(labels, np.nan)
        row |= {label: float(spends[level]), value: np.nan, "loss": np.nan, "proven": False, "reason": ""}
        try:
            answer = solve(replace(question, lines=own), time_limit=time_limit)
        except (PlanError, InfeasibleModelError) as error:
            row["reason"] = str(error)
        else:
            choice = answer.choice.copy()
            choice[i] = level
            row |= dict(zip(labels, task.money(choice).tolist()))
            row[value], row["proven"] = answer.value, answer.proven
            row["loss"] = (proven.value - answer.value) / max(abs(proven.value), 1e-9)
        rows.append(row)
    return pd.DataFrame(rows)


def line_position(task: LevelTask, label: str) -> int:
    """Position of a line by its name.

    Args:
        task: the task.
        label: name of the line.

    Returns:
        Its position.

    Raises:
        OptionError: no such line.
    """
    labels = task.table.labels
    if label not in labels:
        near = nearest(label, labels)
        hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(labels)}"
        raise OptionError(f"there is no {task.table.words.line} {label!r}; {hint}")
    return labels.index(label)


def _levels(task: LevelTask, i: int, amounts: Sequence[float] | None, planned: int) -> NDArray[np.int64]:
    """Levels to hold the line at."""
    spends, line = task.grids[i].spends(), task.table.lines[i]
    if amounts is None:
        spread = np.linspace(0, len(spends) - 1, min(len(spends), MOST_AMOUNTS - 2)).round().astype(np.int64)
        today = np.flatnonzero(spends == line.current)
        return np.unique(np.concatenate([spread, [planned], today])).astype(np.int64)
    levels = []
    for amount in amounts:
        found = np.flatnonzero(spends == amount)
        if not len(found):
            allowed = " and ".join(money_text(near) for near in task.grids[i].around(amount))
            raise OptionError(f"{line.label!r} may not get {amount!r}; allowed next to it are {allowed}")
        levels.append(int(found[0]))
    return np.array(levels, dtype=np.int64)
