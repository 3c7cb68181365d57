"""Quadratic models that tune a network: which settings to try next, which parts to keep.

The names below are loaded on first use. The Optuna sampler and what goes with it need Optuna, which comes
with the extra ``tuning``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .level_annealing import LevelAnneal
    from .qubo_sampler import QuboSampler
    from .refinement import Refinement, refine

__all__ = ["LevelAnneal", "QuboSampler", "Refinement", "refine"]

_HOMES = {
    "LevelAnneal": "level_annealing",
    "QuboSampler": "qubo_sampler",
    "Refinement": "refinement",
    "refine": "refinement",
}
_NEEDS_OPTUNA = {"QuboSampler", "Refinement", "refine"}


def __getattr__(name: str) -> object:
    if name in _NEEDS_OPTUNA:
        from .._optional import require

        require("optuna", "tuning")
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
