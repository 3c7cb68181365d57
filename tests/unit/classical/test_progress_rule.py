"""The factor on the learning rate, validation by validation."""

import math

import pytest

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.progress_rule import ProgressRule, ProgressState


def factors(rule, losses):
    state, found = ProgressState(), []
    for loss in losses:
        state = rule.after(state, loss)
        found.append(state.factor)
    return found


def test_a_stall_lowers_and_rests():
    rule = ProgressRule(decrease=0.5, patience=2, threshold=0.0, cooldown=1)
    # Two stalls lower; the next validation rests; two more lower again.
    assert factors(rule, [1, 1, 1, 1, 1, 1]) == [1, 1, 0.5, 0.5, 0.5, 0.25]


def test_without_rest_and_down_to_the_bound():
    rule = ProgressRule(decrease=0.5, patience=1, cooldown=0, smallest=0.2)
    assert factors(rule, [1, 1, 1, 1, 1]) == [1, 0.5, 0.25, 0.2, 0.2]


def test_a_change_at_the_bound_is_no_change_and_does_not_rest():
    rule = ProgressRule(decrease=0.5, patience=1, cooldown=5, smallest=1.0)
    state = ProgressState()
    for loss in (1.0, 1.0, 1.0):
        state = rule.after(state, loss)
    assert (state.factor, state.resting) == (1.0, 0)


def test_progress_must_exceed_its_threshold():
    rule = ProgressRule(patience=1, cooldown=0, threshold=0.1)
    assert factors(rule, [1.0, 0.89]) == [1.0, 1.0]
    assert factors(rule, [1.0, 0.91]) == [1.0, 0.5]
    # A best below 0: progress is still downward.
    assert factors(rule, [-1.0, -1.05]) == [1.0, 0.5]
    assert factors(rule, [-1.0, -1.2]) == [1.0, 1.0]


def test_small_gains_add_up_against_the_best_loss():
    rule, state, stalled = ProgressRule(threshold=0.01, patience=5), ProgressState(), []
    for loss in (1.0, 0.995, 0.991, 0.985):
        state = rule.after(state, loss)
        stalled.append(state.stalled)
    assert stalled == [0, 1, 2, 0]
    assert state.best == 0.985


def test_small_gains_of_the_rest_leave_the_best_loss():
    rule, state = ProgressRule(patience=1, cooldown=1, threshold=0.1), ProgressState()
    for loss in (1.0, 1.0, 0.95):
        state = rule.after(state, loss)
    assert state == ProgressState(factor=0.5, best=1.0)


def test_a_streak_raises_to_the_bound():
    rule = ProgressRule(increase=1.5, streak=2, cooldown=0, largest=2.0)
    losses = [2.0**-power for power in range(8)]
    assert factors(rule, losses) == [1, 1, 1.5, 1.5, 2.0, 2.0, 2.0, 2.0]


def test_a_best_loss_of_the_rest_counts():
    rule = ProgressRule(patience=1, cooldown=1, threshold=0.0)
    state = ProgressState()
    for loss in (1.0, 1.0, 0.2):
        state = rule.after(state, loss)
    assert state.best == 0.2


def test_losses_that_are_no_numbers_are_no_progress():
    rule = ProgressRule(patience=1, cooldown=0)
    assert factors(rule, [math.nan, 1.0, math.nan, math.inf]) == [1, 1, 0.5, 0.25]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decrease", 1.0),
        ("decrease", 0),
        ("increase", 0.9),
        ("increase", 3),
        ("threshold", 1.0),
        ("threshold", -0.1),
        ("smallest", 0.0),
        ("largest", 0.5),
        ("largest", math.inf),
        ("patience", 0),
        ("patience", 1.5),
        ("streak", True),
        ("cooldown", -1),
    ],
)
def test_an_illegal_value_is_named(field, value):
    with pytest.raises(ConfigurationError, match=f"{field} of progress_learning_rate is"):
        ProgressRule(**{field: value})
