"""Plans of which none is better in value, risk and a third objective at once, each with proof.

Epsilon-constraint (Y. Haimes, L. Lasdon, D. Wismer, IEEE Trans. SMC 1 (1971), 296-297), augmented so that
every optimum is efficient and not only weakly so (G. Mavrotas, Applied Mathematics and Computation 213 (2009)
455-465):

    minimize  risk - delta * (value + third)     subject to  value >= e_k,  third >= f_l,  all limits

with value and third scaled to [0, 1] and rounded to millionths, in which the efficiency holds.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import PlanError
from ..planning.lines import LevelQuestion, Line
from ..planning.proven_answer import ProvenAnswer, prove
from ..planning.side_constraint import SideConstraint
from .project_form import prove_with_pairs

__all__ = ["efficient", "pareto_front"]

DELTA = 1e-4
PARTS = 1_000_000
LEVELS_OF_THIRD = 3


def pareto_front(
    question: LevelQuestion,
    project: NDArray[np.int64],
    values: NDArray[np.float64],
    risk: NDArray[np.float64],
    third: NDArray[np.float64] | None = None,
    *,
    points: int = 8,
    time_limit: float = 60.0,
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Solve for a row of least values (and of least third objectives).

    Args:
        question: lines of 0 and 1, one per start, with all limits.
        project: position of the project of each start, shape (S,).
        values: value of each start, shape (S,).
        risk: covariances of the values of starts, shape (S, S).
        third: third objective of each start, shape (S,), more is better, or None.
        points: how many least values.
        time_limit: seconds for the whole front; what was not reached is left out.

    Returns:
        One row per efficient plan by rising risk: value, risk (variance), third (where given), proven; and
        the units of each, shape (rows, S).
    """
    deadline = monotonic() + time_limit
    scale_value = float(np.abs(values).max()) or 1.0
    parts = np.rint(values / scale_value * PARTS).astype(np.int64)
    goals = [parts]
    if third is not None:
        scale_third = float(np.abs(third).max()) or 1.0
        goals.append(np.rint(third / scale_third * PARTS).astype(np.int64))
    ends = []
    for goal in goals:
        lines = [_line(line, float(g)) for line, g in zip(question.lines, goal)]
        best = prove(replace(question, lines=lines, synergies=()), time_limit=time_limit)
        ends.append(int(question.spends(best.choice) @ goal))
    ladders = [np.linspace(0, ends[0], points).round().astype(np.int64).tolist()]
    if third is not None:
        ladders.append(np.linspace(0, ends[1], LEVELS_OF_THIRD).round().astype(np.int64).tolist())
    found: dict[tuple[int, ...], bool] = {}
    for first in ladders[0]:
        for second in ladders[1] if third is not None else [None]:
            left = deadline - monotonic()
            if left <= 0:
                break
            floors = [first] if second is None else [first, second]
            answer = _least_risk(question, project, risk, goals, floors, left)
            if answer is not None:
                units = tuple(question.spends(answer.choice[: len(question.lines)]).tolist())
                found[units] = found.get(units, False) or answer.proven
    return _table(found, values, risk, third)


def _line(line: Line, value: float) -> Line:
    """The same choices of 0 and 1, with another value."""
    return Line(line.label, line.spends, (value * line.spends).astype(np.float64), line.group)


def _least_risk(
    question: LevelQuestion,
    project: NDArray[np.int64],
    risk: NDArray[np.float64],
    goals: list[NDArray[np.int64]],
    floors: list[int],
    time_limit: float,
) -> ProvenAnswer | None:
    """The efficient plan of least risk above the floors, or None where no plan reaches them."""
    # At most one start of a project counts, so that the largest number of each pair of projects bounds risk.
    largest = np.zeros((int(project.max()) + 1,) * 2)
    np.maximum.at(largest, (project[:, None], project[None, :]), np.abs(risk))
    total = float(largest.sum()) or 1.0
    reward = sum(DELTA * total / PARTS / max(1, int(np.abs(goal).sum() / PARTS)) * goal for goal in goals)
    worth = np.asarray(reward) - np.diag(risk)
    lines = [_line(line, float(value)) for line, value in zip(question.lines, worth)]
    sides = list(question.sides)
    for k, (goal, floor) in enumerate(zip(goals, floors)):
        sides.append(SideConstraint(f"least objective {k + 1}", tuple(goal.tolist()), int(floor), None))
    asked = replace(question, lines=lines, sides=sides, synergies=())
    try:
        return prove_with_pairs(asked, project, -risk, time_limit=time_limit)
    except PlanError:
        return None  # these floors cannot be kept together, or not found out in time: no point there


def _table(
    found: dict[tuple[int, ...], bool],
    values: NDArray[np.float64],
    risk: NDArray[np.float64],
    third: NDArray[np.float64] | None,
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    units = np.array(list(found), dtype=np.int64).reshape(len(found), len(values))
    variances = np.einsum("pi,ij,pj->p", units, risk, units).astype(float)
    table = pd.DataFrame({"value": units @ values, "risk": variances})
    if third is not None:
        table["third"] = units @ third
    table["proven"] = list(found.values())
    kept = efficient(table)
    order = table[kept].sort_values(["risk", "value"], kind="stable").index
    return table.loc[order].reset_index(drop=True), units[order]


def efficient(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows no other row beats: at least the value and third, at most the risk, and one of them better.

    Args:
        table: columns value, risk and perhaps third.

    Returns:
        Shape (rows,).

    Example:
        >>> efficient(pd.DataFrame({"value": [5.0, 4.0, 3.0], "risk": [2.0, 2.0, 1.0]})).tolist()
        [True, False, True]
    """
    goals = [table["value"].to_numpy(), -table["risk"].to_numpy()]
    if "third" in table:
        goals.append(table["third"].to_numpy())
    scores = np.array(goals).T.reshape(len(table), len(goals))
    slack = 1e-9 * np.maximum(1.0, np.abs(scores).max(axis=0, initial=1.0))
    least = (scores[None, :, :] >= scores[:, None, :] - slack).all(axis=2)
    better = (scores[None, :, :] > scores[:, None, :] + slack).any(axis=2)
    return np.asarray(~(least & better).any(axis=1))
