"""Trials in rounds: several are asked for at once, run anywhere in any order, and told in order.

What a sampler proposes follows from the trials it has seen. It sees whole rounds, so a search depends on the
size of a round and on nothing else: not on the number of processes, nor on which of them was faster, nor on
a kill in between. A trial runs with a copy of the study as it was when its round began, so that pruners see
the same wherever it runs.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from ..errors import OptionError
from .optuna_log import quiet_optuna
from .study_stop import is_stopped, stoppable
from .torch_threads import one_torch_thread
from .trial_values import read_values, tell_values

__all__ = ["Executor", "InTurn", "Outcome", "evaluate_trial", "run_round"]


class Executor(Protocol):
    """Where trials run, such as ``hybrid_opt.distributed.Cluster``."""

    def completed(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Generator[tuple[int, Any], None, None]:
        """Call a function for every item.

        Args:
            function: can be pickled, or goes nowhere.
            items: its arguments.

        Yields:
            Number and result of each item, in the order in which they are done.
        """
        ...


class InTurn:
    """Runs one after the other in this process.

    Example:
        >>> list(InTurn().completed(abs, [-1, 2]))
        [(0, 1), (1, 2)]
    """

    def completed(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Generator[tuple[int, Any], None, None]:
        """Call a function for every item.

        Args:
            function: what to call.
            items: its arguments.

        Yields:
            Number and result of each item.
        """
        for number, item in enumerate(items):
            yield number, function(item)


@dataclass(frozen=True)
class Outcome:
    """What a trial gave.

    Attributes:
        values: one per objective; None where it was pruned or failed.
        reports: step -> value, as the objective reported them.
        user: what the objective wrote into the trial.
        system: what a pruner wrote into it.
        error: what the objective raised; None where it ended well or was pruned.
        stopped: whether it stopped its study.
    """

    values: tuple[float, ...] | None
    reports: dict[int, float] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    stopped: bool = False


def evaluate_trial(
    objective: Callable[[Trial], Any],
    name: str,
    directions: Sequence[Any],
    pruner: Any,
    task: tuple[list[FrozenTrial], int, dict[str, Any]],
) -> Outcome:
    """Evaluate one trial with a copy of its study, on one thread.

    Args:
        objective: what a study minimizes or maximizes.
        name: of the study; some pruners draw lots by it.
        directions: of the study.
        pruner: of the study.
        task: all trials of the study when the round began, the number of the one to evaluate, and the user
            attributes that it was enqueued with.

    Returns:
        What it gave; an error of the objective is part of it, and so is what is no number.
    """
    trials, number, enqueued = task
    error: Exception | None = None
    result: tuple[float, ...] | None = None
    with quiet_optuna(), one_torch_thread():
        storage = optuna.storages.InMemoryStorage()
        study = optuna.create_study(
            storage=storage, study_name=name, directions=list(directions), pruner=pruner, sampler=_Settled()
        )
        study.add_trials(trials)
        trial_id = study.get_trials(deepcopy=False)[number]._trial_id
        for key, content in enqueued.items():
            storage.set_trial_user_attr(trial_id, key, content)
        try:
            with stoppable(study):
                result = read_values(objective(Trial(study, trial_id)), len(directions), number)
        except optuna.TrialPruned:
            pass
        except Exception as problem:  # noqa: BLE001 - told to the study, and raised again there
            error = _portable(problem)
        after = storage.get_trial(trial_id)
    return Outcome(
        result, dict(after.intermediate_values), dict(after.user_attrs), dict(after.system_attrs), error,
        is_stopped(study),
    )  # fmt: skip


def run_round(
    study: Study,
    objective: Callable[[Trial], Any],
    space: Mapping[str, BaseDistribution],
    wanted: int,
    parallel: int,
    executor: Executor,
    progress: Callable[[int], None],
) -> None:
    """Run the round that a study stands in, to its end.

    Args:
        study: the study; trials of the round that ended or were begun before count.
        objective: what to evaluate.
        space: setting -> distribution, asked for in this order.
        wanted: trials in all; those of the round beyond are asked for as well, and stay as they are.
        parallel: trials of a round.
        executor: where they run.
        progress: called with the number of finished trials whenever one is done.

    Raises:
        Exception: what the objective raised; trials that were done are told.
        KeyboardInterrupt: as it came; trials that were done are told.
    """
    begun = [trial for trial in study.get_trials(deepcopy=False) if trial.state is not TrialState.WAITING]
    left = [trial for trial in begun if trial.state is TrialState.RUNNING]
    finished = len(begun) - len(left)
    first = finished // parallel * parallel  # the round's first place among those begun
    places = first + parallel - finished
    numbers = [
        # A kill may have come while its settings were asked for.
        one.number if space.keys() <= one.params.keys() else _settle(Trial(study, one._trial_id), space)
        for one in left[:places]
    ]
    # The whole round, wanted or not: what a later call wants of it must not have learned from the rest.
    numbers += [_settle(study.ask(), space) for _ in range(places - len(numbers))]
    numbers = numbers[: min(wanted - finished, places)]
    snapshot = _as_it_began(study, {trial.number for trial in begun[:first]})
    function = partial(evaluate_trial, objective, study.study_name, study.directions, study.pruner)
    done: dict[int, Outcome] = {}
    told = 0
    known = study.get_trials(deepcopy=False)
    tasks = [(snapshot, number, dict(known[number].user_attrs)) for number in numbers]
    outcomes = executor.completed(function, tasks)
    try:
        # Closed at once when something happens, so that what is queued is canceled.
        with closing(outcomes):
            for position, outcome in outcomes:
                done[position] = outcome
                while told in done:
                    told += 1
                    _tell(study, numbers[told - 1], done.pop(told - 1))
                progress(finished + told + len(done))
    except BaseException:
        for position in sorted(done):
            if done[position].error is None:
                _tell(study, numbers[position], done[position])
        raise


class _Settled(BaseSampler):
    """The sampler of a trial whose settings are fixed: it has none to give."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise OptionError(
            f"the objective asks for {param_name!r}, which the search space does not have (it has "
            f"{', '.join(map(repr, trial.params)) or 'nothing'}); a round of settings is chosen before its "
            "trials run, so name every setting with its distribution"
        )


def _settle(trial: Trial, space: Mapping[str, BaseDistribution]) -> int:
    """Fix all settings of a trial; its number."""
    for name, distribution in space.items():
        trial._suggest(name, distribution)
    return trial.number


def _as_it_began(study: Study, before: set[int]) -> list[FrozenTrial]:
    """All trials; those of this round as if they had just been asked for, whatever became of them."""
    return [
        trial
        if trial.number in before or trial.state is TrialState.WAITING
        else create_trial(
            state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
        )
        for trial in study.get_trials(deepcopy=False)
    ]


def _tell(study: Study, number: int, outcome: Outcome) -> None:
    trial_id = study.get_trials(deepcopy=False)[number]._trial_id
    for step, value in outcome.reports.items():
        study._storage.set_trial_intermediate_value(trial_id, step, value)
    for key, content in outcome.user.items():
        study._storage.set_trial_user_attr(trial_id, key, content)
    for key, content in outcome.system.items():
        study._storage.set_trial_system_attr(trial_id, key, content)
    if outcome.error is not None:
        study.tell(number, state=TrialState.FAIL)
        raise outcome.error
    if outcome.stopped:
        study.stop()
    tell_values(study, number, outcome.values)


def _portable(error: Exception) -> Exception:
    """The error, or what it says where it cannot travel between processes."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever the error's own pickling raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
