"""Distances of chosen query rows by the fast operations of the tiled path; nothing is differentiated.

Shapes: B batch, H heads, K key-value heads of a group, T query tokens, S key tokens, R chosen rows, D head
width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .augmented_vectors import without_mean
from .backend_choice import KERNEL_METRICS
from .metrics import group_heads, metrics_of_heads
from .sdpa_attention import normalized
from .tile_operations import tile_distances

__all__ = ["RowDistances"]

_COMPILED_FROM = 2**30
"""Coordinate differences from which the compiled kernel saves more than loading it costs."""

Exponent = float | Tensor | None


@dataclass(frozen=True)
class _Group:
    """Heads of one metric, prepared: query (B, K, repeats, T, D), key (B * K, S, D)."""

    metric: str
    heads: tuple[int, ...]
    query: Tensor
    key: Tensor
    p: Exponent


class RowDistances:
    """Distances between some queries and all keys; what depends on keys alone is prepared once.

    Args:
        query: (B, H, T, D), in any precision; half precision is computed in float32.
        key: (B, Hkv, S, D).
        metric: one name or one per head.
        p: exponent of "lp": a number, or a tensor () or (H,).

    Example:
        >>> tokens = torch.tensor([[[[0.0], [1.0], [3.0]]]])
        >>> RowDistances(tokens, tokens, "squared_l2")(torch.tensor([0, 2])).tolist()
        [[[[0.0, 1.0, 9.0], [9.0, 4.0, 0.0]]]]
    """

    def __init__(self, query: Tensor, key: Tensor, metric: str | Sequence[str], p: Exponent = None) -> None:
        batch, heads = query.shape[:2]
        precise = torch.promote_types(query.dtype, torch.float32)
        query, key = query.detach().to(precise), key.detach().to(precise)
        self._shape = (batch, heads, key.shape[2])
        served = heads // key.shape[1]
        self._groups = []
        for group in group_heads(metrics_of_heads(metric, heads), key.shape[1]):
            members, owners, repeats = group.query_heads, group.key_value_heads, group.repeats
            exponent = _exponent(p, members, batch, precise) if group.metric == "lp" else None
            if isinstance(exponent, Tensor) and repeats > 1:  # each head needs keys of its own
                owners, repeats = tuple(head // served for head in members), 1
            queries, keys = query[:, list(members)], key[:, list(owners)]
            if group.metric in ("l2", "squared_l2"):
                queries, keys = without_mean(queries, keys)  # keeps digits
            elif group.metric == "cosine":
                queries, keys = normalized(queries), normalized(keys)
            queries = queries.reshape(batch, -1, repeats, *queries.shape[2:])
            self._groups.append(_Group(group.metric, members, queries, keys.flatten(0, 1), exponent))
        differences = query.numel() * key.shape[2]
        self._compiled = query.device.type == "cpu" and differences >= _COMPILED_FROM

    def __call__(self, rows: Tensor) -> Tensor:
        """The distances of some rows, as ``metrics`` defines them.

        Args:
            rows: indices of queries, (R,).

        Returns:
            (B, H, R, S) in float32 or wider.
        """
        batch, heads, keys = self._shape
        first = self._groups[0]
        found = first.query.new_empty(batch, heads, len(rows), keys)
        for group in self._groups:
            chosen = group.query[:, :, :, rows].flatten(2, 3).flatten(0, 1)
            if group.metric in ("dot", "cosine"):
                distances = tile_distances(chosen, group.key, "similarity")
                distances = distances.add_(1.0) if group.metric == "cosine" else distances
            elif group.metric == "squared_l2":
                distances = tile_distances(chosen, group.key, "l2").square_()
            else:
                distances = self._operation(group.metric)(chosen, group.key, group.metric, group.p)
            found[:, list(group.heads)] = distances.view(batch, len(group.heads), len(rows), keys)
        return found

    def _operation(self, metric: str) -> Callable[..., Tensor]:
        """The compiled kernel where it pays, else plain torch."""
        if self._compiled and metric in KERNEL_METRICS:
            from .tile_kernels import distance_tile

            return distance_tile
        return tile_distances


def _exponent(p: Exponent, heads: Sequence[int], batch: int, dtype: torch.dtype) -> Exponent:
    """One number if all heads share it, else one per batch row and head, (B * H,)."""
    if not isinstance(p, Tensor):
        return p
    values = p.detach().to(dtype)
    values = values[list(heads)] if values.dim() else values.expand(len(heads))
    if bool((values == values[0]).all()):
        return float(values[0])
    return values.expand(batch, -1).reshape(-1)
