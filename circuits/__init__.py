"""The quantum half: PennyLane circuits on Qiskit Aer.

The names below are loaded on first use: ``available_devices`` brings in Aer, the others PennyLane too.

Conventions: wire i is variable i of a model; in an integer index wire 0 is the most significant bit;
x = (1 - Z) / 2; U_C(gamma) = exp(-i gamma C) and U_B(beta) = exp(-i beta sum X) with C minimized.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import ansatz, diagnostics, encodings, errors, noise, objectives
    from .aer_backend import available_devices
    from .aer_device import AerDevice
    from .angle_interpolation import interpolate_angles
    from .angle_landscape import landscape
    from .angle_ramps import default_slopes, linear_ramp
    from .angle_tables import initial_angles, regular_graph_angles
    from .closed_form import ClosedFormQAOA
    from .continuous_relaxation import relax
    from .cost_scales import cost_scale
    from .depth_one_angles import best_depth_one_angles
    from .depth_training import train_depths
    from .diagonal_qaoa import DiagonalQAOA
    from .fidelity_kernel import FidelityKernel
    from .ground_energies import ground_energy
    from .kernel_alignment import align, target_alignment
    from .kernel_corrections import correct_depolarizing, repair_psd
    from .multi_angle_qaoa import MultiAngleQAOA
    from .nystroem import NystroemMap
    from .projected_kernel import ProjectedKernel
    from .qaoa import CircuitQAOA
    from .qaoa_training import train_angles, train_ramp
    from .subspace_circuit import SubspaceCircuit
    from .subspace_groups import FixedWeight, OneHot
    from .subspace_qaoa import SubspaceQAOA
    from .variational import VariationalCircuit
    from .vqe import VQE
    from .vqe_result import VQEResult
    from .warm_start_qaoa import WarmStartQAOA
    from .warm_starts import warm_start, warm_start_from_bits

__all__ = [
    "VQE",
    "AerDevice",
    "CircuitQAOA",
    "ClosedFormQAOA",
    "DiagonalQAOA",
    "FidelityKernel",
    "FixedWeight",
    "MultiAngleQAOA",
    "NystroemMap",
    "OneHot",
    "ProjectedKernel",
    "SubspaceCircuit",
    "SubspaceQAOA",
    "VQEResult",
    "VariationalCircuit",
    "WarmStartQAOA",
    "align",
    "ansatz",
    "available_devices",
    "best_depth_one_angles",
    "correct_depolarizing",
    "cost_scale",
    "default_slopes",
    "diagnostics",
    "encodings",
    "errors",
    "ground_energy",
    "initial_angles",
    "interpolate_angles",
    "landscape",
    "linear_ramp",
    "noise",
    "objectives",
    "regular_graph_angles",
    "relax",
    "repair_psd",
    "target_alignment",
    "train_angles",
    "train_depths",
    "train_ramp",
    "warm_start",
    "warm_start_from_bits",
]

_HOMES = {
    "AerDevice": "aer_device",
    "CircuitQAOA": "qaoa",
    "ClosedFormQAOA": "closed_form",
    "DiagonalQAOA": "diagonal_qaoa",
    "FidelityKernel": "fidelity_kernel",
    "FixedWeight": "subspace_groups",
    "MultiAngleQAOA": "multi_angle_qaoa",
    "NystroemMap": "nystroem",
    "OneHot": "subspace_groups",
    "ProjectedKernel": "projected_kernel",
    "SubspaceCircuit": "subspace_circuit",
    "SubspaceQAOA": "subspace_qaoa",
    "VQE": "vqe",
    "VQEResult": "vqe_result",
    "VariationalCircuit": "variational",
    "WarmStartQAOA": "warm_start_qaoa",
    "align": "kernel_alignment",
    "available_devices": "aer_backend",
    "best_depth_one_angles": "depth_one_angles",
    "correct_depolarizing": "kernel_corrections",
    "cost_scale": "cost_scales",
    "default_slopes": "angle_ramps",
    "ground_energy": "ground_energies",
    "initial_angles": "angle_tables",
    "interpolate_angles": "angle_interpolation",
    "landscape": "angle_landscape",
    "linear_ramp": "angle_ramps",
    "regular_graph_angles": "angle_tables",
    "relax": "continuous_relaxation",
    "repair_psd": "kernel_corrections",
    "target_alignment": "kernel_alignment",
    "train_angles": "qaoa_training",
    "train_depths": "depth_training",
    "train_ramp": "qaoa_training",
    "warm_start": "warm_starts",
    "warm_start_from_bits": "warm_starts",
}
_MODULES = {"ansatz", "diagnostics", "encodings", "errors", "noise", "objectives"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
