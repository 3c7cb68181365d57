"""Choices by ground states: where they start, and that one does not see the other."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.errors import OptionError
from hybrid_opt.layers.ground_state_choice import OPTION_COUNTS, GroundStateChoice


def choice_of(start=(0, 2, 3), n_options: int = 4, **settings) -> GroundStateChoice:
    return GroundStateChoice(start, n_options, **{"simulator": "native", "seed": 2, **settings})


@pytest.mark.parametrize("n_options", OPTION_COUNTS)
def test_each_choice_starts_at_its_own_option_with_three_fifths(n_options: int):
    start = [0, n_options - 1, n_options // 2]
    found = choice_of(start, n_options).probabilities().detach()
    torch.testing.assert_close(found[range(3), start], torch.full((3,), 0.6), atol=1e-3, rtol=0.0)
    torch.testing.assert_close(found.sum(1), torch.ones(3))


def test_choices_share_nothing():
    choice = choice_of()
    before = choice.probabilities()
    before[1, 0].backward()
    assert choice.coefficients.grad[[0, 2]].abs().max() == 0.0
    assert choice.coefficients.grad[1].abs().max() > 0.0
    with torch.no_grad():
        choice.coefficients[1] = 1.0
        torch.testing.assert_close(choice.probabilities()[[0, 2]], before[[0, 2]].detach())


def test_a_weak_field_makes_choices_sharp():
    coefficients = torch.tensor([[0.3, -0.2, 0.1]])
    sharpest = []
    for field in (2.0, 0.5, 0.1):
        choice = choice_of([0], transverse_field=field)
        with torch.no_grad():
            choice.coefficients.copy_(coefficients)
            sharpest.append(float(choice.probabilities().max()))
    assert sharpest == sorted(sharpest)
    assert sharpest[-1] > 0.9


def test_illegal_arguments():
    with pytest.raises(CircuitError):
        choice_of(simulator="abacus")
    with pytest.raises(OptionError):
        choice_of(seed=-1)
