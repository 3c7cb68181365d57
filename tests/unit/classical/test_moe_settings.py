"""Settings of a mixture of experts: what follows from what, and every contradiction."""

import math

import pytest

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.moe_settings import MoESettings


@pytest.mark.parametrize(
    ("settings", "slots", "varies", "normalizes"),
    [
        ({}, 2, False, True),
        ({"num_experts": 1}, 1, False, False),
        ({"top_k": 1}, 1, False, False),
        ({"top_k": 3}, 3, False, True),
        ({"top_k": 3, "normalize_weights": False}, 3, False, False),
        ({"top_k": 2, "balance": "expert_choice"}, 2, False, False),
        ({"probability_mass": 0.5}, 4, True, True),
        ({"probability_mass": 0.5, "normalize_weights": False}, 4, True, False),
        ({"target_active": 1.5, "max_active": 3}, 3, True, True),
    ],
)
def test_what_follows(settings, slots, varies, normalizes):
    made = MoESettings(**settings)
    assert (made.slots, made.varies, made.normalizes) == (slots, varies, normalizes)


def test_the_first_mass_gives_an_undecided_router_about_its_target():
    assert MoESettings(num_experts=8, target_active=2.0).first_mass == pytest.approx(1.5 / 8)
    assert MoESettings(num_experts=8, target_active=2.0, probability_mass=0.9).first_mass == 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_experts": 0}, "num_experts is a whole number of at least 1, not 0"),
        ({"num_experts": 2.0}, "num_experts is a whole number"),
        ({"num_experts": True}, "num_experts is a whole number"),
        ({"top_k": 5}, "top_k is a whole number from 1 to 4"),
        ({"top_k": 0}, "top_k is a whole number from 1 to 4"),
        ({"probability_mass": 0.5, "max_active": 5}, "max_active is a whole number from 1 to 4"),
        ({"probability_mass": 0.0}, "probability_mass is a number above 0 and at most 1"),
        ({"probability_mass": 1.1}, "probability_mass is a number above 0 and at most 1"),
        ({"probability_mass": math.nan}, "probability_mass is a number"),
        ({"target_active": 0.5}, "target_active is a number of at least 1 and at most 4"),
        ({"target_active": 3.0, "max_active": 2}, "target_active is a number of at least 1 and at most 2"),
        ({"capacity_factor": 0.0}, "capacity_factor is a number above 0, not 0.0"),
        ({"evaluation_capacity_factor": -1.0}, "evaluation_capacity_factor is a number above 0"),
        ({"auxiliary_weight": -0.1}, "auxiliary_weight is a number of at least 0, not -0.1"),
        ({"z_loss_weight": "1"}, "z_loss_weight is a number"),
        ({"entropy_weight": math.inf}, "entropy_weight is a number"),
        ({"bias_speed": -1e-3}, "bias_speed is a number"),
        ({"initializer_std": -1.0}, "initializer_std is a number"),
        ({"dropout": 1.0}, "dropout is a number of at least 0 and below 1"),
        ({"balance": "loss-free"}, "auxiliary, loss_free, expert_choice, none, not 'loss-free'"),
        ({"top_k": 2, "probability_mass": 0.5}, "leave top_k out"),
        ({"top_k": 2, "target_active": 2.0}, "leave top_k out"),
        ({"max_active": 2}, "give probability_mass or target_active with it"),
        ({"top_k": 1, "normalize_weights": True}, "leave normalize_weights out"),
        ({"balance": "expert_choice", "target_active": 2.0}, "give top_k, its mean"),
        ({"balance": "expert_choice", "capacity_factor": 1.0}, "leave capacity_factor and"),
        ({"balance": "expert_choice", "evaluation_capacity_factor": 1.0}, "leave capacity_factor and"),
    ],
)
def test_what_is_refused(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        MoESettings(**settings)
