"""Parts of one job on several threads, for compiled loops that run without the interpreter lock.

The threads are as many as torch uses for one operation (``torch.set_num_threads``). They belong to one pool
of the process, which a forked child does not inherit but starts anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import torch

__all__ = ["run_on_threads"]

# Below about 0.1 ms of work for each, another thread costs more than it saves.
_WORTH_A_THREAD = 1_000_000
# Threads start when they are needed: a bound, not a cost.
_MOST_THREADS = 256

_executors: list[ThreadPoolExecutor] = []
if hasattr(os, "register_at_fork"):
    # The parent's threads do not exist in a child, only the object that waits for them.
    os.register_at_fork(after_in_child=_executors.clear)


def _executor() -> ThreadPoolExecutor:
    # Two threads that come here first at the same time add two; the second is then never used, nor harmful.
    if not _executors:
        _executors.append(ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="attention-kernel"))
    return _executors[0]


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
    bounds = [n_units * part // parts for part in range(parts + 1)]
    # The calling thread does the last part. It leaves only when all others are done with the arrays.
    futures = [_executor().submit(work, bounds[part], bounds[part + 1]) for part in range(parts - 1)]
    try:
        work(bounds[parts - 1], bounds[parts])
    finally:
        wait(futures)
    for future in futures:
        future.result()
