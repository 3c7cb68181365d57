"""Rounds of trials: the size of a round decides, and neither speed, order nor a kill."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.torch_threads import one_torch_thread
from hybrid_opt.tuning.trial_loop import run_trials, sampler_of
from hybrid_opt.tuning.trial_rounds import InTurn, evaluate_trial
from hybrid_opt.tuning.tuning_folder import TuningFolder, open_study

SPACE = {"x": FloatDistribution(0.0, 4.0), "kind": CategoricalDistribution(["a", "b", "c"])}


def value(trial):
    x, kind = trial.suggest_float("x", 0.0, 4.0), trial.suggest_categorical("kind", ["a", "b", "c"])
    trial.set_user_attr("seen", sum(one.state.is_finished() for one in trial.study.trials))
    return (x - 1.0) ** 2 + (kind == "a")


class Backwards:
    """The last of a round is done first."""

    def completed(self, function, items):
        for number in reversed(range(len(items))):
            yield number, function(items[number])


class Cut(Backwards):
    """Ctrl-C, or a kill, after some trials."""

    def __init__(self, after, error=KeyboardInterrupt):
        self.left, self.error = after, error

    def completed(self, function, items):
        for answer in super().completed(function, items):
            if not self.left:
                raise self.error
            self.left -= 1
            yield answer


class Power(BaseException):
    """Nobody tells anything after it."""


def search(path, name="qubo", wanted=14, parallel=4, executor=None, objective=value, pruner=None):
    folder = TuningFolder(path)
    _, sampler = sampler_of(name, SPACE, 3)
    study = open_study(folder.storage(), name, 1, sampler, pruner, folder.place)
    ended = run_trials(
        study, objective, wanted, lambda done: None, folder.place,
        space=SPACE, parallel=parallel, executor=executor,
    )  # fmt: skip
    return study, ended


def told(study):
    return [
        (one.number, one.params, one.values, one.intermediate_values, one.user_attrs) for one in study.trials
    ]


@pytest.mark.parametrize("name", ["qubo", "tpe"])
def test_the_order_in_which_trials_end_changes_nothing(name):
    assert told(search(None, name)[0]) == told(search(None, name, executor=Backwards())[0])


def test_the_size_of_a_round_decides_and_whole_rounds_are_seen():
    study, _ = search(None, "tpe", parallel=4)
    finished = [one for one in study.trials if one.state.is_finished()]
    assert [one.user_attrs["seen"] for one in finished] == [0] * 4 + [4] * 4 + [8] * 4 + [12] * 2
    other, _ = search(None, "tpe", parallel=5)
    assert [one.params for one in study.trials] != [one.params for one in other.trials]


def test_a_round_repeats_no_point_of_the_grid():
    space = {"x": CategoricalDistribution([0, 1, 2]), "y": CategoricalDistribution([0, 1, 2])}
    _, sampler = sampler_of("qubo", space, 3)
    study = optuna.create_study(sampler=sampler)
    run_trials(
        study, lambda trial: trial.suggest_categorical("x", [0, 1, 2]), 9, lambda done: None, "in memory",
        space=space, parallel=3,
    )  # fmt: skip
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 9


@pytest.mark.parametrize(
    ("after", "error"), [(0, Power), (2, KeyboardInterrupt), (5, Power), (7, KeyboardInterrupt)]
)
def test_a_search_that_was_ended_has_the_trials_of_one_that_was_not(after, error, tmp_path):
    whole, _ = search(None, wanted=10)
    cut = Cut(after, error)
    if error is Power:
        with pytest.raises(Power):
            search(tmp_path, wanted=10, executor=cut)
    else:
        study, ended = search(tmp_path, wanted=10, executor=cut)
        assert ended
        assert sum(trial.state is TrialState.COMPLETE for trial in study.trials) == after  # all told
    study, ended = search(tmp_path, wanted=10)
    assert not ended
    assert told(study) == told(whole)


def test_a_kill_while_a_round_is_asked_for(tmp_path, monkeypatch):
    whole, _ = search(None, wanted=8)
    ask, asked = optuna.Study.ask, []

    def dying(self, *arguments, **named):
        asked.append(1)
        trial = ask(self, *arguments, **named)
        if len(asked) == 6:  # has no settings yet
            raise Power
        return trial

    monkeypatch.setattr(optuna.Study, "ask", dying)
    with pytest.raises(Power):
        search(tmp_path, wanted=8)
    monkeypatch.setattr(optuna.Study, "ask", ask)
    study, _ = search(tmp_path, wanted=8)
    assert told(study) == told(whole)


def pruned(trial):
    for step in range(3):
        trial.report(trial.suggest_float("x", 0.0, 4.0) + step, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return trial.params["x"]


@pytest.mark.parametrize(
    "pruner", [optuna.pruners.MedianPruner(n_startup_trials=2), optuna.pruners.SuccessiveHalvingPruner(1)]
)
def test_pruners_see_whole_rounds_wherever_trials_run(pruner, tmp_path):
    one, _ = search(None, "random", objective=pruned, pruner=pruner)
    two, _ = search(None, "random", objective=pruned, pruner=pruner, executor=Backwards())
    assert TrialState.PRUNED in {trial.state for trial in one.trials}
    assert [trial.state for trial in one.trials] == [trial.state for trial in two.trials]
    assert told(one) == told(two)
    assert {trial.state for trial in one.trials[:4]} == {TrialState.COMPLETE}
    with pytest.raises(Power):
        search(tmp_path, "random", objective=pruned, pruner=pruner, executor=Cut(6, Power))
    again, _ = search(tmp_path, "random", objective=pruned, pruner=pruner)
    assert told(again) == told(one)


def test_a_failing_trial_is_told_and_the_others_are_kept():
    def fails(trial):
        if trial.number == 1:
            raise ZeroDivisionError("by zero")
        return trial.suggest_float("x", 0.0, 4.0)

    study = optuna.create_study()
    with pytest.raises(ZeroDivisionError, match="by zero"):
        run_trials(
            study, fails, 4, lambda done: None, "in memory", space=SPACE, executor=Backwards(), parallel=4
        )
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE, TrialState.COMPLETE]


def test_an_error_that_cannot_travel_is_told_in_words():
    class LocalError(Exception):
        pass

    def fails(trial):
        raise LocalError("here")

    outcome = evaluate_trial(
        fails, "study", ["minimize"], None, ([optuna.trial.create_trial(state=TrialState.RUNNING)], 0, {})
    )
    assert isinstance(outcome.error, RuntimeError)
    assert str(outcome.error) == "LocalError: here"


def test_a_setting_that_the_space_lacks_is_refused():
    with pytest.raises(OptionError, match="asks for 'y', which the search space does not have"):
        search(None, objective=lambda trial: trial.suggest_float("y", 0, 1))


def test_several_objectives_and_enqueued_trials():
    study = optuna.create_study(directions=["minimize", "maximize"])
    study.enqueue_trial({"x": 3.5, "kind": "b"})
    run_trials(
        study, lambda trial: (trial.suggest_float("x", 0.0, 4.0), 1), 3, lambda done: None, "in memory",
        space=SPACE, parallel=2,
    )  # fmt: skip
    assert study.trials[0].params == {"x": 3.5, "kind": "b"}
    assert study.trials[0].values == [3.5, 1.0]
    finished = [TrialState.COMPLETE] * 3
    assert [trial.state for trial in study.trials] == [*finished, TrialState.RUNNING]  # of the second round


@pytest.mark.parametrize("name", ["tpe", "qubo"])
def test_more_trials_later_are_those_of_one_call(name, tmp_path):
    whole, _ = search(None, name, wanted=24, parallel=8)
    for wanted in (3, 13, 24):
        study, _ = search(tmp_path, name, wanted=wanted, parallel=8)
        assert sum(trial.state is TrialState.COMPLETE for trial in study.trials) == wanted
    assert told(study) == told(whole)


@pytest.mark.parametrize("parallel", [1, 2])
def test_an_exhausted_grid_ends_the_search(parallel):
    grid = {"x": [0.0, 1.0], "kind": ["a", "b"]}
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(grid))
    assert not run_trials(study, value, 9, lambda done: None, "in memory", space=SPACE, parallel=parallel)
    assert sorted((trial.params["x"], trial.params["kind"]) for trial in study.trials) == [
        (0.0, "a"), (0.0, "b"), (1.0, "a"), (1.0, "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(("parallel", "done"), [(1, 2), (2, 2), (3, 3)])
def test_an_objective_may_stop_the_search_after_its_round(parallel, done):
    def stops(trial):
        if trial.number == 1:
            trial.study.stop()
        return 1.0

    study = optuna.create_study()
    for wanted in (9, done):  # the second has nothing left to do
        assert not run_trials(study, stops, wanted, lambda done: None, "in memory", parallel=parallel)
        assert len(study.trials) == done
    with pytest.raises(RuntimeError, match="inside an objective"):
        study.stop()  # the study is as it was


def test_attributes_of_enqueued_trials_reach_the_objective():
    study = optuna.create_study()
    study.enqueue_trial({"x": 1.0, "kind": "b"}, user_attrs={"why": "hello"})

    def reads(trial):
        trial.set_user_attr("length", len(trial.user_attrs.get("why", "")))
        return trial.suggest_float("x", 0.0, 4.0) + trial.user_attrs["length"]

    run_trials(study, reads, 2, lambda done: None, "in memory", space=SPACE, parallel=2)
    assert study.trials[0].value == 6.0
    assert study.trials[0].user_attrs == {"why": "hello", "length": 5}
    assert study.trials[1].user_attrs == {"length": 0}


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("answer", [None, "much", (1.0, 2.0), (), {"loss": 1.0}])
def test_what_is_no_number_is_refused(answer, parallel):
    study = optuna.create_study()
    with pytest.raises(OptionError, match="for trial 0; it must return a number, or raise"):
        run_trials(study, lambda trial: answer, 2, lambda done: None, "in memory", parallel=parallel)
    assert study.trials[0].state is TrialState.FAIL


@pytest.mark.parametrize("parallel", [1, 2])
def test_nan_fails_a_trial_and_the_search_goes_on(parallel):
    study = optuna.create_study()
    run_trials(study, lambda trial: math.nan, 2, lambda done: None, "in memory", parallel=parallel)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 2


def test_arrays_are_read_as_numbers():
    study = optuna.create_study(directions=["minimize"] * 2)
    run_trials(study, lambda trial: np.array([1.0, 2.0]), 2, lambda done: None, "in memory", parallel=2)
    assert study.trials[1].values == [1.0, 2.0]


def test_trials_have_one_thread_and_the_program_its_own_again():
    torch.set_num_threads(2)
    try:
        with one_torch_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        study = optuna.create_study()
        run_trials(study, lambda trial: torch.get_num_threads(), 1, lambda done: None, "", parallel=2)
        assert study.trials[0].value == 1
    finally:
        torch.set_num_threads(1)


def test_progress_tells_what_is_done():
    counts: list[int] = []
    run_trials(
        optuna.create_study(), lambda trial: 1.0, 3, counts.append, "in memory", parallel=2, executor=InTurn()
    )
    assert counts == [0, 1, 2, 2, 3]
