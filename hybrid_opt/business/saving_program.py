"""The best combined saving under the limits of a selection, by outer approximation.

With w_i = -log(1 - p_i) and s_a = sum of w_i x_i over the improvements of area a, the area saves
C_a (1 - exp(-s_a)). What is left of it, l_a = exp(-s_a), is a convex function that lies above each of its
tangents,

    l_a >= exp(-t) (1 + t - s_a),      written      s_a + exp(t) l_a >= 1 + t,

so the mixed-integer program min sum C_a l_a under some tangents bounds the saving from above. The tangents at
its solution are added until value and bound agree (M. Duran and I. Grossmann, Mathematical Programming 36
(1986), 307-339). Multiplied by exp(t), a tangent holds to the solver's tolerance however little is left; the
other way round its coefficients vanish beside 1 and the solver fails.
"""

from __future__ import annotations

from time import monotonic

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from ..errors import InfeasiblePlanError, PlanError
from ..planning.lines import LevelQuestion
from ..planning.program_result import not_found
from ..planning.side_search import limit_rows

__all__ = ["save_most"]

LARGEST = 1e3  # keeps the solver's absolute tolerances at 1e-9 of the costs
AGREEMENT = 1e-9
FIRST_TANGENTS = 5
LEAST_LEFT = 1e-9  # a tangent where less is left says no more than l_a >= 0 does, and spoils the scaling


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
    deadline = monotonic() + time_limit
    low = np.array([float(line.spends[0]) for line in question.lines])
    high = np.array([float(line.spends[-1]) for line in question.lines])
    # What nothing can be saved of plays no part, above all not in the scale.
    improved = np.unique(areas[(shares > 0) & (high > 0)])
    costs, own = costs[improved], (areas[None, :] == improved[:, None]) * -np.log1p(-shares)
    n, count = len(question.lines), len(costs)
    scale = float(costs.max(initial=0.0)) / LARGEST or 1.0
    rows, rooms = limit_rows(question)
    largest = np.maximum(np.abs(rows).max(axis=1), 1).astype(np.float64)
    limits = np.hstack([rows / largest[:, None], np.zeros((len(rows), count))])
    always = LinearConstraint(limits, -np.inf, rooms / largest)
    tangents = [
        (a, float(t))
        for a in range(count)
        for t in np.linspace(0.0, own[a].sum(), FIRST_TANGENTS)
        if np.exp(-t) >= LEAST_LEFT
    ]
    best: tuple[float, NDArray[np.int64]] | None = None
    bound = float(costs.sum())
    while True:
        cuts, ends = _cuts(tangents, own, n, count)
        result = milp(
            np.concatenate([np.zeros(n), costs / scale]),
            integrality=np.concatenate([np.ones(n), np.zeros(count)]),
            bounds=Bounds(np.concatenate([low, np.zeros(count)]), np.concatenate([high, np.ones(count)])),
            constraints=[always, LinearConstraint(cuts, ends, np.inf)] if tangents else [always],
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
            bound = min(bound, float(costs.sum()) - float(dual) * scale)
        if result.x is None:
            break
        units = np.rint(result.x[:n]).astype(np.int64)
        value = float(costs @ (1.0 - np.exp(-(own @ units))))
        if best is None or value > best[0]:
            best = value, units
        met = [(a, float(s)) for a, s in enumerate(own @ units) if np.exp(-s) >= LEAST_LEFT]
        fresh = [tangent for tangent in met if tangent not in tangents]
        closed = bound - best[0] <= AGREEMENT * max(1.0, abs(bound))
        if closed or not fresh or result.status != 0 or monotonic() >= deadline:
            break
        tangents += fresh
    if best is None:
        raise PlanError(not_found(result, time_limit))
    # A bound below what was reached, by the solver's rounding, is no bound.
    return best[1], max(bound, best[0])


def _cuts(
    tangents: list[tuple[int, float]], own: NDArray[np.float64], n: int, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows s_a + exp(t) l_a >= 1 + t."""
    rows, ends = np.zeros((len(tangents), n + count)), np.zeros(len(tangents))
    for k, (area, t) in enumerate(tangents):
        rows[k, :n], rows[k, n + area] = own[area], np.exp(t)
        ends[k] = 1.0 + t
    return rows, ends
