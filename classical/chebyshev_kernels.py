"""Compiled loops of the backward direction for Chebyshev: gradients go where a coordinate is the largest.

Shapes: N heads, R query rows, C key columns, D head width, L lanes of a vector, W columns of a block.

The derivative of max |x_d| is sign(x_d) at the coordinates that attain it, shared equally where several do,
and 0 at distance 0. Almost always it is one coordinate. So a vector pass looks for it, lanes over keys as in
the forward direction, and one number per pair is then added to each gradient. A head is the work of one
thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import distance_kernels, kernel_calls, kernel_compilation, kernel_lanes, kernel_memory, kernel_powers
from .distance_kernels import WIDTH, copy_rows, transpose_keys
from .kernel_calls import CalledLoop, call_loop
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_lanes import LaneBuilder, block_function
from .kernel_memory import lanes_of, load, repeat, spread, store, zeros

__all__ = ["block_chebyshev", "chebyshev_gradients"]


def _hit(b: LaneBuilder, total: Any, x: Any, distance: Any, mark: Any) -> Any:
    attained = b.builder.fcmp_ordered("==", b.magnitude(x), distance)
    return b.add(total, b.as_floats(b.builder.and_(b.as_integers(mark), b.mask(attained))))


_add_mark = block_function(_hit)


@inner_loop
def _find_coordinates(
    rows: Any, at: int, keys: Any, column: int, depth: int, distances: Any, place: int, marks: Any
) -> None:
    """For 4 rows and L keys, the sum of D + d over all coordinates d that attain the distance."""
    found = load(distances, place, WIDTH, 4)
    total = zeros(keys, 4)
    for d in range(depth):
        x = spread(rows, at + d, depth, 4) - repeat(keys, d * WIDTH + column, 4)
        total = _add_mark(total, x, found, depth + d)
    store(marks, 0, lanes_of(keys), total)


@inner_loop
def _share(
    rows: Any,
    row: int,
    key: Any,
    column: int,
    depth: int,
    distance: float,
    weight: float,
    to_queries: Any,
    to_row: int,
    to_keys: Any,
    to_column: int,
) -> None:
    """One pair with ties, or without a number for a distance."""
    count = 0
    for d in range(depth):
        if abs(rows[row + d] - key[column + d]) == distance:
            count += 1
    for d in range(depth):
        x = rows[row + d] - key[column + d]
        if count == 0:
            part = distance
        elif abs(x) == distance:
            part = weight / count if x > 0 else -weight / count
        else:
            continue
        to_queries[to_row + d] += part
        to_keys[to_column + d] -= part


def _block_chebyshev(
    weights: Any,
    distances: Any,
    rows: Any,
    at: int,
    count: int,
    key: Any,
    key_at: int,
    keys: Any,
    columns: int,
    depth: int,
    marks: Any,
    to_queries: Any,
    to_at: int,
    to_keys: Any,
    to_key_at: int,
) -> None:
    step = lanes_of(keys)
    for start in range(0, columns, step):
        _find_coordinates(rows, at, keys, start, depth, distances, start, marks)
        for i in range(count):
            for j in range(min(step, columns - start)):
                distance = distances[i * WIDTH + start + j]
                if distance == 0.0:
                    continue
                weight = weights[i * WIDTH + start + j]
                row, column = at + i * depth, key_at + (start + j) * depth
                to_row, to_column = to_at + i * depth, to_key_at + (start + j) * depth
                mark = marks[i * step + j]
                if depth <= mark < 2 * depth:
                    d = int(mark) - depth
                    if rows[row + d] < key[column + d]:
                        weight = -weight
                    to_queries[to_row + d] += weight
                    to_keys[to_column + d] -= weight
                else:
                    _share(
                        rows,
                        row,
                        key,
                        column,
                        depth,
                        distance,
                        weight,
                        to_queries,
                        to_row,
                        to_keys,
                        to_column,
                    )


block_chebyshev = CalledLoop(
    _block_chebyshev,
    "aaaiiaiaiiaaiai",
    distance_kernels,
    kernel_lanes,
    kernel_memory,
    kernel_powers,
    kernel_compilation,
)
"""Add the gradients of up to 4 rows and a block of keys.

Arguments: gradients of the distances (4, W), distances (4, W), flat queries of which 4 rows can be read,
where they begin and how many count, flat keys and where the block begins, the block transposed, its number of
columns, D, scratch (4, L), and two flat gradients with where rows and block begin.
"""


@compiled_loop(distance_kernels, kernel_calls)
def chebyshev_gradients(
    block_chebyshev: int,
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
        block_chebyshev: address of that loop.
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
    dtype = key.dtype
    keys, padded, marks = np.empty(depth * WIDTH, dtype), np.empty(4 * depth, dtype), np.empty(64, dtype)
    weights, found = np.empty(4 * WIDTH, dtype), np.empty(4 * WIDTH, dtype)
    width = len(found) // 4
    for head in range(first, last):
        for start in range(0, n_columns, WIDTH):
            columns = min(WIDTH, n_columns - start)
            key_at = (head * n_columns + start) * depth
            transpose_keys(key, key_at, depth, columns, keys)
            for row in range(0, n_rows, 4):
                count = min(4, n_rows - row)
                at = (head * n_rows + row) * depth
                place = (head * n_rows + row) * n_columns + start
                copy_rows(query, at, depth, count, depth, padded, depth)
                copy_rows(grad, place, n_columns, count, columns, weights, width)
                copy_rows(distances, place, n_columns, count, columns, found, width)
                call_loop(
                    block_chebyshev,
                    (
                        weights, found, padded, 0, count, key, key_at, keys, columns, depth, marks,
                        grad_query, at, grad_key, key_at,
                    ),
                )  # fmt: skip
