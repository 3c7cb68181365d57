"""Attention with L1, Lp and Chebyshev distances on the CPU, forward and backward as two compiled passes.

Shapes: N = B * K heads of keys and values, G query heads to each, T query tokens, S key tokens, D head width,
V value width.

The tiled path makes a dozen torch calls per tile, each with its own meeting of all threads; where other
programs compute too, threads wait for one another most of the time. Here threads meet once per pass. Memory
beyond inputs and results: one number per row, gradients of keys and values once more for every part of a head
(at most four), and some scratch per thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from .attention_masks import Visibility
from .kernel_threads import run_on_threads
from .second_derivatives import refuse_second_derivatives
from .tile_kernels import flat_array, head_exponents

__all__ = ["compiled_attention"]

_UNLIMITED = 2**62
# Units that keep eight threads busy; more parts of a head would need more memory for gradients.
_UNITS, _MOST_PARTS = 8, 4
_NUMPY = {torch.float32: np.float32, torch.float64: np.float64}


def _sight(visibility: Visibility, n_heads: int, n_groups: int) -> tuple[tuple[int, ...], Any]:
    """What a query sees before and after it, K, strides of the mask; and the mask's bytes."""
    window = _UNLIMITED if visibility.window is None else visibility.window
    limits = (window - 1, 0 if visibility.causal else window - 1)
    mask = visibility.mask
    if mask is None:
        return (*limits, n_heads, 0, 0, 0, 0, 0), np.empty(0, np.uint8)
    mask = mask.contiguous()
    batch, head, row, key = (stride if size > 1 else 0 for size, stride in zip(mask.shape, mask.stride()))
    return (*limits, n_heads, batch, n_groups * head, head, row, key), flat_array(mask.view(torch.uint8))


def _padded(tensor: Tensor, rows: int, width: int) -> Tensor:
    """With zeros after the last row and coordinate, so that both are multiples of some number."""
    extra = (-tensor.shape[-1] % width, -tensor.shape[-2] % rows)
    return pad(tensor, (0, extra[0], 0, extra[1])) if any(extra) else tensor.contiguous()


