"""The model with pairs that comes closest to a value which pairs cannot express.

    value(o_1, ..., o_G)  ~  c + sum_g v_g(o_g) + sum_(g<h) w_gh(o_g, o_h)

by least squares over all choices, or over random ones where there are more than 20,000. For logit demand such
a fit hardly loses anything once its optimum is scored in the true model.

Shapes: G groups, S choices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

__all__ = ["PairFit", "fit_pairs"]

MOST_FITTED = 20_000


@dataclass(frozen=True, eq=False)
class PairFit:
    """A fitted model with pairs.

    Attributes:
        own: per group the value of each option; the constant is part of the first group's.
        pairs: groups (g, h) with g < h -> value of each pair of options.
        choices: over how many choices it was fitted.
        error: largest error there.
    """

    own: list[NDArray[np.float64]]
    pairs: dict[tuple[int, int], NDArray[np.float64]]
    choices: int
    error: float


def fit_pairs(
    sizes: Sequence[int],
    value: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    *,
    seed: int = 0,
) -> PairFit:
    """Fit single values and pair values of options to a value of whole choices.

    Args:
        sizes: options of each group, G numbers.
        value: values of choices: option of each group, shape (S, G), to shape (S,).
        seed: of the random choices.

    Returns:
        The fit; options that were never drawn together keep a pair value of 0.

    Example:
        >>> fit = fit_pairs([2, 2], lambda picks: 1.0 + picks[:, 0] * picks[:, 1])
        >>> round(float(fit.own[0][1] + fit.own[1][1] + fit.pairs[0, 1][1, 1]), 9)
        2.0
    """
    groups = len(sizes)
    if prod(sizes) <= MOST_FITTED:
        # Only groups with a choice have an axis: an array has 64 axes at most.
        wide = [g for g, n in enumerate(sizes) if n > 1] or [0]
        picks = np.zeros((prod(sizes), groups), dtype=np.int64)
        picks[:, wide] = np.stack(
            np.unravel_index(np.arange(prod(sizes)), [sizes[g] for g in wide]), axis=-1
        )
    else:
        random = np.random.default_rng(seed)
        picks = np.stack([random.integers(0, n, size=MOST_FITTED) for n in sizes], axis=-1)
    at = [picks[:, [g]] == np.arange(1, n) for g, n in enumerate(sizes)]
    blocks = [np.ones((len(picks), 1)), *(own.astype(np.float64) for own in at)]
    joint = [(g, h) for g in range(groups) for h in range(g + 1, groups)]
    for g, h in joint:
        both = at[g][:, :, None] & at[h][:, None, :]
        blocks.append(both.reshape(len(picks), -1).astype(np.float64))
    design, true = np.concatenate(blocks, axis=1), value(picks)
    # The normal equations are small; lstsq on them drops columns of which nothing is known.
    weights = np.linalg.lstsq(design.T @ design, design.T @ true, rcond=1e-12)[0]
    cut = np.split(weights, np.cumsum([block.shape[1] for block in blocks])[:-1])
    own = [np.concatenate([[0.0], part]) for part in cut[1 : groups + 1]]
    own[0] = own[0] + cut[0][0]
    pairs = {}
    for (g, h), part in zip(joint, cut[groups + 1 :]):
        table = np.zeros((sizes[g], sizes[h]))
        table[1:, 1:] = part.reshape(sizes[g] - 1, sizes[h] - 1)
        pairs[g, h] = table
    return PairFit(own, pairs, len(picks), float(np.abs(design @ weights - true).max()))
