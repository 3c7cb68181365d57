"""Controllers that choose one of a few factors."""

from itertools import product

import pytest
import torch

from hybrid_opt.classical.bin_controllers import (
    FixedBinsController,
    SoftmaxBinsController,
    bin_exponents,
    build_fixed_bins,
    build_softmax_bins,
    chosen_factors,
    start_bin,
)
from hybrid_opt.classical.components import build_component
from hybrid_opt.classical.control_signals import check_control_signal
from hybrid_opt.classical.controller_ranges import scale_factors
from hybrid_opt.classical.errors import ComponentError


@pytest.mark.parametrize("n_bins", [2, 4, 6, 8, 64])
def test_bins_are_even_on_a_logarithmic_scale_and_hold_one(n_bins):
    factors = scale_factors(bin_exponents(n_bins))
    assert factors.min() > 0.25
    assert factors.max() == 4.0
    assert factors[start_bin(n_bins)] == 1.0
    steps = factors.log().diff()
    torch.testing.assert_close(steps, torch.full_like(steps, steps[0].item()))


def test_the_choice_is_exact_and_its_gradient_that_of_the_mean_exponent():
    probabilities = torch.tensor([[0.1, 0.2, 0.4, 0.3], [0.3, 0.3, 0.2, 0.2]], requires_grad=True)
    factors = chosen_factors(probabilities)
    assert factors.tolist() == [2.0, 0.5]
    factors.sum().backward()
    slope = torch.log(torch.tensor(4.0)) * torch.tensor([[2.0], [0.5]]) * bin_exponents(4)
    torch.testing.assert_close(probabilities.grad, slope)


def test_softmax_bins_start_at_one_with_three_fifths():
    controller = build_component("controller", "softmax_bins", num_heads=3, layer_index=0)
    signal = check_control_signal(controller(None), 3)
    assert signal.scale_factor.tolist() == [1.0] * 3
    assert signal.dropout_factor == 1.0
    torch.testing.assert_close(controller.probabilities()[:, 1], torch.full((3,), 0.6))


def test_softmax_bins_learn_another_choice():
    controller = SoftmaxBinsController(2)
    wanted = torch.tensor([4.0, 0.5])
    optimizer = torch.optim.Adam(controller.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        (controller(None).scale_factor.log() - wanted.log()).square().sum().backward()
        optimizer.step()
    assert controller(None).scale_factor.tolist() == wanted.tolist()


@pytest.mark.parametrize(
    "settings", [{"n_bins": 3}, {"n_bins": 0}, {"n_bins": 66}, {"n_bins": "4"}, {"bins": 1}]
)
def test_illegal_settings_of_softmax_bins(settings):
    with pytest.raises(ComponentError, match="controller 'softmax_bins'"):
        build_softmax_bins(settings, num_heads=2)


def test_a_loop_over_configurations_sees_every_choice():
    seen = set()
    for bins in product(range(4), repeat=2):
        spec = {"name": "fixed_bins", "bins": list(bins)}
        controller = build_component("controller", spec, num_heads=2, layer_index=5)
        seen.add(tuple(controller(None).scale_factor.tolist()))
    assert len(seen) == 16
    assert (0.5, 4.0) in seen


def test_fixed_bins_for_all_per_head_and_per_layer():
    def factors(bins, layer_index=1):
        controller = build_fixed_bins({"bins": bins}, num_heads=2, layer_index=layer_index)
        return controller(None).scale_factor.tolist()

    assert factors(3) == [4.0, 4.0]
    assert factors(None) == [1.0, 1.0]
    assert factors([0, 2]) == [0.5, 2.0]
    assert factors([[0, 0], [3, 1]]) == [4.0, 1.0]
    assert factors([[0], [3]]) == [4.0, 4.0]
    assert factors([[0, 0], [3, 1]], layer_index=0) == [0.5, 0.5]


def test_fixed_bins_are_saved_and_survive_a_cast():
    first, second = FixedBinsController([3, 0]), FixedBinsController([1, 1])
    second.load_state_dict(first.state_dict())
    assert second.to(torch.bfloat16)(None).scale_factor.tolist() == [4.0, 0.5]
    assert not list(second.parameters())
    second.reset_parameters()
    assert second(None).scale_factor.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "bins", [4, -1, [0], [0, 1.5], [0, True], "01", [[0, 1]], [[0, 1], [0, 4]], [[0, 1], 2], [[0, 1], []]]
)
def test_illegal_bins(bins):
    with pytest.raises(ComponentError, match="controller 'fixed_bins'"):
        build_fixed_bins({"bins": bins}, num_heads=2, layer_index=1)
