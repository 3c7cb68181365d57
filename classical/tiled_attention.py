"""Attention tile by tile: no T x S array is ever made, neither forward nor backward.

Forward is the softmax that is updated from tile to tile of keys (Milakov and Gimelshein 2018, arXiv
1805.02867), as in FlashAttention (Dao et al. 2022, arXiv 2205.14135); backward computes every tile again from
the logarithm of each row's sum. With d the distances, f = -scale / sqrt(D), M what dropout multiplies by and
O the output:

    P = exp(f d - lse),  O = (P M) V
    dV = (P M)' dO,  dP = (dO V') M,  dS = P (dP - sum(dO O)),  df = sum dS d,  dd = f dS

The gradients of distances go back to queries and keys through the operations of the metric. Causal order,
windows, masks and dropout are the same lines for all metrics.

Shapes: N = B * K heads of keys and values, G query heads to each, T query tokens, S key tokens, D head width,
V value width, R rows and C columns of a tile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from . import tile_operations
from .tile_plan import Tile, TilePlan, kept_factors

__all__ = ["TileSettings", "tiled_attention"]

Exponent = float | Tensor | None


@dataclass(frozen=True)
class TileSettings:
    """What is the same for all tiles of a call.

    Attributes:
        metric: "similarity", "shifted_squares", "l2", "l1", "lp" or "chebyshev".
        plan: the tiles.
        key_value_heads: K, to find the batch row of a head.
        dropout: probability.
        seed: of dropout.
        compiled: whether distances come from the compiled kernel.
    """

    metric: str
    plan: TilePlan
    key_value_heads: int
    dropout: float = 0.0
    seed: int = 0
    compiled: bool = False

    def operations(self) -> tuple[Callable[..., Tensor], Callable[..., None], Callable[..., Tensor]]:
        """Distances, their gradients, the gradient of the exponent."""
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
            part = part.view(len(part), self.key_value_heads, self.plan.groups, *part.shape[2:])
            part = part[batch, numbers % self.key_value_heads]
        logits.masked_fill_(~part, float("-inf"))

    def kept(self, like: Tensor, tile: Tile) -> Tensor:
        """Dropout's factors for the weights of a tile."""
        return kept_factors(tuple(like.shape), self.dropout, self.seed, tile, like)


