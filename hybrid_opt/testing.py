"""Conformance checks for solvers, ours and yours.

``check_solver(solver)`` runs a solver on a dozen small models of every kind and checks what ``solve`` and its
users rely on: well-formed proposals, repeatable answers, an untouched input, honest claims, a start that is
never lost, a time limit that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import dimod
import numpy as np

from .errors import (
    ConformanceError,
    EncodingError,
    ModelTooLargeError,
    OptionError,
    SolverError,
    UnsupportedModelError,
)
from .qubo import LevelModel, Problem, read_model
from .qubo.enumeration import count_and_minimize
from .solvers.base import Outcome, Request, Solver
from .solvers.comparison import best_bound
from .solvers.judge import judge
from .solvers.registry import find_solver
from .solvers.solve import solve

__all__ = ["ConformanceError", "check_solver"]

TIME_LIMIT = 0.5  # seconds given in the time check
TIME_FACTOR, TIME_EXTRA = 10.0, 3.0  # a slow machine may take this many times as long, plus start-up
REFUSALS = (ModelTooLargeError, UnsupportedModelError, EncodingError)


def check_solver(solver: Any, *, seed: int = 0) -> list[str]:
    """Check that a solver keeps the rules of the ``Solver`` protocol.

    A solver may refuse a model with ModelTooLargeError, UnsupportedModelError or EncodingError, except an
    unconstrained binary one.

    Args:
        solver: the solver object.
        seed: seed of all runs.

    Returns:
        The checks that passed, in order.

    Raises:
        ConformanceError: a check failed.

    Example:
        >>> from hybrid_opt.solvers import Anneal
        >>> check_solver(Anneal(reads=5, sweeps=100))[:2]
        ['is a solver', 'empty']
    """
    passed = []
    with _named("is a solver"):
        checked = _solver(solver)
        passed.append("is a solver")
    for title, make in _FEASIBLE.items():
        with _named(title):
            _check_model(checked, make, seed, may_refuse=title not in _MANDATORY)
        passed.append(title)
    for title, make in _INFEASIBLE.items():
        with _named(title):
            _check_infeasible(checked, make, seed)
        passed.append(title)
    with _named("keeps the time limit"):
        _check_time(checked, seed)
    passed.append("keeps the time limit")
    return passed


@contextmanager
def _named(title: str) -> Iterator[None]:
    """Turn whatever fails inside into a ConformanceError that names the check."""
    try:
        yield
    except ConformanceError as error:
        raise ConformanceError(f"check {title!r}: {error}") from error
    except SolverError as error:
        raise ConformanceError(f"check {title!r}: {error}") from error


def _solver(solver: Any) -> Solver:
    try:
        checked = find_solver(solver, "solver")
    except OptionError as error:
        raise ConformanceError(str(error)) from error
    if not checked.name or checked.name != checked.name.lower():
        raise ConformanceError(f"the name is {checked.name!r}; it must be a short lower-case word")
    return checked


def _run(solver: Solver, request: Request, *, may_refuse: bool) -> Outcome | None:
    """One run; None if the solver refused. Any other exception is a failure."""
    try:
        return solver.solve(request)
    except REFUSALS as error:
        if may_refuse:
            return None
        raise ConformanceError(f"an unconstrained binary model was refused: {error}") from error
    except Exception as error:  # the point of the check is that nothing else may come out
        raise ConformanceError(f"solve raised {type(error).__name__}: {error}") from error


def _check_model(solver: Solver, make: Callable[[], Any], seed: int, *, may_refuse: bool) -> None:
    model = make()
    problem = read_model(model)
    before = _fingerprint(problem)
    request = Request(problem, seed)
    first = _run(solver, request, may_refuse=may_refuse)
    if first is None:
        return
    _check_untouched(before, problem, model)
    judged = judge(solver.name, problem, first)
    second = judge(solver.name, problem, _run(solver, request, may_refuse=False))
    if first.deterministic and second.outcome.deterministic:
        same = np.array_equal(judged.states, second.states) and np.array_equal(judged.counts, second.counts)
        if not (same and first.bound == second.outcome.bound and first.proof == second.outcome.proof):
            raise ConformanceError(
                "two runs with the same seed differ although neither was ended by a limit; use "
                "child_seed(request.seed, ...) for every random number"
            )
    census = count_and_minimize(problem)
    truth = judge("enumeration", problem, Outcome(census.minimizers, bound=census.minimum, proof="optimal"))
    best_bound([judged, truth])
    if not problem.rows and not len(judged.states):
        raise ConformanceError("nothing was proposed for a model in which everything is feasible")
    _check_solution(solver, model, problem, seed)
    _check_start(solver, model, problem, census.minimizers[0], seed)
    _check_untouched(before, problem, model)


def _check_solution(solver: Solver, model: Any, problem: Problem, seed: int) -> None:
    """The energy of the answer, recomputed by the model's own library."""
    solution = solve(model, solver, seed=seed)
    if solution.sample is None:
        return
    if isinstance(model, LevelModel):
        energy = model.objective(solution.sample)
    elif isinstance(model, dimod.ConstrainedQuadraticModel):
        energy = float(model.objective.energy(solution.sample))
        if solution.feasible and not model.check_feasible(solution.sample):
            raise ConformanceError(f"{solution.sample} is called feasible, but dimod finds it infeasible")
    else:
        energy = float(model.energy(solution.sample))
    if solution.objective is None or abs(solution.objective - energy) > 1e-9 * max(1.0, abs(energy)):
        raise ConformanceError(f"the objective is {solution.objective!r}, recomputed {energy!r}")


