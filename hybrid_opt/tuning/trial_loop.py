"""Run the trials of a study so that a kill at any moment changes nothing but the time.

A trial that a killed process left running is run again, with the settings that were proposed for it, before
a new one is asked for: the trials of a search that was interrupted are those of one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from ..errors import OptionError
from ..seeds import child_seed
from ..solvers.base import Solver
from ..solvers.registry import find_solver
from .optuna_log import quiet_optuna
from .qubo_sampler import QuboSampler
from .study_stop import is_stopped, stoppable
from .trial_rounds import Executor, InTurn, run_round
from .trial_values import read_values, tell_values
from .tuning_folder import readable_storage

__all__ = ["SAMPLERS", "RepeatableSampler", "run_trials", "sampler_of"]

SAMPLERS = ("qubo", "tpe", "random")
LEVELS = 5  # of a float: a quarter, a half, as it is, double, four times


class RepeatableSampler(BaseSampler):
    """A sampler of Optuna whose draws follow from trial and parameter, not from what was drawn before.

    Its own random numbers go on from draw to draw; after a kill they would begin anew, and the trials would
    be others.

    Args:
        make: seed -> the sampler, one that draws each parameter by itself.
        seed: of all draws.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing is drawn jointly."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is drawn jointly."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw one parameter with a fresh seed."""
        sampler = self._make(child_seed(self._seed, f"trial {trial.number} parameter {param_name}"))
        return sampler.sample_independent(study, trial, param_name, param_distribution)


def sampler_of(
    name: Any, space: Any, seed: int, solver: str | Solver | None = None, argument: str = "sampler"
) -> tuple[str, BaseSampler]:
    """A sampler by its name, or one that was given.

    By name, its proposals follow from the seed and from the trials before, whatever happened in between.

    Args:
        name: "qubo", "tpe", "random", or a sampler of Optuna.
        space: setting -> distribution.
        seed: of the proposals.
        solver: minimizes the surrogate of "qubo"; the name then tells it.
        argument: name of the argument, for messages.

    Returns:
        Its name, and the sampler.

    Raises:
        OptionError: no such sampler.

    Example:
        >>> from optuna.distributions import IntDistribution
        >>> name, sampler = sampler_of("tpe", {"x": IntDistribution(0, 3)}, 1)
        >>> name, type(sampler).__name__
        ('tpe', 'RepeatableSampler')
    """
    if isinstance(name, BaseSampler):
        return type(name).__name__, name
    if not isinstance(name, str) or name not in SAMPLERS:
        raise OptionError(
            f"{argument} is {name!r}; legal are {', '.join(map(repr, SAMPLERS))}, or a sampler of Optuna"
        )
    if name == "qubo":
        sampler = QuboSampler(search_space=space, levels=LEVELS, solver=solver, seed=seed)
        return (name if solver is None else f"qubo by {find_solver(solver, 'solver').name}"), sampler
    kind = TPESampler if name == "tpe" else RandomSampler
    return name, RepeatableSampler(lambda own: kind(seed=own), seed)


def run_trials(
    study: Study,
    objective: Callable[[Trial], Any],
    wanted: int,
    progress: Callable[[int], None],
    place: str,
    *,
    space: Mapping[str, BaseDistribution] | None = None,
    parallel: int = 1,
    executor: Executor | None = None,
) -> bool:
    """Bring a study to a number of finished trials, or to fewer where ``study.stop()`` is called.

    Args:
        study: the study; what it has already counts.
        objective: what to evaluate.
        wanted: trials in all.
        progress: called with the number of finished trials before each one; in rounds, whenever one is done.
        place: the storage, in words, for messages.
        space: setting -> distribution, which rounds ask for before a trial runs.
        parallel: trials that are asked for together, see ``trial_rounds``.
        executor: where they run; None runs them here.

    Returns:
        Whether ctrl-C ended it before.

    Raises:
        OptionError: the storage is locked or damaged.

    Example:
        >>> study = optuna.create_study()
        >>> square = lambda trial: trial.suggest_int("x", -2, 2) ** 2
        >>> run_trials(study, square, 4, lambda done: None, "in memory")
        False
        >>> len(study.trials)
        4
    """
    if executor is not None or parallel > 1:
        return _run_rounds(
            study, objective, wanted, progress, place, space or {}, parallel, executor or InTurn()
        )
    with quiet_optuna(), readable_storage(place), stoppable(study):
        left = [trial for trial in study.get_trials(deepcopy=False) if trial.state is TrialState.RUNNING]
        done = len([trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()])
        while done < wanted and not is_stopped(study):
            progress(done)
            try:
                trial = Trial(study, left.pop(0)._trial_id) if left else study.ask()
                _run_one(study, objective, trial)
            except KeyboardInterrupt:
                return True
            done += 1
    return False


def _run_rounds(
    study: Study,
    objective: Callable[[Trial], Any],
    wanted: int,
    progress: Callable[[int], None],
    place: str,
    space: Mapping[str, BaseDistribution],
    parallel: int,
    executor: Executor,
) -> bool:
    with quiet_optuna(), readable_storage(place), stoppable(study):
        while True:
            trials = study.get_trials(deepcopy=False)
            done = sum(trial.state.is_finished() for trial in trials)
            # A round is never left halfway: which of its trials were done would be a matter of luck.
            if done >= wanted or is_stopped(study):
                return False
            progress(done)
            try:
                run_round(study, objective, space, wanted, parallel, executor, progress)
            except KeyboardInterrupt:
                return True


def _run_one(study: Study, objective: Callable[[Trial], Any], trial: Trial) -> None:
    try:
        values = read_values(objective(trial), len(study.directions), trial.number)
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
    except Exception:
        study.tell(trial, state=TrialState.FAIL)
        raise
    else:
        tell_values(study, trial, values)
