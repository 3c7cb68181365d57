"""Compiled loop of the backward direction for Chebyshev: the gradient goes where a coordinate is the largest.

Shapes: N heads, R query rows, C key columns, D head width, L lanes of a vector, W columns of a block.

The derivative of max |x_d| is sign(x_d) at the coordinates that attain it, shared equally where several do,
and 0 at distance 0. Almost always it is one coordinate. So a vector pass looks for it, lanes over keys as in
the forward direction, and one number per pair is then added to each gradient. A head is the work of one
thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import distance_kernels, kernel_lanes, kernel_memory, kernel_powers
from .distance_kernels import WIDTH, copy_rows, transpose_keys
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_lanes import LaneBuilder, block_function
from .kernel_memory import lanes_of, load, repeat, spread, store, zeros

__all__ = ["chebyshev_gradients"]


def _hit(b: LaneBuilder, total: Any, x: Any, distance: Any, mark: Any) -> Any:
    attained = b.builder.fcmp_ordered("==", b.magnitude(x), distance)
    return b.add(total, b.as_floats(b.builder.and_(b.as_integers(mark), b.mask(attained))))


_add_mark = block_function(_hit)


@inner_loop
def _find_coordinates(
    rows: Any, start: int, depth: int, keys: Any, column: int, distances: Any, marks: Any
) -> None:
    """For 4 rows and L keys, the sum of D + d over all coordinates d that attain the distance."""
    found = load(distances, 0, lanes_of(keys), 4)
    total = zeros(keys, 4)
    for d in range(depth):
        x = spread(rows, start + d, depth, 4) - repeat(keys, d * WIDTH + column, 4)
        total = _add_mark(total, x, found, depth + d)
    store(marks, 0, lanes_of(keys), total)


@inner_loop
def _share(
    query: Any,
    query_at: int,
    key: Any,
    key_at: int,
    depth: int,
    distance: float,
    weight: float,
    grad_query: Any,
    grad_key: Any,
) -> None:
    """One pair with ties, or without a number for a distance."""
    count = 0
    for d in range(depth):
        if abs(query[query_at + d] - key[key_at + d]) == distance:
            count += 1
    for d in range(depth):
        x = query[query_at + d] - key[key_at + d]
        if count == 0:
            part = distance
        elif abs(x) == distance:
            part = weight / count if x > 0 else -weight / count
        else:
            continue
        grad_query[query_at + d] += part
        grad_key[key_at + d] -= part


@compiled_loop(kernel_lanes, kernel_memory, kernel_powers, distance_kernels)
def chebyshev_gradients(
    grad: Any,
    distances: Any,
    query: Any,
    key: Any,
    shape: Any,
    first: int,
    last: int,
    grad_query: Any,
    grad_key: Any,
) -> None:
    """Gradients of some heads.

    Args:
        grad: flat (N, R, C), gradient of the loss with respect to distances.
        distances: flat (N, R, C), as the forward direction computed them, to the last bit.
        query: flat (N, R, D).
        key: flat (N, C, D).
        shape: N, R, C, D.
        first: first head.
        last: one past the last head.
        grad_query: flat (N, R, D), added to.
        grad_key: flat (N, C, D), added to.
    """
    _, n_rows, n_columns, depth = shape
    step = lanes_of(key)
    dtype = key.dtype
    keys, padded = np.empty(depth * WIDTH, dtype), np.empty(4 * depth, dtype)
    found, marks = np.empty(4 * step, dtype), np.empty(4 * step, dtype)
    for head in range(first, last):
        for start in range(0, n_columns, WIDTH):
            columns = min(WIDTH, n_columns - start)
            transpose_keys(key, (head * n_columns + start) * depth, depth, columns, keys)
            for row in range(0, n_rows, 4):
                count = min(4, n_rows - row)
                copy_rows(query, (head * n_rows + row) * depth, depth, count, depth, padded, depth)
                for column in range(0, columns, step):
                    valid = min(step, columns - column)
                    at = (head * n_rows + row) * n_columns + start + column
                    copy_rows(distances, at, n_columns, count, valid, found, step)
                    _find_coordinates(padded, 0, depth, keys, column, found, marks)
                    for i in range(count):
                        query_at = (head * n_rows + row + i) * depth
                        for j in range(valid):
                            distance = found[i * step + j]
                            if distance == 0.0:
                                continue
                            weight = grad[at + i * n_columns + j]
                            key_at = (head * n_columns + start + column + j) * depth
                            mark = marks[i * step + j]
                            if depth <= mark < 2 * depth:
                                d = int(mark) - depth
                                if query[query_at + d] < key[key_at + d]:
                                    weight = -weight
                                grad_query[query_at + d] += weight
                                grad_key[key_at + d] -= weight
                            else:
                                _share(
                                    query,
                                    query_at,
                                    key,
                                    key_at,
                                    depth,
                                    distance,
                                    weight,
                                    grad_query,
                                    grad_key,
                                )
