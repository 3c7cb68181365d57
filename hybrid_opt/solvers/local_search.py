"""From an assignment to a feasible one, and on to a local optimum of single changes and of swaps.

Both walks always take the best change there is. Neither looks at a penalty: rows are kept by their own sums,
so that equalities are no walls between feasible assignments, as they are for a QUBO.

Shapes: N variables, R rows, K changes, M moves of one or two changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from .change_tables import Floats, Indices, Point

__all__ = ["POOL", "improve", "repair", "violation"]

POOL = 2**10  # changes among which swaps are looked for: those of the lowest costs
REPAIR_FIRST = 64  # first changes of a swap that repairs rows
REPAIR_NUMBERS = 2**22  # row sums of swaps looked at together
FIRST_MOVES = 64  # moves whose rows are looked at first; then four times as many, and so on
LEAST_FALL = 1e-9  # share of a violation that a repair must take away, more than rounding


def violation(point: Point, left: Floats) -> Floats:
    """How far left sides are outside their limits, summed over rows as shares of each row's largest number.

    Args:
        point: gives the limits.
        left: left sides, shape (..., R).

    Returns:
        Shape (...); 0 where every row holds.
    """
    tables = point.tables
    over = np.maximum(left - tables.high, 0.0) + np.maximum(tables.low - left, 0.0)
    return np.asarray(over @ (1.0 / tables.scale))


def repair(point: Point, *, thrifty: bool, swaps: bool, enough: Callable[[], bool]) -> int:
    """Change an assignment until every row holds, or nothing lowers the violation.

    Args:
        point: the assignment, changed in place.
        thrifty: take what costs least among all changes that lower the violation; otherwise what lowers it
            most.
        swaps: where no single change lowers it, look at two at once.
        enough: asked before each step; True ends the walk.

    Returns:
        Number of steps.
    """
    steps = 0
    while not enough():
        now = float(violation(point, point.left))
        if now == 0 or not len(point.costs):
            break
        after = _violations(point)
        falls = np.flatnonzero(after < now * (1 - LEAST_FALL))
        if len(falls):
            keys = (after[falls], point.costs[falls])
            best = falls[np.lexsort(keys if thrifty else keys[::-1])[0]]
            chosen = np.array([best])
        else:
            chosen = _repairing_swap(point, after, now) if swaps else _none()
        if not len(chosen):
            break
        point.apply(chosen)
        steps += 1
    return steps


def _none() -> Indices:
    """No change."""
    return np.zeros(0, dtype=np.int64)


def _violations(point: Point) -> Floats:
    """The violation after each change, shape (K,)."""
    count, rows = len(point.costs), len(point.left)
    part = max(1, REPAIR_NUMBERS // rows)
    starts = range(0, count, part)
    chosen = [np.arange(start, min(start + part, count)) for start in starts]
    return np.concatenate([violation(point, point.left + point.row_changes(some)) for some in chosen])


def _repairing_swap(point: Point, after: Floats, now: float) -> Indices:
    """The two changes that lower the violation most, cheapest first among equals; empty if none do."""
    variable = point.tables.variable
    first = np.argsort(after, kind="stable")[:REPAIR_FIRST]
    second = np.argsort(point.costs, kind="stable")[:POOL]
    best, chosen = (now * (1 - LEAST_FALL), np.inf), _none()
    moved_second = point.row_changes(second)
    part = max(1, REPAIR_NUMBERS // moved_second.size)
    for start in range(0, len(first), part):
        some = first[start : start + part]
        moved = point.row_changes(some)[:, None, :] + moved_second
        sums = violation(point, point.left + moved)
        sums[variable[some][:, None] == variable[second][None, :]] = np.inf
        lowest = float(sums.min())
        rows, columns = np.nonzero(sums <= lowest)
        costs = point.costs[some[rows]] + point.costs[second[columns]]
        k = int(np.argmin(costs))
        if (lowest, float(costs[k])) < best:
            best, chosen = (lowest, float(costs[k])), np.array([some[rows[k]], second[columns[k]]])
    return chosen


def improve(point: Point, *, swaps: bool, enough: Callable[[], bool]) -> int:
    """Lower the objective by the best single change, or where none does, by the best swap; rows stay kept.

    Args:
        point: a feasible assignment, changed in place.
        swaps: look at two changes at once where no single one helps.
        enough: asked before each step; True ends the walk.

    Returns:
        Number of steps. Unless ended, nothing that was looked at lowers the objective any more.
    """
    steps = 0
    while not enough():
        chosen = _best_single(point)
        if not len(chosen) and swaps:
            chosen = _best_swap(point)
        if not len(chosen):
            break
        point.apply(chosen)
        steps += 1
    return steps


def _best_single(point: Point) -> Indices:
    for moves in _cheapest(point.costs, point.tables.noise):
        kept = _keeps(point, point.row_changes(moves))
        if kept.any():
            return moves[[int(np.argmax(kept))]]
    return _none()


def _best_swap(point: Point) -> Indices:
    count = len(point.costs)
    pool = np.arange(count)
    if count > POOL:
        pool = np.sort(np.argsort(point.costs, kind="stable")[:POOL])
    if len(pool) < 2:
        return _none()
    costs = point.joint_costs(pool)
    moved = point.row_changes(pool)
    _forbid_unequal(point, moved, costs)
    for moves in _cheapest(costs.ravel(), point.tables.noise):
        one, two = np.divmod(moves, len(pool))
        kept = _keeps(point, moved[one] + moved[two])
        if kept.any():
            k = int(np.argmax(kept))
            return pool[[int(one[k]), int(two[k])]]
    return _none()


def _keeps(point: Point, moved: Floats) -> NDArray[np.bool_]:
    """Whether every row holds after moves with these changes of the left sides, (M, R) -> (M,)."""
    left = point.left + moved
    return np.asarray(((left >= point.tables.low) & (left <= point.tables.high)).all(axis=1))


def _forbid_unequal(point: Point, moved: Floats, costs: Floats) -> None:
    """Set the costs of pairs to infinity that cannot keep the equalities; a few of these may be missed.

    One number per change stands for what it does to all equalities, so that one pass over pairs is enough.
    Pairs that are missed because numbers cancel by chance are found out when their rows are looked at.
    """
    tables = point.tables
    equal = np.flatnonzero(np.isfinite(tables.low) & np.isfinite(tables.high))
    if not len(equal):
        return
    weights = np.sqrt(np.arange(2.0, 2.0 + len(equal))) / tables.scale[equal]
    codes = moved[:, equal] @ weights
    room = (tables.high - tables.low)[equal] @ weights + 1e-9 * (1.0 + float(np.abs(codes).max()))
    costs[np.abs(codes[:, None] + codes) > room] = np.inf


def _cheapest(costs: Floats, noise: float) -> Iterator[Indices]:
    """Places of all costs that are gains, the largest gain first, in growing parts."""
    left = np.flatnonzero(costs < -noise)
    size = FIRST_MOVES
    while len(left):
        if len(left) > size:
            order = np.argpartition(costs[left], size)
            part, left = left[order[:size]], left[order[size:]]
        else:
            part, left = left, left[:0]
        yield part[np.argsort(costs[part], kind="stable")]
        size *= 4
