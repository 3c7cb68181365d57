"""How much memory is free, and a refusal before a statevector is asked for that cannot fit.

Without this check the operating system may end the process, or a container limit may, with no message at all.
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import CircuitTooLargeError

__all__ = ["free_memory", "require_memory"]

_MEMINFO = Path("/proc/meminfo")
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def _machine_bytes() -> int | None:
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    names = getattr(os, "sysconf_names", {})
    if "SC_PAGE_SIZE" in names and "SC_PHYS_PAGES" in names:
        # No portable count of free pages: the installed memory still stops what can never fit.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _container_bytes() -> int | None:
    for limit_file, usage_file in _CGROUPS:
        if limit_file.is_file() and usage_file.is_file():
            limit, usage = limit_file.read_text().strip(), usage_file.read_text().strip()
            if limit.isdigit() and usage.isdigit():
                return max(0, int(limit) - int(usage))
    return None


def free_memory() -> int | None:
    """Memory this process may still take.

    Returns:
        Bytes: the smaller of what the machine has available and what a container limit leaves; None where
        the operating system tells neither.

    Example:
        >>> free_memory() is None or free_memory() > 0
        True
    """
    known = [amount for amount in (_machine_bytes(), _container_bytes()) if amount is not None]
    return min(known) if known else None


def _readable(amount: int) -> str:
    size = float(amount)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} PB"


def require_memory(n_qubits: int, bytes_per_amplitude: int, n_states: int = 1) -> None:
    """Refuse a simulation whose vectors cannot be held.

    Args:
        n_qubits: qubits of one state; it has 2**n_qubits amplitudes.
        bytes_per_amplitude: bytes held at the same time per amplitude, all copies counted.
        n_states: states held at the same time.

    Raises:
        CircuitTooLargeError: more is needed than is free.

    Example:
        >>> require_memory(4, 48)
        >>> require_memory(80, 48)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        ...
        CircuitTooLargeError: 80 qubits need ...
    """
    free = free_memory()
    needed = n_states * bytes_per_amplitude << n_qubits
    if free is None or needed <= free:
        return
    fits = max(0, (free // (n_states * bytes_per_amplitude)).bit_length() - 1)
    raise CircuitTooLargeError(
        f"{n_qubits} qubits need {_readable(needed)} ({bytes_per_amplitude} bytes for each of 2**{n_qubits} "
        f"amplitudes); {_readable(free)} are free, enough for {fits} qubits. Use a smaller model, a coarser "
        "encoding or a classical method"
    )
