"""Assign clusters of tokens to experts under capacity, with the exact classical answer beside every other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import OptionError, SolverError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers.comparison import Sampler, at_equal_effort
from ..solvers.settings import check_seconds
from .quantum_rows import is_quantum
from .routing_answer import Routing
from .routing_problem import RoutingProblem
from .routing_rows import RoutingRow, attempt, run_row
from .routing_solvers import chosen_method, routing_solver
from .routing_tables import routing_statement

__all__ = ["assign_experts"]


def assign_experts(
    problem: RoutingProblem,
    method: Any = "auto",
    *,
    compare: Iterable[Any] = (),
    seed: int | None = None,
    time_limit: float = 60.0,
    progress: Progress = silent,
) -> Routing:
    """Choose the expert of every cluster, and say how good the choice is.

    Args:
        problem: affinity, sizes, capacities, and what pairs of clusters count.
        method: "assignment" (optimal; where pairs do not count and clusters are of one size), "milp" (with a
            proof where time allows), "exact" (enumeration up to 2^24 assignments), "greedy", "anneal",
            "tabu", "qaoa" (in the subspace of one expert per cluster, beyond 2^24 states in blocks),
            "sinkhorn" (entropic transport, rounded), "argmax" (the best expert of each cluster, whatever its
            capacity), other names of ``hybrid_opt.methods()``, or a solver object. "auto" is "assignment"
            where that is legal, else "milp".
        compare: further methods, one row each; a sampler (such as "anneal") beside a quantum row gets two, at
            equal samples and at equal time. A quantum method with no classical one beside it gets "uniform".
        seed: of everything random.
        time_limit: seconds for each method.
        progress: called with the share done.

    Returns:
        The routing. Answers of "argmax" and "sinkhorn" may be over capacity, and say so.

    Raises:
        OptionError: an unknown method, one that does not fit the problem, or another illegal argument.
        InfeasibleModelError: the clusters do not fit.
        ModelTooLargeError: the method cannot hold the problem.
        SolverError: the method found no feasible assignment.

    Example:
        >>> problem = RoutingProblem([[3.0, 0.0], [2.0, 0.0], [1.0, 0.5], [0.0, 2.0]], capacity=2)
        >>> routing = assign_experts(problem, compare=("argmax",))
        >>> routing.assignment, routing.method, routing.rows[0].status
        (array([0, 0, 1, 1]), 'assignment', 'optimal')
        >>> routing.table()["dropped_share"].tolist()
        [0.0, 0.25]
    """
    if not isinstance(problem, RoutingProblem):
        raise OptionError(f"problem is a {type(problem).__name__}; it must be a RoutingProblem")
    if isinstance(compare, str | bytes) or not isinstance(compare, Iterable):
        raise OptionError(f"compare is {compare!r}; it must be a list of methods, e.g. compare=['greedy']")
    chosen = chosen_method(method, problem)
    rivals = [chosen_method(name, problem, "compare") for name in compare]
    named = [_name(one) for one in (chosen, *rivals)]
    if all(map(is_quantum, named)):
        rivals.append("uniform")  # a quantum row never stands alone
    check_seconds("time_limit", time_limit)
    if not callable(progress):
        raise OptionError(f"progress is {progress!r}; it must be a function of (share, text)")
    used = resolve_seed(seed)
    progress(0.0, _name(chosen))
    own = run_row(problem, chosen, seed=child_seed(used, "routing"), time_limit=time_limit)
    may_break = own.method in ("argmax", "sinkhorn")
    if own.assignment is None or not (own.feasible or may_break):
        raise SolverError(
            f"{own.method} found no assignment that keeps the capacities ({own.note or own.status}); give "
            "more capacity, more shots or time, or take 'milp'"
        )
    rows = [own]
    # Samplers last: their effort follows the quantum row, wherever that stands.
    ordered = sorted(rivals, key=lambda rival: _sampler(rival, problem) is not None)
    for number, rival in enumerate(ordered):
        if rows[-1].interrupted:
            break
        progress((1 + number) / (1 + len(ordered)), _name(rival))
        seeded = child_seed(used, f"routing rival {number}")
        for one in _at_effort(rival, problem, rows):
            rows.append(attempt(problem, one, seed=seeded, time_limit=time_limit))
    progress(1.0, "done")
    _check_bounds(rows)
    notes = ("ctrl-C ended it; the answer is the best until then",) if rows[-1].interrupted else ()
    return Routing(problem, tuple(rows), used, routing_statement(problem, rows), notes)


def _name(method: Any) -> str:
    return method if isinstance(method, str) else str(method.name)


def _sampler(method: Any, problem: RoutingProblem) -> Sampler | None:
    """The sampler behind a method, None where it is none."""
    if isinstance(method, str) and method in ("assignment", "sinkhorn", "argmax"):
        return None
    solver = routing_solver(method, problem, "compare")
    return solver if isinstance(solver, Sampler) else None


def _at_effort(rival: Any, problem: RoutingProblem, rows: list[RoutingRow]) -> list[Any]:
    """A method as it is, or a sampler at the effort of the first quantum row of the whole problem."""
    sampler = _sampler(rival, problem)
    whole = [row for row in rows if not row.method.endswith("in blocks")]
    records = [row.quantum for row in whole if row.quantum is not None]
    if sampler is None or not records or is_quantum(_name(rival)):
        return [rival]
    return list(at_equal_effort(sampler, records[0]))


def _check_bounds(rows: list[RoutingRow]) -> None:
    """Refuse a bound that another row's feasible answer contradicts."""
    for row in rows:
        for other in rows:
            if row.bound is None or other.objective is None or not other.feasible:
                continue
            if other.objective < row.bound - 1e-6 * max(1.0, abs(row.bound)):
                raise SolverError(
                    f"{row.method} claims the bound {row.bound!r}, but {other.method} found the objective "
                    f"{other.objective!r}, which is lower"
                )
