"""Learning rates against their formulas."""

import math

import pytest
import torch

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.training_schedules import build_schedule, warmup_steps
from hybrid_opt.classical.training_settings import TrainingSettings


def rates(total, **settings):
    """The learning rate of each step, and Adam's first momentum."""
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))], lr=2.0)
    schedule = build_schedule(optimizer, TrainingSettings(learning_rate=2.0, **settings), total)
    found, momenta = [], []
    for _ in range(total):
        found.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["betas"][0])
        optimizer.step()
        schedule.step()
    return found, momenta


def test_cosine_after_a_linear_warm_up():
    found, _ = rates(10, warmup_ratio=0.2)
    expected = [1.0, 2.0] + [1 + math.cos(math.pi * step / 8) for step in range(8)]
    assert found == pytest.approx(expected)


def test_constant_after_a_warm_up():
    assert rates(4, schedule="constant", warmup_ratio=0.5)[0] == [1.0, 2.0, 2.0, 2.0]
    assert rates(2, schedule="constant", warmup_ratio=0.0)[0] == [2.0, 2.0]


def test_one_cycle_is_torchs_and_moves_the_momentum():
    found, momenta = rates(20, schedule="one_cycle", warmup_ratio=0.3)
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))], lr=2.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2.0, total_steps=20, pct_start=0.3)
    expected = []
    for _ in range(20):
        expected.append(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    assert found == expected
    assert found.index(max(found)) == momenta.index(min(momenta)) == 5


@pytest.mark.parametrize("total", [3, 4, 7])
def test_a_short_cycle_reaches_its_peak(total):
    found, _ = rates(total, schedule="one_cycle", warmup_ratio=0.01)
    assert max(found) == pytest.approx(2.0)


def test_a_cycle_of_two_steps_is_refused():
    with pytest.raises(ConfigurationError, match="at least 3"):
        rates(2, schedule="one_cycle")


def test_a_warm_up_of_nearly_everything():
    assert rates(3, schedule="one_cycle", warmup_ratio=0.99)[0][0] < 2.0


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_a_run_of_one_step_learns(schedule):
    assert rates(1, schedule=schedule)[0][0] == 2.0


def test_warm_up_leaves_a_step_after_it():
    assert warmup_steps(TrainingSettings(warmup_ratio=0.99), 3) == 2
    assert warmup_steps(TrainingSettings(warmup_ratio=0.0), 3) == 0
