"""Compiled loop for the gradient of Lp distances with respect to the exponent p.

Shapes: N heads, R query rows, C key columns, D head width, L lanes of a vector, W columns of a block.

From log D = log(sum |x_d|**p) / p follows dD/dp = D / p * sum_d t_d**p * log(t_d) with t_d = |x_d| / D, where
terms with x_d = 0 are 0, and so is the whole at D = 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import distance_kernels, kernel_lanes, kernel_memory, kernel_powers
from .distance_kernels import WIDTH, copy_rows, transpose_keys
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_lanes import LaneBuilder, block_function
from .kernel_memory import lanes_of, load, repeat, spread, store, zeros
from .kernel_powers import inverse, log2_vector, power_vector

__all__ = ["exponent_gradients"]

_LOG_2 = math.log(2)


def _entropy(b: LaneBuilder, total: Any, x: Any, exponent: Any) -> Any:
    size = b.magnitude(x)
    return b.add(total, b.multiply(power_vector(b, size, exponent), log2_vector(b, size)))


_add_entropy = block_function(_entropy)


@inner_loop
def _sum_entropies(
    rows: Any, depth: int, keys: Any, column: int, distances: Any, exponent: float, sums: Any
) -> None:
    """For 4 rows and L keys, the sum over coordinates of t**p * log2(t), times the distance."""
    found = load(distances, 0, lanes_of(keys), 4)
    factor = inverse(found)
    total = zeros(keys, 4)
    for d in range(depth):
        x = spread(rows, d, depth, 4) - repeat(keys, d * WIDTH + column, 4)
        total = _add_entropy(total, x * factor, exponent)
    store(sums, 0, lanes_of(keys), found * total)


@compiled_loop(kernel_lanes, kernel_memory, kernel_powers, distance_kernels)
def exponent_gradients(
    grad: Any,
    distances: Any,
    query: Any,
    key: Any,
    exponents: Any,
    shape: Any,
    first: int,
    last: int,
    sums: Any,
) -> None:
    """Gradients of some groups of four rows.

    Args:
        grad: flat (N, R, C), gradient of the loss with respect to distances.
        distances: flat (N, R, C).
        query: flat (N, R, D).
        key: flat (N, C, D).
        exponents: (N,) float64, finite.
        shape: N, R, C, D.
        first: first group; groups are numbered head by head, the last of a head may have fewer rows.
        last: one past the last group.
        sums: float64, one number per group, written: gradient of the loss through the group's distances.
    """
    _, n_rows, n_columns, depth = shape
    step = lanes_of(key)
    dtype = key.dtype
    keys, padded = np.empty(depth * WIDTH, dtype), np.empty(4 * depth, dtype)
    found, results = np.empty(4 * step, dtype), np.empty(4 * step, dtype)
    groups = (n_rows + 3) // 4
    sums[first:last] = 0.0
    for head in range(first // groups, (last + groups - 1) // groups):
        exponent = exponents[head]
        for start in range(0, n_columns, WIDTH):
            columns = min(WIDTH, n_columns - start)
            transpose_keys(key, (head * n_columns + start) * depth, depth, columns, keys)
            for group in range(max(first, head * groups), min(last, (head + 1) * groups)):
                row = (group - head * groups) * 4
                count = min(4, n_rows - row)
                copy_rows(query, (head * n_rows + row) * depth, depth, count, depth, padded, depth)
                for column in range(0, columns, step):
                    valid = min(step, columns - column)
                    at = (head * n_rows + row) * n_columns + start + column
                    copy_rows(distances, at, n_columns, count, valid, found, step)
                    _sum_entropies(padded, depth, keys, column, found, exponent, results)
                    for i in range(count):
                        for j in range(valid):
                            part = results[i * step + j] * grad[at + i * n_columns + j]
                            sums[group] += part * _LOG_2 / exponent
