"""The dense feed-forward part of a block: two linear maps around an activation.

Shapes: B batch, T tokens, C hidden size.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .errors import ConfigurationError

__all__ = ["ACTIVATIONS", "DenseFeedForward"]


def _gelu_tanh(hidden: Tensor) -> Tensor:
    """GELU by its tanh approximation."""
    return functional.gelu(hidden, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "gelu_new": _gelu_tanh,
    "gelu_pytorch_tanh": _gelu_tanh,
    "relu": functional.relu,
    "silu": functional.silu,
    "tanh": torch.tanh,
}


class DenseFeedForward(nn.Module):
    """Expand to a wider layer, apply an activation, contract: output = W2 activation(W1 hidden + b1) + b2.

    Args:
        hidden_size: C, width of input and output.
        intermediate_size: width in between.
        activation: one of `ACTIVATIONS`.
        dropout: probability of a zero behind the activation, in training.

    Raises:
        ConfigurationError: the activation is not known.

    Example:
        >>> import torch
        >>> output, auxiliary_loss = DenseFeedForward(8, 32)(torch.zeros(1, 3, 8))
        >>> tuple(output.shape), auxiliary_loss
        ((1, 3, 8), None)
    """

    def __init__(
        self, hidden_size: int, intermediate_size: int, activation: str = "gelu", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ConfigurationError(
                f"activation {activation!r} is not known; take one of {sorted(ACTIVATIONS)}"
            )
        self.activation = activation
        self.expand = nn.Linear(hidden_size, intermediate_size)
        self.contract = nn.Linear(intermediate_size, hidden_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> tuple[Tensor, None]:
        """Apply both maps to each token.

        Args:
            hidden: (B, T, C).
            mask: which tokens are real, (B, T); not used here, a mixture of experts leaves padded tokens out.

        Returns:
            The output, (B, T, C), and None: there is no auxiliary loss.
        """
        return self.contract(self.dropout(ACTIVATIONS[self.activation](self.expand(hidden)))), None
