"""Squared L2 as an inner product: queries and keys with a few more coordinates.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, A augmented
width.

With c = scale / sqrt(D), -c |q - k|^2 = 2 c q.k - c |k|^2 - c |q|^2, whose last term cancels in each softmax
row: q' = [2 c q, c], k' = [k, -|k|^2]. Only differences count, so the mean key is subtracted first, which
keeps |k|^2 small. In half precision |k|^2 and c are carried as two numbers each, high and low, in three
columns.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["augmented", "without_mean"]


class _Augmented(torch.autograd.Function):
    """q' and k' in one step each; backward needs nothing but them, which the product keeps anyway."""

    @staticmethod
    def forward(context: Any, query: Tensor, key: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
        width, dtype = query.shape[-1], query.dtype
        wide = torch.promote_types(dtype, torch.float32)
        extra = 1 if dtype == wide else 3
        factor = factor.to(wide)
        long_query, long_key = (part.new_empty(*part.shape[:-1], width + extra) for part in (query, key))
        query, key = without_mean(query, key)
        squares = -torch.linalg.vector_norm(key, dim=-1, dtype=wide).square()
        long_query[..., :width] = query * (2.0 * factor)
        long_key[..., :width] = key
        if extra == 1:
            long_query[..., width], long_key[..., width] = factor[..., 0], squares
        else:
            high, low = _high_low(factor[..., 0], dtype)
            long_query[..., width], long_query[..., width + 1], long_query[..., width + 2] = high, high, low
            high, low = _high_low(squares, dtype)
            long_key[..., width], long_key[..., width + 1], long_key[..., width + 2] = high, low, high
        context.save_for_backward(long_query, long_key, factor)
        context.width, context.extra = width, extra
        return long_query, long_key

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        context: Any, to_query: Tensor, to_key: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        long_query, long_key, factor = context.saved_tensors
        width, extra = context.width, context.extra
        grad_query = grad_key = grad_factor = None
        wide = factor.dtype
        if context.needs_input_grad[2]:
            along = (long_query[..., :width].to(wide) * to_query[..., :width]).sum((0, 2, 3))
            # Columns of the high part of c; the low one is its rest.
            direct = to_query[..., width : width + min(extra, 2)].sum((0, 2, 3), dtype=wide)
            grad_factor = along[:, None, None] / factor + direct[:, None, None]
        if context.needs_input_grad[0]:
            grad_query = (to_query[..., :width] * (2.0 * factor)).to(long_query.dtype)
        if context.needs_input_grad[1]:
            to_squares = to_key[..., width].to(wide)
            if extra > 1:
                to_squares = to_squares + to_key[..., width + 2]
            grad_key = torch.addcmul(
                to_key[..., :width],
                long_key[..., :width],
                to_squares[..., None].to(long_key.dtype),
                value=-2.0,
            )
        return grad_query, grad_key, grad_factor


def augmented(query: Tensor, key: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
    """Queries and keys whose inner product is -c distance, up to a constant of each row.

    Args:
        query: (B, H, T, D), any floating type.
        key: (B, K, S, D).
        factor: c of each head, (H, 1, 1).

    Returns:
        (B, H, T, A) and (B, K, S, A). Their gradients cannot be differentiated again.

    Example:
        >>> query, key = torch.ones(1, 1, 1, 1), torch.tensor([[[[2.0], [4.0]]]])
        >>> query, key = augmented(query, key, torch.ones(1, 1, 1))
        >>> (query @ key.mT).flatten().tolist()  # -1 and -9, both more by 4
        [3.0, -5.0]
    """
    return _Augmented.apply(query, key, factor)  # type: ignore[no-any-return, no-untyped-call]


def without_mean(query: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
    """Queries and keys less the mean key; grouped heads share theirs.

    Distances do not change, and so neither do gradients: the mean counts as a constant.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).

    Returns:
        The shifted queries and keys.

    Example:
        >>> query, key = without_mean(torch.full((1, 1, 1, 2), 5.0), torch.full((1, 1, 3, 2), 4.0))
        >>> query.flatten().tolist(), key.abs().max().item()
        ([1.0, 1.0], 0.0)
    """
    mean = key.detach().mean(2, keepdim=True)
    repeated = mean.repeat_interleave(query.shape[1] // key.shape[1], 1)
    return query - repeated, key - mean


def _high_low(numbers: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Two half-precision numbers whose sum is nearly the given one."""
    high = numbers.to(dtype)
    return high, (numbers - high.to(numbers.dtype)).to(dtype)
