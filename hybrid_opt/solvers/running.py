"""Run one solver and judge what it returns; a baseline that cannot run becomes a row that says why."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from ..errors import (
    EncodingError,
    InfeasibleModelError,
    MissingDependencyError,
    ModelTooLargeError,
    OptionError,
    UnsupportedModelError,
)
from ..progress import Progress
from .base import Outcome, Request, Solver
from .judge import Judged, judge

__all__ = ["part_of", "run_baseline", "run_solver"]


def part_of(progress: Progress, share: float, width: float, name: str) -> Progress:
    """The progress of one run as a part of the whole.

    Args:
        progress: what the whole reports to.
        share: share done before the run.
        width: share that the run makes up.
        name: put before what the run says, may be empty.

    Returns:
        The function the run reports to; it is called once with nothing done.
    """

    def report(done: float, text: str) -> None:
        told = f"{name}: {text}" if name and text else name or text
        progress(share + width * min(max(done, 0.0), 1.0), told)

    report(0.0, "")
    return report


def _nothing(request: Request) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.zeros((0, len(request.problem.variables)), dtype=np.int64)


def run_solver(solver: Solver, request: Request) -> Judged:
    """Run a solver for the answer itself: ``request.start`` counts among its proposals.

    Args:
        solver: what to run.
        request: what it is asked.

    Returns:
        Its proposals, recomputed on the model.

    Raises:
        SolverError: it returned something malformed or contradictory.
    """
    begin = perf_counter()
    try:
        outcome = solver.solve(request)
    except InfeasibleModelError as error:
        outcome = Outcome(_nothing(request), proof="infeasible", notes=[str(error)])
    except KeyboardInterrupt:
        outcome = Outcome(_nothing(request), interrupted=True, deterministic=False)
    return judge(
        solver.name, request.problem, outcome, start=request.start, seconds=perf_counter() - begin
    )


def run_baseline(solver: Solver, request: Request) -> Judged:
    """Run a solver for comparison: it gets the start as a hint, but only its own proposals count.

    Args:
        solver: what to run.
        request: what it is asked.

    Returns:
        Its proposals; none, with a note, if the model is too large for it or something is not installed.

    Raises:
        SolverError: it returned something malformed or contradictory.
    """
    begin, note = perf_counter(), ""
    try:
        outcome = solver.solve(request)
    except InfeasibleModelError as error:
        outcome = Outcome(_nothing(request), proof="infeasible", notes=[str(error)])
    except (
        ModelTooLargeError,
        UnsupportedModelError,
        EncodingError,
        MissingDependencyError,
        OptionError,
    ) as error:
        outcome, note = Outcome(_nothing(request)), str(error)
    except KeyboardInterrupt:
        outcome = Outcome(_nothing(request), interrupted=True, deterministic=False)
    return judge(solver.name, request.problem, outcome, seconds=perf_counter() - begin, note=note)
