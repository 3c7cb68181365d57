"""A question about starts whose pairs are of projects, with one line per project for the pairs.

Pairs of projects written on their starts are (starts of i) x (starts of j) products for one number. With
y_i = sum over starts x_it, which is 0 or 1, one product y_i y_j does: the same values, a far smaller program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..planning.lines import LevelQuestion, Line, Synergy
from ..planning.side_constraint import SideConstraint

__all__ = ["with_choice_lines"]


def with_choice_lines(
    question: LevelQuestion,
    project: Sequence[int] | NDArray[np.int64],
    risk: NDArray[np.float64],
    factor: float,
) -> LevelQuestion:
    """Add a line y_i per project, tied to its starts, and write the pairs on these lines.

    Args:
        question: lines of 0 and 1, one per start; its own pairs are dropped.
        project: position of the project of each start, shape (S,).
        risk: covariances, symmetric, shape (N, N).
        factor: the question loses factor * sum over all i, j of risk_ij y_i y_j.

    Returns:
        A question with N more lines after the S given ones; cut a choice of it to the first S.

    Example:
        >>> starts = [Line("a in 1", [0, 1], [0.0, 9.0]), Line("b in 1", [0, 1], [0.0, 8.0])]
        >>> asked = LevelQuestion(starts, budget=2, spend="at_most", reference=1.0)
        >>> joined = with_choice_lines(asked, [0, 1], np.array([[1.0, 2.0], [2.0, 3.0]]), 1.0)
        >>> joined.value([1, 1, 1, 1]), joined.feasible([1, 1, 1, 1]), joined.feasible([1, 1, 1, 0])
        (9.0, True, False)
    """
    starts, names = list(question.lines), range(len(risk))
    both = np.array([0, 1])
    lines = [
        Line(f"project {i}", both, np.array([0.0, -factor * float(risk[i, i])])) for i in names
    ]
    sides = [
        replace(side, weights=(*side.weights, *(0 for _ in names))) for side in question.sides
    ]
    for i in names:
        weights = [int(owner == i) for owner in project] + [-int(k == i) for k in names]
        sides.append(SideConstraint(f"starts of project {i}", tuple(weights), 0, 0))
    # The count of starts becomes a side constraint: the added lines must not use up a budget of their own.
    count = tuple([1] * len(starts) + [0] * len(risk))
    low = question.budget if question.spend == "exactly" else None
    sides.append(SideConstraint("number of starts", count, low, question.budget))
    pairs = [
        Synergy(len(starts) + i, len(starts) + j, -2.0 * factor * float(risk[i, j]))
        for i, j in combinations(names, 2)
        if risk[i, j]
    ]
    return replace(
        question,
        lines=[*starts, *lines],
        sides=sides,
        synergies=pairs,
        budget=len(starts) + len(risk),
        spend="at_most",
        reference=1.0,
        unit=1.0,
    )
