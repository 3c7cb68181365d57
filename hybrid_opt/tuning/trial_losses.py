"""What a trial is worth: losses to be minimized, whatever its state and whatever its directions.

A pruned trial counts with its last intermediate value, but never as better than the median of the complete
ones: it was ended because it looked worse, and its value was taken early. Without such a value it counts as
the worst. Failed trials have no loss.

Shapes: n trials, M objectives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from .targets import finite_losses

__all__ = ["is_judged", "scalar_losses", "trial_losses", "violations"]

LINEAR_SHARE = 0.05  # of the weighted sum, beside the largest weighted objective (Knowles' rho)


def is_judged(trial: FrozenTrial) -> bool:
    """Whether a trial has a loss: complete or pruned."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED)


def trial_losses(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> NDArray[np.float64]:
    """Losses of complete and pruned trials, lower is better.

    Args:
        trials: complete or pruned ones, n of them.
        directions: of the study, M of them.

    Returns:
        Shape (n, M), all finite.

    Example:
        >>> import optuna
        >>> trial = optuna.create_trial(value=3.0)
        >>> trial_losses([trial], [StudyDirection.MAXIMIZE]).tolist()
        [[-3.0]]
    """
    signs = np.array([-1.0 if direction is StudyDirection.MAXIMIZE else 1.0 for direction in directions])
    losses = np.full((len(trials), len(signs)), np.inf)
    complete = np.array([trial.state is TrialState.COMPLETE for trial in trials], dtype=np.bool_)
    for row, trial in zip(losses, trials):
        if trial.state is TrialState.COMPLETE:
            row[:] = signs * np.array(trial.values, dtype=np.float64)
        elif trial.intermediate_values and len(signs) == 1:
            value = trial.intermediate_values[max(trial.intermediate_values)]
            row[0] = np.inf if np.isnan(value) else signs[0] * value
    if complete.any():
        with np.errstate(invalid="ignore"):  # the middle of minus and plus infinity
            middle = np.median(losses[complete], axis=0)
        middle = np.where(np.isnan(middle), -np.inf, middle)
        losses[~complete] = np.maximum(losses[~complete], middle)
    return np.stack([finite_losses(column) for column in losses.T], axis=1)


def violations(trials: Sequence[FrozenTrial]) -> NDArray[np.float64]:
    """How far trials violate the constraints set by ``Trial.set_constraint``, 0 for none, shape (n,)."""
    return np.array([sum(max(0.0, value) for value in trial.constraints.values()) for trial in trials])


def scalar_losses(
    losses: NDArray[np.float64], broken: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """One loss per trial.

    Several objectives, each scaled to the range seen, are joined by weights drawn anew for every proposal:
    the largest weighted objective plus 0.05 times their sum, so that every part of a Pareto front can win,
    dented ones too (ParEGO: J. Knowles, IEEE Trans. Evolutionary Computation 10 (2006) 50, eq. 2). A trial
    that violates constraints comes after every one that does not, by how far it does (K. Deb, Computer
    Methods in Applied Mechanics and Engineering 186 (2000) 311).

    Args:
        losses: shape (n, M), finite.
        broken: violations, shape (n,).
        rng: where the weights come from; not used for a single objective.

    Returns:
        Shape (n,).

    Example:
        >>> losses = np.array([[1.0], [5.0], [2.0]])
        >>> scalar_losses(losses, np.array([3.0, 0.0, 0.0]), np.random.default_rng(0)).tolist()
        [8.0, 5.0, 2.0]
    """
    if losses.shape[1] == 1:
        joined = losses[:, 0].copy()
    else:
        weights = rng.dirichlet(np.ones(losses.shape[1]))
        low, high = losses.min(axis=0), losses.max(axis=0)
        weighted = weights * (losses - low) / np.where(high > low, high - low, 1.0)
        joined = weighted.max(axis=1) + LINEAR_SHARE * weighted.sum(axis=1)
    allowed = broken <= 0.0
    if allowed.all():
        return joined
    if not allowed.any():
        return finite_losses(broken)
    spread = float(np.ptp(joined[allowed])) or 1.0
    share = finite_losses(broken[~allowed])
    joined[~allowed] = joined[allowed].max() + spread * share / share.max()
    return joined
