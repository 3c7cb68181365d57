"""Simulated annealing that moves whole levels: one-hot groups stay intact, no penalty is needed.

Every step draws a new level of one variable from its Boltzmann distribution given all others (heat bath,
drawn by the Gumbel trick), for all runs at once; the last sweeps only descend. It is the classical
counterpart of a QAOA mixer that keeps one-hot groups.

Kirkpatrick, Gelatt, Vecchi, Science 220 (1983) 671; Geman, Geman, IEEE PAMI 6 (1984) 721.

Shapes: R runs, N variables, C columns (the states of all variables side by side).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsupportedModelError
from ..qubo.problem import Problem
from ..seeds import child_seed
from ..solvers.base import Outcome, Request
from ..solvers.draws import distinct
from ..solvers.settings import check_whole

__all__ = ["LevelAnneal"]

HOT, COLD = 2.0, 0.02  # first and last temperature, in standard deviations of what a level costs
DESCENTS = 50  # sweeps without temperature at most; a few suffice


@dataclass(frozen=True)
class LevelAnneal:
    """Simulated annealing over levels, for models without constraints.

    Args:
        reads: independent runs; each gives one proposal.
        sweeps: updates of every variable per run, from hot to cold.

    Raises:
        OptionError: reads or sweeps below 1.

    Example:
        >>> from hybrid_opt import LevelModel, solve
        >>> model = LevelModel()
        >>> for label in "ab":
        ...     _ = model.add_variable(label, costs=[0, -1, -3])
        >>> model.add_pair("a", "b", table=[[0, 0, 0], [0, 0, 0], [0, 0, 9]])
        >>> solve(model, LevelAnneal(reads=4), seed=1).objective
        -4.0
    """

    reads: int = 32
    sweeps: int = 60

    def __post_init__(self) -> None:
        check_whole("reads", self.reads, most=10**6)
        check_whole("sweeps", self.sweeps, most=10**6)

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "level-anneal"

    def solve(self, request: Request) -> Outcome:
        """Anneal ``reads`` times; the first run begins at ``request.start`` if there is one.

        Args:
            request: the model, the seed, the time limit.

        Returns:
            The distinct ends of all runs with their counts.

        Raises:
            UnsupportedModelError: the model has constraints.
        """
        problem = request.problem
        if problem.rows:
            raise UnsupportedModelError(
                f"the model has {len(problem.rows)} constraints, and 'level-anneal' takes none; use "
                "method='anneal' or 'milp'"
            )
        begin = perf_counter()
        rng = np.random.default_rng(child_seed(request.seed, self.name))
        sizes = [variable.size for variable in problem.variables]
        states = rng.integers(sizes, size=(self.reads, len(sizes)), dtype=np.int64)
        if request.start is not None:
            states[0] = request.start
        sweeps, complete, interrupted = 0, False, False
        try:
            for sweeps, done in _sweeps(problem, states, self.sweeps, rng):
                complete = done
                request.progress(min(1.0, sweeps / self.sweeps), f"{sweeps} sweeps")
                if perf_counter() - begin > request.time_limit:
                    break
        except KeyboardInterrupt:
            interrupted = True
        unique, counts = distinct(states)
        return Outcome(
            unique,
            counts,
            draws=self.reads,
            effort={"reads": self.reads, "sweeps": sweeps},
            timings={"sample": perf_counter() - begin},
            deterministic=complete and not interrupted,
            interrupted=interrupted,
            notes=[] if complete else [f"the annealing ended early, after {sweeps} sweeps"],
        )


def _sweeps(
    problem: Problem, states: NDArray[np.int64], sweeps: int, rng: np.random.Generator
) -> Iterator[tuple[int, bool]]:
    """Change states in place, sweep by sweep; yields how many were made and whether it is done."""
    linear, couplings, starts = level_arrays(problem)
    n_columns, runs = len(linear), np.arange(len(states))
    columns = states + starts[:-1]
    x = np.zeros((len(states), n_columns))
    x[runs[:, None], columns] = 1.0
    fields = linear + x @ couplings
    spread = float(fields.std()) if fields.size else 0.0
    temperatures = spread * np.geomspace(HOT, COLD, sweeps)
    for sweep in range(sweeps + DESCENTS):
        cooling = sweep < sweeps and spread > 0
        noise = temperatures[sweep] * rng.gumbel(size=fields.shape) if cooling else np.zeros(fields.shape)
        moved = False
        for i in rng.permutation(len(starts) - 1):
            block = slice(starts[i], starts[i + 1])
            best = (fields[:, block] - noise[:, block]).argmin(axis=1) + starts[i]
            changed = np.flatnonzero(best != columns[:, i])
            if len(changed):
                moved = True
                fields[changed] += couplings[best[changed]] - couplings[columns[changed, i]]
                columns[changed, i] = best[changed]
                states[changed, i] = best[changed] - starts[i]
        done = not cooling and (not moved or sweep == sweeps + DESCENTS - 1)
        yield sweep + 1, done
        if done:
            return


def level_arrays(
    problem: Problem,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Costs of a problem as arrays over the states of all variables side by side.

    Args:
        problem: costs and pair terms; rows are not looked at.

    Returns:
        Cost per column (C,), symmetric cost per pair of columns (C, C), first column per variable (N + 1,).
    """
    sizes = [variable.size for variable in problem.variables]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    linear = np.concatenate([np.zeros(0), *(variable.costs() for variable in problem.variables)])
    couplings = np.zeros((len(linear), len(linear)))
    for pair in problem.pairs:
        table = problem.pair_table(pair)
        first = slice(starts[pair.first], starts[pair.first + 1])
        second = slice(starts[pair.second], starts[pair.second + 1])
        couplings[first, second] += table
        couplings[second, first] += table.T
    return linear, couplings, starts
