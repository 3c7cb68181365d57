"""The value of a selection that pairs cannot express, such as the reach of overlapping audiences.

A model with pairs is what a QUBO can hold. Where the true value is known for every selection, the plan is
proven in the true model: by enumeration of all selections up to 20 free items, or by the score's own
program; and what the model with pairs loses is a figure of its own.

Shapes: N items, S selections; bit i of the position of a selection says whether item i is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InfeasiblePlanError, ModelTooLargeError
from .lines import LevelQuestion
from .near_optimal import NearOptimal, farthest_first
from .side_search import limit_rows, search_plans

__all__ = [
    "MOST_ENUMERATED",
    "Enumeration",
    "TrueScore",
    "enumerate_selections",
    "near_true_plans",
    "subset_sums",
]

MOST_ENUMERATED = 20
POOL = 20_000  # plans from which those that differ most are selected


class TrueScore(Protocol):
    """The true value of selections.

    Attributes:
        name: what it is, for headings, e.g. ``"true reach"``.
    """

    @property
    def name(self) -> str:
        """What it is."""
        ...

    def values(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Values of selections: 0 or 1 per item, shape (..., N), to shape (...)."""
        ...

    def all_values(self) -> NDArray[np.float64]:
        """Values of all selections, shape (2**N,)."""
        ...

    def program(self, question: LevelQuestion, time_limit: float) -> tuple[NDArray[np.int64], float] | None:
        """The best selection (units, shape (N,)) and a bound, by a program of its own; None without one.

        Raises:
            PlanError: no selection is feasible, or none was found in time.
        """
        ...

    def program_name(self) -> str:
        """What that program is called."""
        ...


def subset_sums(weights: Iterable[float]) -> NDArray[np.float64]:
    """Sum of the weights of every subset.

    Args:
        weights: N numbers.

    Returns:
        Shape (2**N,); bit i of a position says whether weight i is in.

    Example:
        >>> subset_sums([1, 10]).tolist()
        [0.0, 1.0, 10.0, 11.0]
    """
    sums = np.zeros(1)
    for weight in weights:
        sums = np.concatenate([sums, sums + weight])
    return sums


@dataclass(frozen=True, eq=False)
class Enumeration:
    """Every feasible selection of a question.

    Attributes:
        positions: which ones, shape (S,).
        values: their values, shape (S,).
        items: how many items there are.
    """

    positions: NDArray[np.int64]
    values: NDArray[np.float64]
    items: int

    def units(self, rows: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.int64]:
        """Selections as 0 or 1 per item, shape (rows, N)."""
        return (self.positions[rows, None] >> np.arange(self.items)) & 1

    @property
    def best(self) -> int:
        """Row of the best selection; of equal ones the first."""
        return int(np.argmax(self.values))


def enumerate_selections(question: LevelQuestion, values: NDArray[np.float64]) -> Enumeration:
    """Look at all selections.

    Args:
        question: lines of 0 and 1 with their limits; values and synergies play no part.
        values: value of each selection, shape (2**N,).

    Returns:
        The feasible ones.

    Raises:
        ModelTooLargeError: more items than are enumerated.
        InfeasiblePlanError: no selection is feasible.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1], [0.0, 1.0]) for name in "abc"]
        >>> enumerate_selections(LevelQuestion(lines, budget=2), np.arange(8.0)).positions.tolist()
        [3, 5, 6]
    """
    n = len(question.lines)
    if n > MOST_ENUMERATED:
        raise ModelTooLargeError(
            f"{n} items are too many to look at all selections; most are {MOST_ENUMERATED}"
        )
    kept = np.ones(2**n, dtype=bool)
    for row, room in zip(*limit_rows(question)):
        # Whole numbers below 2**53 add up exactly in floating point.
        kept &= subset_sums(row.tolist()) <= float(room)
    positions = np.flatnonzero(kept)
    for i, line in enumerate(question.lines):
        if len(line.spends) == 1:
            positions = positions[((positions >> i) & 1) == int(line.spends[0])]
    if not len(positions):
        names = [f"the cap of {group}" for group in question.caps]
        names += [side.label for side in question.sides]
        raise InfeasiblePlanError(
            f"no selection keeps all limits together ({', '.join(names)}); relax one of them"
        )
    return Enumeration(positions, values[positions], n)


def near_true_plans(
    question: LevelQuestion,
    score: TrueScore,
    choice: NDArray[np.int64],
    *,
    tolerance: float,
    most: int,
    seed: int = 0,
    work_limit: int = 3_000_000,
) -> NearOptimal:
    """Count the selections within a tolerance of the best true value, and select some that differ most.

    Up to 20 items all are counted. Beyond, the search looks for selections that reach the threshold in the
    model with pairs and counts those whose true value does: a lower bound.

    Args:
        question: the question.
        score: the true values.
        choice: the best selection, level of each line, shape (N,).
        tolerance: share of the best value that may be lost.
        most: how many to select.
        seed: recorded; nothing is drawn.
        work_limit: most prefixes of the search.

    Returns:
        Count, ranges and selection, with true values.
    """
    units = question.spends(choice)
    best = float(score.values(units))
    threshold = best - tolerance * abs(best)
    accepted = threshold - 1e-12 * max(1.0, abs(best))
    exact = len(question.lines) <= MOST_ENUMERATED
    if exact:
        found = enumerate_selections(question, score.all_values())
        rows = np.flatnonzero(found.values >= accepted)
        rows = rows[np.argsort(-found.values[rows], kind="stable")]
        count, work = len(rows), len(found.values)
        pool, ranged = found.units(rows[:POOL]), found.units(rows)
    else:
        census = search_plans(question, question.value(choice) - tolerance * abs(best), work_limit=work_limit)
        levels = np.zeros((0, len(question.lines)), dtype=np.int64) if census.plans is None else census.plans
        pool = question.spends(levels)
        pool = ranged = pool[score.values(pool) >= accepted] if len(pool) else pool
        count, work = max(1, len(pool)), census.work
    pool = np.concatenate([units[None, :], pool])
    chosen = farthest_first(pool, most)
    ranged = np.concatenate([units[None, :], ranged])
    first = np.array([int(line.spends[0]) for line in question.lines])
    return NearOptimal(
        tolerance=tolerance,
        threshold=threshold,
        count=count,
        exact=exact,
        ranges=np.column_stack([ranged.min(axis=0), ranged.max(axis=0)]),
        plans=pool[chosen] - first,
        values=score.values(pool[chosen]),
        work=work,
        seed=seed,
        ranges_exact=exact,
    )
