"""Checks what a solver claims: objective and feasibility are recomputed, contradictions are errors.

Shapes: K proposals, N variables, R constraint rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from ..errors import SolverError
from ..qubo.problem import Problem
from .base import Outcome

__all__ = ["Judged", "judge"]

TOLERANCE = 1e-6  # of the largest number in the objective: a bound above it by more contradicts it


@dataclass(frozen=True, eq=False)
class Judged:
    """Proposals of one solver with everything recomputed on the model.

    Attributes:
        name: the solver.
        problem: the model.
        outcome: what the solver returned.
        states: proposals, shape (K, N).
        counts: how often each was drawn, shape (K,).
        objectives: shape (K,).
        feasible: shape (K,).
        order: positions of the proposals, best feasible first, then the least violated.
        seconds: wall time.
        note: why it did not run, empty if it did.
    """

    name: str
    problem: Problem
    outcome: Outcome
    states: NDArray[np.int64]
    counts: NDArray[np.int64]
    objectives: NDArray[np.float64]
    feasible: NDArray[np.bool_]
    order: NDArray[np.int64]
    seconds: float
    note: str = ""

    @property
    def best(self) -> int | None:
        """Position of the best proposal, None without any."""
        return int(self.order[0]) if len(self.order) else None

    @property
    def objective(self) -> float | None:
        """Best feasible objective, None if no proposal is feasible."""
        if self.best is None or not self.feasible[self.best]:
            return None
        return float(self.objectives[self.best])

    @property
    def bound(self) -> float | None:
        """Lower bound this solver claims, a proof of optimality included."""
        claimed = self.outcome.bound
        if claimed is not None and np.isneginf(claimed):
            claimed = None
        if self.outcome.proof == "optimal" and self.objective is not None:
            # A bound below its own proven optimum is the solver's tolerance, not a gap.
            return self.objective if claimed is None else max(claimed, self.objective)
        return claimed

    def sampleset(self) -> dimod.SampleSet:
        """All proposals in the user's variables, best feasible first; energy is the objective."""
        values = self.problem.values(self.states[self.order]).astype(np.int64)
        labels = [variable.label for variable in self.problem.variables]
        kinds = {variable.kind for variable in self.problem.variables}
        vartype = "BINARY" if kinds == {"binary"} else "SPIN" if kinds == {"spin"} else "INTEGER"
        return dimod.SampleSet.from_samples(
            (values, labels),
            vartype=vartype,
            energy=self.objectives[self.order],
            num_occurrences=self.counts[self.order],
            is_feasible=self.feasible[self.order],
            sort_labels=False,
        )


def contradicts(problem: Problem, bound: float, objective: float) -> bool:
    """Whether a bound lies above a feasible objective by more than a solver's rounding.

    Args:
        problem: the model; its largest cost sets what rounding is.
        bound: a claimed lower bound.
        objective: of a feasible assignment.
    """
    ends = [max(abs(v.lower), abs(v.upper)) for v in problem.variables]
    sizes = [max(abs(v.linear) * end, abs(v.square) * end**2) for v, end in zip(problem.variables, ends)]
    sizes += [abs(pair.coefficient) * ends[pair.first] * ends[pair.second] for pair in problem.pairs]
    tables = [*(v.table for v in problem.variables), *(pair.table for pair in problem.pairs)]
    sizes += [float(np.abs(table).max()) for table in tables if table is not None]
    return bound > objective + TOLERANCE * max(1.0, abs(objective), *sizes)


def _check(name: str, problem: Problem, outcome: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """States and counts of an outcome, or an error that names the solver and what is wrong."""
    n = len(problem.variables)
    if not isinstance(outcome, Outcome):
        raise SolverError(f"solver {name!r} returned a {type(outcome).__name__}; it must return an Outcome")
    states = np.asarray(outcome.states)
    if states.ndim != 2 or states.shape[1] != n:
        raise SolverError(
            f"solver {name!r} returned states of shape {states.shape}; the shape must be (proposals, {n}), "
            "one column per variable of request.problem"
        )
    sizes = np.array([variable.size for variable in problem.variables], dtype=object)
    if states.size and not (
        np.issubdtype(states.dtype, np.integer) and (states >= 0).all() and (states < sizes).all()
    ):
        raise SolverError(
            f"solver {name!r} returned states that no variable has; a state is a whole number from 0 to "
            "the variable's size minus 1 (Problem.to_states turns values into states)"
        )
    counts = np.ones(len(states), dtype=np.int64) if outcome.counts is None else np.asarray(outcome.counts)
    if counts.shape != (len(states),) or (counts < 1).any():
        raise SolverError(f"solver {name!r} returned counts that are not one positive number per proposal")
    if outcome.bound is not None and not outcome.bound < np.inf:
        raise SolverError(f"solver {name!r} returned the bound {outcome.bound!r}; legal are numbers and None")
    if outcome.proof not in (None, "optimal", "infeasible"):
        raise SolverError(
            f"solver {name!r} returned proof {outcome.proof!r}; legal are None, 'optimal', 'infeasible'"
        )
    return states.astype(np.int64), counts.astype(np.int64)


def _relative_violation(problem: Problem, states: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum over rows of the violation as a share of the row's largest number, shape (K,)."""
    scales = [
        max([1e-12, abs(row.rhs), *(float(np.abs(weight).max()) for weight in row.terms.values())])
        for row in problem.rows
    ]
    return np.asarray(problem.excess(states) @ (1.0 / np.array(scales, dtype=np.float64)))


def judge(
    name: str,
    problem: Problem,
    outcome: Any,
    *,
    start: NDArray[np.int64] | None = None,
    seconds: float = 0.0,
    note: str = "",
) -> Judged:
    """Recompute every proposal of a solver.

    Args:
        name: the solver, for messages.
        problem: the model.
        outcome: what the solver returned.
        start: a feasible assignment to count among the proposals, so that the answer is never worse.
        seconds: wall time of the solver.
        note: why it did not run.

    Returns:
        Objectives, feasibility and order of the proposals.

    Raises:
        SolverError: the outcome is malformed, or contradicts itself.
    """
    states, counts = _check(name, problem, outcome)
    objectives, feasible = problem.objective(states), problem.feasible(states)
    if outcome.proof == "optimal" and not feasible.any():
        raise SolverError(f"solver {name!r} claims a proven optimum but proposed nothing feasible")
    if outcome.proof == "optimal" and start is not None:
        claimed, known = float(objectives[feasible].min()), float(problem.objective(start[None, :])[0])
        if contradicts(problem, claimed, known):
            raise SolverError(
                f"solver {name!r} claims that {claimed!r} is optimal, but the start reaches {known!r}"
            )
    if start is not None and not (states == start).all(axis=1).any():
        states, counts = np.vstack([states, start]), np.append(counts, 1)
        objectives = np.append(objectives, problem.objective(start[None, :]))
        feasible = np.append(feasible, True)
    if outcome.proof == "infeasible" and feasible.any():
        raise SolverError(
            f"solver {name!r} claims that nothing is feasible, but a feasible assignment is known"
        )
    violation = np.where(feasible, 0.0, _relative_violation(problem, states))
    return Judged(
        name=name,
        problem=problem,
        outcome=outcome,
        states=states,
        counts=counts,
        objectives=objectives,
        feasible=feasible,
        order=np.lexsort((objectives, violation, ~feasible)),
        seconds=seconds,
        note=note,
    )
