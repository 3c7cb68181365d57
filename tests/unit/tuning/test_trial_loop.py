"""Trials whatever happens in between."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.trial_loop import run_trials, sampler_of
from hybrid_opt.tuning.tuning_folder import TuningFolder, open_study

SPACE = {"x": FloatDistribution(0.0, 4.0), "kind": CategoricalDistribution(["a", "b", "c"])}


class Power(BaseException):
    """Ends a process as a kill would: nobody catches it."""


def value(trial: optuna.Trial) -> float:
    x, kind = trial.suggest_float("x", 0.0, 4.0), trial.suggest_categorical("kind", ["a", "b", "c"])
    return (x - 1.0) ** 2 + (kind == "a")


def search(path, name: str, wanted: int, cut: dict[int, type[BaseException]] | None = None):
    """A search; calls of the objective named in ``cut`` end it."""
    folder = TuningFolder(path)
    _, sampler = sampler_of(name, SPACE, 3)
    study = open_study(folder.storage(), name, 1, sampler, None, folder.place)
    calls = 0

    def objective(trial: optuna.Trial) -> float:
        nonlocal calls
        calls += 1
        if cut and calls in cut:
            trial.suggest_float("x", 0.0, 4.0)  # it had begun
            raise cut[calls]
        return value(trial)

    ended = run_trials(study, objective, wanted, lambda done: None, folder.place)
    return study, ended


def told(study):
    return [(trial.number, trial.params, trial.value) for trial in study.trials]


@pytest.mark.parametrize("name", ["qubo", "tpe", "random"])
def test_a_search_that_was_ended_has_the_trials_of_one_that_was_not(name, tmp_path):
    whole, _ = search(None, name, 14)
    study, ended = search(tmp_path, name, 14, {4: KeyboardInterrupt})
    assert ended
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 3 + [TrialState.RUNNING]
    with pytest.raises(Power):
        search(tmp_path, name, 14, {9: Power})
    study, ended = search(tmp_path, name, 14)
    assert not ended
    assert told(study) == told(whole)


def test_more_trials_make_it_longer(tmp_path):
    search(tmp_path, "random", 3)
    study, _ = search(tmp_path, "random", 5)
    assert told(study) == told(search(None, "random", 5)[0])
    assert len(search(tmp_path, "random", 2)[0].trials) == 5


def test_pruned_and_failed_trials_are_told_to_the_study():
    study = optuna.create_study()

    def prune(trial):
        raise optuna.TrialPruned

    def fail(trial):
        raise ZeroDivisionError

    run_trials(study, prune, 1, lambda done: None, "in memory")
    with pytest.raises(ZeroDivisionError):
        run_trials(study, fail, 2, lambda done: None, "in memory")
    assert [trial.state for trial in study.trials] == [TrialState.PRUNED, TrialState.FAIL]


def test_progress_counts_finished_trials():
    counts: list[int] = []
    run_trials(optuna.create_study(), value, 3, counts.append, "in memory")
    assert counts == [0, 1, 2]


def test_a_sampler_of_optuna_is_taken_as_it_is():
    own = optuna.samplers.NSGAIISampler(seed=1)
    assert sampler_of(own, SPACE, 1) == ("NSGAIISampler", own)


def test_the_solver_of_the_surrogate_is_handed_on():
    _, sampler = sampler_of("qubo", SPACE, 1, "exact")
    assert sampler._solver.name == "exact"


@pytest.mark.parametrize("name", ["bayes", None, 3])
def test_unknown_samplers_are_refused(name):
    with pytest.raises(OptionError, match=r"compare is .*legal are 'qubo', 'tpe', 'random', or a sampler"):
        sampler_of(name, SPACE, 1, argument="compare")
