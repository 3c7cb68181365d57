"""Rows of a batch on several threads, for kernels that run without the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from .errors import CircuitError

__all__ = ["count_threads", "run_in_parts"]

# Below this many gate applications on single amplitudes a second thread costs more than it saves.
_WORTH_A_THREAD = 200_000

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}
_lock = Lock()


def count_threads(threads: int | None) -> int:
    """The number of threads to use.

    Args:
        threads: None or 0 for one per processor this process may use.

    Returns:
        At least 1.

    Raises:
        CircuitError: neither None nor an integer of at least 0.

    Example:
        >>> count_threads(3)
        3
    """
    if isinstance(threads, bool) or not (threads is None or (isinstance(threads, int) and threads >= 0)):
        raise CircuitError(f"threads is {threads!r}; it must be None or an integer of at least 0 (0: all)")
    if threads:
        return threads
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def run_in_parts(work: Callable[[slice], None], n_rows: int, cost_per_row: int, threads: int | None) -> None:
    """Do all rows, in equal parts on several threads where that pays.

    Args:
        work: does the rows of a slice; different slices touch different memory.
        n_rows: number of rows.
        cost_per_row: gate applications on single amplitudes.
        threads: most threads; None or 0 for all.

    Example:
        >>> done = []
        >>> run_in_parts(done.append, 3, 10, 2)
        >>> done
        [slice(0, 3, None)]
    """
    parts = min(count_threads(threads), n_rows, 1 + n_rows * cost_per_row // _WORTH_A_THREAD)
    if parts <= 1:
        work(slice(0, n_rows))
        return
    bounds = [n_rows * number // parts for number in range(parts + 1)]
    slices = [slice(start, stop) for start, stop in zip(bounds, bounds[1:])]
    # The calling thread does the last part itself.
    futures = [_pool(parts - 1).submit(work, rows) for rows in slices[:-1]]
    try:
        work(slices[-1])
    finally:
        for future in futures:
            future.result()


def _pool(size: int) -> ThreadPoolExecutor:
    # Threads do not survive a fork, so every process has pools of its own.
    key = (os.getpid(), size)
    with _lock:
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(size, thread_name_prefix="hybrid_opt-rows")
        return _pools[key]
