"""Euclidean distances of a tile by matrix products, and their gradients; near pairs from their differences.

Shapes: N heads, R query rows, C key columns, D head width.

    d = (|q|^2 + |k|^2 - 2 q.k)^(1/2); where that cancels, from the differences q - k themselves
    sum G dd/dq = sum G (q - k) / d = q sum(G / d) - (G / d) k, likewise; 0 at d = 0
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["euclidean_backward", "euclidean_distances"]

CANCELLATION = 1024.0
"""A squared distance below this many rounding errors of its terms is computed again from differences."""


def euclidean_distances(query: Tensor, key: Tensor) -> Tensor:
    """Distances of all queries to all keys.

    Args:
        query: (N, R, D).
        key: (N, C, D).

    Returns:
        (N, R, C).

    Example:
        >>> euclidean_distances(torch.zeros(1, 1, 2), torch.tensor([[[3.0, 4.0]]]))
        tensor([[[5.]]])
    """
    query_squares = query.square().sum(-1, keepdim=True)
    key_squares = key.square().sum(-1)[:, None]
    squared = torch.baddbmm(query_squares + key_squares, query, key.transpose(1, 2), alpha=-2.0)
    limit = CANCELLATION * torch.finfo(query.dtype).eps
    # The smallest sum of squares bounds the test from below, so that one comparison of the tile finds all.
    near = squared < limit * (query_squares + key_squares.amax(-1, keepdim=True))
    squared.clamp_(min=0.0).sqrt_()
    heads, rows, columns = near.nonzero(as_tuple=True)
    if len(heads):
        differences = query[heads, rows] - key[heads, columns]
        squared[heads, rows, columns] = torch.linalg.vector_norm(differences, dim=-1)
    return squared


def euclidean_backward(
    grad: Tensor, distances: Tensor, query: Tensor, key: Tensor, grad_query: Tensor, grad_key: Tensor
) -> None:
    """Add the gradients through the distances of a tile.

    Args:
        grad: dLoss / dDistance, (N, R, C).
        distances: what ``euclidean_distances`` returned.
        query: (N, R, D).
        key: (N, C, D).
        grad_query: (N, R, D), added to.
        grad_key: (N, C, D), added to.

    Example:
        >>> query, key, grad_query, grad_key = torch.zeros(4, 1, 1, 2).unbind()
        >>> key = torch.tensor([[[3.0, 4.0]]])
        >>> distances = euclidean_distances(query, key)
        >>> euclidean_backward(torch.ones(1, 1, 1), distances, query, key, grad_query, grad_key)
        >>> grad_key
        tensor([[[0.6000, 0.8000]]])
    """
    weights = torch.where(distances > 0, grad / distances, 0.0)
    query_length, key_length = (torch.linalg.vector_norm(part, dim=-1).amax(-1) for part in (query, key))
    lengths = query_length + key_length
    limit = (CANCELLATION * torch.finfo(query.dtype).eps) ** 0.5
    near = (distances < limit * lengths[:, None, None]) & (distances > 0)
    heads, rows, columns = near.nonzero(as_tuple=True)
    if len(heads):
        parts = weights[heads, rows, columns, None] * (query[heads, rows] - key[heads, columns])
        weights[heads, rows, columns] = 0.0
        grad_query.index_put_((heads, rows), parts, accumulate=True)
        grad_key.index_put_((heads, columns), -parts, accumulate=True)
    grad_query.addcmul_(query, weights.sum(2, keepdim=True)).baddbmm_(weights, key, alpha=-1.0)
    back = weights.transpose(1, 2)
    grad_key.addcmul_(key, back.sum(2, keepdim=True)).baddbmm_(back, query, alpha=-1.0)
