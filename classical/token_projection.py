"""Tokens as a few bounded features, for routers that compare them with prototypes.

Shapes: N tokens, C hidden size, F features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["TokenProjection"]


class TokenProjection(nn.Module):
    """features = bound * tanh(tokens W^T), W from N(0, 1 / C) at first.

    Tokens of unit variance, as a layer norm makes them, then have features near the middle of the slope of
    tanh; whatever the tokens, features stay within +-bound. There is no bias: prototypes are free to move
    instead.

    Args:
        hidden_size: C.
        num_features: F.
        bound: largest absolute value of a feature, such as the angle up to which an encoding does not wrap
            around.

    Example:
        >>> TokenProjection(8, 3)(torch.full((5, 8), 1e6)).abs().max().item() <= 1.0
        True
    """

    def __init__(self, hidden_size: int, num_features: int, *, bound: float = 1.0) -> None:
        super().__init__()
        self.bound = bound
        self.weight = nn.Parameter(torch.empty(num_features, hidden_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from torch's default generator."""
        nn.init.normal_(self.weight, std=self.weight.shape[1] ** -0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Features (N, F) of tokens (N, C), in float32 or better."""
        precise = torch.promote_types(self.weight.dtype, torch.float32)
        return self.bound * torch.tanh(functional.linear(tokens.to(precise), self.weight.to(precise)))

    def extra_repr(self) -> str:
        """Sizes and bound."""
        features, width = self.weight.shape
        return f"{width}, {features}, bound={self.bound:g}"
