"""Mixed-integer linear programming with HiGHS: the method that proves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..qubo.problem import Problem
from .base import Outcome, Request
from .highs import run_highs
from .linear_form import LinearForm
from .linear_products import linear_form
from .settings import check_seconds

__all__ = ["MILP", "prove_bound"]

NOISE = 1e-6  # relative accuracy of HiGHS's sums, by its feasibility tolerance
WIDE = 2.0**20  # coefficients of a row above which one answer of HiGHS is not enough for a proof
SHORTEST = 0.05  # seconds left to HiGHS when writing the program used up the limit


@dataclass(frozen=True)
class MILP:
    """Branch and bound with HiGHS on a linear form of the model, by ``scipy.optimize.milp``.

    The gap is driven to 0 (HiGHS's default of 1e-4 would be no proof). Rounded states are checked on the
    model itself before anything is called proven. SciPy hands no first solution to HiGHS, so a known start
    is compared with the answer instead.

    Args:
        time_limit: seconds for this solver; None takes what the request says. The shorter one holds.

    Raises:
        OptionError: the time limit is not a positive number.

    Example:
        >>> import dimod
        >>> from hybrid_opt.qubo.reading import read_model
        >>> bqm = dimod.BinaryQuadraticModel({"a": -2.0, "b": -3.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> outcome = MILP().solve(Request(read_model(bqm), seed=0))
        >>> outcome.states.tolist(), outcome.bound, outcome.proof
        ([[0, 1]], -3.0, 'optimal')
    """

    time_limit: float | None = None

    def __post_init__(self) -> None:
        if self.time_limit is not None:
            check_seconds("time_limit", self.time_limit)

    @property
    def name(self) -> str:
        """Name in tables."""
        return "milp"

    def solve(self, request: Request) -> Outcome:
        """Solve a problem.

        Args:
            request: the problem, the time limit and, if known, a feasible start.

        Returns:
            At most two proposals (HiGHS's and the start), the bound and the proof. When the time ran out the
            bound is HiGHS's, if it had one.

        Raises:
            ModelTooLargeError: the linear form would be too large.
        """
        begin = time.perf_counter()
        limit = request.time_limit if self.time_limit is None else min(self.time_limit, request.time_limit)
        problem = request.problem
        start = np.zeros((0, len(problem.variables)), dtype=np.int64)
        if request.start is not None:
            start = np.asarray(request.start, dtype=np.int64)[None, :]
        form = linear_form(problem)
        written = time.perf_counter() - begin
        if not len(form.cost):
            return _single_assignment(problem)
        nodes, wide = 0, bool(abs(form.matrix).max() > WIDE) if form.matrix.nnz else False
        outcome = Outcome(start)
        try:
            for presolve in (True, False):
                left = limit - (time.perf_counter() - begin)
                if not presolve and left <= 0:
                    break
                result = run_highs(form, max(SHORTEST, left), request.progress, presolve=presolve)
                nodes += int(result.mip_node_count or 0)
                answer = _read(problem, form, result, start)
                if wide and not presolve:
                    outcome = _agreed(outcome, answer)
                elif presolve or answer.proof is not None or len(answer.states) > len(outcome.states):
                    outcome = answer
                if result.status == 1 or (outcome.proof == "optimal" and not wide):
                    break
                # Infeasible, failed or refuted: HiGHS 1.12 errs here at times, by its presolve.
        except KeyboardInterrupt:
            outcome.interrupted, outcome.deterministic = True, False
        outcome.effort = {"nodes": nodes, "columns": len(form.cost), "rows": len(form.row_lower)}
        outcome.timings = {"form": written, "highs": time.perf_counter() - begin - written}
        return outcome


def prove_bound(
    problem: Problem, time_limit: float
) -> tuple[float | None, Literal["optimal", "infeasible"] | None]:
    """Bound the objective from below.

    Args:
        problem: the model.
        time_limit: seconds.

    Returns:
        A lower bound on the objective of every feasible assignment (None if there was no time for one), and
        "optimal" if some assignment attains it, "infeasible" if nothing is feasible, else None.
    """
    outcome = MILP().solve(Request(problem, seed=0, time_limit=time_limit))
    return outcome.bound, outcome.proof


def _single_assignment(problem: Problem) -> Outcome:
    """The answer where every variable has one state, or there is none."""
    states = np.zeros((1, len(problem.variables)), dtype=np.int64)
    if not problem.feasible(states)[0]:
        return Outcome(states[:0], proof="infeasible")
    return Outcome(states, bound=float(problem.objective(states)[0]), proof="optimal")


def _round_up(bound: float, form: LinearForm) -> float:
    """The next attainable value where all costs are whole numbers."""
    part = bound - form.offset
    noise = NOISE * max(1.0, abs(part))
    return form.offset + float(np.ceil(part - noise)) if form.whole and noise < 0.25 else bound


def _agreed(first: Outcome, second: Outcome) -> Outcome:
    """What two answers to one program leave, where a row's smallest step is near HiGHS's tolerance."""
    outcome = Outcome(np.concatenate([first.states, second.states]), notes=[*first.notes, *second.notes])
    outcome.deterministic = first.deterministic and second.deterministic
    if first.bound is not None and second.bound is not None:
        outcome.bound = min(first.bound, second.bound)
        close = abs(first.bound - second.bound) <= NOISE * max(1.0, abs(first.bound))
        outcome.proof = "optimal" if first.proof == second.proof == "optimal" and close else None
    elif first.proof == second.proof == "infeasible":
        outcome.proof = "infeasible"
    if outcome.proof is None:
        outcome.notes.append(
            "HiGHS's answers with and without its presolve differ, which the large coefficients of the rows "
            "explain; only what both say is taken for proven"
        )
    return outcome


def _read(problem: Problem, form: LinearForm, result: Any, start: NDArray[np.int64]) -> Outcome:
    states = start
    if result.x is not None:
        states = np.concatenate([form.states(np.asarray(result.x))[None, :], start])
    outcome = Outcome(states, deterministic=result.status != 1)
    feasible = states[problem.feasible(states)]
    best = float(problem.objective(feasible).min()) if len(feasible) else None
    if result.status == 2:
        if best is None:
            outcome.proof = "infeasible"
        else:
            outcome.notes.append("HiGHS says infeasible, which the start refutes; nothing is proven")
        return outcome
    if result.status not in (0, 1):
        outcome.notes.append(f"HiGHS gave no answer: {result.message}")
        return outcome
    dual = result.mip_dual_bound
    if dual is None or not np.isfinite(dual):
        outcome.notes.append(f"no bound: {result.message}")
        return outcome
    bound = _round_up(form.offset + dual, form)
    if best is None:
        outcome.bound = bound
        return outcome
    noise = NOISE * max(float(np.abs(form.cost).max()), abs(best - form.offset))
    if best < bound - noise:
        outcome.notes.append(
            f"HiGHS claims a bound of {bound}, which an assignment of cost {best} refutes; no bound is given"
        )
        return outcome
    outcome.bound = min(bound, best)
    # HiGHS reports the bound within its tolerances; a smaller difference is none.
    if best - bound <= (noise if result.status == 0 else 1e-9 * max(1.0, abs(best))):
        outcome.bound, outcome.proof = best, "optimal"
    return outcome
