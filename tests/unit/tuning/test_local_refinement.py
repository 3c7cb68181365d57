"""The local search between levels: it converges, stays legal, reports honestly, and can go on."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import QuboSampler, refine


@pytest.fixture(autouse=True)
def _quiet():
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(level)


def bowl(trial):
    x = np.array([trial.suggest_float(name, 0, 1) for name in "ab"])
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    kind = trial.suggest_categorical("kind", ["good", "bad"])
    d = x - np.array([0.31, 0.62])
    return float(d @ d + d.prod() + 0.1 * (np.log10(rate) + 2.7) ** 2 + (kind == "bad"))


def begun(objective=bowl, direction="minimize", **params):
    study = optuna.create_study(direction=direction, sampler=QuboSampler(seed=0))
    params = params or {"a": 0.25, "b": 0.75, "rate": 1e-3, "kind": "good"}
    study.enqueue_trial(params)
    study.optimize(objective, n_trials=1)
    return study


def test_it_converges_to_the_minimum_of_a_smooth_function():
    study = begun()
    result = refine(study, bowl, 80, seed=0)
    assert result.after < 1e-6 < result.before
    assert result.params["kind"] == "good"
    assert [result.params[name] for name in "ab"] == pytest.approx([0.31, 0.62], abs=2e-3)
    assert np.log10(result.params["rate"]) == pytest.approx(-2.7, abs=1e-2)


def test_the_report_agrees_with_the_study():
    study = begun()
    result = refine(study, bowl, 12, seed=0)
    assert result.before == study.trials[0].value
    assert result.after == study.best_value
    assert result.params == study.best_params
    assert result.trials == tuple(range(1, 13))
    assert result.gain == pytest.approx(result.before - result.after)
    assert len(result.steps) == 12
    assert result.steps[0] == 1 / 16
    assert result.stopped == "trials"


def test_maximizing_climbs():
    def hill(trial):
        return 5.0 - bowl(trial)

    result = refine(begun(hill, direction="maximize"), hill, 60, seed=0)
    assert result.after == pytest.approx(5.0, abs=1e-4)
    assert result.gain > 0


def test_integers_and_steps_stay_legal_and_reach_the_best():
    def objective(trial):
        k = trial.suggest_int("k", 1, 300, log=True)
        s = trial.suggest_float("s", 0, 2, step=0.1)
        even = trial.suggest_int("even", 0, 40, step=2)
        return abs(k - 47) + abs(s - 1.3) + abs(even - 26)

    study = begun(objective, k=17, s=1.0, even=20)
    result = refine(study, objective, 60, seed=0)
    assert (result.params["k"], result.params["even"]) == (47, 26)
    assert result.params["s"] == pytest.approx(1.3)
    assert result.stopped == "step"


def test_no_point_is_run_twice():
    study = begun()
    refine(study, bowl, 50, seed=0)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 51


def test_only_the_named_numbers_move():
    study = begun()
    refine(study, bowl, 15, parameters=["rate"], seed=0)
    assert {trial.params["a"] for trial in study.trials} == {0.25}
    assert len({trial.params["rate"] for trial in study.trials}) > 10


def test_a_second_call_goes_on_with_the_last_step():
    study = begun()
    first = refine(study, bowl, 40, seed=0)
    second = refine(study, bowl, 10, seed=0)
    assert second.before == first.after
    assert second.steps[0] == first.steps[-1] < 1 / 16
    assert refine(study, bowl, 1, step=0.5, seed=0).steps == (0.5,)


def test_the_same_seed_takes_the_same_way():
    ways = []
    for seed in (3, 3, 4):
        study = begun()
        refine(study, bowl, 10, seed=seed)
        ways.append([trial.params for trial in study.trials])
    assert ways[0] == ways[1] != ways[2]


def test_failed_and_pruned_trials_are_no_improvement():
    def fragile(trial):
        value = bowl(trial)
        if trial.params["a"] > 0.3:
            raise ZeroDivisionError
        if trial.params["b"] < 0.7:
            raise optuna.TrialPruned
        return value

    study = begun(fragile)
    result = refine(study, fragile, 40, seed=0, catch=(ZeroDivisionError,))
    assert result.params["a"] <= 0.3
    assert result.params["b"] >= 0.7
    assert result.after < result.before


def test_an_exception_that_is_not_caught_reaches_the_caller():
    study = begun()

    def broken(trial):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refine(study, broken, 3, seed=0)


def test_studies_without_a_single_best_trial_are_refused():
    with pytest.raises(OptionError, match="2 objectives; a refinement needs a single best"):
        refine(optuna.create_study(directions=["minimize", "maximize"]), bowl, 3)
    with pytest.raises(OptionError, match="no complete trial to start from"):
        refine(optuna.create_study(), bowl, 3)


def test_without_a_number_there_is_nothing_to_refine():
    def choice(trial):
        return float(trial.suggest_categorical("c", [1, 2])) + trial.suggest_int("one", 1, 1)

    study = begun(choice, c=1)
    with pytest.raises(OptionError, match=r"no number to move, its parameters are \['c', 'one'\]"):
        refine(study, choice, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_trials": 0}, "n_trials is 0"),
        ({"step": 0.0}, "step is 0.0; it must be a share of the axis"),
        ({"step": 2}, "step is 2"),
        ({"step": "half"}, "step is 'half'"),
        ({"parameters": ["kind"]}, r"parameters is \['kind'\]; .* which has \['a', 'b', 'rate'\]"),
        ({"parameters": "a"}, "parameters is 'a'"),
        ({"parameters": []}, "no number to move"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_arguments_are_refused(settings, message):
    with pytest.raises(OptionError, match=message):
        refine(begun(), bowl, **({"n_trials": 3} | settings))
