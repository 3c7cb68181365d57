"""The controller of the probability mass: formula, limits, state, and that it holds its target."""

import math

import pytest
import torch

from hybrid_opt.classical.moe_mass_control import MassController
from hybrid_opt.classical.moe_routing import select_by_mass


def step(controller, mean_active, tokens=1000):
    controller.observe(torch.tensor(round(mean_active * tokens)), tokens)
    controller.advance()


def test_the_mass_follows_its_formula():
    controller = MassController(target_active=2.0, first_mass=0.3)
    errors = []
    for measured in (1.0, 3.0, 2.5, 2.0):
        step(controller, measured)
        errors.append(1.0 - measured / 2.0)
        log_odds = math.log(0.3 / 0.7) + 0.25 * errors[-1] + 0.5 * sum(errors)
        assert controller.mass().item() == pytest.approx(1 / (1 + math.exp(-log_odds)), rel=1e-5)


def test_nothing_moves_before_the_next_step_or_twice_or_without_tokens():
    controller = MassController(target_active=2.0, first_mass=0.5)
    controller.observe(torch.tensor(10), 10)
    assert controller.mass().item() == 0.5
    controller.advance()
    moved = controller.mass().item()
    assert moved > 0.5
    controller.advance()
    controller.observe(torch.tensor(0), 0)
    controller.advance()
    assert controller.mass().item() == moved


@pytest.mark.parametrize(("measured", "limit"), [(1.0, 12.0), (4.0, -12.0)])
def test_the_sum_of_errors_does_not_wind_up(measured, limit):
    controller = MassController(target_active=2.5, first_mass=0.5)
    for _ in range(500):
        step(controller, measured)
    assert torch.logit(controller.mass().double()).item() == pytest.approx(limit, abs=0.02)
    for _ in range(40):  # each step changes the log-odds by 0.3, and 12 of them are to be gone
        step(controller, 5.0 - measured)
    assert torch.logit(controller.mass()).abs().item() < 0.2


def test_a_first_mass_of_one_starts_at_the_limit():
    assert MassController(target_active=2.0, first_mass=1.0).mass().item() > 0.99999


@pytest.mark.parametrize("target", [1.3, 2.0, 3.5])
@pytest.mark.parametrize("spread", [0.01, 1.0, 4.0])
def test_the_target_is_held_for_undecided_and_for_decided_routers(target, spread):
    torch.manual_seed(0)
    controller = MassController(target_active=target, first_mass=0.5)
    active = []
    for _ in range(400):
        probabilities = (spread * torch.randn(256, 8)).softmax(-1)
        load = select_by_mass(probabilities, controller.mass(), 8).load(8)
        active.append(load.sum().item() / 256)
        controller.observe(load.sum(), 256)
        controller.advance()
    assert sum(active[200:]) / 200 == pytest.approx(target, abs=0.05)


def test_the_target_is_held_while_the_router_grows_sure():
    torch.manual_seed(0)
    controller = MassController(target_active=2.0, first_mass=0.19)
    active = []
    for t in range(600):
        probabilities = ((0.02 + 0.008 * t) * torch.randn(256, 8)).softmax(-1)
        load = select_by_mass(probabilities, controller.mass(), 8).load(8)
        active.append(load.sum().item() / 256)
        controller.observe(load.sum(), 256)
        controller.advance()
    assert sum(active[100:]) / 500 == pytest.approx(2.0, abs=0.04)


def test_state_survives_saving_and_a_cast():
    first = MassController(target_active=2.0, first_mass=0.3)
    step(first, 1.7)
    first.observe(torch.tensor(11), 10)
    second = MassController(target_active=2.0, first_mass=0.3).half()
    second.load_state_dict(first.state_dict())
    for controller in (first, second):
        controller.advance()
    assert torch.equal(first.mass(), second.mass())
    first.reset_parameters()
    assert first.mass().item() == pytest.approx(0.3)
