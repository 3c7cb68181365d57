"""The best combined saving under the limits of a selection, by outer approximation.

With w_i = -log(1 - p_i) and s_a = sum of w_i x_i over the improvements of area a, the area saves
C_a (1 - exp(-s_a)), a concave function of s_a. It lies below each of its tangents,

    z_a <= 1 - exp(-t) + exp(-t) (s_a - t),

so the mixed-integer program max sum C_a z_a under some tangents bounds the saving from above. The tangents at
its solution are added until value and bound agree (M. Duran and I. Grossmann, Mathematical Programming 36
(1986), 307-339).
"""

from __future__ import annotations

from time import monotonic

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from ..errors import InfeasiblePlanError, PlanError
from ..planning.lines import LevelQuestion
from ..planning.side_search import limit_rows

__all__ = ["save_most"]

LARGEST = 1e3  # keeps the solver's absolute tolerances at 1e-9 of the costs
AGREEMENT = 1e-9
FIRST_TANGENTS = 5


def save_most(
    question: LevelQuestion,
    shares: NDArray[np.float64],
    areas: NDArray[np.int64],
    costs: NDArray[np.float64],
    *,
    time_limit: float = 60.0,
) -> tuple[NDArray[np.int64], float]:
    """Choose improvements that save most together.

    Args:
        question: lines of 0 and 1 with their limits; its values play no part.
        shares: share that each saves of its area, 0 to below 1, shape (N,).
        areas: position of its area, shape (N,).
        costs: cost of each area, shape (A,).
        time_limit: seconds for all rounds.

    Returns:
        Units of the selection, shape (N,), and a bound that no selection exceeds.

    Raises:
        InfeasiblePlanError: no selection keeps all limits.
        PlanError: none was found in time.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1], [0.0, 0.0]) for name in "abc"]
        >>> shares, areas = np.array([0.5, 0.4, 0.3]), np.array([0, 0, 1])
        >>> save_most(LevelQuestion(lines, budget=2), shares, areas, np.array([100.0, 90.0]))[0]
        array([1, 0, 1])
    """
    n, count = len(question.lines), len(costs)
    deadline = monotonic() + time_limit
    weights = -np.log1p(-shares)
    own = (areas[None, :] == np.arange(count)[:, None]) * weights
    scale = float(np.abs(costs).max()) / LARGEST or 1.0
    rows, rooms = limit_rows(question)
    largest = np.maximum(np.abs(rows).max(axis=1), 1).astype(np.float64)
    limits = np.hstack([rows / largest[:, None], np.zeros((len(rows), count))])
    low = np.array([float(line.spends[0]) for line in question.lines])
    high = np.array([float(line.spends[-1]) for line in question.lines])
    tangents = [(a, t) for a in range(count) for t in np.linspace(0.0, own[a].sum(), FIRST_TANGENTS)]
    best: tuple[float, NDArray[np.int64]] | None = None
    bound = float(costs.sum())
    while True:
        cuts, ends = _cuts(tangents, own, n, count)
        result = milp(
            np.concatenate([np.zeros(n), -costs / scale]),
            integrality=np.concatenate([np.ones(n), np.zeros(count)]),
            bounds=Bounds(np.concatenate([low, np.zeros(count)]), np.concatenate([high, np.ones(count)])),
            constraints=[
                LinearConstraint(limits, -np.inf, rooms / largest),
                LinearConstraint(cuts, -np.inf, ends),
            ],
            options={"time_limit": max(0.01, deadline - monotonic()), "mip_rel_gap": 0.0},
        )
        if result.status == 2:
            names = [f"the cap of {group}" for group in question.caps]
            names += [side.label for side in question.sides]
            raise InfeasiblePlanError(
                f"no selection keeps all limits together ({', '.join(names)}); relax one of them"
            )
        dual = getattr(result, "mip_dual_bound", None)
        if dual is not None and np.isfinite(dual):
            bound = min(bound, -float(dual) * scale)
        if result.x is None:
            break
        units = np.rint(result.x[:n]).astype(np.int64)
        value = float(costs @ (1.0 - np.exp(-(own @ units))))
        if best is None or value > best[0]:
            best = value, units
        fresh = [(a, float(s)) for a, s in enumerate(own @ units) if (a, float(s)) not in tangents]
        closed = bound - best[0] <= AGREEMENT * max(1.0, abs(bound))
        if closed or not fresh or result.status != 0 or monotonic() >= deadline:
            break
        tangents += fresh
    if best is None:
        raise PlanError(f"no selection was found in {time_limit:g} s; allow more time")
    # A bound below what was reached, by the solver's rounding, is no bound.
    return best[1], max(bound, best[0])


def _cuts(
    tangents: list[tuple[int, float]], own: NDArray[np.float64], n: int, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows z_a - exp(-t) s_a <= 1 - exp(-t) (1 + t)."""
    rows, ends = np.zeros((len(tangents), n + count)), np.zeros(len(tangents))
    for k, (area, t) in enumerate(tangents):
        slope = float(np.exp(-t))
        rows[k, :n], rows[k, n + area] = -slope * own[area], 1.0
        ends[k] = 1.0 - slope * (1.0 + t)
    return rows, ends
