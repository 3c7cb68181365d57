"""Compiled loops of the forward direction: distances of four query rows at a time to a block of keys.

Shapes: N heads, R query rows, C key columns, D head width, L lanes of a vector, W columns of a block.

Keys are transposed block by block, so that lanes run over keys: distances of 4 rows to L keys stay in
registers while the loop goes over the D coordinates. Every distance is computed alone, in one order of
summation, so the division of the rows among threads leaves no trace in the result.

The exponent of a head chooses its loop: 1, 1.5, 2, 3, 4 and infinity go without a logarithm per coordinate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import kernel_calls, kernel_compilation, kernel_lanes, kernel_memory, kernel_powers
from .kernel_calls import CalledLoop, call_loop
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_lanes import LaneBuilder, block_function
from .kernel_memory import lanes_of, repeat, spread, store, zeros
from .kernel_powers import absolute, cube_root, inverse, larger_vector, power, root

__all__ = ["WIDTH", "block_distances", "copy_rows", "distances_of_groups", "transpose_keys"]

WIDTH = 128
"""Key columns of a block, W; with D = 64 single coordinates a block fills a first-level cache."""


def _three_halves(b: LaneBuilder, total: Any, x: Any) -> Any:
    size = b.magnitude(x)
    return b.add(total, b.multiply(size, b.square_root(size)))


def _fourth(b: LaneBuilder, total: Any, x: Any) -> Any:
    square = b.multiply(x, x)
    return b.add(total, b.multiply(square, square))


_add_size = block_function(lambda b, total, x: b.add(total, b.magnitude(x)))
_add_three_halves = block_function(_three_halves)
_add_square = block_function(lambda b, total, x: b.add(total, b.multiply(x, x)))
_add_cube = block_function(lambda b, total, x: b.add(total, b.magnitude(b.multiply(x, b.multiply(x, x)))))
_add_fourth = block_function(_fourth)
_take_larger = block_function(lambda b, total, x: larger_vector(b, total, b.magnitude(x)))


def _reduction(add: Any) -> Any:
    """A loop that reduces the coordinate differences of 4 rows and L keys by adding them up in some way."""

    @inner_loop
    def reduce(rows: Any, start: int, depth: int, keys: Any, column: int) -> Any:
        total = zeros(keys, 4)
        for d in range(depth):
            total = add(total, spread(rows, start + d, depth, 4) - repeat(keys, d * WIDTH + column, 4))
        return total

    return reduce


_sum_sizes = _reduction(_add_size)
_sum_three_halves = _reduction(_add_three_halves)
_sum_squares = _reduction(_add_square)
_sum_cubes = _reduction(_add_cube)
_sum_fourths = _reduction(_add_fourth)
_largest = _reduction(_take_larger)


@inner_loop
def _sum_powers(
    rows: Any, start: int, depth: int, keys: Any, column: int, factor: Any, exponent: float
) -> Any:
    total = zeros(keys, 4)
    for d in range(depth):
        x = spread(rows, start + d, depth, 4) - repeat(keys, d * WIDTH + column, 4)
        total = total + power(absolute(x * factor), exponent)
    return total


@inner_loop
def _careful_distance(rows: Any, start: int, depth: int, key: Any, at: int, exponent: float) -> float:
    """One distance, for numbers whose powers are out of range, infinite, or no numbers at all."""
    largest = 0.0
    for d in range(depth):
        x = abs(np.float64(rows[start + d]) - np.float64(key[at + d]))
        if np.isnan(x):
            return np.nan
        largest = max(largest, x)
    if largest == 0.0 or largest == np.inf:
        return largest
    total = 0.0
    for d in range(depth):
        total += (abs(np.float64(rows[start + d]) - np.float64(key[at + d])) / largest) ** exponent
    return float(largest * total ** (1.0 / exponent))


@inner_loop
def _trusted_range(array: Any, exponent: float) -> tuple[float, float]:
    """Between which distances the fast loops are exact: their sums neither overflow nor lose small terms."""
    single = lanes_of(array) == 16
    if exponent == 1.0 or exponent == np.inf:
        return -1.0, np.inf
    smallest, largest = (1e-28, 1e38) if single else (1e-280, 1e307)
    if exponent == 1.5 or exponent == 2.0 or exponent == 3.0 or exponent == 4.0:
        return smallest ** (1.0 / exponent), largest ** (1.0 / exponent)
    return (1e-37, largest) if single else (1e-306, largest)


@inner_loop
def transpose_keys(key: Any, at: int, depth: int, columns: int, keys: Any) -> None:
    """Write keys (columns, D) as (D, W); columns that are not there become 0."""
    step = lanes_of(keys)
    # Few keys at a time: their lines stay in the cache while all coordinates are read.
    for start in range(0, WIDTH, step):
        end = min(start + step, columns)
        for d in range(depth):
            for column in range(start, end):
                keys[d * WIDTH + column] = key[at + column * depth + d]
            for column in range(max(start, columns), start + step):
                keys[d * WIDTH + column] = 0.0


@inner_loop
def copy_rows(source: Any, at: int, stride: int, count: int, columns: int, target: Any, width: int) -> None:
    """Copy ``count`` rows into the first of 4 rows of a given width; what is not there becomes 0."""
    target[: 4 * width] = 0.0
    for row in range(count):
        for column in range(columns):
            target[row * width + column] = source[at + row * stride + column]


def _block_distances(
    rows: Any,
    start: int,
    key: Any,
    key_at: int,
    keys: Any,
    columns: int,
    depth: int,
    exponent: float,
    out: Any,
    at: int,
    stride: int,
) -> None:
    low, high = _trusted_range(keys, exponent)
    for column in range(0, columns, lanes_of(keys)):
        if exponent == 1.0:
            found = _sum_sizes(rows, start, depth, keys, column)
        elif exponent == 2.0:
            found = root(_sum_squares(rows, start, depth, keys, column))
        elif exponent == 4.0:
            found = root(root(_sum_fourths(rows, start, depth, keys, column)))
        elif exponent == 1.5:
            found = cube_root(_sum_three_halves(rows, start, depth, keys, column))
            found = found * found
        elif exponent == 3.0:
            found = cube_root(_sum_cubes(rows, start, depth, keys, column))
        else:
            found = _largest(rows, start, depth, keys, column)
            if exponent != np.inf:
                # Divided by the largest coordinate, no power leaves the range of the numbers.
                total = _sum_powers(rows, start, depth, keys, column, inverse(found), exponent)
                found = found * power(total, 1.0 / exponent)
        store(out, at + column, stride, found)
    if low < 0.0:
        return
    for i in range(4):
        for j in range(columns):
            place = at + i * stride + j
            if not low < out[place] < high:
                out[place] = _careful_distance(
                    rows, start + i * depth, depth, key, key_at + j * depth, exponent
                )


block_distances = CalledLoop(
    _block_distances, "aiaiaiifaii", kernel_lanes, kernel_memory, kernel_powers, kernel_compilation
)
"""Distances of 4 rows to a block of keys, by the loop of the exponent.

