"""One call from a model to the best feasible answer, its proof and its baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import dimod
import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasibleModelError, ModelError, OptionError
from ..progress import Progress, silent
from ..qubo.problem import Problem
from ..qubo.reading import Model, read_model
from ..seeds import resolve_seed
from .base import Request, Solver
from .comparison import baseline_row, best_bound, is_proven, known_optimum, run_baselines
from .judge import Judged
from .registry import find_solver
from .running import part_of, run_baseline, run_solver
from .settings import check_choice, check_seconds
from .solution import Solution, Status

__all__ = ["solve"]


def solve(
    model: Model | Problem,
    method: str | Solver = "auto",
    *,
    compare: Iterable[str | Solver] = (),
    prove: bool = False,
    seed: int | None = None,
    time_limit: float = 60.0,
    start: Mapping[Any, float] | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Minimize a model and say how good the answer is.

    Whatever a solver returns, objective and feasibility are recomputed on the model; the answer is the best
    feasible proposal, never an infeasible one with a lower energy.

    Args:
        model: a dimod ``BinaryQuadraticModel`` or ``ConstrainedQuadraticModel`` (binary, spin and bounded
            integer variables, linear constraints), or a ``LevelModel``. It is not changed.
        method: a name from ``methods()``, or a solver object with its settings, e.g.
            ``hybrid_opt.solvers.QAOA(depth=3, shots=1000)``. "auto" enumerates up to 2**20 assignments and
            otherwise takes MILP, with annealing's incumbent where that is better; it never runs a circuit.
        compare: names or solver objects to run as well, one row each in ``Solution.baselines``. Beside a
            quantum method, "anneal", "tabu" and "uniform" get two rows: equal samples and equal time.
        prove: add a bound by MILP if no method proved one.
        seed: makes the answer repeatable; None draws one, which is recorded.
        time_limit: seconds that the method, and each baseline, may take; a guard, not the effort.
        start: a feasible assignment (label -> value); the answer is never worse.
        progress: called with the share done and a few words.

    Returns:
        The solution; its ``status`` says whether it is proven. A model without any feasible assignment is
        an answer too ("infeasible"), not an exception.

    Raises:
        OptionError: an illegal argument.
        ModelError: the model is inconsistent, or ``start`` is infeasible or incomplete.
        UnsupportedModelError: the model holds something that is not treated exactly.
        ModelTooLargeError: the method cannot hold the model.
        SolverError: a solver claimed something that another answer contradicts.

    Example:
        >>> cqm = dimod.ConstrainedQuadraticModel()
        >>> x, y = (dimod.Integer(label, upper_bound=5) for label in "xy")
        >>> cqm.set_objective(-3 * x - 2 * y)
        >>> _ = cqm.add_constraint(2 * x + y <= 7, label="hours")
        >>> solution = solve(cqm)
        >>> solution.status, solution.objective, solution.sample
        ('optimal', -13.0, {'x': 1, 'y': 5})
    """
    solver = find_solver(method)
    rivals = _rivals(compare)
    check_choice("prove", prove, (True, False))
    check_seconds("time_limit", time_limit)
    seed = resolve_seed(seed)
    if progress is not None and not callable(progress):
        raise OptionError(f"progress is {progress!r}; it must be a function of (share, text) or None")
    begin = perf_counter()
    try:
        problem = read_model(model)
    except InfeasibleModelError as error:
        return _without_values(solver.name, seed, str(error))
    request = Request(problem, seed, float(time_limit), _start_states(problem, start))
    whole, width = progress or silent, 1.0 / (1 + len(rivals))

    answer = run_solver(solver, replace(request, progress=part_of(whole, 0.0, width, solver.name)))
    notes = list(answer.outcome.notes)
    runs: list[Judged] = []
    compared = perf_counter()
    if answer.outcome.interrupted:
        notes.append("ctrl-C ended the method; the answer is the best until then")
    else:
        baselines = replace(request, progress=part_of(whole, width, 1.0 - width, ""))
        runs = run_baselines(rivals, baselines, solver, answer)
        if prove and not any(_settles(run) for run in [answer, *runs]):
            runs.append(replace(run_baseline(find_solver("milp"), request), name="milp (bound)"))
        if any(run.outcome.interrupted for run in runs):
            notes.append("ctrl-C ended the comparison")
    whole(1.0, "done")
    done = perf_counter()
    timings = {**answer.outcome.timings, "method": answer.seconds, "compare": done - compared}
    return _solution(request, answer, runs, notes, {**timings, "total": done - begin})


