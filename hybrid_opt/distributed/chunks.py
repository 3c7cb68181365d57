"""Chunks of rows, and the calls that compute them: on the workers, or here where there is no cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .shipping import pack
from .worker_tasks import run_task

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = ["call_each", "chunks_of"]


def chunks_of(count: int, size: int) -> list[slice]:
    """Slices of so many rows, the last one shorter.

    Args:
        count: rows in all.
        size: rows of a slice.

    Returns:
        The slices, in order.

    Example:
        >>> chunks_of(5, 3)
        [slice(0, 3, None), slice(3, 5, None)]
    """
    return [slice(start, min(count, start + size)) for start in range(0, count, size)]


def call_each(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], cluster: Cluster | None
) -> Iterator[tuple[int, Any]]:
    """Number and result of each call, as they are done.

    Args:
        function: what to call; each call gets a fresh copy of it, on one thread.
        calls: arguments of each call, packed, or results of other calls (on a cluster their futures).
        cluster: of `connect`; None computes in this process.

    Yields:
        Number and result.

    Raises:
        OptionError: the function cannot be pickled.
        ClusterError: the workers or the scheduler are gone.
    """
    if cluster is not None:
        yield from cluster.results(dict(enumerate(cluster.submit(function, calls))))
        return
    packed = pack(function, "function")
    for number, call in enumerate(calls):
        yield number, run_task(packed, *call)
