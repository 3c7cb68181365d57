"""Compiled attention with distances, backward: every block of distances is computed again from its inputs.

Shapes: N = B * K heads of keys and values, G query heads to each, T query tokens, S key tokens, D head width,
V value width, P parts of a head, W columns of a block, L lanes of a vector. T is padded to a multiple of 4, D
and V to one of L.

With d the distances, f the factor of a head, w = exp(f d - normalizer) the weights and O the outputs:

    dV = w' dO,  s = w (dO V' - sum(dO O)),  df = sum s d,  dd = f s

Units of work are those of the forward direction. Each adds to gradients of keys and values of its own part of
the head; the parts are added up at the end, in their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import (
    attention_kernels,
    distance_kernels,
    gradient_kernels,
    kernel_calls,
    kernel_lanes,
    kernel_memory,
    kernel_powers,
    softmax_kernels,
)
from .attention_kernels import BLOCK_ROWS, sees_block
from .distance_kernels import WIDTH, transpose_keys
from .gradient_kernels import pack_vectors
from .kernel_calls import call_loop
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_memory import add_lanes, lanes_of, load, spread, store, zeros
from .kernel_powers import exponential, inverse, keep_nan, scaled
from .softmax_kernels import (
    add_outer_products,
    hide_unseen,
    row_sum,
    slopes_of_weights,
    visible_keys,
    without_unweighted,
)

__all__ = ["attend_backward"]


@inner_loop
def _weights(scores: Any, found: Any, columns: int, factor: float) -> None:
    """Distances times the factor."""
    for column in range(0, columns, lanes_of(scores)):
        store(scores, column, WIDTH, scaled(load(found, column, WIDTH, 4), factor))


@inner_loop
def _normalize(scores: Any, found: Any, columns: int, normalizer: Any, at: int) -> None:
    """Weights from scores; distances without weight become 0, so that nothing comes from them."""
    offsets = spread(normalizer, at, 1, 4)
    for column in range(0, columns, lanes_of(scores)):
        weights = exponential(load(scores, column, WIDTH, 4) - offsets)
        store(scores, column, WIDTH, weights)
        store(found, column, WIDTH, without_unweighted(load(found, column, WIDTH, 4), weights))


@inner_loop
def _slopes(
    scores: Any, found: Any, slopes: Any, columns: int, shifts: Any, at: int, factor: float, state: Any
) -> float:
    """Make slopes gradients of distances, scores inverse distances; return df through these rows."""
    step = lanes_of(scores)
    shift = spread(shifts, at, 1, 4)
    total = zeros(scores, 4)
    for column in range(0, columns, step):
        distances = load(found, column, WIDTH, 4)
        slope = load(scores, column, WIDTH, 4) * (load(slopes, column, WIDTH, 4) - shift)
        total = total + slope * distances
        store(slopes, column, WIDTH, keep_nan(scaled(slope, factor), distances))
        store(scores, column, WIDTH, inverse(distances))
    store(state, 0, step, total)
    return row_sum(state, 0, 4 * step)  # type: ignore[no-any-return]


@inner_loop
def _inner_product(left: Any, right: Any, at: int, count: int) -> float:
    """Of two vectors in the same places, their number of coordinates a multiple of L."""
    step = lanes_of(left)
    total = zeros(left, 1)
    for place in range(at, at + count, step):
        total = total + load(left, place, step, 1) * load(right, place, step, 1)
    return add_lanes(total)  # type: ignore[no-any-return]


@inner_loop
def _unpack_part(source: Any, count: int, chunks: int, rows: int, target: Any, at: int, width: int) -> None:
    """Write a table (chunks, rows, L) to the vectors it belongs to."""
    step = lanes_of(source)
    for chunk in range(chunks):
        for row in range(count):
            vector = load(source, (chunk * rows + row) * step, step, 1)
            store(target, at + row * width + chunk * step, step, vector)


@compiled_loop(
    attention_kernels,
    distance_kernels,
    gradient_kernels,
    kernel_calls,
    kernel_lanes,
    kernel_memory,
    kernel_powers,
    softmax_kernels,
)
def attend_backward(
    block_distances: int,
    block_gradients: int,
    block_chebyshev: int,
    query: Any,
    key: Any,
    value: Any,
    factors: Any,
    exponents: Any,
    shape: Any,
    sight: Any,
    mask: Any,
    n_parts: int,
    first: int,
    last: int,
    normalizer: Any,
    output: Any,
    grad_output: Any,
    grad_query: Any,
    grad_key: Any,
    grad_value: Any,
    grad_factor: Any,
) -> None:
    """Gradients of some units.

    Args:
        block_distances: address of that loop.
        block_gradients: address of that loop.
        block_chebyshev: address of that loop.
        query: flat (N, G, T padded, D).
        key: flat (N, S, D).
        value: flat (N, S, V).
        factors: flat (N, G).
        exponents: (N,) float64; infinity for Chebyshev.
        shape: N, G, T, T padded, S, D, V.
        sight: as in the forward direction.
        mask: as there.
        n_parts: parts of a head, P.
        first: first unit.
        last: one past the last unit.
        normalizer: flat (N, G, T padded), from the forward direction.
        output: flat (N, G, T padded, V), likewise.
        grad_output: flat (N, G, T padded, V).
        grad_query: flat (N, G, T padded, D), zeros at first.
        grad_key: flat (N, P, S, D), zeros at first.
        grad_value: flat (N, P, S, V), zeros at first.
        grad_factor: flat (N, P, G), float64, zeros at first.
    """
    _, n_groups, n_rows, n_padded, n_keys, depth, width = shape
    back, ahead, n_heads, batch_step, head_step, group_step, row_step, key_step = sight
    dtype = key.dtype
    step = lanes_of(key)
    key_chunks, value_chunks = depth // step, width // step
    keys, values = np.empty(depth * WIDTH, dtype), np.empty(width * WIDTH, dtype)
    packed, to_keys = np.empty(depth * WIDTH, dtype), np.empty(depth * WIDTH, dtype)
    to_values = np.empty(width * WIDTH, dtype)
    scores, found, slopes = np.empty(4 * WIDTH, dtype), np.empty(4 * WIDTH, dtype), np.empty(4 * WIDTH, dtype)
    state = np.empty(8 * step, dtype)
    shifts = np.empty(n_groups * n_padded, dtype)
    block = len(scores) // 4
    blocks = (n_rows + BLOCK_ROWS - 1) // BLOCK_ROWS
    for unit in range(first, last):
        head, part = unit // n_parts, unit % n_parts
        exponent = exponents[head]
        mask_head = head // n_heads * batch_step + head % n_heads * head_step
        for row in range(n_groups * n_padded):
            at = (head * n_groups * n_padded + row) * width
            shifts[row] = _inner_product(output, grad_output, at, width)
        for start in range(0, n_keys, WIDTH):
            columns = min(WIDTH, n_keys - start)
            looked_at = (columns + step - 1) // step * step
            key_at = (head * n_keys + start) * depth
            own_key_at = (unit * n_keys + start) * depth
            is_ready = False
            for row_block in range(part, blocks, n_parts):
                row_start = row_block * BLOCK_ROWS
                if not sees_block(row_start, BLOCK_ROWS, n_rows, n_keys, back, ahead, start, columns):
                    continue
                if not is_ready:
                    transpose_keys(key, key_at, depth, columns, keys)
                    transpose_keys(value, (head * n_keys + start) * width, width, columns, values)
                    for chunk in range(key_chunks):
                        pack_vectors(key, key_at, depth, columns, chunk, block, packed)
                    to_keys[:] = 0.0
                    to_values[:] = 0.0
                    is_ready = True
                for group in range(n_groups):
                    factor = factors[head * n_groups + group]
                    total = 0.0
                    for row in range(row_start, min(row_start + BLOCK_ROWS, n_padded), 4):
                        if not sees_block(row, 4, n_rows, n_keys, back, ahead, start, columns):
                            continue
                        at = (head * n_groups + group) * n_padded + row
                        call_loop(
                            block_distances,
                            (
                                query, at * depth, key, key_at, keys, columns, depth, exponent,
                                found, 0, WIDTH,
                            ),
                        )  # fmt: skip
                        _weights(scores, found, looked_at, factor)
                        for i in range(4):
                            begin, end = visible_keys(row + i, n_rows, n_keys, back, ahead)
                            mask_at = mask_head + group * group_step + (row + i) * row_step
                            hide_unseen(scores, i, start, columns, begin, end, mask, mask_at, key_step)
                        _normalize(scores, found, looked_at, normalizer, at)
                        for chunk in range(value_chunks):
                            add_outer_products(
                                scores, columns, grad_output, at * width + chunk * step, width,
                                to_values, chunk * block * step,
                            )  # fmt: skip
                        slopes_of_weights(grad_output, at * width, width, values, columns, slopes)
                        place = group * n_padded + row
                        total += _slopes(scores, found, slopes, looked_at, shifts, place, factor, state)
                        if exponent == np.inf:
                            call_loop(
                                block_chebyshev,
                                (
                                    slopes, found, query, at * depth, 4, key, key_at, keys, columns,
                                    depth, state, grad_query, at * depth, grad_key, own_key_at,
                                ),
                            )  # fmt: skip
                            continue
                        for chunk in range(key_chunks):
                            call_loop(
                                block_gradients,
                                (
                                    slopes, scores, columns, exponent,
                                    query, at * depth + chunk * step, depth, grad_query,
                                    packed, chunk * block * step, to_keys,
                                ),
                            )  # fmt: skip
                    grad_factor[unit * n_groups + group] += total
            if is_ready:
                _unpack_part(
                    to_values,
                    columns,
                    value_chunks,
                    block,
                    grad_value,
                    (unit * n_keys + start) * width,
                    width,
                )
                if exponent != np.inf:
                    _unpack_part(to_keys, columns, key_chunks, block, grad_key, own_key_at, depth)
