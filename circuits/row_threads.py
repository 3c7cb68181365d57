"""Rows of a batch on several threads, for kernels that run without the interpreter lock.

One pool serves the whole process, whichever of its threads asks; a forked child starts its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock

from .errors import CircuitError

__all__ = ["count_threads", "limit_threads", "run_in_parts"]

# Below this much work for each, a second thread costs more than it saves: some 0.1 ms.
_WORTH_A_THREAD = 50_000
# Threads are started when they are needed, so this is a bound and not a cost.
_MOST_THREADS = 256
# What `limit_threads` allows at present.
_allowed = _MOST_THREADS


class _Pool:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = Lock()
        self.executor: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[[slice], None], rows: slice) -> Future[None]:
        with self.lock:
            if self.executor is None:
                self.executor = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="hybrid_opt-rows")
            return self.executor.submit(work, rows)


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    # Threads do not survive a fork, and nobody is left to release a lock that was held then.
    os.register_at_fork(after_in_child=_pool.forget)


def count_threads(threads: int | None = None) -> int:
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
    return min(threads or _processors(), _allowed)


def _processors() -> int:
    """Processors that this process may use."""
    # From Python 3.13 on, and what it does; not every system has the latter.
    process_cpu_count = getattr(os, "process_cpu_count", None)
    affinity = getattr(os, "sched_getaffinity", None)
    if process_cpu_count is not None:
        return process_cpu_count() or 1
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@contextmanager
def limit_threads(most: int) -> Iterator[None]:
    """No more threads than this in the whole process while the block runs, whatever a call asks for.

    For processes that share a machine, such as the workers of a cluster: each would else take all processors.

    Args:
        most: at least 1.

    Raises:
        CircuitError: no integer of at least 1.

    Example:
        >>> with limit_threads(1):
        ...     count_threads(8)
        1
    """
    global _allowed
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise CircuitError(f"most is {most!r}; it must be an integer of at least 1")
    before = _allowed
    _allowed = min(most, _MOST_THREADS)
    try:
        yield
    finally:
        _allowed = before


def run_in_parts(work: Callable[[slice], None], n_rows: int, cost_per_row: int, threads: int | None) -> None:
    """Do all rows, in equal parts on several threads where that pays.

    Args:
        work: does the rows of a slice; different slices touch different memory.
        n_rows: number of rows, or of groups of rows.
        cost_per_row: gate applications on vectors of eight numbers.
        threads: most threads; None or 0 for all.

    Raises:
        CircuitError: an illegal number of threads.

    Example:
        >>> done = []
        >>> run_in_parts(done.append, 3, 10, 2)
        >>> done
        [slice(0, 3, None)]
    """
    parts = min(n_rows, 1 + n_rows * cost_per_row // _WORTH_A_THREAD)
    if threads is not None or parts > 1:
        parts = min(parts, count_threads(threads))
    if parts <= 1:
        work(slice(0, n_rows))
        return
    bounds = [n_rows * number // parts for number in range(parts + 1)]
    slices = [slice(start, stop) for start, stop in pairwise(bounds)]
    # The calling thread does the last part itself. Nobody leaves before all have finished with its arrays.
    futures = [_pool.submit(work, rows) for rows in slices[:-1]]
    try:
        work(slices[-1])
    finally:
        wait(futures)
    for future in futures:
        future.result()
