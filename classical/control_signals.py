"""What a controller of attention is told and what it answers.

Shapes: H heads.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from .errors import ComponentError

__all__ = ["CONTROL_STATISTICS", "ControlSignal", "check_control_signal"]

CONTROL_STATISTICS = ("normalized entropy", "mean distance over its first value", "gradient norm")
"""Columns of the statistics (H, 3) handed to a controller, without gradient."""


class ControlSignal(NamedTuple):
    """Answer of a controller for one layer.

    Args:
        scale_factor: factors on lambda, shape (H,), positive; 1 changes nothing. Gradients flow back
            through it.
        dropout_factor: factor on the dropout probability of the attention weights, shape (), not negative.
            The layer keeps the product within [0, 1). A dropout probability passes no gradient back.

    Example:
        >>> import torch
        >>> ControlSignal(torch.ones(2), torch.tensor(1.0)).scale_factor
        tensor([1., 1.])
    """

    scale_factor: Tensor
    dropout_factor: Tensor


def check_control_signal(signal: ControlSignal, num_heads: int) -> ControlSignal:
    """Refuse what a controller must not return; values are not looked at, which would wait for the device.

    Args:
        signal: what it returned; any pair of tensors is taken.
        num_heads: H.

    Returns:
        The signal.

    Raises:
        ComponentError: no pair of floating-point tensors of shapes (H,) and ().

    Example:
        >>> import torch
        >>> check_control_signal(ControlSignal(torch.ones(2), torch.tensor(0.5)), num_heads=2).dropout_factor
        tensor(0.5000)
    """
    shapes = ((num_heads,), ())
    if (
        isinstance(signal, tuple)
        and len(signal) == 2
        and all(isinstance(part, Tensor) and part.is_floating_point() for part in signal)
        and tuple(tuple(part.shape) for part in signal) == shapes
    ):
        return ControlSignal(*signal)
    raise ComponentError(
        f"a controller returned {signal!r}; it must return ControlSignal(scale_factor of "
        f"shape {shapes[0]}, dropout_factor of shape ()), both floating-point tensors"
    )
