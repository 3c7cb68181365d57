"""What controllers read and answer, brought into ranges: one place for the formulas that all of them share.

Shapes: H heads.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .control_signals import CONTROL_STATISTICS
from .errors import ComponentError

__all__ = [
    "LARGEST_DROPOUT_FACTOR",
    "LARGEST_SCALE_FACTOR",
    "dropout_factor",
    "scale_factors",
    "squashed_statistics",
]

LARGEST_SCALE_FACTOR = 4.0
"""Factors on lambda stay between 1 / 4 and 4, learnable and given ones alike."""

LARGEST_DROPOUT_FACTOR = 2.0
"""Twice the dropout of the configuration at most."""

# The gradient norm in the middle of the range: what the heads of a small model (hidden size 32, 4 heads, 16
# rows of 64 tokens, mean loss) have in their first steps.
_MIDDLE_GRADIENT_NORM = 1e-2


def squashed_statistics(statistics: Tensor, num_heads: int) -> Tensor:
    """Statistics of the heads within -1 and 1, for a controller whose inputs need a range.

    Of the entropy share e, the distance ratio r and the gradient norm g:

        2 e - 1,    tanh(ln(r) / 2) = (r - 1) / (r + 1),    tanh(ln(g / 0.01) / 4) = (u - 1) / (u + 1)

    with u = sqrt(g / 0.01): even weights are 1, the distance seen first is 0, and a norm of 0.01 is 0. A
    ratio below 0 (products of the metric "dot" have a sign) is -1, like one of 0. A layer that has seen
    nothing reads (1, 0, -1). What is not a number, such as the gradient norm of a step that overflowed in
    float16, says nothing and counts as 0; an infinite one is 1.

    Args:
        statistics: as `CONTROL_STATISTICS` lists them, (H, 3).
        num_heads: H.

    Returns:
        (H, 3), within [-1, 1], at least float32.

    Raises:
        ComponentError: no floating-point tensor of shape (H, 3).

    Example:
        >>> squashed_statistics(torch.tensor([[1.0, 1.0, 0.0], [0.5, 3.0, 0.01]]), 2).tolist()
        [[1.0, 0.0, -1.0], [0.0, 0.5, 0.0]]
    """
    shape = (num_heads, len(CONTROL_STATISTICS))
    if (
        not isinstance(statistics, Tensor)
        or not statistics.is_floating_point()
        or tuple(statistics.shape) != shape
    ):
        given = tuple(statistics.shape) if isinstance(statistics, Tensor) else repr(statistics)
        raise ComponentError(
            f"a controller that reads statistics needs them as floating-point tensor of shape {shape}, one "
            f"row per head with {', '.join(CONTROL_STATISTICS)}; given: {given}"
        )
    precise = statistics.to(torch.promote_types(statistics.dtype, torch.float32))
    entropy, ratio, norm = precise.unbind(-1)
    root = (norm.clamp(min=0.0) / _MIDDLE_GRADIENT_NORM).sqrt()
    columns = (
        2.0 * entropy.clamp(0.0, 1.0) - 1.0,
        # This form of (r - 1) / (r + 1) is 1 at infinity.
        1.0 - 2.0 / (1.0 + ratio.clamp(min=0.0)),
        1.0 - 2.0 / (1.0 + root),
    )
    return torch.stack(columns, -1).nan_to_num(nan=0.0)


def scale_factors(outputs: Tensor) -> Tensor:
    """Factors on lambda from outputs within -1 and 1: 4^output.

    Args:
        outputs: any shape.

    Returns:
        The same shape, from 1/4 to 4; 1 for an output of 0.

    Example:
        >>> scale_factors(torch.tensor([-1.0, 0.0, 0.5])).tolist()
        [0.25, 1.0, 2.0]
    """
    # Base 2, so that the factors of bins that are powers of 2 are exact.
    return torch.exp2(math.log2(LARGEST_SCALE_FACTOR) * outputs)


def dropout_factor(outputs: Tensor) -> Tensor:
    """The factor on dropout from one output per head within -1 and 1: 1 plus their mean, without gradient.

    No gradient reaches a dropout probability, so that none is recorded.

    Args:
        outputs: (H,).

    Returns:
        Shape (), from 0 to 2; 1 for a mean of 0.

    Example:
        >>> dropout_factor(torch.tensor([0.5, 0.0]))
        tensor(1.2500)
    """
    return 1.0 + (LARGEST_DROPOUT_FACTOR - 1.0) * outputs.detach().mean()
