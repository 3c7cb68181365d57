"""Which bits of a large QUBO are searched together while the others are held at the incumbent.

Within a round every bit belongs to at least one block: bits that were used in the round stand back until the
others had their turn. Blocks of later rounds differ, because costs and couplings are shaken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .quadratic_bits import QuadraticBits

__all__ = ["BLOCK_METHODS", "choose_block"]

BLOCK_METHODS = ("chain", "connected", "impact")


def choose_block(
    model: QuadraticBits,
    bits: NDArray[np.uint8],
    waiting: NDArray[np.bool_],
    size: int,
    method: str,
    shaken: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Choose a block of bits around an incumbent.

    The energy impact of a bit is the change of the energy when it is flipped alone, the lowest first. Every
    method begins with the bit of lowest impact among those that wait.

    - "chain" then flips the bits of the block in thought and adds, among the bits coupled to it, the one with
      the lowest impact after these flips. What must change together comes together, as in the moves of
      Kernighan, Lin, Bell System Technical Journal 49, 291 (1970); blocks of a round overlap.
    - "connected" adds the waiting bit with the strongest couplings to the block.
    - "impact" adds the waiting bit of the next lowest impact, coupled or not.

    Args:
        model: the QUBO of n bits.
        bits: the incumbent, shape (n,).
        waiting: bits that no block of this round held yet, shape (n,), at least one.
        size: bits of the block, at most n.
        method: "chain", "connected" or "impact".
        shaken: positive factors of impacts and couplings, shape (n,); None for none.

    Returns:
        Positions in ascending order, shape (size,), at least one of them waiting.

    Example:
        >>> import dimod
        >>> model = QuadraticBits.from_bqm(
        ...     dimod.BinaryQuadraticModel({0: 3.0, 1: -2.0, 2: 2.0}, {(0, 1): -3.0}, 0.0, "BINARY"))
        >>> incumbent, waiting = np.zeros(3, dtype=np.uint8), np.ones(3, dtype=bool)
        >>> choose_block(model, incumbent, waiting, 2, "chain").tolist()
        [0, 1]
        >>> choose_block(model, incumbent, waiting, 2, "impact").tolist()
        [1, 2]
    """
    factors = np.ones(model.n_bits) if shaken is None else shaken
    impacts = _shake(model.flip_costs(bits), factors)
    if method == "impact":
        return np.sort(np.lexsort((impacts, ~waiting))[:size])
    first = int(np.where(waiting, impacts, np.inf).argmin())
    grow = _chain if method == "chain" else _connected
    return np.sort(grow(model, bits, waiting, first, size, factors))


def _shake(impacts: NDArray[np.float64], factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Impacts of both signs become lower with a smaller factor."""
    return np.where(impacts > 0, impacts * factors, impacts / factors)


def _chain(
    model: QuadraticBits,
    bits: NDArray[np.uint8],
    waiting: NDArray[np.bool_],
    first: int,
    size: int,
    factors: NDArray[np.float64],
) -> NDArray[np.int64]:
    flipped = bits.astype(np.float64)
    slopes = model.linear + model.couplings @ flipped
    taken, near = np.zeros(model.n_bits, dtype=np.bool_), np.zeros(model.n_bits, dtype=np.bool_)
    pointers, columns, weights = model.couplings.indptr, model.couplings.indices, model.couplings.data
    block = [first]
    while True:
        last = block[-1]
        change = 1 - 2 * flipped[last]
        flipped[last] += change
        taken[last] = True
        ends = slice(pointers[last], pointers[last + 1])
        slopes[columns[ends]] += weights[ends] * change
        near[columns[ends]] = True
        if len(block) == size:
            return np.array(block, dtype=np.int64)
        candidates = near & ~taken
        if not candidates.any():
            candidates = waiting & ~taken if (waiting & ~taken).any() else ~taken
        impacts = _shake((1 - 2 * flipped) * slopes, factors)
        block.append(int(np.where(candidates, impacts, np.inf).argmin()))


def _connected(
    model: QuadraticBits,
    bits: NDArray[np.uint8],
    waiting: NDArray[np.bool_],
    first: int,
    size: int,
    factors: NDArray[np.float64],
) -> NDArray[np.int64]:
    strengths = np.zeros(model.n_bits)
    free = np.ones(model.n_bits, dtype=np.bool_)
    pointers, columns, weights = model.couplings.indptr, model.couplings.indices, model.couplings.data
    block = [first]
    while True:
        last = block[-1]
        free[last] = False
        ends = slice(pointers[last], pointers[last + 1])
        strengths[columns[ends]] += np.abs(weights[ends]) * factors[columns[ends]]
        if len(block) == size:
            return np.array(block, dtype=np.int64)
        # What waits and is coupled comes first, then what is coupled, then what waits, then anything.
        coupled = strengths > 0
        choices = (free & waiting & coupled, free & coupled, free & waiting, free)
        candidates = next(choice for choice in choices if choice.any())
        block.append(int(np.where(candidates, strengths, -1.0).argmax()))
