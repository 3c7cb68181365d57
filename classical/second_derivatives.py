"""Refusal of second derivatives by paths of attention that compute their gradients themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .errors import AttentionError

__all__ = ["refuse_second_derivatives"]


class _OnlyOnce(torch.autograd.Function):
    """Hands gradients on, and refuses to be differentiated: tiles do not know second derivatives."""

    @staticmethod
    def forward(context: Any, anchor: Tensor, *gradients: Tensor) -> tuple[Tensor, ...]:
        return tuple(gradient.view_as(gradient) for gradient in gradients)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        raise AttentionError(
            'the gradients of attention in tiles (backend "tiled" or "kernel") cannot be differentiated '
            'again; take backend="dense" for second derivatives'
        )


def refuse_second_derivatives(
    inputs: Sequence[Tensor], gradients: Sequence[Tensor | None]
) -> tuple[Tensor | None, ...]:
    """Gradients as they are; where a graph of them was asked for, in one that cannot be walked back.

    Args:
        inputs: what was differentiated by, at least one of them with gradient.
        gradients: computed without a graph; None where there is none, after all others.

    Returns:
        As many.

    Example:
        >>> one = torch.ones(1, requires_grad=True)
        >>> refuse_second_derivatives([one], [torch.zeros(1), None])[0].requires_grad
        True
        >>> with torch.no_grad():
        ...     refuse_second_derivatives([one], [torch.zeros(1)])[0].requires_grad
        False
    """
    if not torch.is_grad_enabled():
        return tuple(gradients)
    # The gradients depend on the inputs; one that wants gradients is enough to lead back to the refusal.
    anchor = next(part for part in inputs if part.requires_grad)
    given = [part for part in gradients if part is not None]
    handed_on = _OnlyOnce.apply(anchor, *given)  # type: ignore[no-untyped-call]
    return (*handed_on, *[None] * (len(gradients) - len(given)))
