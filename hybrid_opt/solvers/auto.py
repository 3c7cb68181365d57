"""The default choice: enumeration where it is instant, else MILP and annealing; never a circuit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from ..errors import EncodingError, ModelTooLargeError, UnsupportedModelError
from ..qubo.enumeration import AUTOMATIC_LIMIT
from ..qubo.grouped_enumeration import GROUPED_FACTOR, grouped_states
from ..qubo.presolve import presolve
from ..qubo.spelled_count import spelled_count
from .anneal import Anneal
from .base import Outcome, Request
from .exact import Exact
from .milp import MILP

__all__ = ["Auto"]

MILP_SHARE = 0.8  # of the time limit; annealing gets what is left


@dataclass(frozen=True)
class Auto:
    """Exact up to 2**20 assignments, else MILP and, where that proves nothing, annealing as well.

    Where "exactly k" rows leave at most 2**22 assignments, these are enumerated too, see `Exact`.

    Example:
        >>> import dimod
        >>> from hybrid_opt.solvers import solve
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> solution = solve(bqm, seed=1)
        >>> solution.method, solution.status, solution.objective
        ('exact', 'optimal', -2.0)
    """

    @property
    def name(self) -> str:
        """Name used in tables."""
        return "auto"

    def solve(self, request: Request) -> Outcome:
        """Solve with what suits the size; ``effort["chosen"]`` names it."""
        n_states = request.problem.n_states
        few = n_states <= AUTOMATIC_LIMIT
        if not few:
            # Rows may leave far fewer states than bounds do; one that can never hold ends it here.
            reduced = presolve(request.problem).problem
            n_states = reduced.n_states
            few = n_states <= AUTOMATIC_LIMIT
            few = few or grouped_states(reduced, limit=GROUPED_FACTOR * AUTOMATIC_LIMIT) is not None
        if few:
            outcome = Exact().solve(request)
            outcome.effort["chosen"] = "exact"
            return outcome
        outcome = self._milp_and_anneal(request)
        chosen = outcome.effort["chosen"]
        outcome.notes.append(f"{spelled_count(n_states)} assignments are too many to look at; chose {chosen}")
        return outcome

    def _milp_and_anneal(self, request: Request) -> Outcome:
        begin = perf_counter()
        notes: list[str] = []
        proven: Outcome | None = None
        try:
            proven = MILP().solve(replace(request, time_limit=MILP_SHARE * request.time_limit))
        except (ModelTooLargeError, UnsupportedModelError) as error:
            notes.append(f"milp was left out: {error}")
        if proven is not None and (proven.proof is not None or proven.interrupted):
            proven.effort["chosen"] = "milp"
            return proven
        left = max(request.time_limit - (perf_counter() - begin), 0.1 * request.time_limit)
        try:
            found = Anneal().solve(replace(request, time_limit=left))
        except (ModelTooLargeError, EncodingError) as error:
            if proven is None:
                raise
            proven.notes.append(f"annealing was left out: {error}")
            proven.effort["chosen"] = "milp"
            return proven
        if proven is None:
            found.notes[:0] = notes
            found.effort["chosen"] = "anneal"
            return found
        counts = found.counts if found.counts is not None else np.ones(len(found.states), dtype=np.int64)
        return Outcome(
            np.vstack([proven.states, found.states]),
            np.concatenate([np.ones(len(proven.states), dtype=np.int64), counts]),
            bound=proven.bound,
            draws=found.draws,
            effort={**proven.effort, **found.effort, "chosen": "milp+anneal"},
            timings={
                **{f"milp {phase}": seconds for phase, seconds in proven.timings.items()},
                **{f"anneal {phase}": seconds for phase, seconds in found.timings.items()},
            },
            deterministic=proven.deterministic and found.deterministic,
            interrupted=found.interrupted,
            notes=[*proven.notes, *found.notes],
        )
