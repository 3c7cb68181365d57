"""Controllers of attention: factors on lambda and on dropout.

Shapes: H heads.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .component_settings import number_setting, read_settings
from .control_signals import ControlSignal
from .controller_ranges import LARGEST_DROPOUT_FACTOR, LARGEST_SCALE_FACTOR

__all__ = ["ConstantController", "build_constant_controller"]


class ConstantController(nn.Module):
    """Factors that do not depend on the statistics: one learnable factor on lambda per head, one on dropout.

    scale_factor = 4^tanh(parameter), strictly between 1/4 and 4, 1 for the parameter 0. The factor on dropout
    is a buffer, not a parameter: no gradient reaches a dropout probability, so it is set from outside, by a
    search over configurations or by writing into ``dropout_factor``. Both are saved with the model.

    Args:
        num_heads: H.
        scale_factor: first factor on lambda, 0.26 to 3.9.
        dropout_factor: 0 to 2.

    Example:
        >>> ConstantController(2)(torch.zeros(2, 3)).scale_factor.tolist()
        [1.0, 1.0]
    """

    dropout_factor: Tensor

    def __init__(self, num_heads: int, *, scale_factor: float = 1.0, dropout_factor: float = 1.0) -> None:
        super().__init__()
        self.first_scale_factor = scale_factor
        self.first_dropout_factor = dropout_factor
        self.scale_logits = nn.Parameter(torch.empty(num_heads))
        self.register_buffer("dropout_factor", torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set both factors to their first values."""
        share = math.log(self.first_scale_factor) / math.log(LARGEST_SCALE_FACTOR)
        nn.init.constant_(self.scale_logits, math.atanh(share))
        nn.init.constant_(self.dropout_factor, self.first_dropout_factor)

    def forward(self, statistics: Tensor | None) -> ControlSignal:
        """The factors, whatever the statistics (H, 3)."""
        scale = torch.exp(math.log(LARGEST_SCALE_FACTOR) * torch.tanh(self.scale_logits))
        return ControlSignal(scale, self.dropout_factor)


def build_constant_controller(
    settings: dict[str, Any], *, num_heads: int, **context: Any
) -> ConstantController:
    """Builder of controller "constant".

    Args:
        settings: ``scale_factor``, 0.26 to 3.9, and ``dropout_factor``, 0 to 2; 1 where not given.
        num_heads: H.
        context: not used.

    Returns:
        The controller.

    Example:
        >>> build_constant_controller({"dropout_factor": 0.5}, num_heads=2)(None).dropout_factor
        tensor(0.5000)
    """
    component = "controller 'constant'"
    known = read_settings(component, settings, {"scale_factor": 1.0, "dropout_factor": 1.0})
    return ConstantController(
        num_heads,
        scale_factor=number_setting(component, known, "scale_factor", 0.26, 3.9),
        dropout_factor=number_setting(component, known, "dropout_factor", 0.0, LARGEST_DROPOUT_FACTOR),
    )
