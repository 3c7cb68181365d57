"""Classical methods of their own for routing: assignment to slots, entropic transport, and the best expert.

Shapes: M clusters, E experts, K slots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasibleModelError, OptionError
from .routing_problem import RoutingProblem

__all__ = ["DIRECT_METHODS", "DirectAnswer", "assignment_reason", "by_slots", "sinkhorn_plan"]

_REGULARIZATION = 0.05  # of transport, in spans of the affinity
_ITERATIONS = 2000
_TOLERANCE = 1e-9  # of the marginals


@dataclass(frozen=True, eq=False)
class DirectAnswer:
    """What one of these methods found.

    Attributes:
        assignment: (M,), the expert of each cluster.
        bound: proven lower bound on every feasible objective, or None.
        note: what to know about it.
    """

    assignment: NDArray[np.int64]
    bound: float | None = None
    note: str = ""


def assignment_reason(problem: RoutingProblem) -> str:
    """Why a problem is no assignment problem.

    Args:
        problem: the problem.

    Returns:
        The reason; empty where it is one.

    Example:
        >>> assignment_reason(RoutingProblem([[1.0, 0.0], [0.0, 1.0]], [2, 3], capacity=5))
        'clusters have different sizes'
    """
    if not problem.is_linear:
        return "pairs of clusters count (co_weight or sim_weight above 0)"
    return "" if problem.equal_sizes else "clusters have different sizes"


def by_slots(problem: RoutingProblem) -> DirectAnswer:
    """The optimal assignment of clusters to slots of experts, proven, in polynomial time.

    An expert has as many slots as clusters fit into its capacity. The rectangular problem is solved by
    ``scipy.optimize.linear_sum_assignment`` (Crouse 2016, doi 10.1109/TAES.2016.140952).

    Args:
        problem: linear, with clusters of equal size.

    Returns:
        The assignment; its objective is the bound.

    Raises:
        OptionError: the problem is no assignment problem.
        InfeasibleModelError: fewer slots than clusters.

    Example:
        >>> by_slots(RoutingProblem([[3.0, 2.0], [2.0, 0.0]], capacity=1)).assignment
        array([1, 0])
    """
    from scipy.optimize import linear_sum_assignment

    reason = assignment_reason(problem)
    if reason:
        raise OptionError(f"'assignment' cannot be used: {reason}; take 'milp' or 'auto'")
    clusters, experts = problem.shape
    slots = slots_of(problem)
    if slots.sum() < clusters:
        raise InfeasibleModelError(
            f"the experts hold {slots.tolist()} whole clusters, but there are {clusters}; give more capacity"
        )
    owner = np.repeat(np.arange(experts), slots)
    rows, columns = linear_sum_assignment(problem.linear[:, owner])
    chosen = np.empty(clusters, dtype=np.int64)
    chosen[rows] = owner[columns]
    return DirectAnswer(chosen, problem.objective(chosen), "proven optimal: the problem is linear")


def slots_of(problem: RoutingProblem) -> NDArray[np.int64]:
    """Whole clusters of equal size that each expert holds, (E,)."""
    _, bounds, _ = problem.capacity_rows()
    return np.asarray(bounds).astype(np.int64)


def sinkhorn_plan(problem: RoutingProblem) -> NDArray[np.float64]:
    """Entropic transport of tokens to experts, (M, E), in shares of all tokens.

    P = diag(u) K diag(v) with K = exp(a / epsilon), rows s_m / S, columns of at most capacity_e / S: what the
    experts hold beyond the tokens is a further row of affinity 0. Cuturi 2013, arXiv 1306.0895, algorithm 1,
    in logarithms. epsilon is 0.05 of the span of the affinity. Pairs of clusters are not seen.

    Args:
        problem: the problem.

    Returns:
        The plan, without the further row.

    Example:
        >>> plan = sinkhorn_plan(RoutingProblem([[3.0, 0.0], [2.0, 0.0]], capacity=1))
        >>> plan.sum(0).round(3), plan.sum(1).round(3)
        (array([0.5, 0.5]), array([0.5, 0.5]))
    """
    from scipy.special import logsumexp

    clusters, experts = problem.shape
    sizes, room = np.asarray(problem.sizes), np.asarray(problem.capacity)
    spare = max(float(room.sum() - sizes.sum()), 0.0)
    supply = np.append(sizes, spare) if spare > 0 else sizes
    affinity = np.asarray(problem.affinity)
    span = float(np.ptp(affinity)) or 1.0
    kernel = (affinity - affinity.max()) / (_REGULARIZATION * span)
    if spare > 0:
        kernel = np.vstack([kernel, np.zeros(experts)])
    open_experts = room > 0
    kernel, demand = kernel[:, open_experts], room[open_experts]
    log_rows, log_columns = np.log(supply / supply.sum()), np.log(demand / demand.sum())
    v = np.zeros(len(demand))
    for _ in range(_ITERATIONS):
        u = log_rows - logsumexp(kernel + v, axis=1)
        v = log_columns - logsumexp(kernel + u[:, None], axis=0)
        plan = np.exp(kernel + u[:, None] + v)
        if np.abs(plan.sum(1) - supply / supply.sum()).max() < _TOLERANCE:
            break
    whole = np.zeros((clusters, experts))
    whole[:, open_experts] = plan[:clusters] * (supply.sum() / sizes.sum())
    return whole


def _sinkhorn(problem: RoutingProblem) -> DirectAnswer:
    """The plan, rounded: large clusters first, each to the expert with room that it sends most to."""
    plan = sinkhorn_plan(problem)
    sizes, left = np.asarray(problem.sizes), np.asarray(problem.capacity).astype(float)
    chosen = np.zeros(len(sizes), dtype=np.int64)
    crowded = 0
    # Among clusters of one size those that are surest of their expert go first.
    for m in np.lexsort((-plan.max(1) / sizes, -sizes)):
        fits = left + 1e-9 * np.maximum(1.0, left) >= sizes[m]
        crowded += not fits.any()
        chosen[m] = np.argmax(np.where(fits, plan[m], -1.0) if fits.any() else plan[m])
        left[chosen[m]] -= sizes[m]
    note = "pairs of clusters are not seen" if not problem.is_linear else ""
    if crowded:
        note = f"{crowded} clusters found no room in rounding" + (f"; {note}" if note else "")
    return DirectAnswer(chosen, note=note)


def _argmax(problem: RoutingProblem) -> DirectAnswer:
    """Each cluster's best expert; where pairs do not count, nothing can be lower, capacity or not."""
    chosen = np.asarray(problem.linear.argmin(1))
    bound = problem.objective(chosen) if problem.is_linear else None
    return DirectAnswer(chosen, bound, "the best expert of each cluster, capacity ignored")


DIRECT_METHODS: dict[str, Callable[[RoutingProblem], DirectAnswer]] = {
    "assignment": by_slots,
    "sinkhorn": _sinkhorn,
    "argmax": _argmax,
}
"""Methods beside those of ``hybrid_opt.solve``, by name."""
