"""Losses of trials in every state and direction, joined into one number."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState

from hybrid_opt.tuning.trial_losses import is_judged, scalar_losses, trial_losses, violations

LOW, HIGH = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE


def complete(*values):
    return optuna.create_trial(values=list(values))


def pruned(intermediate):
    return optuna.create_trial(state=TrialState.PRUNED, intermediate_values=intermediate)


def test_directions_become_losses():
    assert trial_losses([complete(1.0, 2.0)], [LOW, HIGH]).tolist() == [[1.0, -2.0]]


def test_a_pruned_trial_counts_with_its_last_value_but_never_above_the_median():
    trials = [complete(1.0), complete(2.0), complete(9.0), pruned({0: 7.0, 3: 5.0}), pruned({2: 0.5})]
    assert trial_losses(trials, [LOW])[:, 0].tolist() == [1.0, 2.0, 9.0, 5.0, 2.0]
    assert trial_losses(trials, [HIGH])[:, 0].tolist() == [-1.0, -2.0, -9.0, -2.0, -0.5]


def test_a_pruned_trial_without_a_value_is_the_worst():
    trials = [complete(1.0), complete(3.0), pruned({}), pruned({1: float("nan")})]
    assert trial_losses(trials, [LOW])[:, 0].tolist() == [1.0, 3.0, 3.0, 3.0]
    assert trial_losses([pruned({1: 4.0}), pruned({1: 2.0})], [LOW])[:, 0].tolist() == [4.0, 2.0]


def test_infinite_values_are_the_worst_and_the_best():
    trials = [complete(float("inf")), complete(2.0), complete(float("-inf")), complete(5.0)]
    assert trial_losses(trials, [LOW])[:, 0].tolist() == [5.0, 2.0, 2.0, 5.0]
    assert trial_losses([complete(float("inf")), complete(float("-inf"))], [LOW]).tolist() == [[0.0], [0.0]]


def test_no_trials_have_no_losses():
    assert trial_losses([], [LOW, HIGH]).shape == (0, 2)


@pytest.mark.parametrize(
    ("state", "judged"),
    [
        (TrialState.COMPLETE, True), (TrialState.PRUNED, True), (TrialState.FAIL, False),
        (TrialState.RUNNING, False), (TrialState.WAITING, False),
    ],
)  # fmt: skip
def test_which_states_have_a_loss(state, judged):
    value = 1.0 if state is TrialState.COMPLETE else None
    assert is_judged(optuna.create_trial(state=state, value=value)) is judged


def test_constraints_come_after_the_worst_in_order_of_their_violation():
    study = optuna.create_study()
    for value in (-1.0, 2.0):
        trial = study.ask()
        trial.set_constraint("memory", value)
        trial.set_constraint("time", 0.5 * value)
        study.tell(trial, 0.0)
    assert violations(study.trials).tolist() == [0.0, 3.0]
    losses = np.array([[4.0], [-9.0], [1.0], [-8.0]])
    joined = scalar_losses(losses, np.array([0.0, 3.0, 0.0, np.inf]), np.random.default_rng(0))
    assert joined[[0, 2]].tolist() == [4.0, 1.0]
    assert 4.0 < joined[1] <= joined[3]


def test_where_nothing_is_allowed_the_violation_is_the_loss():
    joined = scalar_losses(np.array([[1.0], [0.0]]), np.array([2.0, 3.0]), np.random.default_rng(0))
    assert joined.tolist() == [2.0, 3.0]


def test_equal_allowed_losses_still_come_before_violations():
    joined = scalar_losses(np.ones((2, 1)), np.array([0.0, 1e-9]), np.random.default_rng(0))
    assert joined[1] > joined[0]


def test_weights_differ_and_every_point_of_a_dented_front_can_win():
    # The middle point lies above the line between the ends: no weighted sum would choose it.
    front = np.array([[0.0, 1.0], [0.6, 0.6], [1.0, 0.0], [0.9, 0.9]])
    winners = {
        int(scalar_losses(front, np.zeros(4), np.random.default_rng(seed)).argmin()) for seed in range(50)
    }
    assert winners == {0, 1, 2}


def test_objectives_count_by_their_range():
    losses = np.array([[0.0, 1e9], [1.0, 0.0], [0.5, 5e8]])
    small = losses * np.array([1.0, 1e-9])
    for seed in range(5):
        joined, same = (
            scalar_losses(x, np.zeros(3), np.random.default_rng(seed)) for x in (losses, small)
        )
        assert np.allclose(joined, same)


def test_an_objective_without_a_range_does_not_matter():
    joined = scalar_losses(np.array([[2.0, 7.0], [1.0, 7.0]]), np.zeros(2), np.random.default_rng(0))
    assert joined[1] == 0.0 < joined[0]
