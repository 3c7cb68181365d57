"""Plans almost as good as the best one, where side constraints or synergies rule dynamic programming out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent
from .lines import LevelQuestion
from .near_optimal import ROUNDING, NearOptimal, farthest_first
from .side_search import search_plans

__all__ = ["near_plans_by_search"]


def near_plans_by_search(
    question: LevelQuestion,
    choice: NDArray[np.integer[Any]],
    *,
    tolerance: float = 0.01,
    most: int = 10,
    work_limit: int = 5_000_000,
    seed: int = 0,
    progress: Progress = silent,
) -> NearOptimal:
    """Count the plans within a tolerance of the best, and select some that differ much from each other.

    Args:
        question: lines, budget, caps, side constraints and synergies.
        choice: its proven best plan, level of each line, shape (N,).
        tolerance: share of the best value that may be lost, 0.01 is 1 %.
        most: how many plans to select at most.
        work_limit: most prefixes to look at.
        seed: recorded; the search draws nothing.
        progress: told the share of ``work_limit`` used.

    Returns:
        Count, ranges and selection; where the search did not end, the count is a lower bound and the ranges
        are those of the plans found.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 5.0]) for name in "abc"]
        >>> question = LevelQuestion(lines, budget=3)
        >>> near_plans_by_search(question, np.array([1, 1, 1]), tolerance=0.12).count
        7
    """
    best = question.value(choice)
    threshold = best - tolerance * abs(best)
    accepted = threshold - ROUNDING * sum(float(np.abs(line.values).max()) for line in question.lines)
    census = search_plans(
        question,
        accepted,
        work_limit=work_limit,
        on_chunk=lambda work: progress(min(1.0, work / work_limit), "counting plans within tolerance"),
    )
    found = np.zeros((0, len(question.lines)), dtype=np.int64) if census.plans is None else census.plans
    pool = np.concatenate([np.asarray(choice, dtype=np.int64)[None, :], found])
    spends = question.spends(pool)
    chosen = farthest_first(spends, most)
    complete = census.exact and len(found) == census.count
    return NearOptimal(
        tolerance=tolerance,
        threshold=threshold,
        count=max(census.count, 1),
        exact=census.exact,
        ranges=np.column_stack([spends.min(axis=0), spends.max(axis=0)]),
        plans=pool[chosen],
        values=question.values(pool[chosen]),
        work=census.work,
        seed=seed,
        ranges_exact=complete,
    )
