"""From a question about levels to the model that every solver takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from ..qubo import LevelModel
from .lines import LevelQuestion
from .side_constraint import SideConstraint

__all__ = ["to_choice", "to_cqm", "to_level_model", "to_sample"]


def to_level_model(question: LevelQuestion) -> LevelModel:
    """Write a question as a ``LevelModel``: minimize the negative value.

    Args:
        question: lines, budget, caps and synergies.

    Returns:
        A model with one variable per line (its label), level k being the line's k-th allowed spend, and the
        constraints ``"budget"``, ``"cap of <group>"`` and one per end of a side
        constraint. Its objective is minus the plan's value.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line("tv", [0, 1, 2], [0.0, 3.0, 5.0]), Line("search", [0, 1], [0.0, 4.0])]
        >>> to_level_model(LevelQuestion(lines, budget=2)).objective({"tv": 1, "search": 1})
        -7.0
    """
    model = LevelModel()
    for line in question.lines:
        model.add_variable(line.label, -line.values, units=line.spends.astype(np.float64))
    for pair in question.synergies:
        first, second = question.lines[pair.first].label, question.lines[pair.second].label
        model.add_pair(first, second, per_unit=-question.product_value(pair))
    sense: Any = "==" if question.spend == "exactly" else "<="
    if not _total_is_free(question):
        total = {line.label: 1 for line in question.lines}
        model.add_constraint(total, sense, question.budget, label="budget")
    for group, cap in question.caps.items():
        members = {question.lines[i].label: 1 for i in question.members(group)}
        model.add_constraint(members, "<=", cap, label=f"cap of {group}")
    for side, end, limit in _ends(question):
        weights = {line.label: float(w) for line, w in zip(question.lines, side.weights) if w}
        model.add_constraint(weights, end, limit, label=_name(side, end))
    return model


def to_cqm(question: LevelQuestion) -> Any:
    """Write a question as a dimod ``ConstrainedQuadraticModel`` for other people's solvers.

    A dimod objective cannot hold a value table, so each line becomes a one-hot group of binaries.

    Args:
        question: lines, budget, caps and synergies.

    Returns:
        The model; variable ``(label, spend)`` is 1 if the line spends that many units. Minimized, like every
        dimod model: its objective is minus the plan's value.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> cqm = to_cqm(LevelQuestion([Line("tv", [0, 1, 2], [0.0, 3.0, 5.0])], budget=1))
        >>> sorted(cqm.constraints), cqm.num_variables()
        (['budget', 'one level of tv'], 3)
    """
    cqm = dimod.ConstrainedQuadraticModel()
    objective = dimod.QuadraticModel()
    names = [[(line.label, int(spend)) for spend in line.spends] for line in question.lines]
    for line, own in zip(question.lines, names):
        for name, value in zip(own, line.values.tolist()):
            objective.add_variable("BINARY", name)
            objective.set_linear(name, -value)
    for pair in question.synergies:
        worth = question.product_value(pair)
        for first in names[pair.first]:
            for second in names[pair.second]:
                if first[1] and second[1]:
                    objective.add_quadratic(first, second, -worth * first[1] * second[1])
    cqm.set_objective(objective)
    for line, own in zip(question.lines, names):
        cqm.add_discrete(own, label=f"one level of {line.label}")

    def limit(members: list[int], sense: str, rhs: int, label: str) -> None:
        terms = [(name, name[1]) for i in members for name in names[i] if name[1]]
        cqm.add_constraint_from_iterable(terms, sense, rhs=rhs, label=label)

    sense = "==" if question.spend == "exactly" else "<="
    if not _total_is_free(question):
        limit(list(range(len(names))), sense, question.budget, "budget")
    for group, cap in question.caps.items():
        limit(question.members(group), "<=", cap, f"cap of {group}")
    for side, end, rhs in _ends(question):
        terms = [(n, w * n[1]) for own, w in zip(names, side.weights) for n in own if w * n[1]]
        cqm.add_constraint_from_iterable(terms, end, rhs=rhs, label=_name(side, end))
    return cqm


def _total_is_free(question: LevelQuestion) -> bool:
    """Whether the limits are all side constraints and the budget only stands for "no limit"."""
    most = sum(int(line.spends[-1]) for line in question.lines)
    return bool(question.sides) and question.spend == "at_most" and question.budget >= most


def _ends(question: LevelQuestion) -> Iterator[tuple[SideConstraint, Any, int]]:
    """Each end of each side constraint that some plan could break, as a row of a model."""
    low = np.array([line.spends[0] for line in question.lines])
    high = np.array([line.spends[-1] for line in question.lines])
    for side in question.sides:
        weights = np.array(side.weights)
        least = int(np.minimum(weights * low, weights * high).sum())
        most = int(np.maximum(weights * low, weights * high).sum())
        if side.high is not None and most > side.high:
            yield side, "<=", side.high
        if side.low is not None and least < side.low:
            yield side, ">=", side.low


def _name(side: SideConstraint, end: str) -> str:
    """Label of the row; a constraint with both ends makes two rows."""
    both = side.low is not None and side.high is not None
    return f"{side.label} ({'at most' if end == '<=' else 'at least'})" if both else side.label


def to_sample(question: LevelQuestion, choice: NDArray[np.integer[Any]]) -> dict[str, int]:
    """A choice of levels, shape (N,), as a sample of ``to_level_model(question)``."""
    return {line.label: int(level) for line, level in zip(question.lines, choice)}


def to_choice(question: LevelQuestion, sample: Mapping[Any, int]) -> NDArray[np.int64]:
    """A sample of ``to_level_model(question)`` as a choice of levels, shape (N,)."""
    return np.array([int(sample[line.label]) for line in question.lines], dtype=np.int64)
