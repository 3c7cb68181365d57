"""Probabilities of bits from expectation values of Z, in torch: x = (1 - Z) / 2."""

from __future__ import annotations

import torch

__all__ = ["bit_probabilities", "probability_of_one"]


def probability_of_one(fields: torch.Tensor) -> torch.Tensor:
    """Probabilities of bits to be 1.

    Args:
        fields: <Z_i>, any shape.

    Returns:
        P(x_i = 1), same shape, within [0, 1] whatever rounding did.

    Example:
        >>> probability_of_one(torch.tensor([-1.0, 0.5]))
        tensor([1.0000, 0.2500])
    """
    return _within((1 - fields) / 2)


def bit_probabilities(
    fields: torch.Tensor, products: torch.Tensor, first: torch.Tensor, second: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities of single bits and of pairs of bits to be 1.

    Args:
        fields: <Z_i>, shape (B, N).
        products: <Z_i Z_j> of K pairs, shape (B, K).
        first: i of each pair, integers of shape (K,).
        second: j.

    Returns:
        P(x_i = 1), shape (B, N), and P(x_i = 1 and x_j = 1), shape (B, K), within [0, 1].

    Example:
        >>> pair = torch.tensor([0]), torch.tensor([1])
        >>> bit_probabilities(torch.tensor([[-1.0, 0.0]]), torch.tensor([[0.0]]), *pair)
        (tensor([[1.0000, 0.5000]]), tensor([[0.5000]]))
    """
    ones = (1 - fields) / 2
    both = (ones[:, first] + ones[:, second]) / 2 + (products - 1) / 4
    return probability_of_one(fields), _within(both)


def _within(values: torch.Tensor) -> torch.Tensor:
    # Rounding leaves the interval, which torch's binary cross entropy would refuse. Only the values are
    # clamped: at the ends clamp itself would stop the derivative.
    return values + (values.clamp(0, 1) - values).detach()
