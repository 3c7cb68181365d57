"""Trials of a study of your own on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import Trial

from ..errors import OptionError
from ..progress import Progress, silent
from ..solvers.settings import check_whole
from ..tuning import trial_loop
from ..tuning.trial_rounds import InTurn
from .cluster import Cluster, check_cluster

__all__ = ["PARALLEL", "run_trials"]

PARALLEL = "hybrid_opt:parallel"  # user attribute of a study


def run_trials(
    study: Study,
    objective: Callable[[Trial], Any],
    trials: int,
    *,
    cluster: Cluster | None = None,
    parallel: int = 4,
    search_space: Mapping[str, BaseDistribution] | None = None,
    progress: Progress = silent,
) -> None:
    """Bring a study to a number of finished trials, several at a time.

    Settings are asked for in rounds of ``parallel`` and told in order, so the trials depend on ``parallel``
    and not on the number of workers. The study and its storage stay here: workers get settings and send
    values, reports and attributes back. A program that was killed goes on with the same call, on any storage
    that outlives it. A round is asked for whole: trials of it beyond ``trials`` stay in the study as running,
    until a later call wants more. ``study.stop()``, also that of an exhausted ``GridSampler``, ends it after
    the round; NaN makes a trial a failed one.

    Args:
        study: with any sampler and pruner; ``QuboSampler`` keeps rounds free of repetitions.
        objective: as for ``study.optimize``, such as ``tuning.AttentionObjective``; it must be possible to
            pickle it.
        trials: finished trials in all, those counted that the study has.
        cluster: of `connect`; None runs the trials here, one after the other, with the same results.
        parallel: trials of a round; recorded in the study.
        search_space: every setting that the objective asks for -> its distribution; None takes
            ``objective.search_space``.
        progress: called with the share done.

    Raises:
        OptionError: no study, objective, cluster or search space, an illegal number, a study begun with
            another ``parallel``, an objective that cannot be pickled or returns no number, a locked storage.
        ClusterError: the workers or the scheduler are gone; what was done is told.
        KeyboardInterrupt: ctrl-C; what was done is told.

    Example:
        >>> import optuna
        >>> from optuna.distributions import IntDistribution
        >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
        >>> square = lambda trial: trial.suggest_int("x", -2, 2) ** 2
        >>> run_trials(study, square, 4, search_space={"x": IntDistribution(-2, 2)})
        >>> len(study.trials)
        4
    """
    if not isinstance(study, Study):
        raise OptionError(f"study is {study!r}; give a study of optuna.create_study()")
    if not callable(objective):
        raise OptionError(f"objective is {objective!r}; give a function of a trial that returns its value")
    check_cluster(cluster, "completed")
    check_whole("trials", trials, least=1)
    check_whole("parallel", parallel, least=1)
    space = getattr(objective, "search_space", None) if search_space is None else search_space
    if not isinstance(space, Mapping) or not space:
        raise OptionError(
            f"search_space is {search_space!r} and the objective has none; give every setting that it asks "
            "for with its Optuna distribution: a round of settings is chosen before any of its trials runs"
        )
    for name, distribution in space.items():
        if not isinstance(distribution, BaseDistribution):
            raise OptionError(
                f"search_space holds {distribution!r} for {name!r}; give a distribution of "
                "optuna.distributions, such as FloatDistribution(0.0, 1.0)"
            )
    begun = study.user_attrs.get(PARALLEL)
    if begun not in (None, parallel):
        raise OptionError(
            f"parallel is {parallel} and the study was begun with {begun}; rounds of another size would give "
            f"other trials. Give parallel={begun}, or another study"
        )
    study.set_user_attr(PARALLEL, parallel)

    def report(done: int) -> None:
        progress(min(1.0, done / trials), f"{done} of {trials} trials")

    if trial_loop.run_trials(
        study, objective, trials, report, "of the study",
        space=space, parallel=parallel, executor=cluster or InTurn(),
    ):  # fmt: skip
        raise KeyboardInterrupt
