"""Which experts a token gets, and with what weight.

Shapes: N tokens, E experts, K slots (the most experts a token can get).

Choices are made on probabilities, never on logits: those have no common zero between tokens, so that a
ranking of tokens by them under a capacity means nothing. Every sort is stable, so that equal values keep the
order of experts and of tokens on every device.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .errors import ConfigurationError

__all__ = ["Selection", "keep_within_capacity", "select_by_experts", "select_by_mass", "select_top_k"]


class Selection(NamedTuple):
    """Experts of each token, best first.

    Args:
        experts: their numbers, shape (N, K), int64; all different within a row.
        chosen: which slots count, shape (N, K), bool.
        probabilities: of these experts, shape (N, K), with gradient.

    Example:
        >>> selection = select_top_k(torch.tensor([[0.7, 0.1, 0.2]]), 2)
        >>> selection.experts.tolist(), selection.chosen.tolist()
        ([[0, 2]], [[True, True]])
    """

    experts: Tensor
    chosen: Tensor
    probabilities: Tensor

    def weights(self, *, normalize: bool) -> Tensor:
        """What each expert's output is multiplied with.

        Args:
            normalize: divide by the sum over the chosen slots of a token.

        Returns:
            Shape (N, K), 0 in slots that do not count.

        Example:
            >>> select_top_k(torch.tensor([[0.6, 0.2, 0.2]]), 2).weights(normalize=True).tolist()
            [[0.75, 0.25]]
        """
        weights = self.probabilities * self.chosen
        # Probabilities of chosen experts are positive up to underflow of the softmax, whence the smallest
        # number.
        tiny = torch.finfo(weights.dtype).tiny
        return weights / weights.sum(-1, keepdim=True).clamp_min(tiny) if normalize else weights

    def load(self, num_experts: int) -> Tensor:
        """Tokens per expert.

        Args:
            num_experts: E.

        Returns:
            Shape (E,), int64.

        Example:
            >>> select_top_k(torch.tensor([[0.7, 0.1, 0.2], [0.5, 0.4, 0.1]]), 1).load(3).tolist()
            [2, 0, 0]
        """
        return torch.bincount(self.experts[self.chosen], minlength=num_experts)


def _ranked(probabilities: Tensor, slots: int, bias: Tensor | None) -> tuple[Tensor, Tensor]:
    """The best experts by probability plus bias, shape (N, K), and their probabilities without it."""
    scores = probabilities.detach() if bias is None else probabilities.detach() + bias
    experts = scores.sort(dim=-1, descending=True, stable=True).indices[:, :slots]
    return experts, probabilities.gather(-1, experts)


def select_top_k(probabilities: Tensor, k: int, bias: Tensor | None = None) -> Selection:
    """The k experts of highest probability for every token.

    Args:
        probabilities: shape (N, E).
        k: experts per token, 1 to E.
        bias: added to the probabilities for the choice alone, shape (E,).

    Returns:
        The selection; every slot counts.

    Raises:
        ConfigurationError: k outside its range.

    Example:
        >>> bias = torch.tensor([0.0, 0.2, 0.0])
        >>> select_top_k(torch.tensor([[0.5, 0.4, 0.1]]), 1, bias).experts.tolist()
        [[1]]
    """
    if not 1 <= k <= probabilities.shape[-1]:
        raise ConfigurationError(f"k is 1 to {probabilities.shape[-1]}, the number of experts, not {k}")
    experts, own = _ranked(probabilities, k, bias)
    return Selection(experts, torch.ones_like(experts, dtype=torch.bool), own)


def select_by_mass(
    probabilities: Tensor, mass: float | Tensor, max_active: int, bias: Tensor | None = None
) -> Selection:
    """The fewest best experts of a token whose probabilities together reach a mass.

    At least one and at most ``max_active``; a mass that all experts together miss by rounding takes them
    all. Q. Huang et al., "Harder tasks need more experts: dynamic routing in MoE models", arXiv 2403.07652.

    Args:
        probabilities: shape (N, E).
        mass: number or tensor of shape (), 0 to 1.
        max_active: most experts per token, 1 to E.
        bias: added to the probabilities for the order alone, shape (E,); the mass counts probabilities.

    Returns:
        The selection, of ``max_active`` slots.

    Raises:
        ConfigurationError: ``max_active`` outside its range.

    Example:
        >>> select_by_mass(torch.tensor([[0.7, 0.1, 0.2], [0.5, 0.4, 0.1]]), 0.6, 3).chosen.sum(-1).tolist()
        [1, 2]
    """
    if not 1 <= max_active <= probabilities.shape[-1]:
        raise ConfigurationError(
            f"max_active is 1 to {probabilities.shape[-1]}, the number of experts, not {max_active}"
        )
    experts, own = _ranked(probabilities, max_active, bias)
    values = own.detach()
    before = values.cumsum(-1) - values
    chosen = before < mass
    chosen[:, 0] = True
    return Selection(experts, chosen, own)


def select_by_experts(probabilities: Tensor, k: int) -> Selection:
    """Expert choice: every expert takes the ceil(k N / E) tokens that are likeliest to be its own.

    Loads are even by construction, a token gets k experts on average, and any number from 0 to E by itself.
    Y. Zhou et al., "Mixture-of-experts with expert choice routing", arXiv 2202.09368. Which tokens are taken
    depends on all of them, later ones included.

    Args:
        probabilities: shape (N, E).
        k: experts per token on average, 1 to E.

    Returns:
        The selection, of E slots, expert e in slot e.

    Raises:
        ConfigurationError: k outside its range.

    Example:
        >>> select_by_experts(torch.tensor([[0.9, 0.1], [0.8, 0.2]]), 1).chosen.tolist()
        [[True, False], [False, True]]
    """
    tokens, experts = probabilities.shape
    if not 1 <= k <= experts:
        raise ConfigurationError(f"k is 1 to {experts}, the number of experts, not {k}")
    order = probabilities.detach().sort(dim=0, descending=True, stable=True).indices
    taken = order[: math.ceil(k * tokens / experts)]
    chosen = torch.zeros_like(probabilities, dtype=torch.bool).scatter_(0, taken, True)
    numbers = torch.arange(experts, device=probabilities.device).expand(tokens, experts)
    return Selection(numbers, chosen, probabilities)


def keep_within_capacity(selection: Selection, num_experts: int, factor: float) -> Selection:
    """Let every expert keep only as many tokens as its capacity, those of the highest probability.

    Capacity is ceil(factor * assignments / E). Dropping by probability rather than by position is the batch
    prioritized routing of C. Riquelme et al., "Scaling vision with sparse mixture of experts", arXiv
    2106.05974.

    Args:
        selection: what tokens ask for.
        num_experts: E.
        factor: 1 gives room for exactly the mean load.

    Returns:
        The selection without the slots that found no room; probabilities are as they were.

    Example:
        >>> selection = select_top_k(torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]), 1)
        >>> keep_within_capacity(selection, 2, 1.0).chosen.flatten().tolist()  # two tokens per expert
        [True, False, True, True]
    """
    wanted = selection.chosen.reshape(-1).nonzero().squeeze(-1)
    capacity = math.ceil(factor * wanted.numel() / num_experts)
    experts = selection.experts.reshape(-1)[wanted]
    values = selection.probabilities.detach().reshape(-1)[wanted]
    by_value = values.argsort(descending=True, stable=True)
    order = by_value[experts[by_value].argsort(stable=True)]
    load = torch.bincount(experts, minlength=num_experts)
    rank = torch.arange(wanted.numel(), device=order.device) - (load.cumsum(0) - load)[experts[order]]
    chosen = torch.zeros_like(selection.chosen.reshape(-1))
    chosen[wanted[order[rank < capacity]]] = True
    return selection._replace(chosen=chosen.view_as(selection.chosen))
