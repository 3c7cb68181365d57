"""The quantum half: PennyLane circuits on Qiskit Aer.

The names below are loaded on first use: ``available_devices`` brings in Aer, the others PennyLane too.

Conventions: wire i is variable i of a model; in an integer index wire 0 is the most significant bit;
x = (1 - Z) / 2; U_C(gamma) = exp(-i gamma C) and U_B(beta) = exp(-i beta sum X) with C minimized.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import errors
    from .aer_backend import available_devices
    from .aer_device import AerDevice
    from .angle_tables import initial_angles
    from .qaoa import CircuitQAOA

__all__ = ["AerDevice", "CircuitQAOA", "available_devices", "errors", "initial_angles"]

_HOMES = {
    "AerDevice": "aer_device",
    "CircuitQAOA": "qaoa",
    "available_devices": "aer_backend",
    "initial_angles": "angle_tables",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name == "errors":
        return import_module(".errors", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
