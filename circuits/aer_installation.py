"""Whether Qiskit Aer is installed, which of its two builds, and which devices that build reports.

The CPU build (qiskit-aer) and the GPU build (qiskit-aer-gpu) install the same Python package; the second one
installed overwrites files of the first, and removing either breaks the other.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from typing import Any

from .errors import ConflictingAerError, DeviceUnavailableError, MissingAerError

__all__ = ["import_aer", "reported_devices"]

_DISTRIBUTIONS = ("qiskit-aer", "qiskit-aer-gpu")


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


@cache
def import_aer() -> Any:
    """Import Aer, or say what is wrong with its installation.

    Returns:
        The module ``qiskit_aer``.

    Raises:
        MissingAerError: Aer is not installed.
        ConflictingAerError: both of its builds are.
        DeviceUnavailableError: Aer is installed and cannot be loaded.

    Example:
        >>> import_aer().__name__
        'qiskit_aer'
    """
    if all(_installed(name) for name in _DISTRIBUTIONS):
        raise ConflictingAerError(
            "both qiskit-aer and qiskit-aer-gpu are installed; they write the same files, so neither can be "
            "trusted. Run: pip uninstall -y qiskit-aer qiskit-aer-gpu, then install one of "
            '"hybrid-opt[aer]" (CPU) and "hybrid-opt[aer-gpu]" (NVIDIA GPU)'
        )
    try:
        return import_module("qiskit_aer")
    except ImportError as error:
        if any(_installed(name) for name in _DISTRIBUTIONS):
            raise DeviceUnavailableError(
                f"Qiskit Aer is installed and cannot be loaded: {error}. A GPU build needs its CUDA "
                'libraries; without an NVIDIA GPU install "hybrid-opt[aer]" instead'
            ) from error
        raise MissingAerError(
            'Qiskit Aer is not installed. Run: pip install "hybrid-opt[aer]" (CPU) or, on Linux with an '
            'NVIDIA GPU, pip install "hybrid-opt[aer-gpu]"; never both'
        ) from error


def reported_devices() -> tuple[str, ...]:
    """The devices that Aer says it has, untested.

    Returns:
        ``("CPU",)`` or ``("CPU", "GPU")``.

    Raises:
        MissingAerError: Aer is not installed.
        ConflictingAerError: both of its builds are.
        DeviceUnavailableError: Aer is installed and cannot be loaded.

    Example:
        >>> "CPU" in reported_devices()
        True
    """
    return tuple(import_aer().AerSimulator(method="statevector").available_devices())