def _by_query_head(tile: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, G * R, ...) as (N, G, R, ...), the same memory."""
    return tile.view(len(tile), *size, *tile.shape[2:])


class _TiledAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        factor: Tensor,
        p: Exponent,
        settings: TileSettings,
    ) -> Tensor:
        distances, _, _ = settings.operations()
        n_heads, groups, n_queries, _ = query.shape
        output = value.new_zeros(n_heads, groups, n_queries, value.shape[2])
        normalizer = value.new_full((n_heads, groups, n_queries), float("inf"))
        for heads, rows, tiles in settings.plan.bands():
            if not tiles:
                continue
            queries = query[heads, :, rows].flatten(1, 2)
            exponent = p[heads] if isinstance(p, Tensor) else p
            size = (groups, rows.stop - rows.start)
            largest = total = summed = None
            for tile in tiles:
                logits = distances(queries, key[heads, tile.columns], settings.metric, exponent)
                shaped = _by_query_head(logits, size)
                shaped.mul_(factor[heads, :, None, None])
                settings.hide(shaped, heads, rows, tile)
                highest = logits.amax(-1, keepdim=True)
                if largest is not None:
                    highest = torch.maximum(highest, largest)
                reference = highest.masked_fill(highest == float("-inf"), 0.0)
                weights = logits.sub_(reference).exp_()
                part = weights.sum(-1, keepdim=True)
                if settings.dropout:
                    weights.mul_(settings.kept(weights, tile))
                values = value[heads, tile.columns]
                if largest is None or total is None or summed is None:
                    total, summed = part, torch.bmm(weights, values)
                else:
                    shrink = (largest - reference).exp_()
                    total = total.mul_(shrink).add_(part)
                    summed = summed.mul_(shrink).baddbmm_(weights, values)
                largest = highest
            assert total is not None
            assert summed is not None
            sees = total > 0
            output[heads, :, rows] = _by_query_head(summed.div_(total.masked_fill(~sees, 1.0)), size)
            lse = torch.where(sees, total.log() + reference, float("inf"))
            normalizer[heads, :, rows] = _by_query_head(lse, size).squeeze(-1)
        context.save_for_backward(
            query, key, value, factor, output, normalizer, *([p] if isinstance(p, Tensor) else [])
        )
        context.p, context.settings = None if isinstance(p, Tensor) else p, settings
        return output

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, factor, output, normalizer, *rest = context.saved_tensors
        settings: TileSettings = context.settings
        p: Exponent = rest[0] if rest else context.p
        distances, distances_backward, exponent_gradient = settings.operations()
        learns_p, groups = context.needs_input_grad[4], query.shape[1]
        grad_query, grad_key, grad_value = (torch.zeros_like(part) for part in (query, key, value))
        grad_factor = torch.zeros_like(factor)
        grad_p = torch.zeros_like(p) if learns_p and isinstance(p, Tensor) else None
        for heads, rows, tiles in settings.plan.bands():
            if not tiles:
                continue
            size = (groups, rows.stop - rows.start)
            queries = query[heads, :, rows].flatten(1, 2)
            upstream = grad_output[heads, :, rows].flatten(1, 2)
            lse = normalizer[heads, :, rows].flatten(1, 2)[..., None]
            shift = (grad_output[heads, :, rows] * output[heads, :, rows]).sum(-1, keepdim=True).flatten(1, 2)
            exponent = p[heads] if isinstance(p, Tensor) else p
            to_queries = torch.zeros_like(queries)
            for tile in tiles:
                keys = key[heads, tile.columns]
                found = distances(queries, keys, settings.metric, exponent)
                logits = _by_query_head(found, size) * factor[heads, :, None, None]
                settings.hide(logits, heads, rows, tile)
                weights = logits.flatten(1, 2).sub_(lse).exp_()
                slopes = torch.bmm(upstream, value[heads, tile.columns].transpose(1, 2))
                if settings.dropout:
                    kept = settings.kept(weights, tile)
                    slopes.mul_(kept)
                    grad_value[heads, tile.columns].baddbmm_(kept.mul_(weights).transpose(1, 2), upstream)
                else:
                    grad_value[heads, tile.columns].baddbmm_(weights.transpose(1, 2), upstream)
                slopes.sub_(shift).mul_(weights)
                shaped = _by_query_head(slopes, size)
                # A matrix product of one row and one column each: several times as fast as a sum of products.
                flat = slopes.view(-1, 1, size[1] * found.shape[2])
                grad_factor[heads] += torch.bmm(flat, found.view(flat.shape[0], -1, 1)).view(-1, size[0])
                shaped.mul_(factor[heads, :, None, None])
                distances_backward(
                    slopes, found, queries, keys, settings.metric, exponent, to_queries,
                    grad_key[heads, tile.columns],
                )  # fmt: skip
                if grad_p is not None:
                    grad_p[heads] += exponent_gradient(slopes, found, queries, keys, exponent)
            grad_query[heads, :, rows] = _by_query_head(to_queries, size)
        return grad_query, grad_key, grad_value, grad_factor, grad_p, None


def tiled_attention(
    query: Tensor, key: Tensor, value: Tensor, factor: Tensor, p: Exponent, settings: TileSettings
) -> Tensor:
    """Attention from tiles.

    Args:
        query: (N, G, T, D), float32 or float64.
        key: (N, S, D).
        value: (N, S, V).
        factor: (N, G), by which distances are multiplied: -scale / sqrt(D).
        p: exponent of "lp": a number, or (N,) with gradient; else None.
        settings: the rest.

    Returns:
        (N, G, T, V). Its gradients cannot be differentiated again.

    Example:
        >>> from hybrid_opt.classical.attention_masks import Visibility
        >>> token = torch.zeros(1, 3, 2)
        >>> settings = TileSettings("l1", TilePlan(1, 1, Visibility(3, 3, causal=True)), 1)
        >>> values, factor = torch.eye(3)[None], -torch.ones(1, 1)
        >>> tiled_attention(token[:, None], token, values, factor, None, settings)[0, 0, 1]
        tensor([0.5000, 0.5000, 0.0000])
    """
    output: Tensor = _TiledAttention.apply(query, key, value, factor, p, settings)  # type: ignore[no-untyped-call]
    return output
