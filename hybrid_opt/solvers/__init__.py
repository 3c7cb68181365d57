"""Solvers behind one protocol, and ``solve``: the best feasible answer, its bound and its baselines.

``QAOA`` and ``VQE`` are loaded on first use, so that classical solving imports neither PennyLane nor Qiskit
nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .anneal import Anneal
from .auto import Auto
from .base import Outcome, Request, Solver
from .decomposed import Decomposed
from .exact import Exact
from .greedy import Greedy
from .milp import MILP
from .quantum import QuantumRecord, UniformRecord
from .registry import methods
from .solution import Baseline, Solution
from .solve import solve
from .tabu import Tabu
from .uniform import Uniform

if TYPE_CHECKING:
    from .qaoa import QAOA
    from .vqe import VQE

__all__ = [
    "MILP",
    "QAOA",
    "VQE",
    "Anneal",
    "Auto",
    "Baseline",
    "Decomposed",
    "Exact",
    "Greedy",
    "Outcome",
    "QuantumRecord",
    "Request",
    "Solution",
    "Solver",
    "Tabu",
    "Uniform",
    "UniformRecord",
    "methods",
    "solve",
]


def __getattr__(name: str) -> object:
    if name == "QAOA":
        from .qaoa import QAOA

        return QAOA
    if name == "VQE":
        from .vqe import VQE

        return VQE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
