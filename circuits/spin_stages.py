"""The rotations that couple bits to a total spin, in the order in which they are made.

A block of the strings of k last bits has first those with a one at its first bit, then those with a zero,
both coupled already. In a coupled block the spins descend, so that amplitudes of equal history have equal
places whatever M; where j = k/2 - r, places C(k, r - 1) to C(k, r). Where a spin j meets one more bit,
amplitudes of equal history are turned by Clebsch-Gordan coefficients (A. R. Edmonds, "Angular Momentum in
Quantum Mechanics", 1957, table 5.2):

    cos = sqrt((j + M + 1/2) / (2 j + 1)),  sin = sqrt((j - M + 1/2) / (2 j + 1)).

Steps are gathered in stages, each told once for every weight that a block can have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["STEPS", "Stage", "spin_places", "spin_stages"]

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

STEPS = 8
"""Bits of a stage. The last eight are coupled by matrices, for runs of one or two amplitudes are slow to
turn; blocks of 16 bits, the next stage, stay in a core's second cache."""
_LONGEST = 2**12  # amplitudes of one piece, so that the pieces of a large block can be shared by threads


@dataclass(frozen=True, eq=False)
class Stage:
    """Steps from blocks of fewer bits to blocks of more, for every weight that such a block can have.

    Attributes:
        pieces: per rotation first place with a one, with a zero (-1 where there is none), first place of
            spin up, of spin down, and how many amplitudes; relative to the block, shape (P, 5).
        turns: cosine and sine of each, shape (P, 2).
        bounds: per weight, where the pieces of each step begin, shape (weights, steps + 1).
        sizes: amplitudes of a block of each weight.
        starts: first amplitude of each block.
        weights: its weight.
        matrices: all steps of each weight in one, and their way back, both transposed, padded to shape
            (2, weights, largest size, largest size); None where steps are done one by one.
    """

    pieces: Indices
    turns: Floats
    bounds: Indices
    sizes: Indices
    starts: Indices
    weights: Indices
    matrices: Floats | None = None


def spin_places(n_bits: int, weight: int) -> list[slice]:
    """Where the amplitudes of each total spin lie, n/2 first.

    Args:
        n_bits: n.
        weight: ones, from 0 to n.

    Returns:
        One slice per spin n/2 - r, r = 0 .. min(weight, n - weight).

    Example:
        >>> spin_places(4, 2)
        [slice(0, 1, None), slice(1, 4, None), slice(4, 6, None)]
    """
    bounds = [0, *(comb(n_bits, r) for r in range(min(weight, n_bits - weight) + 1))]
    return [slice(start, stop) for start, stop in pairwise(bounds)]


@lru_cache(maxsize=16)
def spin_stages(n_bits: int, weight: int) -> tuple[Stage, ...]:
    """Blocks of eight bits by matrices, then steps up to multiples of eight, at last to all bits.

    Args:
        n_bits: n, at least 2.
        weight: w, from 0 to n.

    Returns:
        The stages in the order of coupling; the first has matrices.

    Example:
        >>> first, last = spin_stages(10, 5)
        >>> first.sizes.tolist(), len(first.starts), last.sizes.tolist()[-1]
        ([1, 8, 28, 56, 70, 56], 4, 252)
    """
    ends = [*range(STEPS, n_bits, STEPS), n_bits]
    steps = [_stage(n_bits, weight, *pair) for pair in zip([1, *ends], ends)]
    return (replace(steps[0], matrices=_matrices(steps[0])), *steps[1:])


def _stage(n_bits: int, weight: int, low: int, high: int) -> Stage:
    pieces: list[tuple[int, int, int, int, int]] = []
    turns: list[tuple[float, float]] = []
    bounds = []
    weights = range(min(high, weight) + 1)
    for ones in weights:
        blocks = {high: [(0, ones)]}
        # The last stage has a block of one weight only.
        if high == n_bits and ones != weight:
            blocks[high] = []
        for bits in range(high, low, -1):
            blocks[bits - 1] = [child for block in blocks[bits] for child in _children(bits, *block)]
        bounds.append([len(pieces)])
        for bits in range(low + 1, high + 1):
            for start, own in blocks[bits]:
                _add_pieces(pieces, turns, bits, own, start)
            bounds[-1].append(len(pieces))
    return Stage(
        np.array(pieces, dtype=np.int64).reshape(-1, 5),
        np.array(turns, dtype=np.float64).reshape(-1, 2),
        np.array(bounds, dtype=np.int64),
        np.array([comb(high, ones) for ones in weights], dtype=np.int64),
        *_blocks(n_bits, weight, high),
    )


