"""The whole in levels: training, tuning, routing, circuits in the model, plans; each step is checked.

The names below are loaded on first use. They need the extras ``transformer`` and ``tuning``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .configuration import HybridConfig
    from .optimizer import HybridOptimizer
    from .report import HybridReport

__all__ = ["HybridConfig", "HybridOptimizer", "HybridReport"]

_HOMES = {
    "HybridConfig": "configuration",
    "HybridOptimizer": "optimizer",
    "HybridReport": "report",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        from .._optional import require

        require("transformers", "transformer")
        require("optuna", "tuning")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
