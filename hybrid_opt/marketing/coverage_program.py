"""Maximum coverage under the limits of a selection, as a mixed-integer program.

    maximize  sum_p w_p y_p   subject to  y_p <= sum of x_i over the segments of p,  0 <= y_p <= 1,
                                          the limits on x,  x binary

The y need not be integer: for whole x the best y is 0 or 1 (G. Cornuejols, M. Fisher, G. Nemhauser,
Management Science 23 (1977), 789-810, on the same program for locations).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack

from ..errors import InfeasiblePlanError, PlanError
from ..planning.lines import LevelQuestion
from ..planning.program_result import not_found
from ..planning.side_search import limit_rows

__all__ = ["cover_most"]

LARGEST = 1e3  # keeps the solver's absolute tolerances at 1e-9 of the weights


def cover_most(
    question: LevelQuestion,
    patterns: NDArray[np.int64],
    weights: NDArray[np.float64],
    *,
    costs: NDArray[np.float64] | None = None,
    time_limit: float = 60.0,
) -> tuple[NDArray[np.int64], float]:
    """Choose segments that reach most.

    Args:
        question: lines of 0 and 1 with their limits; its values play no part.
        patterns: segments of each pattern, 0 or 1, shape (P, N).
        weights: weight of each pattern, shape (P,).
        costs: cost of each segment that is subtracted, shape (N,), or None.
        time_limit: seconds.

    Returns:
        Units of the selection, shape (N,), and a bound that no selection exceeds.

    Raises:
        InfeasiblePlanError: no selection keeps all limits.
        PlanError: none was found in time.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1], [0.0, 0.0]) for name in "abc"]
        >>> patterns = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
        >>> cover_most(LevelQuestion(lines, budget=1), patterns, np.array([4.0, 1.0, 3.0]))
        (array([0, 1, 0]), 5.0)
    """
    n, count = len(question.lines), len(patterns)
    scale = (float(weights.max()) if count else 1.0) / LARGEST or 1.0
    rows, rooms = limit_rows(question)
    largest = np.maximum(np.abs(rows).max(axis=1), 1).astype(np.float64)
    limits = csr_array(np.hstack([rows / largest[:, None], np.zeros((len(rows), count))]))
    constraints = [LinearConstraint(limits, -np.inf, rooms / largest)]
    if count:
        cover = hstack([csr_array(-patterns.astype(np.float64)), eye_array(count)], format="csr")
        constraints.append(LinearConstraint(cover, -np.inf, 0.0))
    low = np.array([float(line.spends[0]) for line in question.lines])
    high = np.array([float(line.spends[-1]) for line in question.lines])
    own = np.zeros(n) if costs is None else costs
    result = milp(
        np.concatenate([own, -weights]) / scale,
        integrality=np.concatenate([np.ones(n), np.zeros(count)]),
        bounds=Bounds(np.concatenate([low, np.zeros(count)]), np.concatenate([high, np.ones(count)])),
        constraints=constraints,
        options={"time_limit": float(time_limit), "mip_rel_gap": 0.0},
    )
    if result.status == 2:
        names = [f"the cap of {group}" for group in question.caps] + [side.label for side in question.sides]
        raise InfeasiblePlanError(
            f"no selection keeps all limits together ({', '.join(names)}); relax one of them"
        )
    if result.x is None:
        raise PlanError(not_found(result, time_limit))
    units = np.rint(result.x[:n]).astype(np.int64)
    reached = (float(weights[(patterns @ units > 0)].sum()) if count else 0.0) - float(own @ units)
    dual = getattr(result, "mip_dual_bound", None)
    bound = float(weights.sum()) if dual is None or not np.isfinite(dual) else -float(dual) * scale
    # A bound below what was reached, by the solver's rounding, is no bound.
    return units, max(bound, reached)
