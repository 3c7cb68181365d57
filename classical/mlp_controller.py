"""A controller of attention that is a small network: the classical control of one that is a circuit.

Shapes: H heads, W hidden units.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .component_settings import number_setting, read_settings, whole_number_setting
from .control_signals import CONTROL_STATISTICS, ControlSignal
from .controller_ranges import dropout_factor, scale_factors, squashed_statistics

__all__ = ["MLPController", "build_mlp_controller"]

_N_STATISTICS = len(CONTROL_STATISTICS)
_N_OUTPUTS = 2


class MLPController(nn.Module):
    """Two layers with tanh that read the statistics of each head and answer with its factor on lambda.

    outputs = tanh(W2 tanh(W1 s + b1) + b2), the same network for every head, s the three statistics of the
    head within -1 and 1 (`squashed_statistics`); scale_factor = 4^outputs_0, strictly between 1/4 and 4, and
    dropout_factor = 1 + mean over heads of outputs_1, between 0 and 2. 6 W + 2 parameters.

    No gradient reaches a dropout probability: outputs_1 is trained by nothing of its own, and changes with
    the weights that it shares with outputs_0. At the start W2 is so small that no output is beyond ``gain``.

    Args:
        num_heads: H.
        hidden_size: W. 4 (26 parameters) is the smallest with at least as many parameters as the circuit of
            controller "qnn" at its defaults (22).
        gain: bound of both outputs at the start.

    Example:
        >>> controller = MLPController(2, gain=0.0)
        >>> controller(torch.tensor([[1.0, 1.0, 0.0], [0.5, 2.0, 0.1]])).scale_factor.tolist()
        [1.0, 1.0]
    """

    def __init__(self, num_heads: int, *, hidden_size: int = 4, gain: float = 0.1) -> None:
        super().__init__()
        self.num_heads, self.hidden_size, self.gain = num_heads, hidden_size, gain
        self.hidden_weight = nn.Parameter(torch.empty(hidden_size, _N_STATISTICS))
        self.hidden_bias = nn.Parameter(torch.empty(hidden_size))
        self.output_weight = nn.Parameter(torch.empty(_N_OUTPUTS, hidden_size))
        self.output_bias = nn.Parameter(torch.empty(_N_OUTPUTS))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from torch's default generator; biases are 0."""
        nn.init.xavier_uniform_(self.hidden_weight)
        nn.init.zeros_(self.hidden_bias)
        # W hidden units within -1 and 1 then sum to no more than the gain.
        limit = self.gain / self.hidden_size
        nn.init.uniform_(self.output_weight, -limit, limit)
        nn.init.zeros_(self.output_bias)

    def forward(self, statistics: Tensor) -> ControlSignal:
        """The factors for statistics (H, 3)."""
        squashed = squashed_statistics(statistics, self.num_heads)
        precise = torch.promote_types(self.hidden_weight.dtype, squashed.dtype)
        parts = (self.hidden_weight, self.hidden_bias, self.output_weight, self.output_bias)
        hidden_weight, hidden_bias, output_weight, output_bias = (part.to(precise) for part in parts)
        hidden = torch.tanh(functional.linear(squashed.to(precise), hidden_weight, hidden_bias))
        outputs = torch.tanh(functional.linear(hidden, output_weight, output_bias))
        return ControlSignal(scale_factors(outputs[:, 0]), dropout_factor(outputs[:, 1]))


def build_mlp_controller(settings: dict[str, Any], *, num_heads: int, **context: Any) -> MLPController:
    """Builder of controller "mlp".

    Args:
        settings: ``hidden_size``, 1 to 1,024, 4 where not given; ``gain``, 0 to 10, 0.1 where not given.
        num_heads: H.
        context: not used.

    Returns:
        The controller.

    Example:
        >>> sum(part.numel() for part in build_mlp_controller({}, num_heads=4).parameters())
        26
    """
    component = "controller 'mlp'"
    known = read_settings(component, settings, {"hidden_size": 4, "gain": 0.1})
    return MLPController(
        num_heads,
        hidden_size=whole_number_setting(component, known, "hidden_size", 1, 1024),
        gain=number_setting(component, known, "gain", 0.0, 10.0),
    )
