"""The constant controller: ranges, gradients, first values, saving."""

import pytest
import torch

from hybrid_opt.classical.attention_controllers import ConstantController, build_constant_controller
from hybrid_opt.classical.control_signals import check_control_signal
from hybrid_opt.classical.errors import ComponentError

STATISTICS = torch.zeros(2, 3)


def test_it_starts_at_one_and_learns_the_scale():
    controller = build_constant_controller({}, num_heads=2)
    signal = check_control_signal(controller(STATISTICS), 2)
    assert signal.scale_factor.tolist() == [1.0, 1.0]
    assert signal.dropout_factor.item() == 1.0
    signal.scale_factor.sum().backward()
    assert (controller.scale_logits.grad > 0).all()


def test_it_starts_where_it_is_told():
    signal = build_constant_controller({"scale_factor": 0.5, "dropout_factor": 0.0}, num_heads=2)(STATISTICS)
    torch.testing.assert_close(signal.scale_factor, torch.tensor([0.5, 0.5]))
    assert signal.dropout_factor.item() == 0.0


@pytest.mark.parametrize(("value", "limit"), [(-50.0, 0.25), (50.0, 4.0)])
def test_scale_factors_stay_within_their_range(value, limit):
    controller = ConstantController(2)
    torch.nn.init.constant_(controller.scale_logits, value)
    torch.testing.assert_close(controller(STATISTICS).scale_factor, torch.full((2,), limit))


def test_both_factors_are_saved():
    first = ConstantController(2, scale_factor=2.0, dropout_factor=0.5)
    second = ConstantController(2)
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(second(STATISTICS), first(STATISTICS))


@pytest.mark.parametrize(
    "settings", [{"scale_factor": 4.0}, {"scale_factor": 0.25}, {"dropout_factor": -0.1}, {"scale": 1.0}]
)
def test_settings_outside_their_range(settings):
    with pytest.raises(ComponentError, match="controller 'constant'"):
        build_constant_controller(settings, num_heads=2)