def _check_start(solver: Solver, model: Any, problem: Problem, optimum: Any, seed: int) -> None:
    kept = np.array(optimum)
    _run(solver, Request(problem, seed, start=optimum), may_refuse=False)
    if not np.array_equal(kept, optimum):
        raise ConformanceError("the solver changed request.start; copy it before working on it")
    best = float(problem.objective(kept[None, :])[0])
    solution = solve(model, solver, seed=seed, start=problem.to_sample(kept))
    lost = solution.objective is None or solution.objective > best + 1e-9 * max(1.0, abs(best))
    if lost or not solution.feasible:
        raise ConformanceError(f"started at the optimum {best!r}, ended at {solution.objective!r}")


def _check_infeasible(solver: Solver, make: Callable[[], Any], seed: int) -> None:
    model = make()
    solution = None
    try:
        solution = solve(model, solver, seed=seed)
    except REFUSALS:
        return
    if solution.feasible or solution.status not in ("infeasible", "none_found"):
        raise ConformanceError(f"nothing is feasible, but the status is {solution.status!r}")


def _check_time(solver: Solver, seed: int) -> None:
    numbers = np.random.default_rng(5).normal(size=(16, 16))
    model = dimod.BinaryQuadraticModel(np.triu(numbers), "BINARY")
    begin = perf_counter()
    outcome = _run(solver, Request(read_model(model), seed, time_limit=TIME_LIMIT), may_refuse=True)
    seconds = perf_counter() - begin
    if outcome is not None and seconds > TIME_FACTOR * TIME_LIMIT + TIME_EXTRA:
        raise ConformanceError(f"the time limit was {TIME_LIMIT} s and the solver took {seconds:.1f} s")


def _check_untouched(before: Any, problem: Problem, model: Any) -> None:
    if _fingerprint(problem) != before or _fingerprint(read_model(model)) != before:
        raise ConformanceError("the solver changed the model it was given")


def _fingerprint(problem: Problem) -> tuple[Any, ...]:
    def plain(value: Any) -> Any:
        return tuple(np.ravel(value).tolist()) if isinstance(value, np.ndarray) else value

    return (
        [
            (v.label, v.kind, v.size, v.lower, v.step, v.linear, v.square, plain(v.table))
            for v in problem.variables
        ],
        [(p.first, p.second, p.coefficient, plain(p.table)) for p in problem.pairs],
        [(r.label, r.sense, r.rhs, [(i, plain(t)) for i, t in r.terms.items()]) for r in problem.rows],
        problem.offset,
    )


def _empty() -> Any:
    return dimod.BinaryQuadraticModel({}, {}, 1.5, "BINARY")


def _single() -> Any:
    return dimod.BinaryQuadraticModel({"a": -1.0}, {}, 0.0, "BINARY")


def _constant() -> Any:
    return dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {}, 2.0, "BINARY")


def _binaries() -> Any:
    linear = {0: 1.0, 1: -2.0, 2: 0.5, 3: -1.0}
    quadratic = {(0, 1): -3.0, (1, 2): 2.0, (2, 3): -1.0, (0, 3): 1.5}
    return dimod.BinaryQuadraticModel(linear, quadratic, 0.25, "BINARY")


def _spins() -> Any:
    return dimod.BinaryQuadraticModel({"a": 0.5}, {"ab": 1.0, "bc": 1.0, "ac": 1.0}, 0.0, "SPIN")


def _integers() -> Any:
    cqm = dimod.ConstrainedQuadraticModel()
    x = dimod.Integer("x", lower_bound=-1, upper_bound=2)
    y = dimod.Integer("y", lower_bound=1, upper_bound=4)
    cqm.set_objective(x * y - 2 * x + y)
    cqm.add_constraint(x + y <= 4, label="sum")
    return cqm


def _knapsack() -> Any:
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(["a", "b", "c", "d"]))
    cqm.set_objective(sum(-value * item for value, item in zip((5, 4, 3, 2), items)))
    cqm.add_constraint(sum(weight * item for weight, item in zip((3, 2, 2, 1), items)) <= 4, label="weight")
    return cqm


def _levels() -> Any:
    model = LevelModel()
    model.add_variable("tv", [0.0, -5.0, -8.0, -9.0])
    model.add_variable("search", [0.0, -4.0, -5.0])
    model.add_constraint({"tv": 1, "search": 1}, "==", 3, label="budget")
    return model


def _out_of_reach() -> Any:
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = dimod.Binaries(["x", "y"])
    cqm.set_objective(x + y)
    cqm.add_constraint(x + y >= 3, label="three of two")
    return cqm


def _contradiction() -> Any:
    cqm = dimod.ConstrainedQuadraticModel()
    x, y, z = dimod.Binaries(["x", "y", "z"])
    cqm.set_objective(x - y + z)
    cqm.add_constraint(x + y == 1, label="one")
    cqm.add_constraint(y + z == 1, label="other")
    cqm.add_constraint(x + z == 1, label="odd cycle")
    return cqm


_MANDATORY = ("single variable", "binary variables")
_FEASIBLE: dict[str, Callable[[], Any]] = {
    "empty": _empty,
    "single variable": _single,
    "constant objective": _constant,
    "binary variables": _binaries,
    "spin variables": _spins,
    "integer variables": _integers,
    "level variables": _levels,
    "knapsack": _knapsack,
}
_INFEASIBLE: dict[str, Callable[[], Any]] = {
    "infeasible in one row": _out_of_reach,
    "infeasible in three rows": _contradiction,
}
