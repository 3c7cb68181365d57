"""The quantum half: PennyLane circuits on Qiskit Aer.

The names below are loaded on first use: ``available_devices`` brings in Aer, the others PennyLane too.

Conventions: wire i is variable i of a model; in an integer index wire 0 is the most significant bit;
x = (1 - Z) / 2; U_C(gamma) = exp(-i gamma C) and U_B(beta) = exp(-i beta sum X) with C minimized.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import ansatz, diagnostics, encodings, errors, noise
    from .aer_backend import available_devices
    from .aer_device import AerDevice
    from .angle_tables import initial_angles
    from .diagonal_qaoa import DiagonalQAOA
    from .fidelity_kernel import FidelityKernel
    from .kernel_alignment import align, target_alignment
    from .kernel_corrections import correct_depolarizing, repair_psd
    from .nystroem import NystroemMap
    from .projected_kernel import ProjectedKernel
    from .qaoa import CircuitQAOA
    from .variational import VariationalCircuit

__all__ = [
    "AerDevice",
    "CircuitQAOA",
    "DiagonalQAOA",
    "FidelityKernel",
    "NystroemMap",
    "ProjectedKernel",
    "VariationalCircuit",
    "align",
    "ansatz",
    "available_devices",
    "correct_depolarizing",
    "diagnostics",
    "encodings",
    "errors",
    "initial_angles",
    "noise",
    "repair_psd",
    "target_alignment",
]

_HOMES = {
    "AerDevice": "aer_device",
    "CircuitQAOA": "qaoa",
    "DiagonalQAOA": "diagonal_qaoa",
    "FidelityKernel": "fidelity_kernel",
    "NystroemMap": "nystroem",
    "ProjectedKernel": "projected_kernel",
    "VariationalCircuit": "variational",
    "align": "kernel_alignment",
    "available_devices": "aer_backend",
    "correct_depolarizing": "kernel_corrections",
    "initial_angles": "angle_tables",
    "repair_psd": "kernel_corrections",
    "target_alignment": "kernel_alignment",
}
_MODULES = {"ansatz", "diagnostics", "encodings", "errors", "noise"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
