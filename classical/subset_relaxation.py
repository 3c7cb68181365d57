"""Choices of exactly k out of n: their relaxation to numbers between 0 and 1, and masks with its gradient.

Shapes: n things to choose from, in the last dimension.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .errors import ComponentError

__all__ = ["subset_marginals", "subset_mask"]

# Every pass narrows the bracket of the threshold to one of so many parts; six passes reach 1e-10 of it.
_PARTS = 48
_PASSES = 6


def subset_marginals(logits: Tensor, k: int) -> Tensor:
    """sigmoid(logits - t), with the threshold t at which the sum is k.

    These numbers maximize logits . g plus the entropy of n independent bits over all g in [0, 1]^n that sum
    to k, as a softmax does for k = 1 over the simplex (there with the entropy of one choice): the occupation
    numbers of fermions at a chemical potential t. Gradients are exact, the threshold's included:
    dg_i / dl_j = s_i (delta_ij - s_j / sum s) with s = g (1 - g).

    Args:
        logits: floating point, shape (..., n).
        k: 1 to n - 1.

    Returns:
        Same shape, between 0 and 1, sum k.

    Raises:
        ComponentError: k out of its range.

    Example:
        >>> subset_marginals(torch.tensor([2.0, 0.0, -2.0, 0.0]), 2).round(decimals=3).tolist()
        [0.8809999823570251, 0.5, 0.11900000274181366, 0.5]
    """
    _check(logits, k)
    n = logits.shape[-1]
    with torch.no_grad():
        # Equal logits l have the threshold l - logit(k / n); others lie between the extremes of these.
        offset = math.log(k / (n - k))
        low = logits.amin(-1, keepdim=True) - offset
        width = logits.amax(-1, keepdim=True) - offset - low
        steps = torch.linspace(0.0, 1.0, _PARTS + 1, dtype=logits.dtype, device=logits.device)
        for _ in range(_PASSES):
            grid = low + width * steps
            sums = torch.sigmoid(logits.unsqueeze(-2) - grid.unsqueeze(-1)).sum(-1)
            below = (sums >= k).sum(-1, keepdim=True).sub(1).clamp_min(0)  # sums fall along the grid
            low, width = grid.gather(-1, below), width / _PARTS
    marginals = torch.sigmoid(logits - low)
    slopes = (marginals * (1 - marginals)).detach()
    total = slopes.sum(-1, keepdim=True).clamp_min(torch.finfo(logits.dtype).tiny)
    # One step of Newton, of which the gradient of the threshold comes: the residual is 0 up to rounding.
    threshold = low + (marginals.sum(-1, keepdim=True) - k) / total
    return torch.sigmoid(logits - threshold)


def subset_mask(marginals: Tensor, k: int) -> Tensor:
    """Ones at the k largest, zeros elsewhere; backward, the identity (straight-through).

    Y. Bengio, N. Leonard, A. Courville, "Estimating or propagating gradients through stochastic neurons for
    conditional computation", arXiv 1308.3432.

    Args:
        marginals: floating point, shape (..., n).
        k: 1 to n - 1.

    Returns:
        Same shape and dtype. Among equal ones the lower index wins.

    Raises:
        ComponentError: k out of its range.

    Example:
        >>> subset_mask(torch.tensor([0.2, 0.9, 0.2, 0.7]), 2).tolist()
        [0.0, 1.0, 0.0, 1.0]
    """
    _check(marginals, k)
    order = marginals.detach().sort(dim=-1, descending=True, stable=True).indices
    mask = torch.zeros_like(marginals).detach().scatter(-1, order[..., :k], 1.0)
    # The bracket is exactly 0, so that ones are exactly 1.
    return mask + (marginals - marginals.detach())


def _check(scores: Tensor, k: int) -> None:
    """Refuse a number that is no choice."""
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k < scores.shape[-1]:
        raise ComponentError(
            f"k is {k!r}; it must be a whole number from 1 to {scores.shape[-1] - 1}, one less than the "
            "number of things to choose from"
        )
