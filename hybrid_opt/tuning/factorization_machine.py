"""A factorization machine: the cost of a pair of levels is the product of two short vectors.

    f(x) = w0 + w . x + sum over pairs of columns a < b of (v_a . v_b) x_a x_b

(S. Rendle, "Factorization Machines", ICDM 2010, eqs. 1 and 5). It has C (rank + 1) numbers instead of one per
pair. Minimizing it as a QUBO is FMQA (K. Kitai et al., Physical Review Research 2 (2020) 013319).

Each proposal trains a fresh machine, from its own random start, on its own random part of the points; that
gives the spread that a posterior would. Training is by Adam (D. Kingma, J. Ba, ICLR 2015) on all of these
points at once.

Shapes: n points, C columns, K rank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .level_space import LevelSpace
from .quadratic_surrogate import QuadraticSurrogate

__all__ = ["fit_factorization_machine"]

RANK = 8
STEPS = 400
RATE = 0.05
START = 0.1  # standard deviation of the vectors at the start
RIDGE = 3e-3  # penalty on the squares of all weights, per column that is 1 in a point
LEFT_OUT = 0.2  # share of the points that a machine does not see, times the exploration


def fit_factorization_machine(
    space: LevelSpace,
    features: NDArray[np.float64],
    targets: NDArray[np.float64],
    rng: np.random.Generator,
    exploration: float = 1.0,
) -> QuadraticSurrogate:
    """Train a machine on losses.

    Args:
        space: the grid.
        features: the points, shape (n, C).
        targets: their losses on a scale of one, shape (n,).
        rng: the start, and which points are left out.
        exploration: 0 trains on all points, 1 leaves out a fifth of them.

    Returns:
        The machine as a quadratic function of one-hot groups.

    Example:
        >>> from optuna.distributions import CategoricalDistribution
        >>> from hybrid_opt.tuning.level_space import level_space
        >>> space = level_space({name: CategoricalDistribution([0, 1]) for name in "ab"})
        >>> states = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> losses = np.array([1.0, -1.0, -1.0, 1.0])
        >>> rng = np.random.default_rng(0)
        >>> machine = fit_factorization_machine(space, space.one_hot(states), losses, rng, exploration=0.0)
        >>> np.sign(machine.energies(states)).tolist()
        [1.0, -1.0, -1.0, 1.0]
    """
    kept = rng.random(len(targets)) >= min(LEFT_OUT * exploration, 0.5)
    if kept.any():
        features, targets = features[kept], targets[kept]
    weights = [
        np.array([targets.mean()]),
        np.zeros(space.n_columns),
        rng.normal(scale=START, size=(space.n_columns, RANK)),
    ]
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    squares = features**2
    for step in range(1, STEPS + 1):
        rate = RATE * (1.0 - (step - 1) / STEPS)
        for w, m, v, slope in zip(weights, first, second, _slopes(weights, features, squares, targets)):
            m += 0.1 * (slope - m)
            v += 0.001 * (slope**2 - v)
            w -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    constant, linear, vectors = weights
    between = space.groups[:, None] != space.groups[None, :]
    return QuadraticSurrogate(space, linear, vectors @ vectors.T * between, float(constant[0]))


def _slopes(
    weights: list[NDArray[np.float64]],
    features: NDArray[np.float64],
    squares: NDArray[np.float64],
    targets: NDArray[np.float64],
) -> list[Any]:
    """Gradient of the mean squared error, halved, plus the ridge."""
    constant, linear, vectors = weights
    sums = features @ vectors  # (n, K)
    pairs = 0.5 * (sums**2 - squares @ vectors**2).sum(axis=1)
    error = (constant[0] + features @ linear + pairs - targets) / len(targets)
    # Derivative by v_a of a point's value: x_a (sum of x_b v_b) - x_a^2 v_a.
    slope = features.T @ (error[:, None] * sums) - (squares.T @ error)[:, None] * vectors
    return [np.array([error.sum()]), features.T @ error + RIDGE * linear, slope + RIDGE * vectors]
