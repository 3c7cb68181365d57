"""Trials on workers: those of one process, resumed, and with workers that die."""

from __future__ import annotations

import os
import signal
import sys
import time

import cloudpickle
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.distributed import run_trials
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import QuboSampler, tune_attention

cloudpickle.register_pickle_by_value(sys.modules[__name__])
SPACE = {"x": FloatDistribution(0.0, 4.0), "kind": CategoricalDistribution(["a", "b", "c"])}


def value(trial):
    time.sleep(0.05)
    trial.set_user_attr("kind", trial.suggest_categorical("kind", ["a", "b", "c"]))
    return (trial.suggest_float("x", 0.0, 4.0) - 1.0) ** 2


def studied(cluster, sampler, **settings):
    study = optuna.create_study(sampler=sampler)
    run_trials(study, value, 10, cluster=cluster, search_space=SPACE, **settings)
    return study


def told(study):
    return [(trial.number, trial.params, trial.values, trial.user_attrs) for trial in study.trials]


@pytest.mark.parametrize(
    "sampler", [lambda: QuboSampler(seed=1, search_space=SPACE), lambda: optuna.samplers.TPESampler(seed=1)]
)
def test_a_killed_worker_changes_no_trial(sampler, cluster):
    victims = list(cluster.client.run(os.getpid).values())[:1]

    def kill(share, text):
        while victims and share > 0:
            os.kill(victims.pop(), signal.SIGKILL)

    study = studied(cluster, sampler(), parallel=3, progress=kill)
    assert victims == []
    assert told(study) == told(studied(None, sampler(), parallel=3))


def test_real_trainings_in_a_folder_have_the_bits_of_one_process(cluster, tmp_path):
    data = load_data("wine")
    config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
    settings = {
        "training": TrainingSettings(max_steps=3, learning_rate=0.01), "trials": 4, "parallel": 2,
        "finalists": 1, "fresh_seeds": 2, "seed": 4,
    }  # fmt: skip
    texts = []
    two = tune_attention(
        config, data, tmp_path, cluster=cluster, progress=lambda share, text: texts.append(text), **settings
    )
    one = tune_attention(config, data, **settings)
    assert told(two.study) == told(one.study)
    assert two.finalists == one.finalists
    assert "qubo, 3 of 4 trials done" in texts
    assert any(text.startswith("finalists, 3 trainings") for text in texts)
    with pytest.raises(OptionError, match="differs in parallel"):
        tune_attention(config, data, tmp_path, **{**settings, "parallel": 3})


def test_ctrl_c_keeps_what_was_done(cluster):
    study = optuna.create_study(sampler=QuboSampler(seed=1, search_space=SPACE))

    def interrupt(share, text):
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trials(
            study, value, 10, cluster=cluster, parallel=3, search_space=SPACE, progress=interrupt
        )
    assert sum(trial.state.is_finished() for trial in study.trials) == 5
    run_trials(study, value, 10, cluster=cluster, parallel=3, search_space=SPACE)
    assert told(study) == told(studied(None, QuboSampler(seed=1, search_space=SPACE), parallel=3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search_space": None}, "search_space is None and the objective has none"),
        ({"search_space": {"x": (0, 1)}}, r"search_space holds \(0, 1\) for 'x'; give a distribution"),
        ({"study": "mine"}, "study is 'mine'; give a study"),
        ({"objective": 3}, "objective is 3; give a function of a trial"),
        ({"cluster": "local"}, "cluster is 'local'; give that of"),
        ({"parallel": 0}, "parallel is 0"),
        ({"trials": 0}, "trials is 0"),
    ],
)
def test_wrong_calls_are_refused(settings, message):
    study = optuna.create_study()
    given = {"study": study, "objective": value, "trials": 2, "search_space": SPACE, **settings}
    with pytest.raises(OptionError, match=message):
        run_trials(**given)
    assert study.trials == []


def test_another_size_of_rounds_is_another_search():
    study = optuna.create_study()
    run_trials(study, value, 2, parallel=2, search_space=SPACE)
    with pytest.raises(OptionError, match="parallel is 3 and the study was begun with 2"):
        run_trials(study, value, 4, parallel=3, search_space=SPACE)
