"""Baselines at equal effort: a classical sampler beside a quantum row gets two rows, never one.

"Equal samples" gives it as many draws as the quantum method counted (1,000 per exact expectation, plus the
shots); "equal time" gives it as many draws as fit into the wall time of training and sampling, compiling
the QUBO not counted on either side. A single column would favor one of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass, replace
from typing import Protocol, runtime_checkable

from ..errors import SolverError
from ..qubo.problem import Problem
from .base import Outcome, Request, Solver
from .judge import Judged, contradicts
from .quantum import QuantumRecord
from .running import part_of, run_baseline
from .solution import Baseline, relative_gap

__all__ = ["Sampler", "at_equal_effort", "baseline_row", "best_bound", "known_optimum", "run_baselines"]


@runtime_checkable
class Sampler(Solver, Protocol):
    """A solver whose effort can be set from outside, so that it can be compared at equal effort."""

    def draw(self, request: Request, *, draws: int | None = None, seconds: float | None = None) -> Outcome:
        """Draw ``draws`` samples, or as many as fit into ``seconds`` where ``draws`` is None."""
        ...


@dataclass(frozen=True)
class _EqualEffort:
    """A sampler with the effort of a quantum row, as a solver of its own."""

    sampler: Sampler
    label: str
    draws: int | None
    seconds: float | None

    @property
    def name(self) -> str:
        return f"{self.sampler.name} ({self.label})"

    def solve(self, request: Request) -> Outcome:
        return self.sampler.draw(request, draws=self.draws, seconds=self.seconds)


def _on_the_same_qubo(sampler: Sampler, quantum: Solver) -> Sampler:
    """The sampler with the encoding and penalty of the quantum method, unless it was given its own."""
    settings = {}
    for name, default in (("encoding", "auto"), ("penalty", "adaptive")):
        theirs = getattr(quantum, name, default)
        if getattr(sampler, name, None) == default and theirs != default:
            settings[name] = theirs
    if not settings or not is_dataclass(sampler) or isinstance(sampler, type):
        return sampler
    same: Sampler = replace(sampler, **settings)
    return same


def at_equal_effort(sampler: Sampler, record: QuantumRecord) -> list[Solver]:
    """A sampler with the effort of a quantum row, once in samples and once in time.

    Args:
        sampler: who draws.
        record: the quantum row whose effort counts.

    Returns:
        Two solvers, named "... (equal samples)" and "... (equal time)".
    """
    return [
        _EqualEffort(sampler, "equal samples", record.samples_counted, None),
        _EqualEffort(sampler, "equal time", None, max(record.seconds, 1e-3)),
    ]


def run_baselines(
    rivals: Sequence[Solver], request: Request, solver: Solver, answer: Judged
) -> list[Judged]:
    """Run every baseline, samplers last because their effort may depend on the quantum row.

    Args:
        rivals: solvers to compare with.
        request: the model, seed and limits; each baseline may take the whole time limit.
        solver: the method itself.
        answer: the method's own run; if it has a quantum row, samplers run at its effort. Otherwise the
            first quantum row among the baselines counts.

    Returns:
        One run per row, in the order of ``rivals``; fewer if ctrl-C ended one.
    """
    rows: dict[int, list[Judged]] = {}
    record, quantum = answer.outcome.quantum, solver
    last = [isinstance(rival, Sampler) for rival in rivals]
    for position in sorted(range(len(rivals)), key=lambda i: last[i]):
        rival = rivals[position]
        todo: list[Solver] = [rival]
        asked = request
        if record is not None and isinstance(rival, Sampler):
            todo = at_equal_effort(_on_the_same_qubo(rival, quantum), record)
            # A circuit of the whole model did not see the start, so at equal effort nobody does. Blocks are
            # chosen around it.
            asked = replace(request, start=None) if record.blocks is None else request
        rows[position] = []
        for k, one in enumerate(todo):
            width = 1 / (len(rivals) * len(todo))
            share = (len(rows) - 1) / len(rivals) + k * width
            told = part_of(request.progress, share, width, one.name)
            run = run_baseline(one, replace(asked, progress=told))
            rows[position].append(run)
            if record is None and run.outcome.quantum is not None:
                record, quantum = run.outcome.quantum, one
            if run.outcome.interrupted:
                return [run for i in sorted(rows) for run in rows[i]]
    return [run for i in sorted(rows) for run in rows[i]]


def best_bound(runs: Sequence[Judged]) -> tuple[float | None, str]:
    """The highest bound that any run proved, and whose it is; checked against every feasible answer.

    Args:
        runs: judged runs on one model.

    Returns:
        Bound and method, or None and an empty string.

    Raises:
        SolverError: a bound lies above a feasible objective, or a feasible assignment exists although a
            solver claims that there is none.
    """
    found = [(run.objective, run.name) for run in runs if run.objective is not None]
    denied = [run.name for run in runs if run.outcome.proof == "infeasible"]
    if denied and found:
        raise SolverError(
            f"solver {denied[0]!r} claims that nothing is feasible, but {found[0][1]!r} found a feasible "
            f"assignment with objective {found[0][0]!r}"
        )
    bounds = [(run.bound, run.name) for run in runs if run.bound is not None]
    if not bounds:
        return None, ""
    bound, owner = max(bounds, key=lambda item: item[0])
    if found:
        objective, finder = min(found, key=lambda item: item[0])
        if contradicts(runs[0].problem, bound, objective):
            raise SolverError(
                f"solver {owner!r} claims the bound {bound!r}, but {finder!r} found a feasible assignment "
                f"with objective {objective!r}, which is lower"
            )
        bound = min(bound, objective)
    return bound, owner


def known_optimum(runs: Sequence[Judged], bound: float | None) -> float | None:
    """The proven optimum of the model, if any run proved it."""
    if bound is not None:
        for run in runs:
            if is_proven(run.problem, run.objective, bound):
                return run.objective
    for run in runs:
        if run.outcome.quantum is not None and run.outcome.quantum.qubo_optimum is not None:
            return run.outcome.quantum.qubo_optimum
    return None


def baseline_row(run: Judged, *, bound: float | None, optimum: float | None) -> Baseline:
    """A judged run as a row of the table.

    Args:
        run: the run.
        bound: best bound known for the model, for the gap.
        optimum: proven optimum of the model, for the share of draws that hit it.

    Returns:
        The row.
    """
    outcome = run.outcome
    optimum_share = feasible_share = None
    if outcome.draws:
        own = slice(0, len(outcome.states))  # a start that was added is no draw
        feasible, counts = run.feasible[own], run.counts[own]
        feasible_share = float(counts[feasible].sum()) / outcome.draws
        if optimum is not None:
            hits = feasible & (run.objectives[own] <= optimum + run.problem.proof_tolerance)
            optimum_share = float(counts[hits].sum()) / outcome.draws
    elif outcome.quantum is not None:
        feasible_share, optimum_share = outcome.quantum.feasible_share, outcome.quantum.p_optimum
    if run.note:
        status = "not run"
    elif run.objective is not None:
        status = "optimal" if is_proven(run.problem, run.objective, run.bound) else "feasible"
    else:
        status = "infeasible" if outcome.proof == "infeasible" else "none_found"
    return Baseline(
        method=run.name,
        objective=None if run.best is None else float(run.objectives[run.best]),
        feasible=run.objective is not None,
        status=status,
        bound=run.bound,
        gap=relative_gap(run.objective, bound),
        samples=outcome.draws,
        optimum_share=optimum_share,
        feasible_share=feasible_share,
        seconds=run.seconds,
        deterministic=outcome.deterministic,
        note=run.note or "; ".join(outcome.notes),
    )


def is_proven(problem: Problem, objective: float | None, bound: float | None) -> bool:
    """Whether a bound proves an objective optimal, see ``Problem.proof_tolerance``."""
    return objective is not None and bound is not None and objective - bound <= problem.proof_tolerance
