"""One row of a comparison of routings: what a method reached on a problem, and what that means for loads.

Shapes: M clusters, E experts.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import (
    EncodingError,
    InfeasibleModelError,
    MissingDependencyError,
    ModelTooLargeError,
    OptionError,
    SolverError,
    UnsupportedModelError,
)
from ..solvers.base import Solver
from ..solvers.greedy import Greedy
from ..solvers.solve import solve
from .head_methods import MOST_AMPLITUDES
from .routing_blocks import route_in_blocks
from .routing_direct import DIRECT_METHODS
from .routing_guide import ask_solver
from .routing_problem import RoutingProblem
from .routing_solvers import routing_solver

if TYPE_CHECKING:
    from ..solvers.quantum import QuantumRecord

__all__ = ["RoutingRow", "attempt", "run_row"]


@dataclass(frozen=True, eq=False)
class RoutingRow:
    """What one method reached.

    Attributes:
        method: its name.
        assignment: (M,), the expert of each cluster; None where it found none.
        objective: of the assignment; None without one.
        feasible: whether every expert has room.
        status: "optimal" (proven), "feasible", "over capacity", "infeasible" (proven that nothing is
            feasible), "none found", "not run".
        bound: proven lower bound on every feasible objective, or None.
        seconds: wall time.
        samples: draws, None where the word has no meaning.
        feasible_share: share of the draws that are feasible, or None.
        note: what was left out and why.
        quantum: the quantum row, None for classical methods.
        interrupted: ctrl-C ended it.
    """

    method: str
    assignment: NDArray[np.int64] | None = None
    objective: float | None = None
    feasible: bool = False
    status: str = "none found"
    bound: float | None = None
    seconds: float = 0.0
    samples: int | None = None
    feasible_share: float | None = None
    note: str = ""
    quantum: QuantumRecord | None = None
    interrupted: bool = False


def attempt(
    problem: RoutingProblem, method: Any, *, seed: int, time_limit: float, argument: str = "compare"
) -> RoutingRow:
    """Run a method for comparison: where it cannot be used, the row says why.

    Args:
        problem: the problem.
        method: a name of `legal_methods` but "auto", or a solver object.
        seed: of everything random.
        time_limit: seconds.
        argument: name of the user's argument, for messages.

    Returns:
        The row.

    Example:
        >>> problem = RoutingProblem([[1.0, 0.0], [1.0, 0.0]], [2, 3], capacity=3)
        >>> attempt(problem, "assignment", seed=0, time_limit=1.0).status
        'not run'
    """
    try:
        return run_row(problem, method, seed=seed, time_limit=time_limit, argument=argument)
    except (
        EncodingError, InfeasibleModelError, MissingDependencyError, ModelTooLargeError, OptionError,
        SolverError, UnsupportedModelError,
    ) as reason:  # fmt: skip
        name = method if isinstance(method, str) else str(method.name)
        return RoutingRow(name, status="not run", note=str(reason))


def run_row(
    problem: RoutingProblem, method: Any, *, seed: int, time_limit: float, argument: str = "method"
) -> RoutingRow:
    """Run a method.

    Args:
        problem: the problem.
        method: a name of `legal_methods` but "auto", or a solver object.
        seed: of everything random.
        time_limit: seconds.
        argument: name of the user's argument, for messages.

    Returns:
        The row. Solvers that stay in the subspace of one expert per cluster are asked in blocks of clusters
        where the problem has more than 2^24 states. MILP begins at a greedy answer.

    Raises:
        OptionError: a method that does not fit the problem.
        InfeasibleModelError: nothing is feasible.
        ModelTooLargeError: the method cannot hold the problem.
        SolverError: the method returned what contradicts itself, or blocks have nothing to begin at.
    """
    begin = perf_counter()
    if isinstance(method, str) and method in DIRECT_METHODS:
        direct = DIRECT_METHODS[method](problem)
        return _judged(problem, method, direct.assignment, direct.bound, begin, note=direct.note)
    solver = routing_solver(method, problem, argument)
    guided = method == "qaoa"
    if getattr(solver, "mixer", "x") != "x" and problem.states > MOST_AMPLITUDES:
        def make(part: RoutingProblem) -> Solver:
            return routing_solver(method, part, argument)

        blocks = route_in_blocks(problem, make, guided=guided, seed=seed, time_limit=time_limit)
        name = f"{solver.name} in blocks"
        return _judged(
            problem, name, blocks.assignment, None, begin, note=blocks.note, quantum=blocks.quantum,
            interrupted=blocks.interrupted,
        )  # fmt: skip
    start = None
    if solver.name == "milp":
        first = solve(problem.to_cqm(), Greedy(), seed=seed, time_limit=time_limit)
        start = first.sample if first.feasible else None
    answer, found = ask_solver(
        problem, solver, guided=guided, seed=seed, time_limit=time_limit, start=start
    )
    if answer.status == "infeasible":
        sizes, capacity = np.asarray(problem.sizes).tolist(), np.asarray(problem.capacity).tolist()
        raise InfeasibleModelError(
            f"{answer.method} proved that the clusters do not fit: sizes {sizes}, capacity {capacity}; give "
            "more capacity, or more clusters that are smaller"
        )
    own = answer.own_row
    # A bound of the model, to the user's scale; one of the guide says nothing about the problem.
    bound = None if guided or answer.bound is None else answer.bound * problem.unit
    return _judged(
        problem, answer.method, found, bound, begin,
        optimal=not guided and answer.status == "optimal", note="; ".join(answer.notes),
        quantum=answer.quantum, samples=answer.samples, interrupted=answer.interrupted,
        feasible_share=None if own is None else own.feasible_share,
    )  # fmt: skip


def _judged(
    problem: RoutingProblem,
    method: str,
    found: NDArray[np.int64] | None,
    bound: float | None,
    begin: float,
    *,
    optimal: bool = False,
    **rest: Any,
) -> RoutingRow:
    """A row whose objective and feasibility are computed on the problem itself."""
    seconds = perf_counter() - begin
    if found is None:
        return RoutingRow(method, bound=bound, seconds=seconds, **rest)
    objective, feasible = problem.objective(found), problem.feasible(found)
    close = bound is not None and objective - bound <= 1e-9 * max(1.0, abs(objective))
    status = "over capacity" if not feasible else "optimal" if optimal or close else "feasible"
    if bound is not None and feasible and 0 < bound - objective <= 1e-9 * max(1.0, abs(objective)):
        bound = objective  # above it by rounding only; what is more is for `assign_experts` to refuse
    return RoutingRow(method, found, objective, feasible, status, bound, seconds, **rest)
