"""Squared L2, cosine and dot product as `scaled_dot_product_attention`, which is linear in memory for them.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, V value width.

With c = scale / sqrt(D):

- dot: c q.k;
- cosine: -c (1 - cos) = c cos - c, and the constant cancels in the softmax: unit vectors in place of q and
  k;
- squared L2: an inner product of vectors with more coordinates, see ``augmented_vectors``.

Unequal widths are filled up with zeros, on a GPU to a multiple of 8: with them, or with rows that have gaps
between their numbers, the fused CPU path is left for one that makes a T x S array.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .augmented_vectors import augmented
from .metrics import SMALLEST_LENGTH

__all__ = ["normalized", "sdpa_attention"]

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
        query, key = augmented(query, key, factor)
    else:
        if metric == "cosine":
            query, key = normalized(query), normalized(key)
        query = query * factor.to(query.dtype)
    if query.shape[-1] != width or metric == "squared_l2":
        # Fused functions of GPUs want a multiple of 8; on the CPU that would be memory for nothing.
        multiple = 1 if query.device.type == "cpu" else MULTIPLE
        common = -(-max(query.shape[-1], width) // multiple) * multiple
        query, key, value = (_widened(part, common) for part in (query, key, value))
    query, key, value = (part if part.stride(-1) == 1 else part.contiguous() for part in (query, key, value))
    grouped = query.shape[1] != key.shape[1]
    output = functional.scaled_dot_product_attention(
        query, key, value, dropout_p=dropout, is_causal=causal, scale=1.0, enable_gqa=grouped
    )
    if output.shape[-1] == width:
        return output
    # The gradient comes back with tokens before heads, as the fused function wants it: it then makes no copy.
    return output.transpose(1, 2)[..., :width].transpose(1, 2)


def _widened(vectors: Tensor, width: int) -> Tensor:
    """Zeros appended; the very tensor where nothing is missing, since padding copies even then."""
    missing = width - vectors.shape[-1]
    return functional.pad(vectors, (0, missing)) if missing else vectors