def _blocks(n_bits: int, weight: int, high: int) -> tuple[Indices, Indices]:
    """First amplitude and weight of every block of the last ``high`` bits."""
    starts, weights = np.zeros(1, dtype=np.int64), np.array([weight], dtype=np.int64)
    for bits in range(n_bits, high, -1):
        below = np.array([_below(bits - 1, ones - 1) for ones in range(weight + 1)], dtype=np.int64)
        one, zero = weights >= 1, weights <= bits - 1
        starts = np.concatenate([starts[one], starts[zero] + below[weights[zero]]])
        weights = np.concatenate([weights[one] - 1, weights[zero]])
    return starts, weights


def _matrices(stage: Stage) -> Floats:
    """What all steps of a stage do to the blocks of each weight, as `Stage` keeps it."""
    most = int(stage.sizes.max())
    matrices = np.zeros((2, len(stage.sizes), most, most))
    for ones, size in enumerate(stage.sizes.tolist()):
        turn = np.eye(size)
        for first, last in pairwise(stage.bounds[ones].tolist()):
            turn = _turned(turn, stage.pieces[first:last], stage.turns[first:last])
        matrices[:, ones, :size, :size] = turn.T, turn
    return matrices


def _turned(turn: Floats, pieces: Indices, turns: Floats) -> Floats:
    """A matrix of rows per place, after one more step."""
    after = np.zeros_like(turn)
    for (one, zero, up, down, length), (cosine, sine) in zip(pieces.tolist(), turns.tolist()):
        if one < 0 or zero < 0:
            single = max(one, zero)
            after[up : up + length] = turn[single : single + length]
            continue
        first, second = turn[one : one + length], turn[zero : zero + length]
        after[up : up + length] = cosine * first + sine * second
        after[down : down + length] = cosine * second - sine * first
    return after


def _children(bits: int, start: int, ones: int) -> list[tuple[int, int]]:
    """First place and weight of the two blocks of one bit less."""
    with_one = [(start, ones - 1)] if ones else []
    return with_one + ([(start + _below(bits - 1, ones - 1), ones)] if ones < bits else [])


def _below(n: int, k: int) -> int:
    return comb(n, k) if k >= 0 else 0


def _add_pieces(
    pieces: list[tuple[int, int, int, int, int]],
    turns: list[tuple[float, float]],
    bits: int,
    ones: int,
    start: int,
) -> None:
    """The rotations that couple the first bit of a block with the rest."""
    zero_at = start + _below(bits - 1, ones - 1)
    two_m = 2 * ones - bits
    for r in range(min(ones, bits - ones) + 1):
        two_j = bits - 1 - 2 * r
        length = comb(bits - 1, r) - _below(bits - 1, r - 1)
        # A history of spin j has amplitudes where -j <= m <= j, with the first bit's half taken off M.
        has_one, has_zero = abs(two_m - 1) <= two_j, abs(two_m + 1) <= two_j
        if length <= 0 or not (has_one or has_zero):
            continue
        first = _below(bits - 1, r - 1)
        up = start + _below(bits, r - 1)
        down = start + comb(bits, r) + max(0, comb(bits - 1, r + 1) - comb(bits - 1, r))
        turn = (
            ((two_j + two_m + 1) / (2 * (two_j + 1))) ** 0.5,
            ((two_j - two_m + 1) / (2 * (two_j + 1))) ** 0.5,
        )
        for part in range(0, length, _LONGEST):
            one = start + first + part if has_one else -1
            zero = zero_at + first + part if has_zero else -1
            pieces.append((one, zero, up + part, down + part, min(_LONGEST, length - part)))
            turns.append(turn)
