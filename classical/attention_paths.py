"""The heads of one metric through the tiled, the compiled or the dense path, all with the same dropout.

Shapes: B batch, H query heads, K key-value heads, G = H / K, T query tokens, S key tokens, D head width, V
value width.
"""

from __future__ import annotations

from torch import Tensor

from .attention_masks import Visibility
from .augmented_vectors import without_mean
from .compiled_attention import compiled_attention
from .dense_attention import dense_attention
from .errors import AttentionError
from .sdpa_attention import normalized
from .tile_plan import TilePlan, kept_factors, tile_limits
from .tile_settings import TileSettings
from .tiled_attention import tiled_attention

__all__ = ["attend_in_tiles"]

PATHS = ("tiled", "kernel", "dense")

TILE_METRICS = {"dot": "similarity", "cosine": "similarity", "squared_l2": "shifted_squares"}
"""What tiles compute for a metric, where it is not the metric itself."""


def attend_in_tiles(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    metric: str,
    scale: Tensor,
    p: float | Tensor | None,
    visibility: Visibility,
    *,
    dropout: float,
    seed: int,
    path: str,
) -> Tensor:
    """Attention of heads that share a metric.

    Args:
        query: (B, H, T, D), float32 or float64.
        key: (B, K, S, D).
        value: (B, K, S, V).
        metric: their metric.
        scale: (H,).
        p: exponent of "lp", a number or (H,).
        visibility: who sees whom.
        dropout: probability.
        seed: of dropout.
        path: "tiled", "kernel" or "dense".

    Returns:
        (B, H, T, V).

    Raises:
        AttentionError: for another path.

    Example:
        >>> import torch
        >>> tokens = torch.zeros(1, 1, 2, 4)
        >>> sight = Visibility(2, 2)
        >>> attend_in_tiles(tokens, tokens, torch.eye(2)[None, None], "l1", torch.ones(1), None, sight,
        ...                 dropout=0.0, seed=0, path="tiled")
        tensor([[[[0.5000, 0.5000],
                  [0.5000, 0.5000]]]])
    """
    if path not in PATHS:
        raise AttentionError(f"path is {path!r}; legal are tiled, kernel or dense")
    batch, n_heads, n_queries, width = query.shape
    shared = key.shape[1]
    if isinstance(p, Tensor) and shared != n_heads:
        # Heads of one group may have exponents of their own: each gets keys of its own.
        key = key.repeat_interleave(n_heads // shared, 1)
        value = value.repeat_interleave(n_heads // shared, 1)
        shared = n_heads
    groups = n_heads // shared
    plan = TilePlan(batch * shared, groups, visibility, tile_limits(query.device))
    if path == "dense":
        kept = None
        if dropout:
            kept = _kept_everywhere(plan, batch, n_heads, dropout, seed, query)
        key, value = (part.repeat_interleave(groups, 1) for part in (key, value))
        return dense_attention(query, key, value, metric, scale, p, visibility.dense(query.device), kept)
    if metric in ("squared_l2", "l2"):
        query, key = without_mean(query, key)
    elif metric == "cosine":
        query, key = normalized(query), normalized(key)
    factor = -(scale / width**0.5).view(1, shared, groups).expand(batch, -1, -1).reshape(-1, groups)
    exponent = p.expand(batch, -1).reshape(-1) if isinstance(p, Tensor) else p
    tokens = (
        query.reshape(batch * shared, groups, n_queries, width),
        key.reshape(batch * shared, *key.shape[2:]),
        value.reshape(batch * shared, *value.shape[2:]),
    )
    learns_p = isinstance(p, Tensor) and p.requires_grad
    if path == "kernel" and query.device.type == "cpu" and not dropout and not learns_p:
        output = compiled_attention(*tokens, factor, metric, exponent, visibility, shared)
    else:
        settings = TileSettings(
            TILE_METRICS.get(metric, metric), plan, shared, dropout, seed,
            compiled=path == "kernel", device_type=query.device.type,
        )  # fmt: skip
        output = tiled_attention(*tokens, factor, exponent, settings)
    return output.reshape(batch, n_heads, n_queries, -1)


def _kept_everywhere(
    plan: TilePlan, batch: int, n_heads: int, dropout: float, seed: int, like: Tensor
) -> Tensor:
    """Dropout's factors of all tiles in one array (B, H, T, S); 0 where nothing is visible."""
    sight = plan.visibility
    kept = like.new_zeros(plan.heads, plan.groups, sight.queries, sight.keys)
    for heads, rows, tiles in plan.bands():
        for tile in tiles:
            place = kept[heads, :, rows, tile.columns]
            shape = (place.shape[0], place.shape[1] * place.shape[2], place.shape[3])
            place.copy_(kept_factors(shape, dropout, seed, tile, like).view(place.shape))
    return kept.view(batch, n_heads, sight.queries, sight.keys)
