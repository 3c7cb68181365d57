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

from typing import Any

import torch
from torch import Tensor

from .second_derivatives import refuse_second_derivatives
from .tile_plan import Tile
from .tile_settings import TileSettings

__all__ = ["tiled_attention"]

Exponent = float | Tensor | None


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
            size = (*query.shape[1:2], rows.stop - rows.start)
            largest = queries.new_full((*queries.shape[:2], 1), float("-inf"))
            total = torch.zeros_like(largest)
            summed = value.new_zeros(*queries.shape[:2], value.shape[2])
            for tile in tiles:
                logits = distances(queries, key[heads, tile.columns], settings.metric, exponent)
                shaped = logits.view(-1, *size, logits.shape[2])
                shaped.mul_(factor[heads, :, None, None])
                settings.hide(shaped, heads, rows, tile)
                highest = torch.maximum(logits.amax(-1, keepdim=True), largest)
                reference = highest.masked_fill(highest == float("-inf"), 0.0)
                weights = logits.sub_(reference).exp_()
                shrink = largest.sub_(reference).exp_()
                total.mul_(shrink).add_(weights.sum(-1, keepdim=True))
                if settings.dropout:
                    weights.mul_(settings.kept(weights, tile))
                summed.mul_(shrink).baddbmm_(weights, value[heads, tile.columns])
                largest = highest
            sees = total > 0
            summed.div_(total.masked_fill(~sees, 1.0))
            output[heads, :, rows] = summed.view(-1, *size, summed.shape[2])
            lse = torch.where(sees, total.log() + reference, float("inf"))
            normalizer[heads, :, rows] = lse.view(-1, *size)
        exponents = [p] if isinstance(p, Tensor) else []
        context.save_for_backward(query, key, value, factor, output, normalizer, *exponents)
        context.p, context.settings = None if isinstance(p, Tensor) else p, settings
        return output

    @staticmethod
    def backward(context: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        # Recomputation allows one look at them.
        saved = context.saved_tensors
        # Autocast may be on around backward(); the computation stays in its own precision.
        with torch.no_grad(), torch.autocast(grad_output.device.type, enabled=False):
            found = _TiledAttention._gradients(context, saved, grad_output)
        return refuse_second_derivatives(saved, (*found, None))

    @staticmethod
    def _gradients(context: Any, saved: tuple[Tensor, ...], grad_output: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, factor, output, normalizer, *rest = saved
        settings: TileSettings = context.settings
        p: Exponent = rest[0] if rest else context.p
        distances, distances_backward, exponent_gradient = settings.operations()
        learns_p = context.needs_input_grad[4]
        grad_query, grad_key, grad_value = (torch.zeros_like(part) for part in (query, key, value))
        grad_factor = torch.zeros_like(factor)
        grad_p = torch.zeros_like(p) if learns_p and isinstance(p, Tensor) else None
        for heads, rows, tiles in settings.plan.bands():
            if not tiles:
                continue
            size = (*query.shape[1:2], rows.stop - rows.start)
            queries = query[heads, :, rows].flatten(1, 2)
            upstream = grad_output[heads, :, rows].flatten(1, 2)
            lse = normalizer[heads, :, rows].flatten(1, 2)[..., None]
            shift = (grad_output[heads, :, rows] * output[heads, :, rows]).sum(-1, keepdim=True).flatten(1, 2)
            exponent = p[heads] if isinstance(p, Tensor) else p
            to_queries = torch.zeros_like(queries)
            for tile in tiles:
                keys = key[heads, tile.columns]
                found = distances(queries, keys, settings.metric, exponent)
                slopes = _slopes(
                    found.view(-1, *size, found.shape[2]) * factor[heads, :, None, None],
                    upstream, lse, shift, value[heads, tile.columns], grad_value[heads, tile.columns],
                    settings, heads, rows, tile,
                )  # fmt: skip
                flat = slopes.view(-1, size[1] * found.shape[2])
                grad_factor[heads] += _inner_products(flat, found.view_as(flat)).view(-1, size[0])
                slopes.view(-1, *size, found.shape[2]).mul_(factor[heads, :, None, None])
                distances_backward(
                    slopes, found, queries, keys, settings.metric, exponent, to_queries,
                    grad_key[heads, tile.columns],
                )  # fmt: skip
                if grad_p is not None:
                    grad_p[heads] += exponent_gradient(slopes, found, queries, keys, exponent)
                # Before the next tile takes memory of its own.
                del found, slopes, flat
            grad_query[heads, :, rows] = to_queries.view(-1, *size, queries.shape[2])
        return grad_query, grad_key, grad_value, grad_factor, grad_p


def _inner_products(first: Tensor, second: Tensor) -> Tensor:
    """Sums of products along rows of equal length.

    On the CPU a matrix product of one row and one column each is several times as fast as a sum of products.
    On a GPU it would keep a single multiprocessor busy: on one H200 whole passes took 2.6 times as long.
    """
    if first.device.type == "cpu":
        return torch.bmm(first[:, None], second[..., None]).flatten()
    return (first * second).sum(-1)


def _slopes(
    logits: Tensor, upstream: Tensor, lse: Tensor, shift: Tensor, value: Tensor, grad_value: Tensor,
    settings: TileSettings, heads: slice, rows: slice, tile: Tile,
) -> Tensor:  # fmt: skip
    """Gradient of the loss with respect to the logits of one tile, (N, G * R, C).

    That of its values is added to ``grad_value``; the logits (N, G, R, C) are overwritten.
    """
    settings.hide(logits, heads, rows, tile)
    weights = logits.flatten(1, 2).sub_(lse).exp_()
    slopes = torch.bmm(upstream, value.transpose(1, 2))
    if settings.dropout:
        kept = settings.kept(weights, tile)
        slopes.mul_(kept)
        grad_value.baddbmm_(kept.mul_(weights).transpose(1, 2), upstream)
    else:
        grad_value.baddbmm_(weights.transpose(1, 2), upstream)
    return slopes.sub_(shift).mul_(weights)


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
        (N, G, T, V). Its gradients cannot be differentiated again: that raises AttentionError.

    Example:
        >>> from hybrid_opt.classical.attention_masks import Visibility
        >>> from hybrid_opt.classical.tile_plan import TilePlan
        >>> token = torch.zeros(1, 3, 2)
        >>> settings = TileSettings("l1", TilePlan(1, 1, Visibility(3, 3, causal=True)), 1)
        >>> factor = -torch.ones(1, 1)
        >>> tiled_attention(token[:, None], token, torch.eye(3)[None], factor, None, settings)[0, 0, 1]
        tensor([0.5000, 0.5000, 0.0000])
    """
    return _TiledAttention.apply(query, key, value, factor, p, settings)  # type: ignore[no-any-return, no-untyped-call]
