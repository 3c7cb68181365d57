"""Enumeration: every assignment is looked at, so the answer needs no other proof."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..errors import InfeasibleModelError, ModelTooLargeError
from ..qubo.enumeration import AUTOMATIC_LIMIT, REQUEST_LIMIT, Tally, blocks
from ..qubo.grouped_enumeration import GROUPED_FACTOR, grouped_states
from ..qubo.presolve import presolve
from ..qubo.problem import Problem
from ..qubo.spelled_count import spelled_count
from .base import Outcome, Request
from .settings import check_whole

__all__ = ["Exact"]


@dataclass(frozen=True)
class Exact:
    """Look at every assignment of the model's own variables, in blocks of bounded memory.

    All optima are proposed, up to 1,000. A time limit or ctrl-C ends it between two blocks of at most 2**18
    assignments; it then proposes the best so far and proves nothing.

    Beyond 2**20 assignments, where rows say "exactly k" of binaries and pair costs are products, only what
    keeps these rows is looked at: 12 of 24 are 2.7 million assignments instead of 16.7 million.

    Args:
        limit: most assignments it will look at, 1 to 2**24; four times as many where "exactly k" rows are
            kept, which takes no longer.

    Raises:
        OptionError: the limit is no whole number from 1 to 2**24.

    Example:
        >>> import dimod
        >>> from hybrid_opt.qubo.reading import read_model
        >>> bqm = dimod.BinaryQuadraticModel({"a": -2.0, "b": -3.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> outcome = Exact().solve(Request(read_model(bqm), seed=0))
        >>> outcome.states.tolist(), outcome.bound, outcome.proof, outcome.effort
        ([[0, 1]], -3.0, 'optimal', {'states': 4})
    """

    limit: int = AUTOMATIC_LIMIT

    def __post_init__(self) -> None:
        check_whole("limit", self.limit, most=REQUEST_LIMIT)

    @property
    def name(self) -> str:
        """Name in tables."""
        return "exact"

    def solve(self, request: Request) -> Outcome:
        """Enumerate a problem.

        Args:
            request: the problem and the time limit.

        Returns:
            Every optimum (up to 1,000), the bound and the proof; or the best so far.

        Raises:
            ModelTooLargeError: the problem has more assignments than the limit.
        """
        begin = time.perf_counter()
        problem = request.problem
        first_states = np.zeros(len(problem.variables), dtype=np.int64)
        if problem.n_states > min(self.limit, AUTOMATIC_LIMIT):
            # The rows may leave far fewer states than the bounds of the variables.
            try:
                reduced = presolve(problem)
            except InfeasibleModelError as error:
                nothing = np.zeros((0, len(problem.variables)), dtype=np.int64)
                return Outcome(nothing, proof="infeasible", notes=[str(error)])
            problem, first_states = reduced.problem, reduced.first_states
        grouped = None
        if problem.n_states > min(self.limit, AUTOMATIC_LIMIT):
            grouped = grouped_states(problem, limit=GROUPED_FACTOR * self.limit)
        if grouped is None:
            self._check_size(problem)
        total = problem.n_states if grouped is None else grouped.n_states
        tally = Tally(problem)
        # Rows inside a part may leave nothing to look at.
        complete, interrupted = total == 0, False
        try:
            for block in blocks(problem, limit=self.limit) if grouped is None else grouped.blocks():
                tally.add(block)
                done = block.start + len(block.energies)
                complete = done == total
                request.progress(done / total, f"{done:,} of {total:,} assignments")
                if not complete and time.perf_counter() - begin > request.time_limit:
                    break
        except KeyboardInterrupt:
            interrupted = True
        census = tally.census()
        outcome = Outcome(
            census.minimizers + first_states,
            deterministic=complete,
            interrupted=interrupted,
            effort={"states": census.n_states},
            timings={"enumeration": time.perf_counter() - begin},
        )
        if complete and len(census.minimizers):
            outcome.bound, outcome.proof = float(problem.objective(census.minimizers).min()), "optimal"
        elif complete:
            outcome.proof = "infeasible"
        return outcome

    def _check_size(self, problem: Problem) -> None:
        if problem.n_states <= self.limit:
            return
        advice = "use method='milp' for a proven answer or 'anneal' for a heuristic one"
        if problem.n_states <= REQUEST_LIMIT:
            advice = f"use Exact(limit=2**24), or {advice}"
        raise ModelTooLargeError(
            f"the model has {spelled_count(problem.n_states)} assignments and 'exact' looks at no more than "
            f"{self.limit:,}; {advice}"
        )
