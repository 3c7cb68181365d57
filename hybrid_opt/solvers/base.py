"""What a solver is: it gets a ``Request`` and returns an ``Outcome``; ``solve`` does everything else.

A solver proposes assignments of the user's variables and, where it can, a proof. It does not decide which
of them is feasible or best: ``solve`` recomputes objective and feasibility of every proposal on the model
itself, so a solver cannot make an answer look better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent
from ..qubo.problem import Problem

if TYPE_CHECKING:
    from .quantum import QuantumRecord

__all__ = ["Outcome", "Request", "Solver"]


@dataclass(frozen=True, eq=False)
class Request:
    """What a solver is asked.

    Attributes:
        problem: the model; must not be changed.
        seed: use ``child_seed(seed, name)`` for random numbers.
        time_limit: seconds of wall time, a guard; effort is a setting of the solver.
        start: states of an assignment known to be feasible, shape (N,), or None. A solver may begin there;
            ``solve`` never returns anything worse.
        progress: report the share done here.
    """

    problem: Problem
    seed: int
    time_limit: float = 60.0
    start: NDArray[np.int64] | None = None
    progress: Progress = silent


@dataclass(eq=False)
class Outcome:
    """What a solver found.

    Attributes:
        states: proposed assignments, shape (K, N), K may be 0; infeasible ones are allowed.
        counts: how often each was drawn, shape (K,); None means once each.
        bound: proven lower bound on the objective of every feasible assignment, or None.
        proof: "optimal" if the best feasible proposal is proven optimal, "infeasible" if it is proven that
            nothing is feasible, else None.
        draws: samples drawn in all, those that did not decode included; None where the word has no meaning.
        effort: counted effort (reads, sweeps, evaluations, nodes).
        timings: seconds per phase.
        deterministic: False if a time limit or ctrl-C ended the method.
        interrupted: True if ctrl-C ended it; what was found until then is in ``states``.
        quantum: the quantum row, for methods that ran a circuit.
        notes: sentences for the user, e.g. why a part was left out.
    """

    states: NDArray[np.int64]
    counts: NDArray[np.int64] | None = None
    bound: float | None = None
    proof: Literal["optimal", "infeasible"] | None = None
    draws: int | None = None
    effort: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    deterministic: bool = True
    interrupted: bool = False
    quantum: QuantumRecord | None = None
    notes: list[str] = field(default_factory=list)


@runtime_checkable
class Solver(Protocol):
    """Anything with a name and a ``solve`` method; settings are arguments of its constructor.

    Check your own with ``hybrid_opt.testing.check_solver``.
    """

    @property
    def name(self) -> str:
        """Short lower-case name used in tables."""
        ...

    def solve(self, request: Request) -> Outcome:
        """Propose assignments for ``request.problem``."""
        ...
