"""Each alarm at its threshold and just beside it, what it says, and thresholds that make no sense."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.activation_alarms import Alarm, AlarmThresholds, judge_activation, judge_gradient
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.running_statistics import RunningStatistics

LIMITS = AlarmThresholds(
    exploding_activation=100, vanishing_activation=0.01, exploding_gradient=10, vanishing_gradient=0.001
)


def of(*values: float) -> RunningStatistics:
    statistics = RunningStatistics()
    statistics.update(torch.tensor(values, dtype=torch.float64))
    return statistics


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ((1.0, -100.0), []),
        ((1.0, -100.5), ["exploding"]),
        ((1.0, float("nan")), ["exploding"]),
        ((0.01, -0.01), []),
        ((0.009, -0.009), ["vanishing"]),
        ((0.0, 0.0), ["vanishing"]),
        ((float("nan"),), ["exploding"]),
    ],
)
def test_activations(values: tuple[float, ...], kinds: list[str]):
    assert [found[0] for found in judge_activation(of(*values), 0.0, LIMITS)] == kinds


def test_dead_units():
    assert judge_activation(of(1.0), 0.49, LIMITS) == []
    assert judge_activation(of(1.0), 0.5, LIMITS) == [("dead", "share of silent units", 0.5, 0.5)]


@pytest.mark.parametrize(
    ("values", "largest", "kinds"),
    [
        ((10.0, -10.0), 10.0, []),
        ((10.1, -10.1), 10.1, ["exploding"]),
        ((float("inf"), 1.0), 1.0, ["exploding"]),
        ((0.001,), 1.0, []),
        ((0.0009,), 1.0, ["vanishing"]),
        ((1e-12,), 1e-12, []),  # small everywhere is the scale of the loss, not a vanishing gradient
        ((0.0,), 0.0, ["vanishing"]),
    ],
)
def test_gradients(values: tuple[float, ...], largest: float, kinds: list[str]):
    assert [found[0] for found in judge_gradient(of(*values), largest, LIMITS)] == kinds


def test_an_alarm_says_what_and_where():
    measure = "largest absolute value"
    alarm = Alarm("layers.0", "exploding", 2e4, 1e4, 3, "activation", "logits", measure, 4, 9)
    assert str(alarm) == (
        "step 3: activation of layers.0[logits] is exploding: largest absolute value 2e+04, above 1e+04, "
        "at 4 steps up to 9"
    )
    lone = Alarm("", "dead", 0.5, 0.5, 1, "activation", measure="share of silent units")
    assert str(lone) == "step 1: activation of the model is dead: share of silent units 0.5, at least 0.5"


@pytest.mark.parametrize(
    "settings",
    [
        {"exploding_activation": 0},
        {"vanishing_activation": -1.0},
        {"exploding_gradient": "1"},
        {"vanishing_gradient": True},
        {"dead_share": 1.5},
        {"dead_share": float("nan")},
        {"dead_steps": 0},
        {"dead_steps": 2.0},
    ],
)
def test_thresholds_that_make_no_sense(settings: dict[str, object]):
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        AlarmThresholds(**settings)
