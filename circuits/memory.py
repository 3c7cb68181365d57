"""How much memory is free, and a refusal before a statevector is asked for that cannot fit.

Without this check the operating system may end the process, or a container limit may, with no message at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .errors import CircuitTooLargeError

__all__ = [
    "free_gpu_memory",
    "free_memory",
    "gpu_count",
    "require_bytes",
    "require_gpu_memory",
    "require_memory",
    "rows_that_fit",
]

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


def require_bytes(needed: int, what: str, advice: str) -> None:
    """Refuse anything else that cannot be held.

    Args:
        needed: bytes at the same time.
        what: takes them, in words, a plural.
        advice: what to do instead, a sentence.

    Raises:
        CircuitTooLargeError: more is needed than is free.

    Example:
        >>> require_bytes(1000, "ten samples", "Draw fewer")
    """
    free = free_memory()
    if free is not None and needed > free:
        raise CircuitTooLargeError(f"{what} need {_readable(needed)}; {_readable(free)} are free. {advice}")


def rows_that_fit(n_rows: int, bytes_per_row: int, working_bytes: int) -> int:
    """How many rows of a table may be computed at once.

    All results are held at the end, and those of the rows being computed a second time.

    Args:
        n_rows: rows in all, at least 1.
        bytes_per_row: bytes of one row's result.
        working_bytes: bytes needed besides the results.

    Returns:
        From 1 to ``n_rows``.

    Raises:
        CircuitTooLargeError: the results do not fit.

    Example:
        >>> rows_that_fit(3, 256, 1024)
        3
    """
    free = free_memory()
    if free is None:
        return n_rows
    left = free - working_bytes - n_rows * bytes_per_row
    if left < bytes_per_row:
        needed = working_bytes + (n_rows + 1) * bytes_per_row
        raise CircuitTooLargeError(
            f"the results of {n_rows} rows need {_readable(needed)}, {_readable(bytes_per_row)} for each; "
            f"{_readable(free)} are free. Give fewer rows at a time or use fewer qubits"
        )
    return min(n_rows, left // bytes_per_row)


def _gpus() -> list[int] | None:
    """Bytes free on each NVIDIA GPU, as torch or else the program nvidia-smi tells; None if neither does."""
    import torch

    if torch.cuda.is_available():
        return [int(torch.cuda.mem_get_info(number)[0]) for number in range(torch.cuda.device_count())]
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.split()
    return [int(line) * 2**20 for line in lines] if all(line.isdigit() for line in lines) else None


def gpu_count() -> int | None:
    """Number of NVIDIA GPUs.

    Returns:
        The number, or None where neither torch nor the program ``nvidia-smi`` tells.

    Example:
        >>> gpu_count() is None or gpu_count() >= 0
        True
    """
    free = _gpus()
    return None if free is None else len(free)


def free_gpu_memory() -> int | None:
    """Memory free on the first NVIDIA GPU, as told by torch if it has CUDA, else by ``nvidia-smi``.

    Returns:
        Bytes, or None where neither tells.

    Example:
        >>> free_gpu_memory() is None or free_gpu_memory() > 0
        True
    """
    free = _gpus()
    return free[0] if free else None


def require_gpu_memory(n_qubits: int, bytes_per_amplitude: int) -> None:
    """Refuse a simulation whose state does not fit onto the GPU.

    Args:
        n_qubits: the state has 2**n_qubits numbers.
        bytes_per_amplitude: bytes held on the GPU per number.

    Raises:
        CircuitTooLargeError: more is needed than is free.

    Example:
        >>> require_gpu_memory(1, 16)
    """
    free = free_gpu_memory()
    needed = bytes_per_amplitude << n_qubits
    if free is None or needed <= free:
        return
    raise CircuitTooLargeError(
        f"{n_qubits} qubits need {_readable(needed)} on the GPU ({bytes_per_amplitude} bytes for each of "
        f'2**{n_qubits} numbers); {_readable(free)} are free there. Use compute="cpu", single precision or '
        "fewer qubits"
    )
