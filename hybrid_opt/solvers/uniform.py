"""Uniform sampling of feasible assignments: the weakest honest control for any sampler.

A method that does not hit the optimum more often than this found nothing by itself. Figures are exact, by
enumeration of at most 2**20 assignments, or of 2**22 that "exactly k" rows leave; beyond that they are left
out with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError
from ..qubo.enumeration import AUTOMATIC_LIMIT, Census, blocks
from ..qubo.grouped_enumeration import GROUPED_FACTOR, grouped_states
from ..qubo.problem import Problem
from ..qubo.spelled_count import spelled_count
from ..seeds import child_seed
from .base import Outcome, Request
from .quantum import UniformRecord, states_of_numbers
from .settings import check_whole

__all__ = ["FeasibleSet", "Uniform", "uniform_record"]

PART = 2**16  # draws made at a time; only their counts are kept


def uniform_record(problem: Problem, census: Census | None) -> tuple[UniformRecord | None, str]:
    """Exact figures of uniform feasible sampling.

    Args:
        problem: the model.
        census: what enumeration found, see `automatic_census`; None where the model is too large.

    Returns:
        The record and an empty string, or None and the reason why there is none.

    Example:
        >>> import dimod
        >>> from hybrid_opt.qubo.grouped_enumeration import automatic_census
        >>> from hybrid_opt.qubo.reading import read_model
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> problem = read_model(bqm)
        >>> uniform_record(problem, automatic_census(problem))[0]
        UniformRecord(n_feasible=4, p_optimum=0.25, expected_value=-0.5, method='enumeration')
    """
    if census is None:
        return None, (
            f"the model has {spelled_count(problem.n_states)} assignments; uniform feasible sampling is "
            f"counted by enumeration up to {AUTOMATIC_LIMIT:,}"
        )
    if census.mean is None:
        return None, "no assignment is feasible"
    return UniformRecord(census.n_feasible, census.n_minimum / census.n_feasible, census.mean), ""


@dataclass(frozen=True, eq=False)
class FeasibleSet:
    """All feasible assignments of a small problem, by number (variable 0 the most significant digit).

    Attributes:
        problem: the model.
        indices: numbers of the feasible assignments, ascending, shape (F,).
    """

    problem: Problem
    indices: NDArray[np.int64]

    @classmethod
    def of(cls, problem: Problem, *, limit: int = AUTOMATIC_LIMIT) -> FeasibleSet:
        """Enumerate a problem.

        Args:
            problem: the model.
            limit: most assignments to enumerate.

        Returns:
            Its feasible set.

        Raises:
            ModelTooLargeError: the model has more assignments than ``limit``, and "exactly k" rows leave more
                than four times as many.
        """
        grouped = None
        if problem.n_states > limit:
            grouped = grouped_states(problem, limit=GROUPED_FACTOR * limit)
        every = blocks(problem, limit=limit) if grouped is None else grouped.blocks()
        found = [block.numbers_at(np.flatnonzero(block.feasible)) for block in every]
        return cls(problem, np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *found])))

    def states(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """States of the assignments with these numbers, shape (K, N)."""
        return states_of_numbers(indices, [variable.size for variable in self.problem.variables])

    def draw(self, draws: int, seed: int) -> NDArray[np.int64]:
        """Draw uniformly with replacement.

        Args:
            draws: how many.
            seed: seed of the draw.

        Returns:
            How often each feasible assignment was drawn, shape (F,).
        """
        if not len(self.indices):
            return np.zeros(0, dtype=np.int64)
        picks = np.random.default_rng(seed).integers(len(self.indices), size=draws)
        return np.bincount(picks, minlength=len(self.indices)).astype(np.int64)


@dataclass(frozen=True)
class Uniform:
    """Draw feasible assignments uniformly, by enumeration of at most 2**20 assignments.

    Of a larger model, up to 2**22 are enumerated if "exactly k" rows leave so few (see `Exact`). It proves
    infeasibility, because it looks at every assignment, and nothing else.

    Args:
        draws: assignments to draw, with replacement.

    Raises:
        OptionError: ``draws`` is not a whole number of at least 1.

    Example:
        >>> import dimod
        >>> from hybrid_opt.solvers import solve
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> solve(bqm, Uniform(draws=100), seed=1).objective
        -2.0
    """

    draws: int = 1000

    def __post_init__(self) -> None:
        check_whole("draws", self.draws)

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "uniform"

    def solve(self, request: Request) -> Outcome:
        """Draw ``draws`` feasible assignments of ``request.problem``."""
        return self.draw(request, draws=self.draws)

    def draw(self, request: Request, *, draws: int | None = None, seconds: float | None = None) -> Outcome:
        """Draw a number of samples, or as many as fit into a time.

        Args:
            request: the model and the seed.
            draws: samples to draw; None means as many as fit into ``seconds``.
            seconds: wall time for drawing, enumeration not counted.

        Returns:
            The distinct assignments with their counts.

        Raises:
            ModelTooLargeError: the model has too many assignments.
        """
        begin = perf_counter()
        try:
            members = FeasibleSet.of(request.problem)
        except ModelTooLargeError as error:
            raise ModelTooLargeError(
                f"the model has {spelled_count(request.problem.n_states)} assignments; uniform feasible "
                f"sampling enumerates at most {AUTOMATIC_LIMIT:,}. Use method='anneal' for a heuristic answer"
            ) from error
        enumerated = perf_counter()
        seed = child_seed(request.seed, "uniform")
        drawn = members.draw(min(draws or PART, PART), child_seed(seed, "part 0"))
        done, allowed = PART, min(request.time_limit if seconds is None else seconds, request.time_limit)
        while done < draws if draws is not None else perf_counter() - enumerated < allowed:
            part = PART if draws is None else min(PART, draws - done)
            drawn += members.draw(part, child_seed(seed, f"part {done}"))
            done += part
        picked = np.flatnonzero(drawn)
        states, total = members.states(members.indices[picked]), int(drawn.sum())
        return Outcome(
            states,
            drawn[picked],
            proof=None if len(members.indices) else "infeasible",
            draws=total,
            effort={"draws": total},
            timings={"enumerate": enumerated - begin, "sample": perf_counter() - enumerated},
            deterministic=draws is not None,
            notes=[] if len(members.indices) else ["every assignment violates a constraint (enumerated)"],
        )