class _CompiledAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        factor: Tensor,
        exponents: Any,
        visibility: Visibility,
        n_heads: int,
    ) -> Tensor:
        from .attention_kernels import BLOCK_ROWS, attend
        from .distance_kernels import block_distances

        lanes = 64 // query.element_size()
        parts = [_padded(query, 4, lanes), _padded(key, 1, lanes), _padded(value, 1, lanes)]
        n, groups, rows, padded_rows = *query.shape[:3], parts[0].shape[2]
        shape = (n, groups, rows, padded_rows, key.shape[1], parts[0].shape[3], parts[2].shape[2])
        n_parts = min(_MOST_PARTS, max(1, _UNITS // n), -(-rows // BLOCK_ROWS))
        sight, mask = _sight(visibility, n_heads, groups)
        output = _zeros(query.dtype, n, groups, padded_rows, shape[6])
        normalizer = query.new_full((n, groups, padded_rows), -torch.inf)
        arrays = (*(flat_array(part) for part in (*parts, factor)), exponents, shape, sight, mask, n_parts)
        results = flat_array(output), flat_array(normalizer)
        address = block_distances.address(results[0].dtype)

        def work(first: int, last: int) -> None:
            attend(address, *arrays, first, last, *results)

        cost = n * groups * rows * shape[4] * (shape[5] + shape[6])
        run_on_threads(work, n * n_parts, cost)
        context.save_for_backward(query, key, value, factor, output, normalizer)
        context.settings = exponents, shape, sight, mask, n_parts, cost
        return output[:, :, :rows, : value.shape[2]]

    @staticmethod
    def backward(context: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        # Recomputation allows one look at them.
        saved = context.saved_tensors
        # Autocast may be on around backward(); the computation stays in its own precision.
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            found = _CompiledAttention._gradients(context, saved, grad_output)
        return refuse_second_derivatives(saved, (*found, None, None, None))

    @staticmethod
    def _gradients(context: Any, saved: tuple[Tensor, ...], grad_output: Tensor) -> tuple[Tensor, ...]:
        from .attention_gradient_kernels import attend_backward
        from .chebyshev_kernels import block_chebyshev
        from .distance_kernels import block_distances
        from .gradient_kernels import block_gradients

        query, key, value, factor, output, normalizer = saved
        exponents, shape, sight, mask, n_parts, cost = context.settings
        n, groups, rows, _, n_keys, depth, width = shape
        lanes = 64 // query.element_size()
        parts = [_padded(query, 4, lanes), _padded(key, 1, lanes), _padded(value, 1, lanes)]
        upstream = _padded(grad_output, 4, lanes)
        grad_query = _zeros(query.dtype, *parts[0].shape)
        grad_key = _zeros(query.dtype, n, n_parts, n_keys, depth)
        grad_value = _zeros(query.dtype, n, n_parts, n_keys, width)
        grad_factor = _zeros(torch.float64, n, n_parts, groups)
        arrays = (*(flat_array(part) for part in (*parts, factor)), exponents, shape, sight, mask, n_parts)
        given = [flat_array(part) for part in (normalizer, output, upstream)]
        results = [flat_array(part) for part in (grad_query, grad_key, grad_value, grad_factor)]
        loops = (block_distances, block_gradients, block_chebyshev)
        addresses = [loop.address(arrays[0].dtype) for loop in loops]

        def work(first: int, last: int) -> None:
            attend_backward(*addresses, *arrays, first, last, *given, *results)

        run_on_threads(work, n * n_parts, 2 * cost)
        # The parts of one sum are gone before the next is made.
        results.clear()
        grad_key = _added(grad_key)
        grad_value = _added(grad_value)
        return (
            grad_query[:, :, :rows, : query.shape[3]],
            grad_key[..., : key.shape[2]],
            grad_value[..., : value.shape[2]],
            grad_factor.sum(1).to(factor.dtype),
        )


def _zeros(dtype: torch.dtype, *shape: int) -> Tensor:
    """Zeros from the operating system: torch would write them, with a meeting of all threads."""
    return torch.from_numpy(np.zeros(shape, _NUMPY[dtype]))


def _added(parts: Tensor) -> Tensor:
    """The sum over the parts of a head, (N, P, S, D) -> (N, S, D), also without a meeting of threads."""
    return parts[:, 0] if parts.shape[1] == 1 else torch.from_numpy(parts.numpy().sum(1))


def compiled_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    factor: Tensor,
    metric: str,
    p: float | Tensor | None,
    visibility: Visibility,
    n_heads: int,
) -> Tensor:
    """Attention without dropout, by compiled loops.

    Args:
        query: (N, G, T, D), float32 or float64 on the CPU.
        key: (N, S, D).
        value: (N, S, V).
        factor: (N, G), by which distances are multiplied: -scale / sqrt(D).
        metric: "l1", "lp" or "chebyshev".
        p: for "lp" the exponent, or (N,) of them, without gradient.
        visibility: who sees whom.
        n_heads: K, to find batch row and head of N in a mask.

    Returns:
        (N, G, T, V). Its gradients cannot be differentiated again.

    Example:
        >>> token = torch.zeros(1, 3, 2)
        >>> sight = Visibility(3, 3, causal=True)
        >>> attended = compiled_attention(token[:, None], token, torch.eye(3)[None], -torch.ones(1, 1), "l1",
        ...                               None, sight, 1)
        >>> attended[0, 0, 1]
        tensor([0.5000, 0.5000, 0.0000])
    """
    exponents = head_exponents(metric, p, len(key))
    return _CompiledAttention.apply(  # type: ignore[no-any-return, no-untyped-call]
        query, key, value, factor, exponents, visibility, n_heads
    )
