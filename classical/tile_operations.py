"""Distances of a tile and their gradients in plain torch: for every device, and the oracle of the kernel.

Shapes: N heads, R query rows, C key columns, D head width.

A tile operation has two directions. Forward: distances (N, R, C) of queries (N, R, D) and keys (N, C, D).
Backward: given G = dLoss / dDistance, it adds dLoss / dquery and dLoss / dkey to what is there. "similarity"
is -q.k, to which dot product and cosine are reduced before; "shifted_squares" is |k|^2 - 2 q.k, the squared
L2 distance less |q|^2, which the softmax of a row does not see.

    l2         see euclidean_tiles
    l1, lp     dd/dx = sign(x) (|x| / d)^(p - 1), x = q - k, 0 at d = 0
    chebyshev  dd/dx = sign(x) at the largest |x|, shared equally by those that tie
    lp, p      dd/dp = d / p * sum (|x| / d)^p log(|x| / d)
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .errors import AttentionError
from .euclidean_tiles import euclidean_backward, euclidean_distances

__all__ = ["exponent_of_heads", "tile_backward", "tile_distances", "tile_exponent_gradient"]

CHUNK = 2**21
"""Numbers of one block of differences q - k; tiles are cut along the keys to stay below."""

DEVICE_CHUNK = 2**24
"""The same on a GPU, where smaller blocks spend their time on starting operations."""

LARGEST_CDIST_POWER = 8.0
"""Powers above this would leave the range of single precision for ordinary numbers."""

Exponent = float | Tensor | None


def tile_distances(query: Tensor, key: Tensor, metric: str, p: Exponent = None) -> Tensor:
    """Distances of all queries to all keys.

    Args:
        query: (N, R, D).
        key: (N, C, D).
        metric: "similarity", "shifted_squares", "l2", "l1", "lp" or "chebyshev".
        p: exponent of "lp": a number or (N,).

    Returns:
        (N, R, C).

    Example:
        >>> tile_distances(torch.zeros(1, 1, 2), torch.tensor([[[3.0, 4.0]]]), "l2")
        tensor([[[5.]]])
    """
    if metric == "similarity":
        return torch.bmm(query, key.transpose(1, 2)).neg_()
    if metric == "shifted_squares":
        return torch.baddbmm(key.square().sum(-1)[:, None], query, key.transpose(1, 2), alpha=-2.0)
    if metric == "l2":
        return euclidean_distances(query, key)
    if metric == "l1":
        return torch.cdist(query, key, p=1.0)
    if metric == "chebyshev":
        return torch.cdist(query, key, p=float("inf"))
    if not isinstance(p, Tensor) and p is not None and p <= LARGEST_CDIST_POWER:
        return torch.cdist(query, key, p=p, compute_mode="donot_use_mm_for_euclid_dist")
    parts = []
    for columns in _chunks(query, key):
        magnitude = (query[:, :, None] - key[:, None, columns]).abs_()
        largest = magnitude.amax(-1)
        divisor = torch.where(largest > 0, largest, 1.0)
        sums = magnitude.div_(divisor[..., None]).pow_(exponent_of_heads(p, 4)).sum(-1)
        parts.append(sums.pow_(1 / exponent_of_heads(p, 3)).mul_(largest))
    return torch.cat(parts, -1)


def exponent_of_heads(p: Exponent, dimensions: int) -> Tensor | float:
    """The exponent of "lp" beside tensors of so many dimensions.

    Args:
        p: a number or (N,).
        dimensions: of the tensors, whose first one is that of the heads.

    Returns:
        The number, or (N, 1, ...), without gradient.

    Raises:
        AttentionError: if p is None.

    Example:
        >>> exponent_of_heads(torch.tensor([1.0, 2.0]), 3).shape
        torch.Size([2, 1, 1])
    """
    if isinstance(p, Tensor):
        return p.detach().view(-1, *(1,) * (dimensions - 1))
    if p is None:
        raise AttentionError("p is None; the distance 'lp' needs an exponent of at least 1")
    return p


def _chunks(query: Tensor, key: Tensor) -> Iterator[slice]:
    """Keys in blocks whose differences to all queries fit the allowance."""
    most = CHUNK if query.device.type == "cpu" else DEVICE_CHUNK
    step = max(1, most // max(1, query.numel()))
    for start in range(0, key.shape[1], step):
        yield slice(start, min(start + step, key.shape[1]))


def tile_backward(
    grad: Tensor,
    distances: Tensor,
    query: Tensor,
    key: Tensor,
    metric: str,
    p: Exponent,
    grad_query: Tensor,
    grad_key: Tensor,
) -> None:
    """Add the gradients through the distances of a tile.

    Args:
        grad: dLoss / dDistance, (N, R, C).
        distances: what ``tile_distances`` returned.
        query: (N, R, D).
        key: (N, C, D).
        metric: as there.
        p: as there.
        grad_query: (N, R, D), added to.
        grad_key: (N, C, D), added to.

    Example:
        >>> query, key = torch.zeros(1, 1, 2), torch.tensor([[[3.0, -4.0]]])
        >>> grad_query, grad_key = torch.zeros(1, 1, 2), torch.zeros(1, 1, 2)
        >>> distances = tile_distances(query, key, "l1")
        >>> tile_backward(torch.ones(1, 1, 1), distances, query, key, "l1", None, grad_query, grad_key)
        >>> grad_query.tolist()
        [[[-1.0, 1.0]]]
    """
    if metric == "similarity":
        grad_query.baddbmm_(grad, key, alpha=-1.0)
        grad_key.baddbmm_(grad.transpose(1, 2), query, alpha=-1.0)
        return
    if metric == "shifted_squares":
        back = grad.transpose(1, 2)
        grad_query.baddbmm_(grad, key, alpha=-2.0)
        grad_key.addcmul_(key, back.sum(2, keepdim=True), value=2.0).baddbmm_(back, query, alpha=-2.0)
        return
    if metric == "l2":
        euclidean_backward(grad, distances, query, key, grad_query, grad_key)
        return
    for columns in _chunks(query, key):
        difference = query[:, :, None] - key[:, None, columns]
        slope = _slope(difference, distances[:, :, columns], metric, p)
        slope.mul_(grad[:, :, columns, None])
        grad_query.add_(slope.sum(2))
        grad_key[:, columns].sub_(slope.sum(1))


def _slope(difference: Tensor, distances: Tensor, metric: str, p: Exponent) -> Tensor:
    """Derivative of the distance with respect to each difference, (N, R, C, D)."""
    sign = difference.sign()
    if metric == "l1":
        return sign
    magnitude = difference.abs_()
    if metric == "chebyshev":
        ties = magnitude == magnitude.amax(-1, keepdim=True)
        return sign.mul_(ties).div_(ties.sum(-1, keepdim=True))
    divisor = torch.where(distances > 0, distances, 1.0)[..., None]
    power = exponent_of_heads(p, 4)
    return sign.mul_(magnitude.div_(divisor).pow_(power - 1))


def tile_exponent_gradient(
    grad: Tensor, distances: Tensor, query: Tensor, key: Tensor, p: Exponent
) -> Tensor:
    """Gradient of the loss with respect to the exponent, through one tile of "lp" distances.

    Args:
        grad: dLoss / dDistance, (N, R, C).
        distances: what ``tile_distances`` returned.
        query: (N, R, D).
        key: (N, C, D).
        p: a number or (N,).

    Returns:
        (N,).

    Example:
        >>> query, key = torch.zeros(1, 1, 2), torch.ones(1, 1, 2)
        >>> grad = torch.ones(1, 1, 1)
        >>> round(tile_exponent_gradient(grad, torch.full((1, 1, 1), 2.0), query, key, 1.0).item(), 5)
        -1.38629
    """
    total = query.new_zeros(query.shape[0])
    for columns in _chunks(query, key):
        part = distances[:, :, columns]
        ratio = (query[:, :, None] - key[:, None, columns]).abs_()
        ratio.div_(torch.where(part > 0, part, 1.0)[..., None])
        # x log x is 0 at 0.
        entropy = torch.xlogy(ratio.pow(exponent_of_heads(p, 4)), ratio).sum(-1)
        total += (entropy * part * grad[:, :, columns]).sum((1, 2))
    return total / exponent_of_heads(p, 1)
