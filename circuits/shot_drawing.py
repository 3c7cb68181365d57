"""Shots drawn from exact probabilities, for simulators that know the final state.

Measuring the same state again and again draws independent outcomes from one distribution, so counts are a
multinomial sample of it. That costs one pass over the distribution instead of one pass over the shots.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .simulators import Counts

__all__ = ["draw_counts", "draw_samples"]

# From this many outcomes per shot on, single shots are drawn: the multinomial visits every outcome.
_SPARSE = 8
# Entries of one block of multinomial counts.
_BLOCK = 2**22


def _normalized(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    positive: NDArray[np.float64] = np.maximum(probabilities, 0.0)
    positive /= positive.sum(axis=-1, keepdims=True)
    return positive


def _outcomes(probabilities: NDArray[np.float64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Single shots of one row, shape (shots,)."""
    edges = np.cumsum(probabilities)
    # Rounding may leave the last edge below the largest random number; an impossible outcome is no answer.
    last = int(np.flatnonzero(probabilities)[-1])
    outcomes: NDArray[np.int64] = edges.searchsorted(rng.random(shots) * edges[-1], side="right")
    return np.minimum(outcomes, last)


def draw_counts(probabilities: NDArray[np.float64], shots: int, rng: np.random.Generator) -> Counts:
    """How often each outcome is seen.

    Args:
        probabilities: of the outcomes, shape (B, K); rows need not sum to 1 exactly.
        shots: number of measurements per row, at least 1.
        rng: source of random numbers.

    Returns:
        For each row the outcomes seen, ascending, and how often.

    Example:
        >>> draw_counts(np.array([[0.0, 1.0]]), 5, np.random.default_rng(1))
        [(array([1]), array([5]))]
    """
    n_rows, n_outcomes = probabilities.shape
    if n_outcomes > _SPARSE * shots:
        drawn = (_outcomes(row, shots, rng) for row in map(_normalized, probabilities))
        return [np.unique(outcomes, return_counts=True) for outcomes in drawn]
    counts: Counts = []
    step = max(1, _BLOCK // n_outcomes)
    for start in range(0, n_rows, step):
        table = rng.multinomial(shots, _normalized(probabilities[start : start + step]))
        rows, outcomes = table.nonzero()
        multiplicities = table[rows, outcomes]
        cuts = np.searchsorted(rows, np.arange(len(table) + 1)).tolist()
        counts += [(outcomes[a:b], multiplicities[a:b]) for a, b in pairwise(cuts)]
    return counts


def draw_samples(
    probabilities: NDArray[np.float64], shots: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The bits of every shot.

    Args:
        probabilities: of the outcomes, shape (B, 2**W); rows need not sum to 1 exactly.
        shots: number of measurements per row, at least 1.
        rng: source of random numbers.

    Returns:
        Shape (B, shots, W), most significant bit first, in the order drawn.

    Example:
        >>> draw_samples(np.array([[0.0, 1.0, 0.0, 0.0]]), 2, np.random.default_rng(1)).tolist()
        [[[0, 1], [0, 1]]]
    """
    n_rows, n_outcomes = probabilities.shape
    places = np.arange(n_outcomes.bit_length() - 1)[::-1]
    bits = np.empty((n_rows, shots, len(places)), dtype=np.uint8)
    for row, own in enumerate(probabilities):
        bits[row] = (_outcomes(_normalized(own), shots, rng)[:, None] >> places) & 1
    return bits
