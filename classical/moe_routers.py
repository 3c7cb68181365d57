"""Routers of a mixture of experts: one logit per token and expert.

Shapes: N tokens, C hidden size, E experts.

A router returns logits; the layer takes their softmax. Both are at least float32 whatever the model's type,
because rounding logits to bfloat16 changes which expert a token reaches.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .component_settings import number_setting, read_settings
from .temperatures import TEMPERATURES, bounded_temperature

__all__ = ["CosineRouter", "SoftmaxRouter", "build_cosine_router", "build_softmax_router"]


class SoftmaxRouter(nn.Module):
    """Linear gate without bias: logits = tokens W^T, W from N(0, std^2) at first.

    N. Shazeer et al., "Outrageously large neural networks", arXiv 1701.06538, without its noise.

    Args:
        hidden_size: C.
        num_experts: E.
        initializer_std: standard deviation of the first weights; small, so that routing starts nearly even.

    Example:
        >>> SoftmaxRouter(8, 4)(torch.zeros(3, 8)).shape
        torch.Size([3, 4])
    """

    def __init__(self, hidden_size: int, num_experts: int, *, initializer_std: float = 0.02) -> None:
        super().__init__()
        self.initializer_std = initializer_std
        self.weight = nn.Parameter(torch.empty(num_experts, hidden_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from torch's default generator."""
        nn.init.normal_(self.weight, std=self.initializer_std)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (N, E) of tokens (N, C)."""
        precise = torch.promote_types(self.weight.dtype, torch.float32)
        return functional.linear(tokens.to(precise), self.weight.to(precise))


class CosineRouter(nn.Module):
    """Cosine between a token and one prototype per expert, over a learnable temperature.

    logits[n, e] = cos(token_n, prototype_e) / temperature. Lengths do not count, so that no expert wins by a
    large weight alone; compare Z. Chi et al., "On the representation collapse of sparse mixture of experts",
    arXiv 2204.09179 (which projects to a low dimension first; this router does not).

    Args:
        hidden_size: C.
        num_experts: E.
        temperature: its first value, 0.01 to 10, the range in which training keeps it. At a limit its
            gradient is 0.

    Example:
        >>> router = CosineRouter(8, 4, temperature=0.5)
        >>> bool(router(torch.randn(3, 8)).abs().max() <= 2.0)
        True
    """

    def __init__(self, hidden_size: int, num_experts: int, *, temperature: float = 0.1) -> None:
        super().__init__()
        self.first_temperature = temperature
        self.prototypes = nn.Parameter(torch.empty(num_experts, hidden_size))
        self.log_temperature = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the prototypes from torch's default generator and set the temperature to its first value."""
        nn.init.normal_(self.prototypes)
        nn.init.constant_(self.log_temperature, math.log(self.first_temperature))

    def temperature(self) -> Tensor:
        """The temperature in use, a tensor of shape ()."""
        return bounded_temperature(self.log_temperature)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (N, E) of tokens (N, C)."""
        precise = torch.promote_types(self.prototypes.dtype, torch.float32)
        directions = functional.normalize(self.prototypes.to(precise), dim=-1)
        return (
            functional.linear(functional.normalize(tokens.to(precise), dim=-1), directions)
            / self.temperature()
        )


def build_softmax_router(
    settings: dict[str, Any], *, hidden_size: int, num_experts: int, **context: Any
) -> SoftmaxRouter:
    """Builder of router "softmax".

    Args:
        settings: ``initializer_std``, 0 to 10, 0.02 where not given.
        hidden_size: C.
        num_experts: E.
        context: not used.

    Returns:
        The router.

    Example:
        >>> build_softmax_router({}, hidden_size=8, num_experts=4)
        SoftmaxRouter()
    """
    component = "router 'softmax'"
    known = read_settings(component, settings, {"initializer_std": 0.02})
    std = number_setting(component, known, "initializer_std", 0.0, 10.0)
    return SoftmaxRouter(hidden_size, num_experts, initializer_std=std)


def build_cosine_router(
    settings: dict[str, Any], *, hidden_size: int, num_experts: int, **context: Any
) -> CosineRouter:
    """Builder of router "cosine".

    Args:
        settings: ``temperature``, 0.01 to 10, 0.1 where not given.
        hidden_size: C.
        num_experts: E.
        context: not used.

    Returns:
        The router.

    Example:
        >>> build_cosine_router({"temperature": 1.0}, hidden_size=8, num_experts=4)
        CosineRouter()
    """
    component = "router 'cosine'"
    known = read_settings(component, settings, {"temperature": 0.1})
    temperature = number_setting(component, known, "temperature", *TEMPERATURES)
    return CosineRouter(hidden_size, num_experts, temperature=temperature)
