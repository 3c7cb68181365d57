"""Choices within a tolerance of the best one, from a list of choices and their values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .choice_form import ChoiceForm
from .lines import LevelQuestion
from .near_optimal import ROUNDING, NearOptimal, farthest_first

__all__ = ["near_choices"]

POOL = 20_000  # plans from which those that differ most are selected


def near_choices(
    question: LevelQuestion,
    form: ChoiceForm,
    picks: NDArray[np.int64],
    values: NDArray[np.float64],
    best: NDArray[np.int64],
    value: float,
    *,
    tolerance: float,
    most: int,
    seed: int,
    exact: bool,
) -> NearOptimal:
    """Count the choices within a tolerance of the best, and select some that differ most.

    Args:
        question: the question.
        form: the same by groups.
        picks: feasible choices to look at, the chosen line of each group, shape (S, G).
        values: their values, shape (S,).
        best: the best one, 0 or 1 per line, shape (N,).
        value: its value.
        tolerance: share of the value that may be lost.
        most: how many to select.
        seed: recorded; nothing is drawn.
        exact: whether these are all choices; the count is a lower bound otherwise.

    Returns:
        Count, ranges and selection.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(f"{g}{k}", [0, 1], [0.0, 9.0 + k], g) for g in "ab" for k in range(2)]
        >>> question = LevelQuestion(lines, 2, caps={"a": 1, "b": 1})
        >>> form, picks = ChoiceForm.of(question), np.array([[0, 2], [0, 3], [1, 2], [1, 3]])
        >>> values, best = form.values_of(picks), np.array([0, 1, 0, 1])
        >>> near_choices(question, form, picks, values, best, 20.0, tolerance=0.05, most=5, seed=0,
        ...              exact=True).count
        3
    """
    threshold = value - tolerance * abs(value)
    rows = np.flatnonzero(values >= threshold - ROUNDING * max(1.0, abs(value)))
    rows = rows[np.argsort(-values[rows], kind="stable")]
    pool = np.concatenate([best[None, :], form.units(picks[rows[:POOL]])])
    pool_values = np.concatenate([[value], values[rows[:POOL]]])
    chosen = farthest_first(pool, most)
    met = np.bincount(picks[rows].ravel(), minlength=len(question.lines))
    always = (met == len(rows)).astype(np.int64)
    first = np.array([int(line.spends[0]) for line in question.lines])
    return NearOptimal(
        tolerance=tolerance,
        threshold=threshold,
        count=max(1, len(rows)),
        exact=exact,
        ranges=np.column_stack([np.minimum(always, best), np.maximum(met > 0, best)]),
        plans=pool[chosen] - first,
        values=pool_values[chosen],
        work=len(picks),
        seed=seed,
        ranges_exact=exact,
    )
