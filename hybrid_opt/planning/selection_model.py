"""A selection as a dimod model with one binary per item."""

from __future__ import annotations

from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from .lines import LevelQuestion
from .side_search import limit_rows

__all__ = ["selection_cqm"]


def selection_cqm(question: LevelQuestion) -> Any:
    """The model with pairs: costs are negative values, and every limit is a linear constraint.

    Args:
        question: lines of 0 and 1; an item that is held is a variable with a constraint of its own.

    Returns:
        A dimod ``ConstrainedQuadraticModel`` whose variables are the names of the items.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> question = LevelQuestion([Line("a", [0, 1], [0, 5]), Line("b", [0, 1], [0, 3])], budget=1)
        >>> sorted(selection_cqm(question).variables)
        ['a', 'b']
    """
    names = [line.label for line in question.lines]
    objective = dimod.QuadraticModel()
    for line in question.lines:
        objective.add_variable("BINARY", line.label)
        objective.set_linear(line.label, -float(line.values[-1]) if line.spends[-1] else 0.0)
    for pair in question.synergies:
        objective.add_quadratic(names[pair.first], names[pair.second], -question.product_value(pair))
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(objective)
    count = len(names)
    if question.spend == "exactly" or question.budget < count:
        sense = "==" if question.spend == "exactly" else "<="
        cqm.add_constraint_from_iterable(
            [(name, 1) for name in names], sense, rhs=question.budget, label="how many"
        )
    weights, rooms = limit_rows(question)
    first = 2 if question.spend == "exactly" else 1
    for number, (row, room) in enumerate(zip(weights[first:], rooms[first:])):
        if _some_break(row, int(room)):
            terms = [(name, int(weight)) for name, weight in zip(names, row) if weight]
            cqm.add_constraint_from_iterable(terms, "<=", rhs=int(room), label=_label(question, number))
    for line in question.lines:
        if len(line.spends) == 1:
            held = int(line.spends[0])
            cqm.add_constraint_from_iterable([(line.label, 1)], "==", rhs=held, label=f"{line.label} is held")
    return cqm


def _some_break(row: NDArray[np.int64], room: int) -> bool:
    """Whether some selection breaks the row."""
    return int(np.maximum(row, 0).sum()) > room


def _label(question: LevelQuestion, number: int) -> str:
    """Name of a row of ``limit_rows`` after those of the budget."""
    names = [f"at most {cap} of group {group}" for group, cap in question.caps.items()]
    for side in question.sides:
        names += [side.label] if side.high is not None else []
        names += [f"{side.label} (at least)"] if side.low is not None else []
    return names[number]
