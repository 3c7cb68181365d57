"""Trials that train a model."""

from __future__ import annotations

import math
from typing import Any

import optuna
import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from transformers import GPT2Config

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import DivergenceError, TrainingError
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import attention_objective
from hybrid_opt.tuning.attention_objective import AttentionObjective, check_fit

DATA = load_data("wine")
TRAINING = TrainingSettings(max_steps=4, batch_size=16, learning_rate=0.01)
SPACE = {"metric": CategoricalDistribution(["l1", "dot"]), "scale_factor": FloatDistribution(0.5, 2.0)}


def config_of(**settings: Any):
    return DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1, **settings)


def objective_of(**settings: Any) -> AttentionObjective:
    given = {"training": TRAINING, "search_space": SPACE, "seed": 5, **settings}
    return AttentionObjective(config_of(), DATA, **given)


def value_of(objective: AttentionObjective, **params: Any) -> Any:
    study = optuna.create_study(directions=["minimize"] * len(objective.objectives))
    study.enqueue_trial(params)
    study.optimize(objective, n_trials=1)
    return study.trials[0].values


def test_settings_reach_the_model_and_the_loss_repeats():
    objective = objective_of()
    model, loss = objective.train({"metric": "dot", "scale_factor": 2.0}, 5)
    assert model.attention_layers()[0].metrics == ("dot", "dot")
    assert value_of(objective, metric="dot", scale_factor=2.0) == [loss]
    assert value_of(objective, metric="l1", scale_factor=2.0) != [loss]
    assert objective.train({"metric": "dot", "scale_factor": 2.0}, 6)[1] != loss


def test_no_random_number_of_the_caller_is_used():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    objective_of().train({}, 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_costs_stand_beside_the_loss(monkeypatch):
    monkeypatch.setattr(attention_objective, "forward_seconds", lambda model, batch: 0.25)
    values = value_of(objective_of(objectives=["memory", "loss", "latency"]), metric="l1", scale_factor=1.0)
    assert values[0] > 1000
    assert 0 < values[1] < 3
    assert values[2] == 0.25
    (only,) = value_of(objective_of(objectives="memory"), metric="l1", scale_factor=1.0)
    assert only == values[0]


def test_a_diverging_training_is_an_infinite_loss(monkeypatch):
    def diverge(*arguments: Any, **named: Any) -> float:
        raise DivergenceError("the loss is nan at step 3")

    monkeypatch.setattr(attention_objective, "train_without_files", diverge)
    study = optuna.create_study()
    study.optimize(objective_of(), n_trials=1)
    assert study.trials[0].value == math.inf
    assert study.trials[0].user_attrs == {"diverged": "the loss is nan at step 3"}
    assert value_of(objective_of(objectives=["loss", "memory"])) == [math.inf, math.inf]


def test_batches_larger_than_the_data_are_refused_before_the_first_training():
    with pytest.raises(TrainingError, match="batch_size is 1000; give a batch_size of at most 142"):
        objective_of(training=TRAINING.replaced(batch_size=1000))
    for sizes in (CategoricalDistribution([16, 500]), IntDistribution(16, 500)):
        with pytest.raises(TrainingError, match="batch_size is 500"):
            objective_of(search_space={"batch_size": sizes})


def test_only_divergence_is_a_loss(monkeypatch):
    def fail(*arguments: Any, **named: Any) -> float:
        raise TrainingError("the validation set has no label that counts")

    monkeypatch.setattr(attention_objective, "train_without_files", fail)
    with pytest.raises(TrainingError, match="no label"):
        optuna.create_study().optimize(objective_of(), n_trials=1)


def test_a_pruner_ends_a_training():
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.0))
    study.optimize(objective_of(training=TRAINING.replaced(eval_steps=1)), n_trials=1)
    (trial,) = study.trials
    assert trial.state is optuna.trial.TrialState.PRUNED
    assert list(trial.intermediate_values) == [1]


def test_a_trial_that_runs_again_reports_no_step_twice():
    study = optuna.create_study(pruner=optuna.pruners.PercentilePruner(99.0, n_startup_trials=9))
    trial = study.ask()
    objective = objective_of(training=TRAINING.replaced(eval_steps=1))
    first = objective(trial)
    again = objective(optuna.trial.Trial(study, trial._trial_id))  # a second report would warn
    assert first == again
    assert sorted(study.trials[0].intermediate_values) == [1, 2, 3]


def test_progress_is_that_of_the_training():
    objective, shares = objective_of(), []
    objective.progress = lambda share, text: shares.append(share)
    objective.train({}, 1)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_held_out_is_another_split():
    objective = objective_of()
    model, loss = objective.train({}, 1)
    assert 0 < objective.held_out(model) != loss


def test_the_usual_space_is_taken():
    objective = AttentionObjective(config_of(), DATA)
    assert {"metric_layer_0", "scale_factor", "learning_rate"} <= set(objective.search_space)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objectives": []}, "objectives is \\[\\]; legal are one to three of loss"),
        ({"objectives": ["loss", "loss"]}, "legal are one to three"),
        ({"objectives": "speed"}, "objectives is 'speed'"),
        ({"search_space": {"metric": IntDistribution(1, 1)}}, "single point"),
    ],
)
def test_wrong_questions_are_refused(settings, message):
    with pytest.raises(OptionError, match=message):
        objective_of(**settings)


def test_what_cannot_be_tuned_is_refused():
    with pytest.raises(OptionError, match="GPT2Config, which has no distance attention"):
        check_fit(GPT2Config(), DATA)
    with pytest.raises(OptionError, match="data is list; give TaskData"):
        check_fit(config_of(), [1])
    with pytest.raises(OptionError, match="num_labels=5 and the data 'wine' need 3"):
        check_fit(config_of(num_labels=5), DATA)
    digits = load_data("digits")
    with pytest.raises(OptionError, match=r"vocab_size=4 .*digits"):
        check_fit(digits.config(hidden_size=8, num_attention_heads=2, vocab_size=4), digits)
