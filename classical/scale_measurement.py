"""The scale that gives logits of standard deviation 1 along a row, measured on queries and keys at hand.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .attention_arguments import check_query_key
from .errors import AttentionError
from .weights_on_request import attention_distances, visible_keys

__all__ = ["measured_scale"]


def measured_scale(
    query: Tensor,
    key: Tensor,
    metric: str | Sequence[str] = "l1",
    *,
    p: float | Tensor | None = None,
    causal: bool = False,
    window: int | None = None,
    mask: Tensor | None = None,
    rows: int = 128,
) -> Tensor:
    """The scale that gives logits of standard deviation 1 per row on given queries and keys.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).
        metric: one name or one per head.
        p: exponent of ``lp``.
        causal: as in ``distance_attention``; only visible keys count.
        window: None or at least 1.
        mask: None or bool.
        rows: how many queries to look at, evenly spread over the T.

    Returns:
        (H,), positive: sqrt(D) over the root of the mean variance of the distances along a row.

    Raises:
        AttentionError: for arguments that ``distance_attention`` refuses, and where the visible distances of
            a head do not vary, so that no scale could spread them, or are not finite.
        MaskTypeError: if the mask is no bool tensor.

    Example:
        >>> query, key = torch.randn(2, 1, 1, 256, 16, generator=torch.Generator().manual_seed(0)).unbind()
        >>> abs(float(measured_scale(query, key, "dot")) - 1) < 0.1
        True
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise AttentionError(f"rows is {rows!r}; give how many queries to look at, an integer of at least 1")
    check_query_key(query, key)
    last = query.shape[2] - 1
    chosen = torch.linspace(0, last, min(rows, last + 1), dtype=torch.float64).round().long()
    with torch.no_grad():
        distances = attention_distances(query, key, metric, p=p, rows=chosen)
        visible = visible_keys(query, key, causal=causal, window=window, mask=mask, rows=chosen)
        seen = visible if visible is not None else torch.ones_like(distances, dtype=torch.bool)
        weights = seen.expand_as(distances).to(distances)
        counts = weights.sum(-1, keepdim=True)
        # A row with one visible key says nothing about how far keys differ.
        weights = weights * (counts > 1)
        means = (distances * weights).sum(-1, keepdim=True) / counts.clamp_min(1)
        squares = ((distances - means).square() * weights).sum((0, 2, 3))
        total = weights.sum((0, 2, 3)).clamp_min(1)
        deviation = (squares / total).sqrt()
        # Equal distances differ from their mean by rounding.
        size = ((distances.square() * weights).sum((0, 2, 3)) / total).sqrt()
        flat = ~(deviation > 16 * torch.finfo(distances.dtype).eps * size)
        if bool(flat.any()):
            raise AttentionError(
                f"the distances of heads {flat.nonzero().flatten().tolist()} do not vary over the visible "
                "keys, or are not finite; give data with more than one distinct key per query, or use "
                "calibrated_scale"
            )
        scale: Tensor = query.shape[3] ** 0.5 / deviation
    return scale
