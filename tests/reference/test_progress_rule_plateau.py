"""The falling learning rate against torch's plateau schedule, over random loss curves."""

import math

import numpy as np
import pytest
import torch

from hybrid_opt.classical.progress_rule import ProgressRule, ProgressState


def torch_factors(rule, losses):
    """The learning rates of ``ReduceLROnPlateau``, which begins at 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="min",
        threshold_mode="rel",
        factor=rule.decrease,
        patience=rule.patience - 1,  # torch bears so many, ours acts on so many
        threshold=rule.threshold,
        cooldown=rule.cooldown,
        min_lr=rule.smallest,
        eps=0.0,
    )
    found = []
    for loss in losses:
        schedule.step(loss)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def our_factors(rule, losses):
    state, found = ProgressState(), []
    for loss in losses:
        state = rule.after(state, loss)
        found.append(state.factor)
    return found


@pytest.mark.parametrize("patience", [1, 2, 5])
@pytest.mark.parametrize("cooldown", [0, 1, 3])
@pytest.mark.parametrize("threshold", [0.0, 0.01, 0.1])
def test_random_curves_give_the_factors_of_torch(patience, cooldown, threshold):
    rng = np.random.default_rng(patience + 10 * cooldown)
    rule = ProgressRule(
        decrease=0.7, patience=patience, threshold=threshold, cooldown=cooldown, smallest=0.02
    )
    fell = 0
    for _ in range(20):
        # Falling on the whole, by steps smaller and larger than the threshold, with noise and gaps.
        losses = 3.0 * np.exp(np.cumsum(rng.normal(-0.01, rng.choice([0.003, 0.03, 0.1]), size=60)))
        losses[1 + rng.integers(59)] = math.nan
        losses[1 + rng.integers(59)] = math.inf
        wanted = torch_factors(rule, losses)
        assert our_factors(rule, losses) == wanted
        fell += wanted[-1] < 1.0
    assert fell > 5


def test_a_slow_descent_is_no_stall():
    """Gains of 0.7 % under a threshold of 1 %: every second one is progress."""
    losses = [0.993**step for step in range(15)]
    rule = ProgressRule(patience=2, threshold=0.01)
    assert our_factors(rule, losses) == torch_factors(rule, losses) == [1.0] * 15
