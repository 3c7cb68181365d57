"""Keeping the load of experts even: losses on the router, and a bias that only steers the choice.

Shapes: N tokens, E experts, K slots.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SelectionBias", "auxiliary_balance_loss", "router_entropy", "router_z_loss"]


def auxiliary_balance_loss(probabilities: Tensor, load: Tensor) -> Tensor:
    """E * sum_i f_i P_i, with f_i expert i's share of all assignments and P_i its mean probability.

    1 where both are even, up to E where one expert gets everything. Gradients flow through P alone. W.
    Fedus, B. Zoph, N. Shazeer, "Switch transformers", arXiv 2101.03961, equation 4, there for one expert
    per token; shares sum to 1 here for any number of experts per token.

    Args:
        probabilities: shape (N, E).
        load: assignments per expert before any is dropped, shape (E,).

    Returns:
        Shape (); 0 without tokens.

    Example:
        >>> even = torch.full((4, 2), 0.5)
        >>> auxiliary_balance_loss(even, torch.tensor([2, 2])).item()
        1.0
    """
    if probabilities.shape[0] == 0:
        return probabilities.sum()
    share = load.to(probabilities.dtype) / load.sum().clamp_min(1)
    return probabilities.shape[-1] * torch.dot(share, probabilities.mean(0))


def router_z_loss(logits: Tensor) -> Tensor:
    """Mean over tokens of logsumexp(logits)^2, which keeps logits small.

    B. Zoph et al., "ST-MoE: designing stable and transferable sparse expert models", arXiv 2202.08906,
    equation 5.

    Args:
        logits: shape (N, E).

    Returns:
        Shape (); 0 without tokens.

    Example:
        >>> round(router_z_loss(torch.zeros(3, 1)).item(), 6)
        0.0
    """
    return logits.logsumexp(-1).square().mean() if logits.shape[0] else logits.sum()


def router_entropy(logits: Tensor) -> Tensor:
    """Mean over tokens of the entropy of softmax(logits), in nats.

    Args:
        logits: shape (N, E).

    Returns:
        Shape (), 0 to log E; 0 without tokens.

    Example:
        >>> round(router_entropy(torch.zeros(3, 2)).item(), 4)  # log 2
        0.6931
    """
    if logits.shape[0] == 0:
        return logits.sum()
    logarithms = logits.log_softmax(-1)
    return -(logarithms.exp() * logarithms).sum(-1).mean()


class SelectionBias(nn.Module):
    """Loss-free balancing: a bias per expert, added to the probabilities for the choice and nothing else.

    After each training step b_i grows by the speed where expert i had less than the mean load and falls by it
    where it had more. L. Wang et al., "Auxiliary-loss-free load balancing strategy for mixture-of-experts",
    arXiv 2408.15664. The bias is kept as a whole number of steps: exact in every type a model is cast to.

    A load that was observed takes effect at the start of the next training pass, not at the end of its own: a
    pass that gradient checkpointing computes a second time then chooses the same experts.

    Args:
        num_experts: E.
        speed: size of a step.

    Example:
        >>> bias = SelectionBias(2, speed=0.5)
        >>> bias.observe(torch.tensor([3, 1]))
        >>> bias.advance()
        >>> bias.bias().tolist()
        [-0.5, 0.5]
    """

    steps: Tensor
    pending_load: Tensor

    def __init__(self, num_experts: int, *, speed: float) -> None:
        super().__init__()
        self.speed = speed
        self.register_buffer("steps", torch.empty(num_experts, dtype=torch.int64))
        self.register_buffer("pending_load", torch.empty(num_experts, dtype=torch.int64))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the bias to 0 and forget what was observed."""
        nn.init.zeros_(self.steps)
        nn.init.zeros_(self.pending_load)

    def bias(self) -> Tensor:
        """The bias, shape (E,), float32."""
        return self.steps * self.speed

    def observe(self, load: Tensor) -> None:
        """Note the load of a training step, shape (E,)."""
        self.pending_load.copy_(load)

    def advance(self) -> None:
        """Step by the load that was noted, once."""
        # sign(mean - load_i) in whole numbers; an even or empty load changes nothing
        load = self.pending_load
        self.steps += torch.sign(load.sum() - load * load.numel())
        load.zero_()
