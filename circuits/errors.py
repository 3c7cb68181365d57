"""Errors of the quantum half. They stand here because this folder must not import the package around it."""

from __future__ import annotations

__all__ = [
    "AerRunError",
    "CircuitError",
    "CircuitTooLargeError",
    "ConflictingAerError",
    "DeviceUnavailableError",
    "MissingAerError",
]


class CircuitError(ValueError):
    """An argument cannot be used: wrong model, NaN coefficient, unequal angle lengths, unknown option."""


class CircuitTooLargeError(CircuitError):
    """The statevector does not fit into free memory; the message says how much is needed and free."""


class DeviceUnavailableError(RuntimeError):
    """The requested device cannot be used on this machine; the message says why and what would help."""


class MissingAerError(DeviceUnavailableError):
    """Qiskit Aer is not installed; the message names the extras that bring it."""


class ConflictingAerError(DeviceUnavailableError):
    """Both builds of Aer are installed and have overwritten each other's files."""


class AerRunError(RuntimeError):
    """Aer accepted a circuit and then failed to run it; the message carries Aer's own words."""
