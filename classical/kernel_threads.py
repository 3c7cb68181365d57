"""Parts of one job on several threads, for compiled loops that run without the interpreter lock.

The threads are as many as torch uses for one operation (``torch.set_num_threads``). Where torch works with
GNU OpenMP they are the same ones: those keep a processor busy for some milliseconds after every operation of
torch, waiting for the next, and threads of another pool would have to share it with them. Elsewhere, and in a
forked child, in which OpenMP does not work, they belong to a pool of our own.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import torch

__all__ = ["run_on_threads"]

# Below about 0.1 ms of work for each, another thread costs more than it saves.
_WORTH_A_THREAD = 1_000_000
# Threads start when they are needed: a bound, not a cost.
_MOST_THREADS = 256

_Region = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def _openmp_of_torch() -> Any:
    """GNU OpenMP as torch has loaded it; None where it has not."""
    for path in sorted(Path(torch.__file__).parent.glob("lib/libgomp*.so*")):
        try:
            # A second copy of the library would have threads of its own, so only a loaded one will do.
            library = ctypes.CDLL(str(path), mode=os.RTLD_NOLOAD)
            library.GOMP_parallel.argtypes = [_Region, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
            library.GOMP_parallel.restype = None
        except (OSError, AttributeError):
            continue
        return library
    return None


class _Threads:
    """What there is of threads in this process."""

    def __init__(self) -> None:
        self.openmp = _openmp_of_torch()
        self.executor: ThreadPoolExecutor | None = None

    def forget(self) -> None:
        """In a forked child: the parent's threads are gone, only what waits for them is still there."""
        self.openmp = None
        self.executor = None

    def run(self, work: Callable[[int], None], n_parts: int) -> None:
        """Do all parts, each on a thread of its own as far as possible; return when all have ended."""
        if self.openmp is not None:
            self._run_in_region(work, n_parts)
            return
        if self.executor is None:
            # Two callers that come here at the same time make two; one is then not used again.
            self.executor = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="attention-kernel")
        futures = [self.executor.submit(work, part) for part in range(1, n_parts)]
        try:
            work(0)
        finally:
            wait(futures)
        for future in futures:
            future.result()

    def _run_in_region(self, work: Callable[[int], None], n_parts: int) -> None:
        library = self.openmp
        problems: list[BaseException] = []

        def share(_: Any) -> None:
            # The team may be smaller than asked for.
            try:
                for part in range(library.omp_get_thread_num(), n_parts, library.omp_get_num_threads()):
                    work(part)
            except BaseException as problem:  # noqa: BLE001 - C cannot pass it on; raised below
                problems.append(problem)

        region = _Region(share)
        library.GOMP_parallel(region, None, n_parts, 0)
        if problems:
            raise problems[0]


_threads = _Threads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.forget)


def run_on_threads(work: Callable[[int, int], None], n_units: int, cost: int) -> None:
    """Do all units of a job, contiguous parts of them on as many threads as pays and torch allows.

    Args:
        work: does the units from its first argument up to, without, its second; different units write to
            different memory.
        n_units: number of units.
        cost: of the whole job, in coordinate differences.

    Example:
        >>> done = []
        >>> run_on_threads(lambda first, last: done.append((first, last)), 3, 100)
        >>> done
        [(0, 3)]
    """
    parts = max(1, min(n_units, cost // _WORTH_A_THREAD, torch.get_num_threads(), _MOST_THREADS))
    if parts == 1:
        work(0, n_units)
        return
    _threads.run(lambda part: work(n_units * part // parts, n_units * (part + 1) // parts), parts)
