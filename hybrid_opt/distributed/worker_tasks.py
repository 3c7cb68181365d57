"""What runs in a worker: one task at a time on one thread, with a fresh copy of the function each time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from threading import Lock
from typing import Any

import numpy as np

from ..circuits.row_threads import limit_threads
from ..tuning.torch_threads import one_torch_thread
from .shipping import Packed, pack

__all__ = ["LIBRARIES", "aligned", "one_thread", "run_task", "worker_facts"]

LIBRARIES = (
    *("dask", "distributed", "cloudpickle", "numpy", "scipy", "numba", "scikit-learn"),
    *("torch", "transformers", "accelerate", "pennylane", "qiskit", "qiskit-aer", "optuna"),
)
"""Packages whose versions must be the same on all machines, where they are installed."""

# Tasks seed the global generator of torch while they run; two at once in a process would mix their draws.
_one_at_a_time = Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of work inside the block: for compiled loops, and for torch where it is loaded.

    So two workers on two processors do not fight, and sums are added in the same order everywhere.

    Example:
        >>> with one_thread():
        ...     pass
    """
    with one_torch_thread(), limit_threads(1):
        yield


def run_task(function: Packed, *arguments: Any) -> Any:
    """Unpack a function and its arguments, and call it on one thread.

    The function is a fresh copy each time: nothing that it remembers from one task reaches the next, so the
    result does not depend on which worker did what before.

    Args:
        function: packed by `pack`.
        arguments: packed, or results of other tasks, which are handed on as they are.

    Returns:
        What the function returns.

    Raises:
        OptionError: its result cannot be sent back.

    Example:
        >>> run_task(pack(abs, "function"), pack(-3, "argument"))
        3
    """
    with _one_at_a_time:
        call = function.unpack()
        values = [one.unpack() if isinstance(one, Packed) else aligned(one) for one in arguments]
        # Unpacking may have loaded torch, so the limit comes after it.
        with one_thread():
            result = call(*values)
    if type(result).__module__.partition(".")[0] not in ("builtins", "numpy", "torch"):
        pack(result, "the result")
    return result


def aligned(result: Any) -> Any:
    """An array as a program would have made it, at an address that its numbers need.

    What came over the network may begin anywhere; NumPy then takes other routes, with other last bits.

    Args:
        result: of another task.

    Returns:
        The same, copied where it is an array in an unusual place.

    Example:
        >>> aligned(np.frombuffer(bytes(17), np.float64, 2, offset=1)).flags.aligned
        True
    """
    return np.require(result, requirements=["C", "A"]) if isinstance(result, np.ndarray) else result


def worker_facts() -> dict[str, str]:
    """Versions of Python, this package and the libraries behind it; missing ones are left out.

    Example:
        >>> "hybrid-opt" in worker_facts()
        True
    """
    from .. import __version__

    facts = {"python": ".".join(map(str, sys.version_info[:2])), "hybrid-opt": __version__}
    for name in LIBRARIES:
        try:
            facts[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return facts
