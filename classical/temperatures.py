"""Learnable temperatures: a parameter holds the logarithm, and the value stays within limits."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["TEMPERATURES", "bounded_temperature"]

TEMPERATURES = (0.01, 10.0)
"""Lowest and highest temperature that training may reach. For scores between 0 and 1, such as cosines, the
largest takes all at the low end, and all are alike at the high one."""


def bounded_temperature(log_temperature: Tensor) -> Tensor:
    """exp(log temperature), kept within `TEMPERATURES`; at a limit its gradient is 0.

    Args:
        log_temperature: the parameter, any shape.

    Returns:
        The temperature, same shape, in float32 or better.

    Example:
        >>> bounded_temperature(torch.tensor([-9.0, 0.0, 9.0])).tolist()
        [0.009999999776482582, 1.0, 10.0]
    """
    precise = torch.promote_types(log_temperature.dtype, torch.float32)
    low, high = TEMPERATURES
    return log_temperature.to(precise).clamp(math.log(low), math.log(high)).exp()
