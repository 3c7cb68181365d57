"""Attention of one layer, recomputed a few query rows at a time, so that memory stays linear in the length.

Shapes: B batch, H heads, Hkv key and value heads, T query tokens, S key tokens, R query rows of a tile, D
head width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .attention_statistics import weights_from_distances
from .row_distances import RowDistances

__all__ = ["AttentionTile", "WeightInputs", "attention_tiles"]

_ELEMENTS = 2**20


@dataclass(frozen=True)
class WeightInputs:
    """All that the weights of a layer depend on.

    Attributes:
        query: after positions, (B, H, T, D).
        key: after positions, (B, Hkv, S, D).
        value: (B, Hkv, S, D), or None where only weights are asked for.
        metric: one name, or one for each head.
        scale: lambda of each head, (H,).
        p: exponent of "lp", or None.
        causal: whether a query sees no later key; query t stands at S - T + t.
        window: how many positions a query sees, or None.
        mask: boolean and True where a key may be attended, four dimensions that broadcast to (B, H, T, S).
    """

    query: Tensor
    key: Tensor
    value: Tensor | None
    metric: str | Sequence[str]
    scale: Tensor
    p: Tensor | float | None = None
    causal: bool = False
    window: int | None = None
    mask: Tensor | None = None

    def sequences(self, start: int, stop: int) -> WeightInputs:
        """Some sequences of the batch, without their values.

        Args:
            start: the first of them.
            stop: one past the last.

        Returns:
            The same with B = stop - start; tensors are copies, so that the rest of the batch can be freed.
        """
        some, mask = slice(start, stop), self.mask
        return replace(
            self,
            query=self.query[some].clone(),
            key=self.key[some].clone(),
            value=None,
            mask=mask if mask is None or mask.shape[0] == 1 else mask[some].clone(),
        )


@dataclass(frozen=True)
class AttentionTile:
    """Some rows of attention.

    Attributes:
        rows: indices of the queries, (R,).
        weights: (B, H, R, S).
        distances: (B, H, R, S), raw.
        visible: boolean, (B, H, R, S), each of B and H possibly 1.
    """

    rows: Tensor
    weights: Tensor
    distances: Tensor
    visible: Tensor


def attention_tiles(
    inputs: WeightInputs, rows: Tensor | None = None, *, elements: int = _ELEMENTS
) -> Iterator[AttentionTile]:
    """The attention of some rows in pieces of limited size.

    Args:
        inputs: of the layer.
        rows: indices of the queries, (R,); all by default.
        elements: entries B * H * R * S of a tile, at most, unless one row has more.

    Yields:
        Tiles, together all rows in order, in float32 or wider.

    Example:
        >>> inputs = WeightInputs(torch.zeros(1, 1, 3, 2), torch.zeros(1, 1, 3, 2), None, "l1",
        ...     torch.ones(1), causal=True)
        >>> [tile.weights.tolist() for tile in attention_tiles(inputs, torch.tensor([1]))]
        [[[[[0.5, 0.5, 0.0]]]]]
    """
    batch, heads, queries, width = inputs.query.shape
    keys = inputs.key.shape[2]
    if rows is None:
        rows = torch.arange(queries, device=inputs.query.device)
    measure = RowDistances(inputs.query, inputs.key, inputs.metric, inputs.p)
    at_once = max(1, elements // max(1, batch * heads * keys))
    for chunk in torch.split(rows, at_once):
        visible = _visible(inputs, chunk, queries, keys)
        distances = measure(chunk)
        weights = weights_from_distances(distances, inputs.scale, width, visible)
        yield AttentionTile(chunk, weights, distances, visible)


def _visible(inputs: WeightInputs, rows: Tensor, queries: int, keys: int) -> Tensor:
    """Which keys the rows see, boolean, (B or 1, H or 1, R, S)."""
    steps = (rows + keys - queries)[:, None] - torch.arange(keys, device=rows.device)
    visible = torch.ones_like(steps, dtype=torch.bool)
    if inputs.causal:
        visible &= steps >= 0
    if inputs.window is not None:
        visible &= steps.abs() < inputs.window
    if inputs.mask is None:
        return visible[None, None]
    mask = inputs.mask if inputs.mask.shape[2] == 1 else inputs.mask[:, :, rows]
    return visible & mask