Arguments: flat queries and where the 4 rows begin, flat keys and where the block begins, the block
transposed, its number of columns, D, the exponent, where the distances go, from where on and with which
stride of rows. They are written up to the next multiple of L columns.
"""


@compiled_loop(kernel_calls, kernel_memory)
def distances_of_groups(
    block_distances: int,
    query: Any,
    key: Any,
    exponents: Any,
    shape: Any,
    first: int,
    last: int,
    distances: Any,
) -> None:
    """Distances of some groups of four rows to all keys.

    Args:
        block_distances: address of that loop.
        query: flat (N, R, D).
        key: flat (N, C, D).
        exponents: (N,) float64; infinity for Chebyshev.
        shape: N, R, C, D.
        first: first group; groups are numbered head by head, the last of a head may have fewer rows.
        last: one past the last group.
        distances: flat (N, R, C), written.
    """
    _, n_rows, n_columns, depth = shape
    keys = np.empty(depth * WIDTH, key.dtype)
    padded = np.empty(4 * depth, key.dtype)
    block = np.empty(4 * WIDTH, key.dtype)
    groups = (n_rows + 3) // 4
    for head in range(first // groups, (last + groups - 1) // groups):
        exponent = exponents[head]
        for column in range(0, n_columns, WIDTH):
            columns = min(WIDTH, n_columns - column)
            key_at = (head * n_columns + column) * depth
            transpose_keys(key, key_at, depth, columns, keys)
            for group in range(max(first, head * groups), min(last, (head + 1) * groups)):
                row = (group - head * groups) * 4
                count = min(4, n_rows - row)
                at = (head * n_rows + row) * depth
                out_at = (head * n_rows + row) * n_columns + column
                if count < 4:
                    copy_rows(query, at, depth, count, depth, padded, depth)
                rows, start = (query, at) if count == 4 else (padded, 0)
                whole = count == 4 and columns == WIDTH
                out, place, stride = (distances, out_at, n_columns) if whole else (block, 0, WIDTH)
                call_loop(
                    block_distances,
                    (rows, start, key, key_at, keys, columns, depth, exponent, out, place, stride),
                )
                if not whole:
                    for i in range(count):
                        for j in range(columns):
                            distances[out_at + i * n_columns + j] = block[i * WIDTH + j]
