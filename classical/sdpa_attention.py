"""Squared L2, cosine and dot product as `scaled_dot_product_attention`, which is linear in memory for them.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, V value width.

With c = scale / sqrt(D):

- dot: c q.k;
- cosine: -c (1 - cos) = c cos - c, and the constant cancels in the softmax: unit vectors in place of q and
  k;
- squared L2: -c (|q|^2 + |k|^2 - 2 q.k), and c |q|^2 cancels in each row: q' = [2 c q, c], k' = [k, -|k|^2].
  Only differences count, so the mean key is subtracted first, which keeps |k|^2 small. In half precision
  |k|^2 and c are carried as two numbers each, high and low, in three columns. Widths are filled up with zeros
  to a multiple of 8, the values' too: with unequal widths, or rows with gaps between their numbers, the fused
  CPU path is left for one that makes a T x S array.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .metrics import SMALLEST_LENGTH

__all__ = ["normalized", "sdpa_attention", "without_mean"]

MULTIPLE = 8


class _Normalized(torch.autograd.Function):
    """x / |x|; keeps the result and the inverse length, where single operations would keep four arrays."""

    @staticmethod
    def forward(context: Any, vectors: Tensor) -> Tensor:
        largest = vectors.abs().amax(-1, keepdim=True)
        nonzero = largest > SMALLEST_LENGTH
        # Squares of numbers near 1: a tiny vector does not vanish before it counts as zero.
        divisor = torch.where(nonzero, largest, 1.0)
        length = torch.linalg.vector_norm(vectors / divisor, dim=-1, keepdim=True).mul_(divisor)
        inverse = torch.where(nonzero, 1.0 / length, 0.0)
        unit = vectors * inverse
        context.save_for_backward(unit, inverse)
        return unit

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> Tensor:
        unit, inverse = context.saved_tensors
        along = (gradient * unit).sum(-1, keepdim=True)
        return torch.addcmul(gradient, unit, along, value=-1.0).mul_(inverse)


def normalized(vectors: Tensor) -> Tensor:
    """Vectors divided by their lengths; those of length 0 stay 0 and have no gradient.

    Args:
        vectors: (..., D).

    Returns:
        (..., D). Its gradient cannot be differentiated again, unlike that of
        ``dense_attention.unit_vectors``.

    Example:
        >>> normalized(torch.tensor([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    return _Normalized.apply(vectors)  # type: ignore[no-any-return, no-untyped-call]


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


def sdpa_attention(
    query: Tensor, key: Tensor, value: Tensor, metric: str, scale: Tensor, causal: bool, dropout: float = 0.0
) -> Tensor:
    """Attention by torch's fused function.

    Args:
        query: (B, H, T, D), any floating type.
        key: (B, K, S, D).
        value: (B, K, S, V).
        metric: "dot", "cosine" or "squared_l2".
        scale: (H,).
        causal: whether order matters; T must then equal S.
        dropout: probability, with torch's default random numbers; on the CPU it makes a T x S array.

    Returns:
        (B, H, T, V).

    Example:
        >>> tokens = torch.zeros(1, 1, 2, 4)
        >>> sdpa_attention(tokens, tokens, torch.eye(2)[None, None], "squared_l2", torch.ones(1), False)
        tensor([[[[0.5000, 0.5000],
                  [0.5000, 0.5000]]]])
    """
    factor = (scale / query.shape[-1] ** 0.5)[:, None, None]
    width = value.shape[-1]
    if metric == "squared_l2":
        query, key = _augmented(query, key, factor)
    else:
        if metric == "cosine":
            query, key = normalized(query), normalized(key)
        query = query * factor.to(query.dtype)
    common = -(-max(query.shape[-1], width) // MULTIPLE) * MULTIPLE
    if query.shape[-1] != width or metric == "squared_l2":
        query, key, value = (
            functional.pad(part, (0, common - part.shape[-1])) for part in (query, key, value)
        )
    query, key, value = (part if part.stride(-1) == 1 else part.contiguous() for part in (query, key, value))
    grouped = query.shape[1] != key.shape[1]
    output = functional.scaled_dot_product_attention(
        query, key, value, dropout_p=dropout, is_causal=causal, scale=1.0, enable_gqa=grouped
    )
    return output[..., :width] if output.shape[-1] != width else output


def _augmented(query: Tensor, key: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
    """Queries and keys whose inner product is -c distance, up to a constant of each row."""
    dtype = query.dtype
    query, key = without_mean(query, key)
    wide = torch.promote_types(dtype, torch.float32)
    squares = -key.to(wide).square().sum(-1, keepdim=True)
    factors = factor.to(wide).expand(*query.shape[:-1], 1)
    doubled = (query * (2.0 * factor).to(wide)).to(dtype)
    if dtype == wide:
        return torch.cat([doubled, factors], -1), torch.cat([key, squares], -1)
    square_parts, factor_parts = _high_low(squares, dtype), _high_low(factors, dtype)
    return (
        torch.cat([doubled, factor_parts[0], factor_parts[0], factor_parts[1]], -1),
        torch.cat([key, square_parts[0], square_parts[1], square_parts[0]], -1),
    )


def _high_low(numbers: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Two half-precision numbers whose sum is nearly the given one."""
    high = numbers.to(dtype)
    return high, (numbers - high.to(numbers.dtype)).to(dtype)
