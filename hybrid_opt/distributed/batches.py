"""A batch of rows in chunks on the workers, results in order.

Shapes: B rows; the first axis of rows and results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers.settings import check_whole
from .chunks import call_each, chunks_of
from .cluster import check_cluster
from .shipping import pack

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
        OptionError: no rows, an illegal chunk, seed or cluster, no function, or one that cannot be pickled,
            that draws shots from a stream of its own, or that does not return one result per row as an array,
            a tensor or a list, of the same kind and shape for all chunks.
        ClusterError: the workers or the scheduler are gone.

    Example:
        >>> map_batches(np.square, np.arange(5.0), chunk=2).tolist()
        [0.0, 1.0, 4.0, 9.0, 16.0]
    """
    if not callable(function):
        raise OptionError(f"function is {function!r}; give a function of rows with one result per row")
    check_cluster(cluster, "submit", "results")
    check_whole("chunk", chunk)
    parts = chunks_of(_count(rows), int(chunk))
    refuse_stream(
        function, seed,
        "or give map_batches a seed and a function of (rows, seeds) that draws each row's shots from its own "
        "seed",
    )  # fmt: skip
    calls: list[tuple[Any, ...]] = [(rows[part],) for part in parts]
    if seed is not None:
        base = resolve_seed(seed)
        seeds = np.array([child_seed(base, f"row {row}") for row in range(len(rows))])
        calls = [(*call, seeds[part]) for call, part in zip(calls, parts)]
    shipped = [tuple(pack(one, "the rows") for one in call) for call in calls]
    done: dict[int, Any] = {}
    for number, result in call_each(detached(function), shipped, cluster):
        size = parts[number].stop - parts[number].start
        done[number] = _checked(result, size, function)
        progress(len(done) / len(parts), f"{len(done)} of {len(parts)} chunks")
    return _joined([done[number] for number in range(len(parts))], function)


def refuse_stream(function: Any, seed: int | None, otherwise: str) -> None:
    """Refuse what draws from a stream of its own: every chunk would begin it anew, and draw the same.

    Args:
        function: a callable, or a method of an object.
        seed: given with functions that take seeds.
        otherwise: what else can be done, for the message.

    Raises:
        OptionError: function or its object has ``shots``.
    """
    owner = getattr(function, "__self__", function)
    shots = getattr(owner, "shots", None)
    if seed is None and shots is not None:
        raise OptionError(
            f"{type(owner).__name__} has shots={shots!r} and draws them from one stream, which chunks cannot "
            f"share; take exact values (shots=None), {otherwise}"
        )


def _count(rows: Any) -> int:
    """How many rows there are."""
    shape = getattr(rows, "shape", None)
    known = shape is not None or isinstance(rows, (list, tuple))
    try:
        count = len(rows) if known else 0
    except TypeError:  # a number as an array; sparse matrices, which have no slices of rows that all agree on
        count = 0
    if not count:
        raise OptionError(
            f"rows is {type(rows).__name__} of shape {shape if shape is not None else '(0,)'}; give an "
            "array, a tensor or a list with at least one row"
        )
    return count


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
    """The result, if it is an array, a tensor or a list with one entry per row."""
    legal = isinstance(result, (np.ndarray, list)) or hasattr(result, "detach")
    shape = getattr(result, "shape", None)
    if not legal or shape == () or len(result) != size:
        if shape is not None and (legal or shape == ()):
            given = f"shape {tuple(shape)}"
        else:
            given = type(result).__name__ + (f" of {len(result)}" if isinstance(result, list) else "")
        raise OptionError(
            f"{function!r} returned {given} for {size} rows; it must return one result per row, along the "
            "first axis of an array or a tensor, or in a list"
        )
    return result


def _joined(results: list[Any], function: Any) -> Any:
    first = results[0]
    if isinstance(first, list):
        kinds = {type(result).__name__ for result in results}
    else:
        kinds = {
            f"{type(result).__name__} of rows of shape {tuple(getattr(result, 'shape', ())[1:])}"
            for result in results
        }
    if len(kinds) > 1:
        raise OptionError(
            f"{function!r} returned {' and '.join(sorted(kinds))} for different chunks; results of all rows "
            "must be of one kind and shape, or lists"
        )
    if hasattr(first, "detach"):
        import torch

        return torch.cat(results)
    if isinstance(first, np.ndarray):
        return np.concatenate(results)
    return [one for result in results for one in result]
