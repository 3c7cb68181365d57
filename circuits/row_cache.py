"""Results of rows kept by content: what was computed for a row of numbers is found again wherever it returns.

Cross-validation, prediction and Nystroem features ask for the states of the same samples over and over, in
other orders and subsets. The key of a row is a digest of its numbers, so no caller has to say what it has
seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .memory import free_memory

__all__ = ["RowCache", "digest_rows"]


def digest_rows(*arrays: NDArray[Any] | None) -> list[bytes]:
    """A digest of every row.

    Args:
        arrays: each of shape (B, ...), rows with the same number belong together; None counts for nothing.

    Returns:
        B digests of 16 bytes; equal rows have equal digests (-0.0 counts as 0.0).

    Example:
        >>> first, second, third = digest_rows(np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0]]))
        >>> first == second, first == third
        (True, False)
    """
    # Adding 0 turns -0.0 into 0.0.
    present = [np.ascontiguousarray(array + 0) for array in arrays if array is not None]
    rows = [array.reshape(len(array), -1).view(np.uint8) for array in present if array.size]
    digests = []
    for row in range(len(present[0]) if present else 0):
        digest = blake2b(digest_size=16)
        for array in rows:
            digest.update(array[row])
        digests.append(digest.digest())
    return digests


class RowCache:
    """A bounded store of arrays, found row by row, dropped block by block (the least recently used first).

    Args:
        max_bytes: most bytes kept. Never more than a quarter of the free memory is filled.

    Attributes:
        hits: rows found since the cache was made or cleared.
        misses: rows computed.

    Example:
        >>> cache = RowCache(1000)
        >>> rows = np.array([[1.0], [2.0], [1.0]])
        >>> double = lambda numbers: 2 * rows[numbers]
        >>> cache.fetch("double", digest_rows(rows), double).tolist(), cache.misses
        ([[2.0], [4.0], [2.0]], 2)
        >>> cache.fetch("double", digest_rows(rows[1:2]), double).tolist(), cache.misses
        ([[4.0]], 2)
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            # block number -> (rows, their keys); key -> (block number, row in it)
            self._blocks: OrderedDict[int, tuple[NDArray[Any], list[Hashable]]] = OrderedDict()
            self._places: dict[Hashable, tuple[int, int]] = {}
            self._next = 0
            self.nbytes = 0
            self.hits = 0
            self.misses = 0

    def fetch(
        self, kind: Hashable, digests: list[bytes], compute: Callable[[NDArray[np.intp]], NDArray[Any]]
    ) -> NDArray[Any]:
        """Rows by their digests, computed where they are not known.

        Args:
            kind: what is computed; rows of different kinds never meet.
            digests: of `digest_rows`, one per row asked for, at least one.
            compute: gets the numbers of the rows to compute, each content once, and gives one result per
                number, shape (k, ...).

        Returns:
            Shape (B, ...), **read only**.
        """
        keys: list[Hashable] = [(kind, digest) for digest in digests]
        with self._lock:
            places = [self._places.get(key) for key in keys]
            blocks = {place[0]: self._blocks[place[0]][0] for place in places if place is not None}
            for number in blocks:
                self._blocks.move_to_end(number)
        # From here on `blocks` holds on to the arrays, whatever another thread drops.
        new: dict[Hashable, int] = {}
        for number, (key, place) in enumerate(zip(keys, places)):
            if place is None:
                new.setdefault(key, number)
        fresh = compute(np.fromiter(new.values(), dtype=np.intp, count=len(new))) if new else None
        if fresh is not None:
            fresh.flags.writeable = False
            self._keep(list(new), fresh)
        with self._lock:
            self.misses += len(new)
            self.hits += sum(place is not None for place in places)
        if fresh is not None and len(new) == len(keys):
            return fresh
        if fresh is None and len(blocks) == 1:
            (block,) = blocks.values()
            rows = [place[1] for place in places if place is not None]
            if rows == list(range(len(block))):
                return block
        return _gather(keys, places, blocks, new, fresh)

    def _keep(self, keys: list[Hashable], rows: NDArray[Any]) -> None:
        free = free_memory()
        limit = self.max_bytes if free is None else min(self.max_bytes, self.nbytes + free // 4)
        if rows.nbytes > limit:
            return
        with self._lock:
            while self._blocks and self.nbytes + rows.nbytes > limit:
                number, (block, old) = self._blocks.popitem(last=False)
                self.nbytes -= block.nbytes
                for key in old:
                    if self._places.get(key, (-1, 0))[0] == number:
                        del self._places[key]
            self._blocks[self._next] = (rows, keys)
            self._places.update((key, (self._next, row)) for row, key in enumerate(keys))
            self._next += 1
            self.nbytes += rows.nbytes


def _gather(
    keys: list[Hashable],
    places: list[tuple[int, int] | None],
    blocks: dict[int, NDArray[Any]],
    new: dict[Hashable, int],
    fresh: NDArray[Any] | None,
) -> NDArray[Any]:
    """Put rows from old blocks and new ones into the order asked for."""
    sources = dict(blocks)
    if fresh is not None:
        sources[-1] = fresh
    order = {key: row for row, key in enumerate(new)}
    source = np.array([-1 if place is None else place[0] for place in places])
    row = np.array([order[key] if place is None else place[1] for key, place in zip(keys, places)])
    shape = next(iter(sources.values())).shape[1:]
    result = np.empty((len(keys), *shape), dtype=next(iter(sources.values())).dtype)
    for number, block in sources.items():
        chosen = source == number
        result[chosen] = block[row[chosen]]
    result.flags.writeable = False
    return result
