"""Statistics of one attention layer, gathered tile by tile.

Shapes: B batch, H heads, R query rows of a tile, S key tokens, D head width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .attention_statistics import (
    hoyer_sparsity,
    normalized_entropy,
    reach,
    received_attention,
    share_of_keys_for,
    uniform_reach,
)
from .attention_tiles import AttentionTile

__all__ = ["AttentionAccumulator", "HeadStatistics"]

_ROW_STATISTICS = ("entropy", "sparsity", "keys_95", "range", "uniform_range", "sink")


@dataclass(frozen=True, eq=False)
class HeadStatistics:
    """One number per head, (H,), and what each key received.

    Attributes:
        entropy: normalized entropy, mean over rows.
        sparsity: Hoyer's, mean over rows.
        keys_95: share of the visible keys that holds 95 % of the weight, mean over rows.
        range: expected distance between query and key in tokens; NaN across two sequences.
        uniform_range: the same if all visible keys weighed alike.
        sink: weight on the first token, mean over the rows that see it and another key.
        mean_distance: mean of the raw distances over visible pairs.
        std_distance: their standard deviation.
        min_distance: the smallest.
        max_distance: the largest.
        received: weight that a key receives, mean over the queries that see it, (H, S); NaN if none does.
        relative: the same in multiples of uniform weights: mean of n_i w_ij, (H, S).
        queries: number of queries that see a key, (H, S).
        rows: number of query rows in these means, over the batch.
    """

    entropy: NDArray[np.float64]
    sparsity: NDArray[np.float64]
    keys_95: NDArray[np.float64]
    range: NDArray[np.float64]
    uniform_range: NDArray[np.float64]
    sink: NDArray[np.float64]
    mean_distance: NDArray[np.float64]
    std_distance: NDArray[np.float64]
    min_distance: NDArray[np.float64]
    max_distance: NDArray[np.float64]
    received: NDArray[np.float64]
    relative: NDArray[np.float64]
    queries: NDArray[np.float64]
    rows: int


class AttentionAccumulator:
    """Streams tiles of one layer into `HeadStatistics`.

    Args:
        num_heads: H.
        num_keys: S.
        offset: position of the first query among the keys; None where queries and keys are of different
            sequences, so that there is no distance between positions.

    Example:
        >>> gather = AttentionAccumulator(1, 2, offset=0)
        >>> order = torch.ones(2, 2).tril()[None, None]
        >>> tile = AttentionTile(torch.arange(2), order / order.sum(-1, keepdim=True), order, order.bool())
        >>> gather.add(tile, torch.ones(1, 2, dtype=torch.bool), torch.zeros(1, dtype=torch.long))
        >>> found = gather.result()
        >>> float(found.entropy[0]), float(found.range[0]), float(found.sink[0]), found.rows
        (1.0, 0.25, 0.5, 2)
    """

    def __init__(self, num_heads: int, num_keys: int, *, offset: int | None) -> None:
        self._offset = offset
        self._sums = {name: torch.zeros(num_heads, dtype=torch.float64) for name in _ROW_STATISTICS}
        self._counts = {name: torch.zeros(num_heads, dtype=torch.float64) for name in _ROW_STATISTICS}
        self._received, self._relative, self._queries = torch.zeros(
            3, num_heads, num_keys, dtype=torch.float64
        )
        self._pairs, self._mean, self._squares = torch.zeros(3, num_heads, dtype=torch.float64)
        self._least = torch.full((num_heads,), float("inf"), dtype=torch.float64)
        self._most = torch.full((num_heads,), -float("inf"), dtype=torch.float64)
        self._rows = 0

    def add(self, tile: AttentionTile, real: Tensor, first_key: Tensor) -> None:
        """Take a tile.

        Args:
            tile: some rows.
            real: which of these rows are no padding, boolean, (B, R).
            first_key: index of the first key of each sequence that is no padding, (B,).
        """
        weights, visible = tile.weights, tile.visible
        counts = visible.sum(-1).to(weights.dtype)
        for name, values in (
            ("entropy", normalized_entropy(weights, counts)),
            ("sparsity", hoyer_sparsity(weights, counts)),
            ("keys_95", share_of_keys_for(weights, counts)),
            ("sink", _sink(weights, visible, counts, first_key)),
        ):
            self._add_rows(name, values, real)
        if self._offset is not None:
            positions = tile.rows + self._offset
            seen = uniform_reach(visible, positions).to(weights.dtype).expand(weights.shape[:3])
            self._add_rows("uniform_range", seen, real)
            self._add_rows("range", reach(weights, positions).masked_fill(seen.isnan(), float("nan")), real)
        for total, part in zip(
            (self._received, self._relative, self._queries),
            received_attention(weights, visible, counts, real),
        ):
            total += part.cpu().double()
        self._add_distances(tile.distances, visible & real[:, None, :, None])
        self._rows += int(real.sum())

    def _add_rows(self, name: str, values: Tensor, real: Tensor) -> None:
        """Add values (B, H, R) that are not NaN, of rows that are no padding."""
        telling = real[:, None, :] & ~values.isnan()
        self._sums[name] += values.masked_fill(~telling, 0.0).sum((0, 2)).cpu().double()
        self._counts[name] += telling.sum((0, 2)).cpu()

    def _add_distances(self, distances: Tensor, pairs: Tensor) -> None:
        """Merge mean and spread of a tile into those so far (Chan, Golub and LeVeque 1983)."""
        pairs = pairs.expand_as(distances)
        count = pairs.sum((0, 2, 3)).cpu().double()
        kept = distances.masked_fill(~pairs, 0.0)
        mean = kept.sum((0, 2, 3)).cpu().double() / count.clamp(min=1)
        centered = distances - mean.to(distances)[:, None, None]
        squares = centered.masked_fill_(~pairs, 0.0).square_().sum((0, 2, 3)).cpu().double()
        both = (self._pairs + count).clamp(min=1)
        delta = mean - self._mean
        self._squares += squares + delta.square() * self._pairs * count / both
        self._mean += delta * count / both
        self._pairs += count
        least = distances.masked_fill(~pairs, float("inf")).amin((0, 2, 3)).cpu().double()
        most = distances.masked_fill(~pairs, -float("inf")).amax((0, 2, 3)).cpu().double()
        self._least, self._most = torch.minimum(self._least, least), torch.maximum(self._most, most)

    def result(self) -> HeadStatistics:
        """The statistics of all tiles so far.

        Returns:
            Means; NaN where no row had anything to say.
        """
        none = self._pairs == 0
        means = {name: (self._sums[name] / self._counts[name]).numpy() for name in _ROW_STATISTICS}
        return HeadStatistics(
            **means,
            mean_distance=_or_nan(self._mean, none),
            std_distance=_or_nan((self._squares / self._pairs).sqrt(), none),
            min_distance=_or_nan(self._least, none),
            max_distance=_or_nan(self._most, none),
            received=(self._received / self._queries).numpy(),
            relative=(self._relative / self._queries).numpy(),
            queries=self._queries.numpy(),
            rows=self._rows,
        )


def _sink(weights: Tensor, visible: Tensor, counts: Tensor, first_key: Tensor) -> Tensor:
    """Weight on the first token, (B, H, R); NaN where it is not visible, or nothing else is."""
    batch, heads, rows, _ = weights.shape
    index = first_key[:, None, None, None].expand(batch, heads, rows, 1)
    first = weights.gather(-1, index)[..., 0]
    seen = visible.expand(batch, heads, rows, -1).gather(-1, index)[..., 0]
    return first.masked_fill(~seen | (counts < 2), float("nan"))


def _or_nan(values: Tensor, none: Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.masked_fill(none, float("nan")).numpy()
    return found
