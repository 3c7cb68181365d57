"""Masks with exactly k ones that pass gradients through to the scores they were made from."""

from __future__ import annotations

import torch

from ..circuits.errors import CircuitError

__all__ = ["top_k_mask"]

# Scores that agree to so many decimals are equal: simulators differ in the last digits.
_DECIMALS = 9


def top_k_mask(scores: torch.Tensor, k: int) -> torch.Tensor:
    """Ones at the k largest scores, zeros elsewhere; backward, the identity.

    Y. Bengio, N. Leonard, A. Courville, "Estimating or Propagating Gradients Through Stochastic Neurons for
    Conditional Computation", arXiv 1308.3432: the gradient of a step is replaced by that of what it rounds.
    It is no gradient of the mask, which is constant almost everywhere.

    Args:
        scores: floating point, shape (..., N).
        k: number of ones, from 1 to N.

    Returns:
        Same shape and dtype. Among scores that are equal to nine decimals the lower index wins.

    Raises:
        CircuitError: k outside of its range.

    Example:
        >>> scores = torch.tensor([0.2, 0.7, 0.7, 0.1], requires_grad=True)
        >>> mask = top_k_mask(scores, 1)
        >>> mask.tolist()
        [0.0, 1.0, 0.0, 0.0]
        >>> (mask * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
        >>> scores.grad.tolist()
        [1.0, 2.0, 3.0, 4.0]
    """
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= scores.shape[-1]:
        raise CircuitError(
            f"k is {k!r}; it must be an integer from 1 to the number {scores.shape[-1]} of scores"
        )
    order = scores.detach().round(decimals=_DECIMALS).sort(dim=-1, descending=True, stable=True).indices
    mask = torch.zeros_like(scores).detach().scatter(-1, order[..., :k], 1.0)
    # The bracket is exactly 0, so that ones are exactly 1.
    return mask + (scores - scores.detach())
