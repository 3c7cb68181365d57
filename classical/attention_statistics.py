"""What one row of attention weights says: how spread it is, how sparse, how far it reaches.

Shapes: B batch, H heads, R query rows of a tile, S key tokens; n is the number of keys that a row can see.

Every function takes weights that are 0 where a key is not visible and that sum to 1 over those that are. A
row
that sees fewer than two keys has no choice and says nothing: its entropy and sparsity are NaN, and means
leave it out.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "hoyer_sparsity",
    "normalized_entropy",
    "reach",
    "received_attention",
    "share_of_keys_for",
    "uniform_reach",
    "weights_from_distances",
]

_ROUNDING = 1e-6


def weights_from_distances(distances: Tensor, scale: Tensor, head_width: int, visible: Tensor) -> Tensor:
    """Softmax of -scale * distance / sqrt(D) over the visible keys.

    Args:
        distances: (B, H, R, S); for the metric "dot" minus the inner product.
        scale: lambda of each head, (H,).
        head_width: D.
        visible: boolean, broadcastable to (B, H, R, S).

    Returns:
        (B, H, R, S); a row that sees nothing is 0.

    Example:
        >>> visible = torch.tensor([[True, True, False]])
        >>> weights_from_distances(torch.tensor([[[[0.0, 0.0, 9.0]]]]), torch.ones(1), 4, visible).tolist()
        [[[[0.5, 0.5, 0.0]]]]
    """
    factor = (-scale / head_width**0.5).to(distances.dtype)[:, None, None]
    logits = (distances * factor).masked_fill(~visible, float("-inf"))
    # Of a row without a visible key softmax makes NaN.
    weights: Tensor = logits.softmax(-1).masked_fill(~visible.any(-1, keepdim=True), 0.0)
    return weights


def normalized_entropy(weights: Tensor, counts: Tensor) -> Tensor:
    """Entropy over its largest value: H / log n = -sum_j w_j log w_j / log n.

    Args:
        weights: (..., S).
        counts: keys that each row can see, n, (...), of any type of number.

    Returns:
        (...), 1 where all visible keys weigh the same, 0 where one has all the weight, NaN where n < 2.

    Example:
        >>> rows = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
        >>> normalized_entropy(rows, torch.tensor([2, 3])).tolist()
        [1.0, 0.0]
    """
    entropy = torch.special.entr(weights).sum(-1)
    return _where_a_choice(entropy / counts.clamp(min=2).to(weights.dtype).log(), counts)


def hoyer_sparsity(weights: Tensor, counts: Tensor) -> Tensor:
    """Sparsity after Hoyer: (sqrt(n) - |w|_1 / |w|_2) / (sqrt(n) - 1), with |w|_1 = 1.

    Hoyer 2004, "Non-negative matrix factorization with sparseness constraints", JMLR 5, section 3.1.

    Args:
        weights: (..., S).
        counts: n, (...).

    Returns:
        (...), 0 where all visible keys weigh the same, 1 where one has all the weight, NaN where n < 2.

    Example:
        >>> rows = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.0, 1.0, 0.0, 0.0]])
        >>> hoyer_sparsity(rows, torch.tensor([4, 4])).tolist()
        [0.0, 1.0]
    """
    root = counts.clamp(min=2).to(weights.dtype).sqrt()
    length = torch.linalg.vector_norm(weights, dim=-1)
    sparsity = (root - 1 / length.clamp(min=_ROUNDING)) / (root - 1)
    return _where_a_choice(sparsity.clamp(0.0, 1.0), counts)


def share_of_keys_for(weights: Tensor, counts: Tensor, mass: float = 0.95) -> Tensor:
    """Share of the visible keys that holds most of the weight: the fewest with at least ``mass``, over n.

    Args:
        weights: (..., S).
        counts: n, (...).
        mass: how much weight, between 0 and 1.

    Returns:
        (...), from 1 / n to 1; NaN where n < 2.

    Example:
        >>> rows = torch.tensor([[0.6, 0.3, 0.06, 0.04], [0.25, 0.25, 0.25, 0.25]])
        >>> share_of_keys_for(rows, torch.tensor([4, 4]), mass=0.9).tolist()
        [0.5, 1.0]
    """
    held = weights.sort(-1, descending=True).values.cumsum(-1)
    keys = (held < mass - _ROUNDING).sum(-1) + 1
    share = torch.minimum(keys, counts.clamp(min=1)) / counts.clamp(min=1)
    return _where_a_choice(share, counts)


def reach(weights: Tensor, rows: Tensor) -> Tensor:
    """How far a row looks: the expected distance between positions, sum_j w_j |i - j|, in tokens.

    Args:
        weights: (B, H, R, S).
        rows: position of each query among the keys, i, (R,).

    Returns:
        (B, H, R).

    Example:
        >>> reach(torch.tensor([[[[0.5, 0.0, 0.5]]]]), torch.tensor([2])).tolist()
        [[[1.0]]]
    """
    return torch.einsum("bhrs,rs->bhr", weights, _steps(rows, weights.shape[-1], weights.dtype))


def uniform_reach(visible: Tensor, rows: Tensor) -> Tensor:
    """The reach of a row that weighs all keys it can see alike: what masks and windows alone explain.

    Args:
        visible: boolean, (B, H, R, S), each of B and H possibly 1.
        rows: position of each query among the keys, (R,).

    Returns:
        In tokens, (B, H, R); NaN where no key is visible.

    Example:
        >>> uniform_reach(torch.ones(1, 1, 1, 3, dtype=torch.bool), torch.tensor([2])).tolist()
        [[[1.0]]]
    """
    seen = visible.to(torch.float32)
    return torch.einsum("bhrs,rs->bhr", seen, _steps(rows, visible.shape[-1], seen.dtype)) / seen.sum(-1)


def received_attention(
    weights: Tensor, visible: Tensor, counts: Tensor, real: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Sums over queries of what each key receives, for means over the queries that can see it.

    With a causal order early keys are seen by many queries, of which the early ones have little to choose
    from. The mean over those that see a key removes the first effect; the sum of n_i w_ij, which is 1 on
    average under uniform weights whatever the mask, removes both.

    Args:
        weights: (B, H, R, S).
        visible: boolean, (B, H, R, S), each of B and H possibly 1.
        counts: n of each row, (B, H, R), each of B and H possibly 1.
        real: which rows are no padding, boolean, (B, R).

    Returns:
        Sums of the weights, sums of n times the weights, and number of queries that see the key, each (H, S).

    Example:
        >>> order = torch.ones(1, 1, 3, 3).tril()
        >>> counts, real = order.sum(-1), torch.ones(1, 3, dtype=torch.bool)
        >>> _, relative, seen = received_attention(order / counts[..., None], order.bool(), counts, real)
        >>> (relative / seen).tolist(), seen.tolist()
        ([[1.0, 1.0, 1.0]], [[3.0, 2.0, 1.0]])
    """
    kept = real[:, None, :].to(weights.dtype)
    sums = torch.einsum("bhrs,bur->hs", weights, kept)
    relative = torch.einsum("bhrs,bhr->hs", weights, (kept * counts).expand(weights.shape[:3]))
    both = (visible & real[:, None, :, None]).sum((0, 2)).to(weights.dtype)
    return sums, relative, both.expand(weights.shape[1], -1)


def _steps(rows: Tensor, keys: int, dtype: torch.dtype) -> Tensor:
    """|i - j|, (R, S)."""
    return (rows[:, None] - torch.arange(keys, device=rows.device)).abs().to(dtype)


def _where_a_choice(values: Tensor, counts: Tensor) -> Tensor:
    return values.masked_fill(counts < 2, float("nan"))
