"""The first points of a search: every level of every parameter soon, and points far from one another.

Each point takes, for every parameter, one of the levels that were tried least; the first L points thus show
each of L levels once, as in a Latin hypercube (McKay, Beckman, Conover, Technometrics 21 (1979) 239). Among
many such points the one that differs most from those already there is taken (maximin distance: Johnson,
Moore, Ylvisaker, J. Stat. Planning and Inference 26 (1990) 131).

Nothing is remembered between calls: counts come from the points already there, so points that a user
enqueued, parallel workers and a study taken up again all keep the coverage.

Shapes: n points there, N parameters, C columns (one per level), K candidates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .level_space import LevelSpace

__all__ = ["fill_space", "start_length", "uncovered_levels"]

CANDIDATES = 64
FEWEST = 10  # a longer start was no better in the study, a shorter one leaves too little to learn from


def start_length(space: LevelSpace) -> int:
    """How many points a start takes: ten, or as many as the finest parameter has levels.

    Example:
        >>> from optuna.distributions import CategoricalDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> start_length(level_space({"a": CategoricalDistribution(list(range(12)))}))
        12
    """
    return max(FEWEST, *space.sizes) if space.sizes else FEWEST


def uncovered_levels(space: LevelSpace, features: NDArray[np.float64]) -> int:
    """Number of levels that no point has at least half of a share in.

    Args:
        space: the grid.
        features: points already there, shape (n, C).

    Returns:
        A count, 0 when every level of every parameter was tried.
    """
    if not len(features):
        return space.n_columns
    return int((features.max(axis=0) < 0.5).sum())


def fill_space(
    space: LevelSpace, features: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The next point of the start.

    Args:
        space: the grid.
        features: points already there, tried or being tried, shape (n, C).
        rng: where ties are decided.

    Returns:
        Level of each parameter, shape (N,).

    Example:
        >>> from optuna.distributions import CategoricalDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> choices = {"a": CategoricalDistribution([0, 1]), "b": CategoricalDistribution([0, 1, 2])}
        >>> space = level_space(choices)
        >>> there = space.one_hot(np.array([[0, 2], [1, 0]]))
        >>> int(fill_space(space, there, np.random.default_rng(0))[1])
        1
    """
    counts = features.sum(axis=0)
    candidates = np.zeros((CANDIDATES, len(space.sizes)), dtype=np.int64)
    for i, (start, stop) in enumerate(zip(space.starts, space.starts[1:])):
        block = np.rint(counts[start:stop])  # a share between two levels counts for the nearer one
        least = np.flatnonzero(block == block.min())
        candidates[:, i] = rng.choice(least, size=CANDIDATES)
    if not len(features):
        return np.asarray(candidates[0])
    shared = space.one_hot(candidates) @ features.T  # parameters alike, (K, n)
    # The nearest point decides; among equals the mean does.
    return np.asarray(candidates[int(np.lexsort((shared.mean(axis=1), shared.max(axis=1)))[0])])
