"""The last round of a search: its best settings and the given ones, trained anew on fresh seeds.

The lowest of many noisy losses is low by luck too, so the losses of the search do not decide: each finalist
is trained on the same fresh seeds, the mean validation loss chooses, and the test split, which nothing has
seen, says what was gained.

Shapes: S fresh seeds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from scipy import stats

from ..classical.errors import DivergenceError
from .attention_objective import AttentionObjective
from .torch_threads import one_torch_thread
from .trial_rounds import Executor
from .tuning_folder import TuningFolder

__all__ = ["GIVEN", "Finalist", "best_trials", "half_width", "measure_finalists"]

GIVEN = "as given"


@dataclass(frozen=True)
class Finalist:
    """Settings that were trained on fresh seeds.

    Attributes:
        name: where they come from: "as given", or the search and the trial.
        params: setting -> value; empty for the configuration as given.
        trial_values: what the trial said, one number per objective; empty for the configuration as given.
        validation: loss on the validation split, per seed, S of them; infinite where training diverged.
        test: loss on the test split, likewise.
    """

    name: str
    params: dict[str, Any]
    trial_values: tuple[float, ...] = ()
    validation: tuple[float, ...] = field(default=())
    test: tuple[float, ...] = field(default=())


def best_trials(study: Study, count: int) -> list[FrozenTrial]:
    """The trials of a study with the lowest losses, no two alike.

    Args:
        study: one objective or several, of which the first counts.
        count: how many at most.

    Returns:
        Complete trials, best first; of several objectives only those of the Pareto front.

    Example:
        >>> import optuna
        >>> best_trials(optuna.create_study(), 2)
        []
    """
    complete = [t for t in study.get_trials(deepcopy=False) if t.state is TrialState.COMPLETE]
    if len(study.directions) > 1 and complete:
        complete = list(study.best_trials)
    chosen: list[FrozenTrial] = []
    for trial in sorted(complete, key=lambda one: (one.values[0], one.number)):
        if np.isfinite(trial.values[0]) and all(trial.params != other.params for other in chosen):
            chosen.append(trial)
    return chosen[:count]


def measure_finalists(
    finalists: Sequence[Finalist],
    objective: AttentionObjective,
    seeds: Sequence[int],
    folder: TuningFolder,
    progress: Callable[[int], None],
    executor: Executor | None = None,
) -> list[Finalist]:
    """Train finalists on fresh seeds; what the folder knows already is not trained again.

    Args:
        finalists: their settings.
        objective: trains.
        seeds: S fresh seeds, the same for all.
        folder: keeps the losses as they come.
        progress: called with the number of trainings done before each one.
        executor: trains them elsewhere, several at a time and each on one thread; None trains here, one after
            the other.

    Returns:
        The finalists with their losses. ctrl-C leaves as ``KeyboardInterrupt``, with what was measured kept.
    """
    known = folder.confirmed()
    wanted = [
        (json.dumps(finalist.params, sort_keys=True), finalist.params, seed)
        for finalist in finalists
        for seed in seeds
    ]
    # Two finalists can have the same settings; they share their trainings.
    distinct = {(key, seed): (key, params, seed) for key, params, seed in wanted}
    missing = [one for (key, seed), one in distinct.items() if str(seed) not in known.get(key, {})]
    done = len(wanted) - len(missing)
    progress(done)
    for (key, _, seed), losses in _trained(objective, missing, executor):
        known.setdefault(key, {})[str(seed)] = losses
        folder.confirm(known)
        done += 1
        if done < len(wanted):
            progress(done)
    measured = []
    for finalist in finalists:
        key = json.dumps(finalist.params, sort_keys=True)
        pairs = [known[key][str(seed)] for seed in seeds]
        validation, test = (
            tuple(np.inf if pair is None else float(pair[i]) for pair in pairs) for i in (0, 1)
        )
        measured.append(
            Finalist(finalist.name, finalist.params, finalist.trial_values, validation, test)
        )
    return measured


_Training = tuple[str, Mapping[str, Any], int]  # settings as JSON, settings, seed


def _trained(
    objective: AttentionObjective, trainings: Sequence[_Training], executor: Executor | None
) -> Iterator[tuple[_Training, list[float] | None]]:
    """Losses of each training, as they are done."""
    if executor is None:
        for training in trainings:
            yield training, _losses(objective, training)
        return
    for number, losses in executor.completed(partial(_losses_on_one_thread, objective), trainings):
        yield trainings[number], losses


def _losses_on_one_thread(objective: AttentionObjective, training: _Training) -> list[float] | None:
    with one_torch_thread():
        return _losses(objective, training)


def _losses(objective: AttentionObjective, training: _Training) -> list[float] | None:
    """Validation and test loss of one training; None if it diverged."""
    _, params, seed = training
    try:
        model, loss = objective.train(params, seed)
    except DivergenceError:
        return None
    return [loss, objective.held_out(model)]


def half_width(values: Sequence[float]) -> float:
    """Half the width of the 95 % interval of a mean (Student); infinite for a single value.

    Args:
        values: independent measurements.

    Returns:
        The half-width.

    Example:
        >>> round(half_width([1.0, 2.0, 3.0]), 3)
        2.484
    """
    count = len(values)
    if count < 2:
        return float("inf")
    return float(stats.t.ppf(0.975, count - 1) * np.std(values, ddof=1) / np.sqrt(count))
