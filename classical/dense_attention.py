"""Attention with all T x S weights at once, written to be read: the reference for every other path.

Shapes: B batch, H heads, T query tokens, S key tokens, D head width, V value width.

Needs B * H * T * S * D numbers in memory, and autograd differentiates it. The distances are those of the
table in ``metrics``, each from the differences q - k themselves, so nothing cancels where a key is close to a
query.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .errors import AttentionError
from .metrics import SMALLEST_LENGTH, check_metric

__all__ = ["attention_logits", "dense_attention", "dense_distances", "masked_weights", "unit_vectors"]


def dense_distances(query: Tensor, key: Tensor, metric: str, p: float | Tensor | None = None) -> Tensor:
    """Distances of every query to every key, differentiable by autograd with the subgradients of ``metrics``.

    Args:
        query: (..., T, D).
        key: (..., S, D), leading dimensions that broadcast to the query's.
        metric: a name out of ``METRICS``.
        p: exponent of ``lp``: a number, or a tensor that broadcasts to (..., 1, 1).

    Returns:
        (..., T, S).

    Raises:
        AttentionError: for an unknown metric, or ``lp`` without p.

    Example:
        >>> dense_distances(torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]), "l2")
        tensor([[5.]])
    """
    if check_metric(metric) == "dot":
        return -(query @ key.transpose(-1, -2))
    if metric == "cosine":
        return 1 - unit_vectors(query) @ unit_vectors(key).transpose(-1, -2)
    difference = query.unsqueeze(-2) - key.unsqueeze(-3)
    if metric == "l1":
        return difference.abs().sum(-1)
    if metric == "squared_l2":
        return difference.square().sum(-1)
    if metric == "chebyshev":
        # amax shares its gradient equally among equal entries.
        return difference.abs().amax(-1)
    if metric == "l2":
        return _root_of_powers(difference, 2.0)
    if p is None:
        raise AttentionError("p is None; the distance 'lp' needs an exponent of at least 1")
    return _root_of_powers(difference, p)


def unit_vectors(vectors: Tensor) -> Tensor:
    """Vectors divided by their lengths; those of length 0 stay 0 and have no gradient.

    Args:
        vectors: (..., D).

    Returns:
        (..., D).

    Example:
        >>> unit_vectors(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    # Squares are summed of numbers near 1, so that tiny vectors do not vanish before they count as zero.
    largest = vectors.detach().abs().amax(-1, keepdim=True)
    nonzero = largest > SMALLEST_LENGTH
    scaled = torch.where(nonzero, vectors, 0.0) / torch.where(nonzero, largest, 1.0)
    length = scaled.square().sum(-1, keepdim=True)
    return scaled / torch.where(nonzero, length, 1.0).sqrt()


def _root_of_powers(difference: Tensor, p: float | Tensor) -> Tensor:
    """(sum |x|^p)^(1/p) over the last dimension; 0 with gradient 0 where all x are 0."""
    if isinstance(p, Tensor):
        p = p.unsqueeze(-1)
    magnitude = difference.abs()
    # The result does not depend on this factor, so it counts as a constant; it keeps the powers between 0 and
    # 1.
    largest = magnitude.detach().amax(-1, keepdim=True)
    nonzero = largest > 0
    ratio = torch.where(nonzero, magnitude / torch.where(nonzero, largest, 1.0), 1.0)
    root = (ratio**p).sum(-1, keepdim=True) ** (1 / p)
    return torch.where(nonzero, largest * root, 0.0).squeeze(-1)


def attention_logits(
    query: Tensor, key: Tensor, metric: str, scale: Tensor, p: float | Tensor | None
) -> Tensor:
    """-scale * distance / sqrt(D).

    Args:
        query: (B, H, T, D).
        key: (B, H, S, D).
        metric: a name out of ``METRICS``.
        scale: (H,).
        p: exponent of ``lp``, a number or (H,).

    Returns:
        (B, H, T, S).

    Example:
        >>> attention_logits(torch.ones(1, 1, 1, 4), torch.zeros(1, 1, 1, 4), "l1", torch.tensor([3.0]), None)
        tensor([[[[-6.]]]])
    """
    exponent = p[:, None, None] if isinstance(p, Tensor) else p
    distances = dense_distances(query, key, metric, exponent)
    logits: Tensor = -scale[:, None, None] / query.shape[-1] ** 0.5 * distances
    return logits


def masked_weights(logits: Tensor, visible: Tensor | None) -> Tensor:
    """Softmax over the visible keys; rows that see nothing are 0.

    Args:
        logits: (B, H, T, S).
        visible: None, or bool that broadcasts to the logits.

    Returns:
        Weights of the same shape.

    Example:
        >>> masked_weights(torch.zeros(1, 1, 2, 2), torch.tensor([[True, False], [False, False]]))
        tensor([[[[1., 0.],
                  [0., 0.]]]])
    """
    if visible is None:
        return logits.softmax(-1)
    lowest = torch.finfo(logits.dtype).min
    return logits.masked_fill(~visible, lowest).softmax(-1) * visible


def dense_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    metric: str,
    scale: Tensor,
    p: float | Tensor | None,
    visible: Tensor | None,
    kept: Tensor | None = None,
) -> Tensor:
    """softmax(-scale * distance / sqrt(D)) value.

    Args:
        query: (B, H, T, D), float32 or float64.
        key: (B, H, S, D).
        value: (B, H, S, V).
        metric: a name out of ``METRICS``.
        scale: (H,).
        p: exponent of ``lp``, a number or (H,).
        visible: None, or bool that broadcasts to (B, H, T, S).
        kept: None, or factors (B, H, T, S) by which dropout multiplies the weights.

    Returns:
        (B, H, T, V).

    Example:
        >>> tokens = torch.zeros(1, 1, 2, 4)
        >>> dense_attention(tokens, tokens, torch.eye(2)[None, None], "l1", torch.ones(1), None, None)
        tensor([[[[0.5000, 0.5000],
                  [0.5000, 0.5000]]]])
    """
    weights = masked_weights(attention_logits(query, key, metric, scale, p), visible)
    return (weights if kept is None else weights * kept) @ value
