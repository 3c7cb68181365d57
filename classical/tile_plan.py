"""How attention is cut into tiles, and which weights dropout keeps in each of them.

Shapes: B batch, K key-value heads, G query heads to each of them, T query tokens, S key tokens, N heads of a
tile (slices of B * K), R rows and C columns of a tile.

The plan depends on shapes, visibility and the kind of device alone, so forward pass, backward pass and the
dense reference meet the same tiles, and random numbers drawn tile by tile are the same in all three.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .attention_masks import Visibility

__all__ = ["Tile", "TileLimits", "TilePlan", "kept_factors", "tile_limits"]


@dataclass(frozen=True)
class TileLimits:
    """How large tiles may be.

    Attributes:
        rows: most queries.
        columns: most keys; keys are cut at multiples of it.
        numbers: most numbers of one tile over all its heads.
    """

    rows: int
    columns: int
    numbers: int


HOST_LIMITS = TileLimits(128, 512, 2**20)
"""4 MB in single precision, a share of a third-level cache."""

DEVICE_LIMITS = TileLimits(1024, 4096, 2**23)
"""32 MB in single precision: on a GPU smaller tiles spend their time on starting operations (one H200, 4,096
tokens: 13 times as long with the limits of the host)."""


def tile_limits(device: torch.device) -> TileLimits:
    """The limits for a device.

    Args:
        device: where attention is computed.

    Returns:
        Those of the host on a CPU, those of a device anywhere else.

    Example:
        >>> tile_limits(torch.device("cpu")).rows
        128
    """
    return HOST_LIMITS if device.type == "cpu" else DEVICE_LIMITS


@dataclass(frozen=True)
class Tile:
    """One tile.

    Attributes:
        number: counts the tiles of the plan; dropout is seeded by it.
        columns: its keys.
    """

    number: int
    columns: slice


@dataclass(frozen=True)
class TilePlan:
    """Tiles of one call.

    Attributes:
        heads: B * K.
        groups: G.
        visibility: who sees whom.
        limits: how large tiles may be.
    """

    heads: int
    groups: int
    visibility: Visibility
    limits: TileLimits = HOST_LIMITS

    def bands(self) -> Iterator[tuple[slice, slice, list[Tile]]]:
        """Heads, queries, and the tiles of keys that these queries may see.

        Returns:
            One entry for each block of queries; keys are cut at multiples of the limit.

        Example:
            >>> plan = TilePlan(2, 1, Visibility(200, 200, causal=True))
            >>> [(rows.stop, len(tiles)) for _, rows, tiles in plan.bands()]
            [(128, 1), (200, 1)]
        """
        sight = self.visibility
        columns = min(self.limits.columns, sight.keys)
        rows = max(1, min(self.limits.rows, sight.queries, self.limits.numbers // (self.groups * columns)))
        heads = max(1, self.limits.numbers // (self.groups * rows * columns))
        number = 0
        for head in range(0, self.heads, heads):
            for row in range(0, sight.queries, rows):
                row_slice = slice(row, min(row + rows, sight.queries))
                first, last = sight.key_range(row_slice.start, row_slice.stop)
                tiles = []
                for column in range(first - first % columns, last, columns):
                    found = slice(max(column, first), min(column + columns, last))
                    tiles.append(Tile(number + column // columns, found))
                number += -(-sight.keys // columns)
                yield slice(head, min(head + heads, self.heads)), row_slice, tiles


def kept_factors(shape: tuple[int, ...], dropout: float, seed: int, tile: Tile, like: Tensor) -> Tensor:
    """By what dropout multiplies the weights of one tile: 0 or 1 / (1 - dropout).

    Args:
        shape: (N, G * R, C).
        dropout: probability of 0.
        seed: of the call.
        tile: the tile.
        like: gives floating type and device.

    Returns:
        Factors of that shape.

    Example:
        >>> factors = kept_factors((1, 2, 3), 0.5, 7, Tile(0, slice(0, 3)), torch.zeros(1))
        >>> set(factors.flatten().tolist()) <= {0.0, 2.0}
        True
    """
    generator = torch.Generator(like.device)
    generator.manual_seed((seed + tile.number * 0x9E3779B97F4A7C15) % 2**63)
    kept = torch.empty(shape, dtype=like.dtype, device=like.device)
    return kept.bernoulli_(1 - dropout, generator=generator).mul_(1 / (1 - dropout))
