"""Tune the attention of a model: a search through a QUBO surrogate, then finalists on fresh seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import optuna
import torch
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.samplers import BaseSampler
from optuna.study import Study

from ..classical.configuration import DistanceTransformerConfig
from ..classical.task_data import TaskData
from ..classical.training_settings import TrainingSettings
from ..errors import OptionError
from ..progress import Progress, silent
from ..reports.atomic import write_whole
from ..seeds import child_seed, resolve_seed
from ..solvers.base import Solver
from ..solvers.registry import find_solver
from ..solvers.settings import check_whole
from .attention_objective import AttentionObjective
from .attention_settings import apply_settings, settings_of
from .finalists import GIVEN, Finalist, best_trials, measure_finalists
from .optuna_log import quiet_optuna
from .quantum_rows import WatchedSolver, is_quantum
from .trial_loop import run_trials, sampler_of
from .trial_rounds import Executor, InTurn
from .tuning_answer import AttentionTuning
from .tuning_folder import TuningFolder, open_study

__all__ = ["tune_attention"]

REPORT = "report.html"
SHORT_STEPS = 100  # of each training where none were given


def tune_attention(
    config: DistanceTransformerConfig,
    data: TaskData,
    folder: str | Path | None = None,
    *,
    trials: int = 40,
    training: TrainingSettings | None = None,
    search_space: Mapping[str, BaseDistribution] | None = None,
    sampler: Any = "qubo",
    solver: str | Solver | None = None,
    compare: Sequence[Any] = (),
    objectives: Sequence[str] = ("loss",),
    pruner: optuna.pruners.BasePruner | None = None,
    finalists: int = 2,
    fresh_seeds: int = 3,
    seed: int | None = None,
    parallel: int = 1,
    cluster: Executor | None = None,
    progress: Progress = silent,
) -> AttentionTuning:
    """Search for better attention settings of a model, and say whether they are.

    Each trial trains the model for a short while with other settings; its validation loss goes to an Optuna
    study whose sampler minimizes a quadratic surrogate (``QuboSampler``). The best trials and the
    configuration as given are then trained on fresh seeds: the lowest mean validation loss is chosen, which
    may be the configuration as given, and the test split says what was gained.

    With a folder, a search that was ended by ctrl-C, a kill or a power cut goes on when the same call is made
    again, and ends with the trials that it would have had; more ``trials`` make it longer. The first trial is
    the configuration as given, where it lies in the search space.

    Args:
        config: the configuration to start from, ``data.config(...)``.
        data: what to learn.
        folder: where the search is kept; None keeps it in memory.
        trials: trainings of each search.
        training: settings of each training; None takes the defaults with 100 steps.
        search_space: setting -> Optuna distribution; None takes ``attention_space(config, training)``.
        sampler: "qubo", "tpe", "random", or any sampler of Optuna.
        solver: what minimizes the surrogate of "qubo", as in ``QuboSampler``, e.g. a QAOA in the subspace.
        compare: further samplers, each with as many trials in a search of its own. A quantum ``solver``
            without any gets "qubo" beside it: the same surrogate, minimized classically.
        objectives: one to three of "loss", "latency", "memory"; with several, see ``study.best_trials``; the
            finalists are those of the Pareto front with the lowest loss.
        pruner: ends hopeless trainings early; None ends none.
        finalists: trials of the search that are trained on fresh seeds, beside the best of each compared one.
            0 trains none and leaves the test split alone: the best trial is chosen by its own loss, and the
            answer says that nothing is confirmed.
        fresh_seeds: trainings of each finalist, at least 2.
        seed: of everything random; a folder keeps that of its first call.
        parallel: trials that are asked for together and told together; the sampler learns from whole rounds
            of so many. The answer depends on it, and not on the number of processes.
        cluster: where trainings run, of ``hybrid_opt.distributed.connect``; None runs them here. With a
            cluster, or several in parallel, each training has one thread, else all of torch's. Sums on
            another number of threads differ in their last bits, so a folder goes on with its own number.
        progress: called with the share done.

    Returns:
        The chosen configuration with its evidence.

    Raises:
        OptionError: settings that cannot be; a folder that holds another search, is in use or locked; data
            that do not fit the configuration.
        TrainingError: less data than a batch.

    Example:
        >>> from hybrid_opt.classical import load_data
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> steps = TrainingSettings(max_steps=3, learning_rate=0.01)
        >>> tuning = tune_attention(config, data, trials=3, training=steps, fresh_seeds=2, seed=1)
        >>> len(tuning.study.trials), tuning.interrupted
        (3, False)
    """
    check_whole("trials", trials, least=1)
    check_whole("finalists", finalists, least=0)
    check_whole("fresh_seeds", fresh_seeds, least=2)
    check_whole("parallel", parallel, least=1)
    executor = InTurn() if cluster is None and parallel > 1 else cluster
    begin = perf_counter()
    place = TuningFolder(folder)
    with place.in_use(), quiet_optuna():
        used = _seed(place, seed)
        training = TrainingSettings(max_steps=SHORT_STEPS) if training is None else training
        objective = AttentionObjective(
            config, data, training, search_space=search_space, objectives=objectives,
            seed=child_seed(used, "trials"),
        )  # fmt: skip
        watched = _watched(solver)
        arms = _arms(sampler, compare, objective.search_space, used, watched or solver)
        place.claim({**_facts(objective, used, parallel), **_threads(executor)})
        before = trials * len(arms)
        total = before + ((len(arms) + finalists) * fresh_seeds if finalists else 0)
        studies, interrupted = _search(
            objective, arms, trials, pruner, place, total, progress, parallel, executor
        )
        given = settings_of(objective.search_space, config, training)
        first, *others = studies.items()
        wanted = _finalists(studies, finalists, given) if finalists else _unconfirmed(*first, given)
        if finalists and not interrupted:
            seeds = [child_seed(used, f"fresh {number}") for number in range(fresh_seeds)]

            def report(done: int) -> None:
                objective.progress = lambda share, text: progress(
                    (before + done + share) / total, f"finalists, training {done + 1}: {text}"
                )
                if executor is not None:
                    progress((before + done) / total, f"finalists, {done} trainings done")

            try:
                wanted = measure_finalists(wanted, objective, seeds, place, report, executor)
            except KeyboardInterrupt:
                interrupted = True
        answer = _answer(
            objective, wanted, first, dict(others), "" if watched is None else watched.label(), interrupted,
            used, perf_counter() - begin,
        )  # fmt: skip
        if place.path is not None and not interrupted:
            _save(answer, place.path)
    return answer


def _seed(folder: TuningFolder, seed: int | None) -> int:
    """The seed given, else that of the search in the folder, else a fresh one."""
    facts = folder.facts()
    if seed is None and facts is not None:
        return int(facts["seed"])
    return resolve_seed(seed)


def _facts(objective: AttentionObjective, seed: int, parallel: int) -> dict[str, Any]:
    """What makes two searches the same; the number of trials does not."""
    space = {name: json.loads(distribution_to_json(one)) for name, one in objective.search_space.items()}
    configuration = objective.config.to_dict()
    configuration.pop("transformers_version", None)  # a newer library may go on
    return {
        "configuration": configuration,
        "data": objective.data.hash,
        "training": objective.training.to_dict(),
        "search space": space,
        "objectives": list(objective.objectives),
        "seed": seed,
        # Searches from before there were rounds say nothing of them.
        **({} if parallel == 1 else {"parallel": parallel}),
    }


def _threads(executor: Executor | None) -> dict[str, int]:
    """Threads of each training, in whose number sums differ by their order."""
    return {"threads": torch.get_num_threads() if executor is None else 1}


def _watched(solver: str | Solver | None) -> WatchedSolver | None:
    """A quantum solver that remembers what it ran; None for others."""
    found = None if solver is None else find_solver(solver, "solver")
    return None if found is None or not is_quantum(found.name) else WatchedSolver(found)


def _arms(
    sampler: Any, compare: Sequence[Any], space: Any, seed: int, solver: str | Solver | None
) -> dict[str, BaseSampler]:
    """Name of each search -> its sampler, the main one first."""
    if isinstance(compare, str):
        compare = (compare,)
    name, own = sampler_of(sampler, space, child_seed(seed, "sampler"), solver)
    if solver is not None and sampler != "qubo":
        asked = solver if isinstance(solver, str) else solver.name
        raise OptionError(f"solver is {asked!r} and the sampler {name!r} has none; leave one of them out")
    if isinstance(solver, WatchedSolver) and not compare:
        compare = ("qubo",)  # a quantum row never stands alone
    arms = {name: own}
    for other in compare:
        key, rival = sampler_of(other, space, child_seed(seed, "sampler"), argument="compare")
        if key in arms:
            raise OptionError(f"{key!r} is named twice among sampler and compare; name each once")
        arms[key] = rival
    return arms


def _search(
    objective: AttentionObjective,
    arms: Mapping[str, BaseSampler],
    trials: int,
    pruner: Any,
    folder: TuningFolder,
    total: int,
    progress: Progress,
    parallel: int,
    executor: Executor | None,
) -> tuple[dict[str, Study], bool]:
    """Bring each search to its number of trials; whether ctrl-C ended them before."""
    storage = folder.storage()
    given = settings_of(objective.search_space, objective.config, objective.training)
    studies: dict[str, Study] = {}
    interrupted = False
    for index, (name, sampler) in enumerate(arms.items()):
        study = open_study(storage, name, len(objective.objectives), sampler, pruner, folder.place)
        studies[name] = study
        if given is not None:
            study.enqueue_trial(given, skip_if_exists=True)

        def report(done: int, name: str = name, index: int = index) -> None:
            objective.progress = lambda share, text: progress(
                (index * trials + done + share) / total, f"{name}, trial {done + 1} of {trials}: {text}"
            )
            if executor is not None:
                progress((index * trials + done) / total, f"{name}, {done} of {trials} trials done")

        if not interrupted:
            interrupted = run_trials(
                study, objective, trials, report, folder.place,
                space=objective.search_space, parallel=parallel, executor=executor,
            )  # fmt: skip
    return studies, interrupted


def _finalists(
    studies: Mapping[str, Study], count: int, given: dict[str, Any] | None
) -> list[Finalist]:
    """The configuration as given, the best trials of the search, and the best of each compared one."""
    chosen = [Finalist(GIVEN, {})]
    for index, (name, study) in enumerate(studies.items()):
        wanted = count if index == 0 else 1
        known = [given, *(finalist.params for finalist in chosen)]
        new = [trial for trial in best_trials(study, wanted + len(known)) if trial.params not in known]
        chosen += [
            Finalist(f"{name}, trial {trial.number}", trial.params, tuple(trial.values))
            for trial in new[:wanted]
        ]
    return chosen


def _unconfirmed(name: str, study: Study, given: dict[str, Any] | None) -> list[Finalist]:
    """The configuration as given, and the best trial of the search unless it is that one."""
    return [
        Finalist(GIVEN, {}),
        *(
            Finalist(f"{name}, trial {trial.number}", trial.params, tuple(trial.values))
            for trial in best_trials(study, 1)
            if trial.params != given
        ),
    ]


def _answer(
    objective: AttentionObjective,
    finalists: list[Finalist],
    first: tuple[str, Study],
    rivals: dict[str, Study],
    quantum: str,
    interrupted: bool,
    seed: int,
    seconds: float,
) -> AttentionTuning:
    measured = [finalist for finalist in finalists if finalist.validation]
    own = [one for one in measured if one.name == GIVEN or one.name.startswith(f"{first[0]}, ")]
    if own:
        chosen = min(own, key=lambda one: sum(one.validation))
    else:  # ended before, or no finalists asked for: the best trial so far
        chosen = finalists[1] if len(finalists) > 1 else finalists[0]
    config, training = apply_settings(chosen.params, objective.config, objective.training)
    return AttentionTuning(
        config=config,
        training=training,
        chosen=chosen,
        finalists=tuple(finalists),
        study=first[1],
        sampler=first[0],
        rivals=rivals,
        quantum=quantum,
        objective=objective,
        interrupted=interrupted,
        seed=seed,
        seconds=seconds,
    )


def _save(answer: AttentionTuning, folder: Path) -> None:
    answer.config.save_pretrained(folder)
    write_whole(folder / "training.json", (json.dumps(answer.training.to_dict(), indent=1) + "\n").encode())
    answer.report(folder / REPORT)
