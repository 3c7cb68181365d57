"""How a layer holds the scale lambda and the exponent p of its heads: what is learned, in which coordinates.

lambda = lambda0 * exp(log_scale_ratio): lambda0 is the closed form of each head's metric (or 1) times a
factor that one may choose, the learned ratio starts at 0 and is kept within a factor 100 of it, as Swin V2
does with its temperature (Liu et al. 2022, arXiv 2111.09883). p = 1 + softplus(p_excess) cannot fall below 1,
where lp stops being a metric.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .errors import AttentionError
from .scales import calibrated_scale

__all__ = ["LARGEST_LOG_RATIO", "bounded_ratio", "excess_of_p", "no_decay_parameter_names", "start_scales"]

LARGEST_LOG_RATIO = math.log(100.0)


class _Bounded(torch.autograd.Function):
    """Clamp whose gradient still leads back inside: a plain clamp would hold a parameter outside for ever."""

    @staticmethod
    def forward(context: Any, ratio: Tensor) -> Tensor:
        context.save_for_backward(ratio)
        return ratio.clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        (ratio,) = context.saved_tensors
        # Descent moves against the gradient: a negative one pushes up.
        outward = ((ratio > LARGEST_LOG_RATIO) & (gradient < 0)) | (
            (ratio < -LARGEST_LOG_RATIO) & (gradient > 0)
        )
        return gradient.masked_fill(outward, 0.0)


def bounded_ratio(log_ratio: Tensor) -> Tensor:
    """exp(log ratio), the ratio kept between 1/100 and 100; at the bound the gradient leads only back inside.

    Args:
        log_ratio: (H,).

    Returns:
        The ratio, (H,).

    Example:
        >>> round(float(bounded_ratio(torch.tensor([7.0]))), 3)
        100.0
    """
    bounded: Tensor = _Bounded.apply(log_ratio)  # type: ignore[no-untyped-call]
    return bounded.exp()


def start_scales(
    metrics: Sequence[str],
    exponents: Sequence[float],
    head_width: int,
    projection_std: float,
    scale_init: str = "calibrated",
    scale_factor: float = 1.0,
) -> tuple[float, ...]:
    """lambda0 of each head.

    Args:
        metrics: name per head.
        exponents: p per head; read for "lp" only.
        head_width: D.
        projection_std: standard deviation of the entries of queries and keys at the start.
        scale_init: "calibrated" (initial logits with unit standard deviation per row) or "unit" (the literal
            formula).
        scale_factor: multiplies all of them.

    Returns:
        One positive number per head.

    Raises:
        AttentionError: `scale_init` is neither, or the factor is not above 0 and finite.

    Example:
        >>> start_scales(("l1", "dot"), (2.0, 2.0), 64, 1.0, scale_init="unit")
        (1.0, 1.0)
    """
    number = isinstance(scale_factor, (int, float)) and not isinstance(scale_factor, bool)
    if not number or not 0.0 < scale_factor < math.inf:
        raise AttentionError(f"scale_factor is {scale_factor!r}; it must be a number above 0, and finite")
    if scale_init == "unit":
        return (float(scale_factor),) * len(metrics)
    if scale_init != "calibrated":
        raise AttentionError(f'scale_init is {scale_init!r}; it must be "calibrated" or "unit"')
    # transformers builds models it is about to load on a device without memory; numbers are needed here.
    with torch.device("cpu"):
        return tuple(
            scale_factor
            * calibrated_scale(metric, head_width, p, query_std=projection_std, key_std=projection_std)
            for metric, p in zip(metrics, exponents, strict=True)
        )


def excess_of_p(exponents: Sequence[float]) -> Tensor:
    """The parameter that gives these exponents: inverse of p = 1 + softplus(excess).

    Args:
        exponents: p per head, each above 1.

    Returns:
        (H,) in float32.

    Raises:
        AttentionError: an exponent is 1 or less; no finite parameter gives it.

    Example:
        >>> round(float(1 + torch.nn.functional.softplus(excess_of_p([1.5]))), 6)
        1.5
    """
    if min(exponents) <= 1.0:
        raise AttentionError(
            f"p = {min(exponents)} cannot start a learned exponent; it must be above 1 (a fixed p may be 1)"
        )
    return torch.tensor([math.log(math.expm1(p - 1.0)) for p in exponents])


def no_decay_parameter_names(model: nn.Module) -> list[str]:
    """Parameters that weight decay must leave alone: biases, norms, scales and exponents of attention, gates.

    These are all biases and all parameters with fewer than two dimensions. Decay would pull an exponent to
    1 + log 2 and a gate to a half, at a strength that has nothing to do with weights. A module adds others of
    its parameters, such as the angles of a circuit, by a tuple of their names ``no_decay_parameters``.

    Args:
        model: any module.

    Returns:
        Names as in `named_parameters`, in that order.

    Example:
        >>> no_decay_parameter_names(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)))
        ['0.bias', '1.weight', '1.bias']
    """
    named = {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        for name in getattr(module, "no_decay_parameters", ())
    }
    return [
        name
        for name, parameter in model.named_parameters()
        # Stacked experts have biases of two dimensions.
        if parameter.dim() < 2 or name.endswith("bias") or name in named
    ]
