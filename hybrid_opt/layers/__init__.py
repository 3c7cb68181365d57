"""Circuits as torch modules.

The names below are loaded on first use: they bring in torch, PennyLane and, when a layer is made, Aer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .kernel import QuantumKernelLayer
    from .kernel_router import KernelRouter
    from .qaoa import QAOALayer
    from .qaoa_head_gate import QAOAHeadGate
    from .qnn import QNNLayer
    from .qnn_controller import QNNController
    from .qnode_layer import QNodeLayer
    from .vqe import VQELayer
    from .vqe_bins import VQEBinsController
    from .vqe_metric import VQEMetricChoice

__all__ = [
    "KernelRouter",
    "QAOAHeadGate",
    "QAOALayer",
    "QNNController",
    "QNNLayer",
    "QNodeLayer",
    "QuantumKernelLayer",
    "VQEBinsController",
    "VQELayer",
    "VQEMetricChoice",
]

_HOMES = {
    "KernelRouter": "kernel_router",
    "QAOAHeadGate": "qaoa_head_gate",
    "QAOALayer": "qaoa",
    "QNNController": "qnn_controller",
    "QNNLayer": "qnn",
    "QNodeLayer": "qnode_layer",
    "QuantumKernelLayer": "kernel",
    "VQEBinsController": "vqe_bins",
    "VQELayer": "vqe",
    "VQEMetricChoice": "vqe_metric",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
