"""Masks of heads drawn uniformly from the legal ones.

Shapes: N heads of the model, L layers, H heads of a layer.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .head_question import HeadQuestion

__all__ = ["random_mask"]

# Draws that are thrown away for an empty layer before numbers per layer are drawn first.
_MOST_DRAWS = 200


def random_mask(question: HeadQuestion, rng: np.random.Generator) -> NDArray[np.int64]:
    """A mask drawn uniformly from those that keep the number of heads and one of every layer.

    Args:
        question: the number of heads.
        rng: where randomness comes from.

    Returns:
        (N,) of 0 and 1.

    Raises:
        OptionError: a budget instead of a number of heads, or fixed heads.

    Example:
        >>> from hybrid_opt.tuning.loss_statistics import HeadStatistics
        >>> ones = np.ones(4)
        >>> measured = HeadStatistics((2, 2), ones, 1.0, 0 * ones, np.eye(4), ones, None, 9, 9)
        >>> mask = random_mask(HeadQuestion(measured, keep=2), np.random.default_rng(0))
        >>> int(mask[:2].sum()), int(mask[2:].sum())
        (1, 1)
    """
    layers, keep = question.statistics.layers, question.keep
    if keep is None or question.fixed is not None:
        raise OptionError(
            "random masks are drawn for a number of heads, all of them free, not for a budget or with fixed "
            "heads; give keep alone"
        )
    if not isinstance(keep, tuple):
        ends = np.cumsum(layers)
        for _ in range(_MOST_DRAWS):
            mask = np.zeros(ends[-1], dtype=np.int64)
            mask[rng.permutation(int(ends[-1]))[:keep]] = 1
            if all(part.any() for part in np.split(mask, ends[:-1])):
                return mask
        keep = _numbers(layers, keep, rng)
    return np.concatenate([_part(heads, kept, rng) for heads, kept in zip(layers, keep, strict=True)])


def _part(heads: int, kept: int, rng: np.random.Generator) -> NDArray[np.int64]:
    mask = np.zeros(heads, dtype=np.int64)
    mask[rng.permutation(heads)[:kept]] = 1
    return mask


def _numbers(layers: tuple[int, ...], keep: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Heads per layer, each as likely as it has masks."""
    drawn: list[int] = []
    for layer, heads in enumerate(layers):
        rest = keep - sum(drawn)
        ways = [comb(heads, kept) * _ways(layers[layer + 1 :], rest - kept) for kept in range(1, heads + 1)]
        total = sum(ways)
        # Whole numbers are divided exactly, however long they are.
        drawn.append(1 + int(rng.choice(heads, p=[number / total for number in ways])))
    return tuple(drawn)


@lru_cache(maxsize=4096)
def _ways(layers: tuple[int, ...], keep: int) -> int:
    """How many masks of these layers keep so many heads and one of each layer."""
    if not layers:
        return int(keep == 0)
    most = min(layers[0], keep - len(layers) + 1)
    return sum(comb(layers[0], kept) * _ways(layers[1:], keep - kept) for kept in range(1, most + 1))
