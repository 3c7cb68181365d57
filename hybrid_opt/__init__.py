"""Quantum-classical hybrid optimization: every answer with its bound, its gap and its classical baselines.

The names below are loaded on first use, so ``import hybrid_opt`` brings in neither torch nor pennylane nor
qiskit nor transformers.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING

# In a checkout the folders circuits/ and classical/ stand beside hybrid_opt/; an installed copy has them
# inside. This makes `import hybrid_opt.circuits` work from a checkout too, installed or not.
_checkout = _Path(__file__).resolve().parents[1]
if (_checkout / "pyproject.toml").is_file() and (_checkout / "circuits").is_dir():
    __path__.append(str(_checkout))

if TYPE_CHECKING:
    from . import (
        business,
        circuits,
        distributed,
        errors,
        estimators,
        graphs,
        layers,
        marketing,
        planning,
        qubo,
        solvers,
        system,
        testing,
        tuning,
    )
    from .qubo import LevelModel, Qubo, to_qubo
    from .solvers import Solution, methods, solve
    from .system import HybridConfig, HybridOptimizer, HybridReport

__version__ = "0.1.0"

__all__ = [
    "HybridConfig",
    "HybridOptimizer",
    "HybridReport",
    "LevelModel",
    "Qubo",
    "Solution",
    "__version__",
    "business",
    "circuits",
    "distributed",
    "errors",
    "estimators",
    "graphs",
    "layers",
    "marketing",
    "methods",
    "planning",
    "qubo",
    "solve",
    "solvers",
    "system",
    "testing",
    "to_qubo",
    "tuning",
]

_HOMES = {
    "HybridConfig": "system",
    "HybridOptimizer": "system",
    "HybridReport": "system",
    "LevelModel": "qubo",
    "Qubo": "qubo",
    "Solution": "solvers",
    "methods": "solvers",
    "solve": "solvers",
    "to_qubo": "qubo",
}
_ROOMS = {
    "business",
    "circuits",
    "distributed",
    "errors",
    "estimators",
    "graphs",
    "layers",
    "marketing",
    "planning",
    "qubo",
    "solvers",
    "system",
    "testing",
    "tuning",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
