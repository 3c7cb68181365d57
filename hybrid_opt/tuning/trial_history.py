"""What a study knows about a grid: points judged, points not to repeat, and what was proposed for whom.

Optuna asks a sampler only when a trial needs its first parameter, and a trial that runs elsewhere shows its
parameters one by one. Each proposal is therefore written into its trial at once, where other workers see it;
the record also says where the proposal came from.

Shapes: n judged trials, S trials in all, N parameters, C columns, M objectives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from .level_space import LevelSpace
from .trial_losses import is_judged, trial_losses, violations

__all__ = ["PROPOSAL", "History", "proposal_sources", "read_history", "record_proposal"]

PROPOSAL = "hybrid_opt:proposal"  # system attribute of a trial


@dataclass(frozen=True, eq=False)
class History:
    """The trials of a study as points of a grid.

    Attributes:
        features: shares of the levels in judged trials, shape (n, C).
        losses: their losses, lower is better, shape (n, M).
        broken: by how much they violate constraints, shape (n,).
        present: shares of the levels in all trials, failed and running ones included, shape (S, C).
        tried: those that lie on the grid, as levels, shape (at most S, N).
        conditional: some trial has parameters besides those of the grid, so a point may be worth a
        repetition.
    """

    features: NDArray[np.float64]
    losses: NDArray[np.float64]
    broken: NDArray[np.float64]
    present: NDArray[np.float64]
    tried: NDArray[np.int64]
    conditional: bool


def read_history(study: Study, trials: Sequence[FrozenTrial], space: LevelSpace) -> History:
    """Read the trials that have all parameters of a grid, each with the same distribution.

    Args:
        study: whose directions count.
        trials: all of its trials but the one to be proposed for.
        space: the grid.

    Returns:
        The history; it may be empty.
    """
    known = [(trial, params) for trial in trials if (params := _params(trial, space)) is not None]
    judged = [(trial, params) for trial, params in known if is_judged(trial)]
    present = space.features([params for _, params in known])
    states = space.states(present)
    names = {parameter.name for parameter in space.parameters}
    conditional = any(
        name not in names and not distribution.single()
        for trial, _ in known
        for name, distribution in trial.distributions.items()
    )
    return History(
        features=space.features([params for _, params in judged]),
        losses=trial_losses([trial for trial, _ in judged], study.directions),
        broken=violations([trial for trial, _ in judged]),
        present=present,
        tried=states[(states >= 0).all(axis=1)],
        conditional=conditional,
    )


def _params(trial: FrozenTrial, space: LevelSpace) -> Mapping[str, Any] | None:
    """Values of all parameters of the grid: those the trial has, else those proposed for it, else None."""
    if all(trial.distributions.get(p.name) == p.distribution for p in space.parameters):
        return trial.params
    proposed = trial.system_attrs.get(PROPOSAL, {}).get("params", {})
    if trial.state is not TrialState.RUNNING or not all(p.name in proposed for p in space.parameters):
        return None
    own = {p.name: p.distribution for p in space.parameters}
    inside = all(own[name]._contains(value) for name, value in proposed.items() if name in own)
    return {name: own[name].to_external_repr(proposed[name]) for name in own} if inside else None


def record_proposal(
    study: Study, trial: FrozenTrial, space: LevelSpace, params: Mapping[str, Any], **facts: Any
) -> None:
    """Write a proposal into the trial it is for.

    Args:
        study: the study.
        trial: a running trial of it.
        space: the grid.
        params: parameter name -> value.
        facts: numbers and strings on where it came from.
    """
    internal = {p.name: float(p.distribution.to_internal_repr(params[p.name])) for p in space.parameters}
    study._storage.set_trial_system_attr(trial._trial_id, PROPOSAL, {"params": internal, **facts})


def proposal_sources(study: Study) -> dict[int, str]:
    """Where the points of a study's trials came from.

    Args:
        study: a study run with ``QuboSampler``.

    Returns:
        Trial number -> "start" (space-filling), "solver" (the best the QUBO solver found), "next" (the next
        best, since that was tried already), "random" or "repeat"; trials without a proposal of the grid, such
        as the first, are left out.

    Example:
        >>> import optuna
        >>> proposal_sources(optuna.create_study())
        {}
    """
    records = {trial.number: trial.system_attrs.get(PROPOSAL) for trial in study.get_trials(deepcopy=False)}
    return {number: str(record["source"]) for number, record in records.items() if record}
