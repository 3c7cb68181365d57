"""The scale and the exponent of every head, from what a user gave: nothing, one number, or a tensor.

Shapes: B batch, H query heads, T query tokens, D head width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .errors import AttentionError
from .scales import calibrated_scales

__all__ = ["Scale", "check_exponent", "compute_dtype", "read_exponent", "read_scale"]

Scale = float | Tensor
"""A scale or an exponent: one number for all heads, or a tensor of shape () or (H,)."""


def compute_dtype(tensor: Tensor) -> torch.dtype:
    """The type attention is computed in: float64 stays, float32 and half precision give float32.

    Args:
        tensor: the query, of any floating type.

    Returns:
        ``torch.float64`` or ``torch.float32``.

    Example:
        >>> compute_dtype(torch.zeros(1, dtype=torch.bfloat16))
        torch.float32
    """
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32


def read_exponent(p: Scale | None, metrics: tuple[str, ...], query: Tensor) -> float | Tensor | None:
    """The exponent of ``lp``.

    Args:
        p: None (2), a number, or a tensor () or (H,); must be None where no head uses ``lp``.
        metrics: one name per head.
        query: (B, H, T, D), for device and type.

    Returns:
        None without ``lp`` heads, a number, or (H,) in ``compute_dtype`` with the graph of the given tensor.

    Raises:
        AttentionError: for anything below 1, not finite, of another shape or type, or given in vain. Tensors
            on a GPU are not looked at, since that would make it wait; their owner keeps them legal.

    Example:
        >>> read_exponent(3, ("lp",), torch.zeros(1, 1, 2, 4))
        3.0
    """
    if "lp" not in metrics:
        if p is not None:
            raise AttentionError(f"p = {p!r} was given, but no head uses the metric 'lp'; leave p out")
        return None
    if p is None:
        return 2.0
    if isinstance(p, Tensor):
        per_head = _per_head("p", p, len(metrics), query)
        # A look at the values would make a GPU wait; an exponent that is learned is kept legal by its owner.
        if p.device.type == "cpu" and not bool(((per_head >= 1) & per_head.isfinite()).all()):
            raise AttentionError(
                f"p is {p.detach().tolist()}; lp needs finite exponents of at least 1 (p = infinity is "
                "'chebyshev')"
            )
        return per_head
    return check_exponent(p)


def check_exponent(p: object) -> float:
    """One exponent of ``lp``, checked.

    Args:
        p: a number of at least 1.

    Returns:
        The same as a float.

    Raises:
        AttentionError: for anything else, infinity included.

    Example:
        >>> check_exponent(3)
        3.0
    """
    if isinstance(p, bool) or not isinstance(p, int | float) or not (math.isfinite(p) and p >= 1):
        raise AttentionError(f"p is {p!r}; lp needs a finite p of at least 1 (p = infinity is 'chebyshev')")
    return float(p)


def read_scale(
    scale: Scale | None, metrics: tuple[str, ...], p: float | Tensor | None, query: Tensor
) -> Tensor:
    """One scale per head.

    Args:
        scale: None (``calibrated_scale`` for unit normal queries and keys), a number, or a tensor () or (H,).
        metrics: one name per head.
        p: exponent of ``lp`` as ``read_exponent`` returns it.
        query: (B, H, T, D), for width, device and type.

    Returns:
        (H,) in ``compute_dtype``, with the graph of the given tensor.

    Raises:
        AttentionError: for anything that is not positive and finite, or of another shape or type. Tensors on
            a GPU are not looked at, since that would make it wait.

    Example:
        >>> read_scale(None, ("dot", "cosine"), None, torch.zeros(1, 2, 3, 16))
        tensor([ 1., 16.])
    """
    if scale is None:
        exponents = p.detach().tolist() if isinstance(p, Tensor) else 2.0 if p is None else p
        values = calibrated_scales(metrics, query.shape[3], exponents)
        return torch.tensor(values, dtype=compute_dtype(query), device=query.device)
    if isinstance(scale, Tensor):
        per_head = _per_head("scale", scale, len(metrics), query)
        # A look at the values would make a GPU wait; a scale that is learned is kept positive by its owner.
        if scale.device.type == "cpu" and not bool(((per_head > 0) & per_head.isfinite()).all()):
            raise AttentionError(f"scale is {scale.detach().tolist()}; it must be positive and finite")
        return per_head
    if (
        isinstance(scale, bool)
        or not isinstance(scale, int | float)
        or not (math.isfinite(scale) and scale > 0)
    ):
        raise AttentionError(f"scale is {scale!r}; give a positive number, a tensor () or (H,), or None")
    return query.new_full((len(metrics),), float(scale), dtype=compute_dtype(query))


def _per_head(name: str, given: Tensor, heads: int, query: Tensor) -> Tensor:
    """A tensor () or (H,) as (H,) where the query lies, in the type of the computation."""
    if tuple(given.shape) not in ((), (heads,)) or not given.is_floating_point():
        raise AttentionError(
            f"{name} is a tensor {tuple(given.shape)} of {given.dtype}; legal is a floating point tensor () "
            f"or ({heads},), one number per query head"
        )
    return given.to(device=query.device, dtype=compute_dtype(query)).expand(heads)
