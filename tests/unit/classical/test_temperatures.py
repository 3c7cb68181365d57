"""Learnable temperatures: range, gradients, types."""

import pytest
import torch

from hybrid_opt.classical.temperatures import TEMPERATURES, bounded_temperature


def test_a_temperature_is_the_exponential_of_its_parameter():
    logs = torch.tensor([-1.0, 0.0, 1.5], dtype=torch.float64, requires_grad=True)
    values = bounded_temperature(logs)
    torch.testing.assert_close(values, logs.exp())
    values.sum().backward()
    torch.testing.assert_close(logs.grad, logs.detach().exp())


@pytest.mark.parametrize(("log", "limit"), [(-50.0, TEMPERATURES[0]), (50.0, TEMPERATURES[1])])
def test_it_stops_at_its_limits(log, limit):
    parameter = torch.tensor(log, requires_grad=True)
    value = bounded_temperature(parameter)
    assert value.item() == pytest.approx(limit)
    value.backward()
    assert parameter.grad.item() == 0.0


def test_it_is_float32_at_least():
    assert bounded_temperature(torch.zeros((), dtype=torch.bfloat16)).dtype == torch.float32
    assert bounded_temperature(torch.zeros((), dtype=torch.float64)).dtype == torch.float64
