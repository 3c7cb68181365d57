"""The network that controls attention."""

import pytest
import torch

from hybrid_opt.classical.components import build_component
from hybrid_opt.classical.control_signals import check_control_signal
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.mlp_controller import MLPController, build_mlp_controller

STATISTICS = torch.tensor([[1.0, 1.0, 0.0], [0.4, 2.0, 0.05], [0.7, 0.3, 2.0]])


def test_it_is_found_by_name_and_answers_in_range():
    torch.manual_seed(0)
    controller = build_component("controller", {"name": "mlp", "hidden_size": 6}, num_heads=3, layer_index=0)
    torch.nn.init.normal_(controller.output_weight, std=20.0)
    signal = check_control_signal(controller(STATISTICS), 3)
    assert signal.scale_factor.min() >= 0.25
    assert signal.scale_factor.max() <= 4.0
    assert signal.scale_factor.std() > 0.1
    assert 0.0 <= signal.dropout_factor <= 2.0


def test_it_starts_near_one():
    for seed in range(5):
        torch.manual_seed(seed)
        signal = MLPController(3, gain=0.2)(STATISTICS)
        assert (signal.scale_factor.log() / torch.tensor(4.0).log()).abs().max() <= 0.2
        assert (signal.scale_factor != 1.0).any()
        assert abs(signal.dropout_factor.item() - 1.0) <= 0.2


def test_it_learns_to_tell_heads_apart():
    torch.manual_seed(0)
    controller = MLPController(3)
    wanted = torch.tensor([0.5, 1.0, 2.0])
    optimizer = torch.optim.Adam(controller.parameters(), lr=0.05)
    for _ in range(150):
        loss = (controller(STATISTICS).scale_factor - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.01
    assert all(part.grad is not None for part in controller.parameters())  # DistributedDataParallel needs it


def test_it_computes_in_double_and_reads_bfloat16():
    torch.manual_seed(0)
    controller = MLPController(3)
    assert controller.to(torch.float64)(STATISTICS.double()).scale_factor.dtype == torch.float64
    half = controller.to(torch.bfloat16)(STATISTICS.to(torch.bfloat16))
    assert half.scale_factor.dtype == torch.float32


@pytest.mark.parametrize(
    "settings", [{"hidden_size": 0}, {"hidden_size": 2.5}, {"gain": -0.1}, {"gain": "big"}, {"width": 3}]
)
def test_illegal_settings(settings):
    with pytest.raises(ComponentError, match="controller 'mlp'"):
        build_mlp_controller(settings, num_heads=2)
