"""A batch of rows in chunks on the workers, results in order.

Shapes: B rows; the first axis of rows and results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from .shipping import pack
from .worker_tasks import run_task

if TYPE_CHECKING:
    from .cluster import Cluster

__all__ = ["CHUNK", "map_batches"]

CHUNK = 64
"""Rows of a chunk where nothing else is said; never a function of the number of workers."""


def map_batches(
    function: Callable[..., Any],
    rows: Any,
    *,
    cluster: Cluster | None = None,
    chunk: int = CHUNK,
    seed: int | None = None,
    progress: Progress = silent,
) -> Any:
    """Evaluate a function of many rows, chunk by chunk: on the workers, or here where there is no cluster.

    The chunks depend on ``chunk`` alone, each is computed by a fresh copy of the function, on one thread, and
    random numbers belong to rows. So the result is the same, bit for bit, with any number of workers and
    without any. Another ``chunk`` can change the last bits where the function adds up rows together (a matrix
    product); circuits on the native simulator, ``QNNLayer`` and the QAOA engines keep all bits.

    Args:
        function: gets the rows of a chunk and returns one result per row, such as a ``QNNLayer``, a kernel's
            ``encode``, ``AngleEnergies`` of a QAOA engine, or a function of your own. With a ``seed`` it gets
            a second argument: one seed per row, integers of shape (rows of the chunk,).
        rows: NumPy array or tensor with the rows along the first axis, or a list.
        cluster: of `connect`; None computes in this process.
        chunk: rows of a task.
        seed: of functions that draw; None for those that do not.
        progress: called with the share done.

    Returns:
        What the chunks returned, put together: an array, a tensor (without gradients), or a list.

    Raises:
        OptionError: no rows, an illegal chunk or seed, a function that cannot be pickled, that draws shots
            from a stream of its own, or that does not return one result per row.
        ClusterError: the workers or the scheduler are gone.

    Example:
        >>> map_batches(np.square, np.arange(5.0), chunk=2).tolist()
        [0.0, 1.0, 4.0, 9.0, 16.0]
    """
    parts = list(_parts(rows, chunk))
    refuse_stream(function, seed)
    calls: list[tuple[Any, ...]] = [(rows[part],) for part in parts]
    if seed is not None:
        base = resolve_seed(seed)
        seeds = np.array([child_seed(base, f"row {row}") for row in range(len(rows))])
        calls = [(*call, seeds[part]) for call, part in zip(calls, parts)]
    shipped = [tuple(pack(one, "the rows") for one in call) for call in calls]
    done: dict[int, Any] = {}
    for number, result in _evaluate(function, shipped, cluster):
        size = parts[number].stop - parts[number].start
        done[number] = _checked(result, size, function)
        progress(len(done) / len(parts), f"{len(done)} of {len(parts)} chunks")
    return _joined([done[number] for number in range(len(parts))])


def refuse_stream(function: Any, seed: int | None) -> None:
    """Refuse what draws from a stream of its own: every chunk would begin it anew, and draw the same.

    Args:
        function: a callable, or a method of an object.
        seed: given with functions that take seeds.

    Raises:
        OptionError: function or its object has ``shots``.
    """
    owner = getattr(function, "__self__", function)
    shots = getattr(owner, "shots", None)
    if seed is None and shots is not None:
        raise OptionError(
            f"{type(owner).__name__} has shots={shots!r} and draws them from one stream, which chunks cannot "
            "share; take exact values (shots=None), or give map_batches a seed and a function of (rows, "
            "seeds) that draws each row's shots from its own seed"
        )


def _parts(rows: Any, chunk: Any) -> Iterator[slice]:
    if isinstance(chunk, bool) or not isinstance(chunk, (int, np.integer)) or chunk < 1:
        raise OptionError(f"chunk is {chunk!r}; it must be an integer of at least 1")
    shape = getattr(rows, "shape", None)
    if (shape is None and not isinstance(rows, (list, tuple))) or shape == () or not len(rows):
        raise OptionError(
            f"rows is {type(rows).__name__} of shape {shape if shape is not None else '(0,)'}; give an "
            "array, a tensor or a list with at least one row"
        )
    for start in range(0, len(rows), int(chunk)):
        yield slice(start, min(len(rows), start + int(chunk)))


def _evaluate(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], cluster: Cluster | None
) -> Iterator[tuple[int, Any]]:
    """Number and result of each call, as they are done."""
    if cluster is not None:
        futures = cluster.submit(detached(function), calls)
        yield from cluster.results(dict(enumerate(futures)))
        return
    packed = pack(detached(function), "function")
    for number, call in enumerate(calls):
        yield number, run_task(packed, *call)


class detached:  # noqa: N801
    """A function whose tensors carry no gradients: these do not travel between processes.

    Args:
        function: what to call.

    Example:
        >>> detached(abs)(-1)
        1
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        result = self.function(*arguments)
        return result.detach() if hasattr(result, "detach") else result


def _checked(result: Any, size: int, function: Any) -> Any:
    shape = getattr(result, "shape", None)
    wrong = shape == () or not (hasattr(result, "__len__") and len(result) == size)
    if wrong:
        given = f"shape {tuple(shape)}" if shape is not None else type(result).__name__
        raise OptionError(
            f"{function!r} returned {given} for {size} rows; it must return one result per row, along the "
            "first axis"
        )
    return result


def _joined(results: list[Any]) -> Any:
    first = results[0]
    if hasattr(first, "detach"):
        import torch

        return torch.cat(results)
    if isinstance(first, np.ndarray):
        return np.concatenate(results)
    return [one for result in results for one in result]
