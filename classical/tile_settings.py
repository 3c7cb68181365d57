"""What all tiles of one call of attention share: operations, who is hidden, which weights dropout keeps.

Shapes: N = B * K heads of keys and values, G query heads to each, R rows and C columns of a tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from . import tile_operations
from .tile_plan import Tile, TilePlan, kept_factors

__all__ = ["TileSettings"]


@dataclass(frozen=True)
class TileSettings:
    """What is the same for all tiles of a call.

    Attributes:
        metric: "similarity", "shifted_squares", "l2", "l1", "lp" or "chebyshev".
        plan: the tiles.
        key_value_heads: K, to find the batch row of a head.
        dropout: probability.
        seed: of dropout.
        compiled: whether distances come from compiled kernels: by numba on the CPU, by Triton on CUDA.
        device_type: "cpu" or "cuda".
    """

    metric: str
    plan: TilePlan
    key_value_heads: int
    dropout: float = 0.0
    seed: int = 0
    compiled: bool = False
    device_type: str = "cpu"

    def operations(self) -> tuple[Callable[..., Tensor], Callable[..., None], Callable[..., Tensor]]:
        """Distances, their gradients, the gradient of the exponent."""
        if self.compiled and self.device_type == "cuda":
            from . import triton_tiles

            return (
                triton_tiles.tile_distances,
                triton_tiles.tile_backward,
                triton_tiles.tile_exponent_gradient,
            )
        if self.compiled:
            from . import tile_kernels

            return (
                tile_kernels.distance_tile,
                tile_kernels.distance_tile_backward,
                tile_kernels.distance_tile_p_gradient,
            )
        return (
            tile_operations.tile_distances,
            tile_operations.tile_backward,
            tile_operations.tile_exponent_gradient,
        )

    def hide(self, logits: Tensor, heads: slice, rows: slice, tile: Tile) -> None:
        """Set the logits (N, G, R, C) of keys that are out of sight to minus infinity."""
        sight = self.plan.visibility
        band = sight.block(rows, tile.columns, logits.device)
        if band is not None:
            logits.masked_fill_(~band, float("-inf"))
        if sight.mask is None:
            return
        mask = sight.mask
        part = mask[:, :, rows if mask.shape[2] > 1 else slice(None)]
        part = part[..., tile.columns if mask.shape[3] > 1 else slice(None)]
        numbers = torch.arange(heads.start, heads.stop, device=logits.device)
        batch = numbers // self.key_value_heads if mask.shape[0] > 1 else torch.zeros_like(numbers)
        if mask.shape[1] == 1:
            part = part[batch]
        else:
            part = part.reshape(len(part), self.key_value_heads, self.plan.groups, *part.shape[2:])
            part = part[batch, numbers % self.key_value_heads]
        logits.masked_fill_(~part, float("-inf"))

    def kept(self, like: Tensor, tile: Tile) -> Tensor:
        """Dropout's factors for the weights of a tile."""
        return kept_factors(tuple(like.shape), self.dropout, self.seed, tile, like)
