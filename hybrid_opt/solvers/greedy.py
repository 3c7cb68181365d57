"""A constructive greedy with a local search: the plainest heuristic that a quantum row has to stand beside.

It works on the model itself, without a QUBO: no slack bits, no penalties, and equalities are no walls. Two
changes at once are what local search for "choose k of n" usually means by a swap, one in and one out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError
from ..qubo.presolve import presolve
from ..qubo.problem import Problem
from ..seeds import child_seed
from .base import Outcome, Request
from .change_tables import ChangeTables, Point
from .draws import distinct
from .local_search import improve, repair, violation
from .milp import MILP
from .settings import check_choice, check_whole

__all__ = ["Greedy"]


@dataclass(frozen=True)
class Greedy:
    """Greedy construction of a feasible assignment, then local search by single changes and swaps.

    The first run begins with every variable at its first state, the second at its last (choosing by adding
    and by taking away), likewise the third and fourth, all others at random states. While a row is broken,
    every first two of four runs make the cheapest change that lowers the violation, the others the one that
    lowers it most. From then on rows stay kept: the best single change is made while one lowers the
    objective, else the best swap of two, until nothing does. A variable of up to 64 states may go to each of
    them, others by powers of two. With more than 1,024 changes, swaps are looked for among the 1,024
    cheapest.

    Where no run finds a feasible assignment, HiGHS looks for one without the objective, and the local search
    begins there. Nothing is proven.

    Args:
        restarts: runs; the last of them begins at ``request.start`` if there is one.
        swaps: look at two changes at once; without them the method is called "greedy (single)".

    Raises:
        OptionError: restarts below 1, or swaps neither True nor False.

    Example:
        >>> import dimod
        >>> from hybrid_opt.solvers import solve
        >>> x = [dimod.Binary(f"x{i}") for i in range(4)]
        >>> cqm = dimod.ConstrainedQuadraticModel()
        >>> cqm.set_objective(-3 * x[0] - 2 * x[1] - 2 * x[2] + 4 * x[0] * x[1])
        >>> _ = cqm.add_constraint(sum(x) == 2, label="two")
        >>> solve(cqm, Greedy(restarts=1), seed=1).sample
        {'x0': 1, 'x1': 0, 'x2': 1, 'x3': 0}
    """

    restarts: int = 8
    swaps: bool = True

    def __post_init__(self) -> None:
        check_whole("restarts", self.restarts, most=2**31)
        check_choice("swaps", self.swaps, (True, False))

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "greedy" if self.swaps else "greedy (single)"

    def solve(self, request: Request) -> Outcome:
        """Run ``restarts`` times.

        Args:
            request: the model, the seed, the time limit, perhaps a start.

        Returns:
            The ends of all runs, with how many ended there; infeasible ones only where none is feasible.

        Raises:
            InfeasibleModelError: a single constraint can never hold.
        """
        begin = perf_counter()
        reduced = presolve(request.problem)
        search = _Search(self, request, ChangeTables(reduced.problem), begin)
        start = None if request.start is None else np.asarray(request.start) - reduced.first_states
        ready = perf_counter()
        try:
            search.run(start)
            if not search.feasible:
                search.from_highs()
        except KeyboardInterrupt:
            search.interrupted = True
        ends = search.feasible or search.infeasible
        shape = (len(ends), len(reduced.first_states))
        states, counts = distinct(np.array(ends, dtype=np.int64).reshape(shape) + reduced.first_states)
        return Outcome(
            states,
            counts,
            effort={"restarts": search.runs, "changes": search.steps},
            timings={"tables": ready - begin, "search": perf_counter() - ready},
            deterministic=not (search.limited or search.interrupted),
            interrupted=search.interrupted,
            notes=search.notes(),
        )


class _Search:
    """The runs of one call, and what became of them."""

    def __init__(self, settings: Greedy, request: Request, tables: ChangeTables, begin: float) -> None:
        self.settings, self.request, self.tables, self.begin = settings, request, tables, begin
        self.feasible: list[NDArray[np.int64]] = []
        self.infeasible: list[NDArray[np.int64]] = []
        self.steps = self.runs = 0
        self.limited = self.interrupted = False
        self.told: list[str] = []

    def enough(self) -> bool:
        """Whether the time is over."""
        self.limited = self.limited or perf_counter() - self.begin >= self.request.time_limit
        return self.limited

    def run(self, start: NDArray[np.int64] | None) -> None:
        """All runs, at least one whatever the time."""
        generator = np.random.default_rng(child_seed(self.request.seed, "greedy"))
        restarts = self.settings.restarts
        for number in range(restarts):
            states = self._first(number, generator)
            if number == restarts - 1 and start is not None:
                states = start
            self._walk(states, thrifty=number % 4 < 2)
            self.runs += 1
            self.request.progress((number + 1) / restarts, f"{number + 1} runs")
            if self.enough():
                break

    def _first(self, number: int, generator: np.random.Generator) -> NDArray[np.int64]:
        if number >= 4:
            return generator.integers(self.tables.sizes)
        return np.asarray((self.tables.sizes - 1) * (number % 2))

    def _walk(self, states: NDArray[np.int64], *, thrifty: bool) -> None:
        point, swaps = Point(self.tables, states), self.settings.swaps
        self.steps += repair(point, thrifty=thrifty, swaps=swaps, enough=self.enough)
        if violation(point, point.left) == 0:
            self.steps += improve(point, swaps=swaps, enough=self.enough)
        # The model itself has the last word; left sides summed in another order may differ by rounding.
        kept = bool(self.tables.problem.feasible(point.states[None, :])[0])
        (self.feasible if kept else self.infeasible).append(point.states)

    def from_highs(self) -> None:
        """Begin once more at any feasible assignment, found without the objective."""
        left = self.request.time_limit - (perf_counter() - self.begin)
        if left <= 0:
            return
        try:
            blank = _rows_only(self.tables.problem)
            outcome = MILP().solve(replace(self.request, problem=blank, start=None, time_limit=left))
        except ModelTooLargeError as error:
            self.told.append(f"no run found a feasible assignment, and HiGHS was left out: {error}")
            return
        self.limited = self.limited or not outcome.deterministic
        self.interrupted = outcome.interrupted
        for states in outcome.states[self.tables.problem.feasible(outcome.states)][:1]:
            self.told.append("no run found a feasible assignment; the search began at one that HiGHS found")
            self._walk(states, thrifty=True)

    def notes(self) -> list[str]:
        """Sentences for the user."""
        notes = list(self.told)
        if not self.feasible and not notes:
            notes.append("no run found a feasible assignment, nor did HiGHS")
        if self.limited or self.interrupted:
            reason = "ctrl-C" if self.interrupted else "the time limit"
            notes.append(f"{reason} ended the method after {self.runs} of {self.settings.restarts} runs")
        return notes


def _rows_only(problem: Problem) -> Problem:
    """The same rows without an objective."""
    variables = [replace(v, linear=0.0, square=0.0, table=None) for v in problem.variables]
    return Problem(variables, (), problem.rows)
