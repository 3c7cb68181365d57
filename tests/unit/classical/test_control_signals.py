"""Signals of controllers: what is legal."""

import pytest
import torch

from hybrid_opt.classical.control_signals import CONTROL_STATISTICS, ControlSignal, check_control_signal
from hybrid_opt.classical.errors import ComponentError


def test_three_statistics_are_named():
    assert len(CONTROL_STATISTICS) == 3


def test_a_plain_pair_becomes_a_signal():
    signal = check_control_signal((torch.ones(2), torch.tensor(0.5)), 2)
    assert isinstance(signal, ControlSignal)
    assert signal.dropout_factor.item() == 0.5


@pytest.mark.parametrize("signal", [
    ControlSignal(torch.ones(3), torch.tensor(1.0)),
    ControlSignal(torch.ones(2), torch.ones(2)),
    ControlSignal(torch.ones(2, dtype=torch.int64), torch.tensor(1.0)),
    ControlSignal(torch.ones(2), 1.0),
    (torch.ones(2),),
    torch.ones(2),
    None,
])  # fmt: skip
def test_anything_else_is_refused(signal):
    with pytest.raises(ComponentError, match=r"ControlSignal\(scale_factor of shape \(2,\)"):
        check_control_signal(signal, 2)
