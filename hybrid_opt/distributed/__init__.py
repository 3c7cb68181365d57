"""Circuit batches, kernel matrices and tuning trials on several machines, through dask.distributed.

The names below are loaded on first use; connecting needs the extra ``distributed``. Results are those of one
process: seeds belong to rows and trials, never to workers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .angle_energies import AngleEnergies
    from .batches import map_batches
    from .cluster import Cluster
    from .connection import connect
    from .gram_blocks import gram_matrix
    from .study_trials import run_trials

__all__ = ["AngleEnergies", "Cluster", "connect", "gram_matrix", "map_batches", "run_trials"]

_HOMES = {
    "AngleEnergies": "angle_energies",
    "Cluster": "cluster",
    "connect": "connection",
    "gram_matrix": "gram_blocks",
    "map_batches": "batches",
    "run_trials": "study_trials",
}


def __getattr__(name: str) -> object:
    if name == "run_trials":
        from .._optional import require

        require("optuna", "tuning")
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
