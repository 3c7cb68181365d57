"""Greedy by marginal value: always the step that brings most, until no step fits or brings anything.

For one limit, lines whose steps all use the same amount of it, and values that are concave on their levels,
the plan is optimal: the steps of each line come in falling order, so the best steps of all lines are a plan
(O. Gross, RAND P-878 (1956); B. Fox, Management Science 13 (1966), 210-216). Where one of these conditions
fails greedy may be beaten, and it says which one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lines import LevelQuestion
from .resource_program import Tight, tight_limits
from .side_search import limit_rows

__all__ = ["MarginalGreedy", "failed_conditions", "greedy_by_marginal_value"]

ROUNDING = 1e-12
NAMED = 6  # limits that a reason names


@dataclass(frozen=True, eq=False)
class MarginalGreedy:
    """What greedy found.

    Attributes:
        choice: level of each line, shape (N,), or None where it ended at no feasible plan.
        value: its value, or None.
        reasons: the conditions of optimality that fail; empty where the plan is proven optimal.
    """

    choice: NDArray[np.int64] | None
    value: float | None
    reasons: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether the conditions hold, so that the plan is optimal."""
        return self.choice is not None and not self.reasons


def failed_conditions(question: LevelQuestion) -> list[str]:
    """Which conditions of greedy's optimality fail.

    Args:
        question: any question.

    Returns:
        Sentences; empty where greedy is optimal.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> failed_conditions(LevelQuestion([Line("a", [0, 1, 2], [0, 1, 5])], budget=2))
        ['the values of a are not concave']
    """
    reasons = []
    limits = tight_limits(question)
    if question.synergies:
        reasons.append("there are synergies")
    if limits is None:
        reasons.append("there is a limit that is not 'at most'")
    elif len(limits) > 1:
        names = [limit.label for limit in limits[:NAMED]] + ["..."] * (len(limits) > NAMED)
        reasons.append(f"{len(limits)} limits can bind: {', '.join(names)}")
    else:
        reasons += _unequal_steps(question, limits)
    bent = [line.label for line in question.lines if not _concave(line.values)]
    if bent:
        reasons.append(f"the values of {', '.join(bent)} are not concave")
    return reasons


def _unequal_steps(question: LevelQuestion, limits: list[Tight]) -> list[str]:
    """Whether all steps of all lines use the same amount of the one limit."""
    if not limits:
        return []
    steps = np.concatenate([np.diff(amounts) for amounts in limits[0].amounts])
    if len(steps) and (steps != steps[0]).any():
        return [f"steps use unequal amounts of {limits[0].label}"]
    step = int(steps[0]) if len(steps) else 0
    # Steps that use nothing of the limit leave all of its room.
    unused = limits[0].room % step if step else limits[0].room
    if limits[0].exactly and len(steps) and (not limits[0].divides or unused):
        return [f"whole steps do not use {limits[0].label} up"]
    return []


def _concave(values: NDArray[np.float64]) -> bool:
    """Whether no step brings more than the one before it, up to rounding."""
    return bool((np.diff(values, n=2) <= ROUNDING * max(1.0, float(np.abs(values).max()))).all())


def greedy_by_marginal_value(question: LevelQuestion) -> MarginalGreedy:
    """Take the step of largest gain, again and again, from the lowest levels on.

    With synergies a step's gain is what the plan as a whole gains. Where the budget must be used up, steps
    are taken even if they bring nothing.

    Args:
        question: any question.

    Returns:
        The plan, and whether it is proven optimal.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [0, 1], [0.0, 4.0])]
        >>> found = greedy_by_marginal_value(LevelQuestion(lines, budget=2))
        >>> found.choice, found.value, found.proven
        (array([1, 1]), 7.0, True)
    """
    reasons = tuple(failed_conditions(question))
    weights, rooms = limit_rows(question)
    # Where the budget must be used up, its lower end is met on the way, not before.
    exactly = question.spend == "exactly"
    if exactly:
        weights, rooms = np.delete(weights, 1, axis=0), np.delete(rooms, 1)
    choice = np.zeros(len(question.lines), dtype=np.int64)
    if (weights @ question.spends(choice) > rooms).any():
        return MarginalGreedy(None, None, (*reasons, "the lowest levels break a limit"))
    value = question.value(choice)
    tops = np.array([len(line.spends) - 1 for line in question.lines])
    while True:
        higher = np.flatnonzero(choice < tops)
        steps = choice + np.eye(len(choice), dtype=np.int64)[higher]
        steps = steps[(question.spends(steps) @ weights.T <= rooms).all(axis=1)]
        if not len(steps):
            break
        values = question.values(steps)
        best = int(np.argmax(values))
        if values[best] <= value and not exactly:
            break
        choice, value = steps[best], float(values[best])
    if not question.feasible(choice):
        return MarginalGreedy(None, None, (*reasons, "greedy ended at no feasible plan"))
    return MarginalGreedy(choice, value, reasons)
