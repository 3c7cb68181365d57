"""Router of a mixture of experts by Gaussian kernels with learnable prototypes.

Shapes: N tokens, C hidden size, E experts, F features.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .component_settings import number_setting, read_settings, whole_number_setting
from .temperatures import TEMPERATURES, bounded_temperature
from .token_projection import TokenProjection

__all__ = ["RBFRouter", "build_rbf_router"]

# Features lie in a cube of edge 2: at 0.01 no prototype is told from another, at 100 all but the nearest
# vanish.
_GAMMAS = (0.01, 100.0)


class RBFRouter(nn.Module):
    """logits[n, e] = exp(-gamma |x_n - prototype_e|^2) / temperature, with x = tanh(tokens W^T).

    The classical counterpart of a quantum kernel router: the same projection of the tokens to F features,
    the same prototypes and temperature, the same range of logits (0 to 1 / temperature), and one parameter
    more, gamma. It has F C + E F + 2 parameters. The kernel and not its logarithm stands there, because with
    the logarithm |x|^2 would cancel in the softmax and leave a linear gate on x.

    Args:
        hidden_size: C.
        num_experts: E.
        num_features: F.
        gamma: first value of gamma, 0.01 to 100, the range in which training keeps it.
        temperature: first value, 0.01 to 10, likewise. At a limit the gradient of either is 0.

    Example:
        >>> logits = RBFRouter(8, 4)(torch.randn(3, 8))
        >>> logits.shape, bool((logits >= 0).all() and (logits <= 10.0).all())
        (torch.Size([3, 4]), True)
    """

    def __init__(
        self,
        hidden_size: int,
        num_experts: int,
        *,
        num_features: int = 4,
        gamma: float = 1.0,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.first_gamma, self.first_temperature = gamma, temperature
        self.projection = TokenProjection(hidden_size, num_features)
        self.prototypes = nn.Parameter(torch.empty(num_experts, num_features))
        self.log_gamma = nn.Parameter(torch.empty(()))
        self.log_temperature = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw projection and prototypes from torch's default generator; first gamma and temperature."""
        self.projection.reset_parameters()
        nn.init.uniform_(self.prototypes, -1.0, 1.0)
        nn.init.constant_(self.log_gamma, math.log(self.first_gamma))
        nn.init.constant_(self.log_temperature, math.log(self.first_temperature))

    def gamma(self) -> Tensor:
        """The gamma in use, a tensor of shape ()."""
        precise = torch.promote_types(self.log_gamma.dtype, torch.float32)
        low, high = _GAMMAS
        return self.log_gamma.to(precise).clamp(math.log(low), math.log(high)).exp()

    def temperature(self) -> Tensor:
        """The temperature in use, a tensor of shape ()."""
        return bounded_temperature(self.log_temperature)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (N, E) of tokens (N, C)."""
        features = self.projection(tokens)
        # Differences instead of the expanded square: exact near a prototype, and F is small.
        distances = (features[:, None, :] - self.prototypes.to(features.dtype)).square().sum(-1)
        return torch.exp(-self.gamma() * distances) / self.temperature()


def build_rbf_router(
    settings: dict[str, Any], *, hidden_size: int, num_experts: int, **context: Any
) -> RBFRouter:
    """Builder of router "rbf".

    Args:
        settings: ``num_features``, 1 to 64, 4 where not given; ``gamma``, 0.01 to 100, 1 where not given;
            ``temperature``, 0.01 to 10, 0.1 where not given.
        hidden_size: C.
        num_experts: E.
        context: not used.

    Returns:
        The router.

    Example:
        >>> build_rbf_router({"num_features": 2}, hidden_size=8, num_experts=4).prototypes.shape
        torch.Size([4, 2])
    """
    component = "router 'rbf'"
    known = read_settings(component, settings, {"num_features": 4, "gamma": 1.0, "temperature": 0.1})
    return RBFRouter(
        hidden_size,
        num_experts,
        num_features=whole_number_setting(component, known, "num_features", 1, 64),
        gamma=number_setting(component, known, "gamma", *_GAMMAS),
        temperature=number_setting(component, known, "temperature", *TEMPERATURES),
    )