def _rivals(compare: Any) -> list[Solver]:
    if isinstance(compare, (str, bytes)) or not isinstance(compare, Iterable):
        raise OptionError(f"compare is {compare!r}; it must be a list of methods, e.g. compare=['anneal']")
    return [find_solver(item, "compare") for item in compare]


def _settles(run: Judged) -> bool:
    return run.bound is not None or run.outcome.proof == "infeasible"


def _start_states(problem: Problem, start: Mapping[Any, float] | None) -> NDArray[np.int64] | None:
    if start is None:
        return None
    if not isinstance(start, Mapping):
        raise OptionError(f"start is a {type(start).__name__}; it must map every variable label to a value")
    states = problem.to_states(start)
    excess = problem.excess(states[None, :])[0]
    if excess.any():
        broken = [f"{row.label!r} by {amount:g}" for row, amount in zip(problem.rows, excess) if amount]
        raise ModelError(f"the start violates {', '.join(broken)}; give a feasible assignment or none")
    return states


def _without_values(method: str, seed: int, reason: str) -> Solution:
    """The answer for a model in which a variable has no value at all."""
    nothing = dimod.SampleSet.from_samples(
        (np.zeros((0, 0), dtype=np.int8), []), vartype="INTEGER", energy=[], is_feasible=[]
    )
    return Solution(
        sample=None,
        objective=None,
        feasible=False,
        violations={},
        status="infeasible",
        bound=None,
        method=method,
        seed=seed,
        sampleset=nothing,
        notes=[reason],
        timings={"total": 0.0},
    )


def _solution(
    request: Request, answer: Judged, runs: list[Judged], notes: list[str], timings: dict[str, float]
) -> Solution:
    problem, outcome, everything = request.problem, answer.outcome, [answer, *runs]
    bound, source = best_bound(everything)
    optimum = known_optimum(everything, bound)
    method = str(outcome.effort.get("chosen", answer.name))
    status: Status = "none_found"
    if any(run.outcome.proof == "infeasible" for run in everything):
        status = "infeasible"
        notes.extend(note for run in runs if run.outcome.proof == "infeasible" for note in run.outcome.notes)
    elif answer.objective is not None:
        status = "optimal" if is_proven(problem, answer.objective, bound) else "feasible"
    if request.start is not None and answer.objective is not None and status != "optimal":
        begun = float(problem.objective(request.start[None, :])[0])
        if answer.objective >= begun:
            notes.append("nothing better than the start was found")
    sample, violations = None, {}
    if answer.best is not None:
        states = answer.states[answer.best]
        sample = problem.to_sample(states)
        excess = problem.excess(states[None, :])[0]
        violations = {row.label: float(amount) for row, amount in zip(problem.rows, excess) if amount > 0}
    records = [run.outcome.quantum for run in everything if run.outcome.quantum is not None]
    return Solution(
        sample=sample,
        objective=None if answer.best is None else float(answer.objectives[answer.best]),
        feasible=answer.objective is not None,
        violations=violations,
        status=status,
        bound=bound,
        method=method,
        seed=request.seed,
        sampleset=answer.sampleset(),
        baselines=[baseline_row(run, bound=bound, optimum=optimum) for run in runs],
        quantum=records[0] if records else None,
        timings=timings,
        deterministic=outcome.deterministic,
        effort=dict(outcome.effort),
        notes=notes,
        interrupted=outcome.interrupted,
        samples=outcome.draws,
        bound_source=method.partition("+")[0] if source == answer.name != method else source,
        own_row=replace(baseline_row(answer, bound=bound, optimum=optimum), method=method),
    )
