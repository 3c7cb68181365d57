"""Compiled attention with distances, forward: no T x S array, and no step between threads until all is done.

Shapes: N = B * K heads of keys and values, G query heads to each, T query tokens, S key tokens, D head width,
V value width, W columns of a block, L lanes of a vector. T is padded to a multiple of 4, D and V to one of L.

A unit of work is a head and every so-manyth block of 64 rows. It goes over the keys in blocks of W:
distances, softmax and the sum of values of 4 rows at a time, with the softmax that is updated from block to
block (M. Milakov, N. Gimelshein, arXiv 1805.02867). Units do not depend on the number of threads, so results
do not either.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import (
    distance_kernels,
    gradient_kernels,
    kernel_calls,
    kernel_lanes,
    kernel_memory,
    kernel_powers,
    softmax_kernels,
)
from .distance_kernels import WIDTH, transpose_keys
from .gradient_kernels import pack_vectors
from .kernel_calls import call_loop
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_memory import lanes_of
from .softmax_kernels import add_weighted_values, hide_unseen, update_softmax, visible_keys, weigh

__all__ = ["BLOCK_ROWS", "attend", "sees_block"]

BLOCK_ROWS = 64
"""Rows that stay together in a unit; units take blocks of rows in turn, so that causal order loads all
alike."""


@inner_loop
def sees_block(
    row: int, count: int, n_rows: int, n_keys: int, back: int, ahead: int, start: int, columns: int
) -> bool:
    """Whether any of some neighboring rows sees any key of a block, by order and window."""
    last_row = min(row + count, n_rows) - 1
    if last_row < row:
        return False
    first, _ = visible_keys(row, n_rows, n_keys, back, ahead)
    _, last = visible_keys(last_row, n_rows, n_keys, back, ahead)
    return bool(first < start + columns and last > start)


@compiled_loop(
    distance_kernels,
    gradient_kernels,
    kernel_calls,
    kernel_lanes,
    kernel_memory,
    kernel_powers,
    softmax_kernels,
)
def attend(
    block_distances: int,
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
    output: Any,
    normalizer: Any,
) -> None:
    """Outputs of some units.

    Args:
        block_distances: address of that loop.
        query: flat (N, G, T padded, D).
        key: flat (N, S, D).
        value: flat (N, S, V).
        factors: flat (N, G), by which distances are multiplied.
        exponents: (N,) float64; infinity for Chebyshev.
        shape: N, G, T, T padded, S, D, V.
        sight: how many keys a query sees before and after its own position, the number of heads K, and the
            strides of the mask for batch row, head, query head of the group, query and key.
        mask: flat bytes, 0 for what is not seen; empty without a mask.
        n_parts: parts of a head.
        first: first unit; units are numbered head by head.
        last: one past the last unit.
        output: flat (N, G, T padded, V), zeros at first.
        normalizer: flat (N, G, T padded), minus infinity at first; becomes the logarithm of the sum of a
            row's weights, infinity where a row sees nothing.
    """
    _, n_groups, n_rows, n_padded, n_keys, depth, width = shape
    back, ahead, n_heads, batch_step, head_step, group_step, row_step, key_step = sight
    dtype = key.dtype
    step = lanes_of(key)
    chunks = width // step
    keys, values = np.empty(depth * WIDTH, dtype), np.empty(width * WIDTH, dtype)
    scores, state = np.empty(4 * WIDTH, dtype), np.empty(8 * step, dtype)
    block = len(scores) // 4
    totals = np.zeros(n_groups * n_padded, dtype)
    blocks = (n_rows + BLOCK_ROWS - 1) // BLOCK_ROWS
    for unit in range(first, last):
        head, part = unit // n_parts, unit % n_parts
        mask_head = head // n_heads * batch_step + head % n_heads * head_step
        totals[:] = 0.0
        for start in range(0, n_keys, WIDTH):
            columns = min(WIDTH, n_keys - start)
            looked_at = (columns + step - 1) // step * step
            key_at = (head * n_keys + start) * depth
            is_ready = False
            for row_block in range(part, blocks, n_parts):
                row_start = row_block * BLOCK_ROWS
                if not sees_block(row_start, BLOCK_ROWS, n_rows, n_keys, back, ahead, start, columns):
                    continue
                if not is_ready:
                    transpose_keys(key, key_at, depth, columns, keys)
                    for chunk in range(chunks):
                        value_at = (head * n_keys + start) * width
                        pack_vectors(value, value_at, width, columns, chunk, block, values)
                    is_ready = True
                for group in range(n_groups):
                    factor = factors[head * n_groups + group]
                    for row in range(row_start, min(row_start + BLOCK_ROWS, n_padded), 4):
                        if not sees_block(row, 4, n_rows, n_keys, back, ahead, start, columns):
                            continue
                        at = (head * n_groups + group) * n_padded + row
                        call_loop(
                            block_distances,
                            (
                                query, at * depth, key, key_at, keys, columns, depth, exponents[head],
                                scores, 0, WIDTH,
                            ),
                        )  # fmt: skip
                        weigh(scores, looked_at, factor)
                        for i in range(4):
                            begin, end = visible_keys(row + i, n_rows, n_keys, back, ahead)
                            mask_at = mask_head + group * group_step + (row + i) * row_step
                            hide_unseen(scores, i, start, columns, begin, end, mask, mask_at, key_step)
                        place = group * n_padded + row
                        update_softmax(scores, looked_at, normalizer, at, totals, place, state)
                        for chunk in range(chunks):
                            add_weighted_values(
                                scores, columns, values, chunk * block * step,
                                output, at * width + chunk * step, width, state,
                            )  # fmt: skip
        for group in range(n_groups):
            for row_block in range(part, blocks, n_parts):
                for row in range(row_block * BLOCK_ROWS, min((row_block + 1) * BLOCK_ROWS, n_padded)):
                    at = (head * n_groups + group) * n_padded + row
                    total = totals[group * n_padded + row]
                    if total == 0.0:
                        normalizer[at] = np.inf
                        continue
                    normalizer[at] += np.log(total)
                    for v in range(width):
                        output[at * width + v] /= total
