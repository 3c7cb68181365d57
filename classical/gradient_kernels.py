"""Compiled loops of the backward direction for L1 and Lp: gradients of queries and keys.

Shapes: N heads, R query rows, C key columns, D head width, L lanes of a vector, W columns of a block.

The derivative of D = (sum |x_d|**p)**(1/p) is dD/dx_d = sign(x_d) * (|x_d| / D)**(p - 1), 0 where D = 0. For
one head and one chunk of L coordinates it needs nothing of the other coordinates. So a thread takes whole
chunks, lanes run over coordinates, and each difference is formed once for both gradients: the queries' sum
over keys stays in registers for 4 rows, the keys' sum over these rows is added to a block in the first-level
cache. Each chunk is the work of one thread in one order, so the number of threads leaves no trace in the
result.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import distance_kernels, kernel_calls, kernel_compilation, kernel_lanes, kernel_memory, kernel_powers
from .distance_kernels import WIDTH, copy_rows
from .kernel_calls import CalledLoop, call_loop
from .kernel_compilation import compiled_loop, inner_loop
from .kernel_lanes import LaneBuilder, block_function
from .kernel_memory import add_vectors, lanes_of, load, repeat, spread, store, zeros
from .kernel_powers import inverse, keep_nan, power_vector, signed_vector

__all__ = ["block_gradients", "gradients_of_chunks"]


def _root(b: LaneBuilder, x: Any, weight: Any, order: Any) -> Any:
    return signed_vector(b, b.multiply(weight, b.square_root(b.magnitude(x))), x)


def _square(b: LaneBuilder, x: Any, weight: Any, order: Any) -> Any:
    return b.multiply(b.multiply(weight, x), b.magnitude(x))


def _cube(b: LaneBuilder, x: Any, weight: Any, order: Any) -> Any:
    return b.multiply(b.multiply(weight, x), b.multiply(x, x))


def _any(b: LaneBuilder, x: Any, weight: Any, order: Any) -> Any:
    return signed_vector(b, b.multiply(weight, power_vector(b, b.magnitude(x), order)), x)


# weight * sign(x) * |x|**order
_sign_slope = block_function(lambda b, x, weight, order: signed_vector(b, weight, x))
_root_slope = block_function(_root)
_linear_slope = block_function(lambda b, x, weight, order: b.multiply(weight, x))
_square_slope = block_function(_square)
_cube_slope = block_function(_cube)
_power_slope = block_function(_any)


def _spreading(slope: Any, is_scaled: bool) -> Any:
    """A loop that adds what the distances of 4 rows to a block of keys give to L coordinates of both."""

    @inner_loop
    def spread_gradient(
        weights: Any,
        inverses: Any,
        columns: int,
        exponent: float,
        queries: Any,
        query_at: int,
        stride: int,
        to_queries: Any,
        keys: Any,
        key_at: int,
        to_keys: Any,
    ) -> None:
        step = lanes_of(keys)
        rows = load(queries, query_at, stride, 4)
        total = zeros(keys, 4)
        for column in range(columns):
            place = key_at + column * step
            x = rows - repeat(keys, place, 4)
            if is_scaled:
                x = x * spread(inverses, column, WIDTH, 4)
            part = slope(x, spread(weights, column, WIDTH, 4), exponent - 1.0)
            total = total + part
            store(to_keys, place, step, load(to_keys, place, step, 1) - add_vectors(part))
        store(to_queries, query_at, stride, load(to_queries, query_at, stride, 4) + total)

    return spread_gradient


_spread_1 = _spreading(_sign_slope, False)
_spread_1_5 = _spreading(_root_slope, True)
_spread_2 = _spreading(_linear_slope, True)
_spread_3 = _spreading(_square_slope, True)
_spread_4 = _spreading(_cube_slope, True)
_spread_any = _spreading(_power_slope, True)


@inner_loop
def _weights(
    grad: Any,
    distances: Any,
    at: int,
    stride: int,
    count: int,
    columns: int,
    edge: Any,
    weights: Any,
    inverses: Any,
) -> None:
    """Gradients of 4 rows of distances, and the inverse distances; not-a-number where a distance is none."""
    step = lanes_of(weights)
    for column in range(0, columns, step):
        valid = min(step, columns - column)
        if count == 4 and valid == step:
            weight = load(grad, at + column, stride, 4)
            found = load(distances, at + column, stride, 4)
        else:
            copy_rows(grad, at + column, stride, count, valid, edge, step)
            weight = load(edge, 0, step, 4)
            copy_rows(distances, at + column, stride, count, valid, edge, step)
            found = load(edge, 0, step, 4)
        store(weights, column, WIDTH, keep_nan(weight, found))
        store(inverses, column, WIDTH, inverse(found))


def _block_gradients(
    weights: Any,
    inverses: Any,
    columns: int,
    exponent: float,
    queries: Any,
    at: int,
    stride: int,
    to_queries: Any,
    keys: Any,
    key_at: int,
    to_keys: Any,
) -> None:
    if exponent == 1.0:
        _spread_1(
            weights, inverses, columns, exponent, queries, at, stride, to_queries, keys, key_at, to_keys
        )
    elif exponent == 1.5:
        _spread_1_5(
            weights, inverses, columns, exponent, queries, at, stride, to_queries, keys, key_at, to_keys
        )
    elif exponent == 2.0:
        _spread_2(
            weights, inverses, columns, exponent, queries, at, stride, to_queries, keys, key_at, to_keys
        )
    elif exponent == 3.0:
        _spread_3(
            weights, inverses, columns, exponent, queries, at, stride, to_queries, keys, key_at, to_keys
        )
    elif exponent == 4.0:
        _spread_4(
            weights, inverses, columns, exponent, queries, at, stride, to_queries, keys, key_at, to_keys
        )
    else:
        _spread_any(
            weights, inverses, columns, exponent, queries, at, stride, to_queries, keys, key_at, to_keys
        )


block_gradients = CalledLoop(
    _block_gradients, "aaifaiiaaia", kernel_lanes, kernel_memory, kernel_powers, kernel_compilation
)
"""Add the gradients of 4 rows and a block of keys in L coordinates, by the loop of the exponent.

Arguments: gradients of the distances (4, W), inverse distances (4, W), number of columns, exponent, flat
queries with where the rows begin and their stride, their gradients in the same places, keys (W, L) and where
they begin, and their gradients in the same places.
"""


@inner_loop
def pack_vectors(source: Any, at: int, depth: int, count: int, chunk: int, rows: int, target: Any) -> None:
    """Copy one chunk of L coordinates of some vectors into a table (chunks, rows, L); the rest becomes 0."""
    step = lanes_of(target)
    valid = min(step, depth - chunk * step)
    for row in range(rows):
        place = (chunk * rows + row) * step
        if row < count and valid == step:
            store(target, place, step, load(source, at + row * depth + chunk * step, step, 1))
            continue
        store(target, place, step, zeros(target, 1))
        if row < count:
            for d in range(valid):
                target[place + d] = source[at + row * depth + chunk * step + d]


@inner_loop
def _unpack(source: Any, count: int, chunk: int, rows: int, target: Any, at: int, depth: int) -> None:
    """Add one chunk of such a table to the vectors it belongs to."""
    step = lanes_of(source)
    valid = min(step, depth - chunk * step)
    for row in range(count):
        for d in range(valid):
            target[at + row * depth + chunk * step + d] += source[(chunk * rows + row) * step + d]


@compiled_loop(kernel_calls, kernel_memory, kernel_powers, distance_kernels)
def gradients_of_chunks(
    block_gradients: int,
    grad: Any,
    distances: Any,
    query: Any,
    key: Any,
    exponents: Any,
    shape: Any,
    first: int,
    last: int,
    grad_query: Any,
    grad_key: Any,
) -> None:
    """Gradients of some chunks of L coordinates.

    Args:
        block_gradients: address of that loop.
        grad: flat (N, R, C), gradient of the loss with respect to distances.
        distances: flat (N, R, C).
        query: flat (N, R, D).
        key: flat (N, C, D).
        exponents: (N,) float64, finite.
        shape: N, R, C, D.
        first: first chunk; chunks are numbered head by head.
        last: one past the last chunk.
        grad_query: flat (N, R, D), added to.
        grad_key: flat (N, C, D), added to.
    """
    _, n_rows, n_columns, depth = shape
    step = lanes_of(key)
    groups = (n_rows + 3) // 4
    chunks = (depth + step - 1) // step
    dtype = key.dtype
    edge, weights, inverses = (
        np.empty(4 * step, dtype),
        np.empty(4 * WIDTH, dtype),
        np.empty(4 * WIDTH, dtype),
    )
    # From an array, so that numba does not compile what takes it once more for a literal number.
    width = len(weights) // 4
    n_query, n_key = groups * 4 * step, width * step
    queries, to_queries = np.empty(chunks * n_query, dtype), np.empty(chunks * n_query, dtype)
    keys, to_keys = np.empty(chunks * n_key, dtype), np.empty(chunks * n_key, dtype)
    for head in range(first // chunks, (last + chunks - 1) // chunks):
        begin, end = max(first - head * chunks, 0), min(last - head * chunks, chunks)
        exponent = exponents[head]
        query_at = head * n_rows * depth
        for chunk in range(begin, end):
            pack_vectors(query, query_at, depth, n_rows, chunk, groups * 4, queries)
        to_queries[:] = 0.0
        for column in range(0, n_columns, WIDTH):
            columns = min(WIDTH, n_columns - column)
            key_at = (head * n_columns + column) * depth
            for chunk in range(begin, end):
                pack_vectors(key, key_at, depth, columns, chunk, width, keys)
            to_keys[:] = 0.0
            for group in range(groups):
                at = (head * n_rows + group * 4) * n_columns + column
                count = min(4, n_rows - group * 4)
                _weights(grad, distances, at, n_columns, count, columns, edge, weights, inverses)
                for chunk in range(begin, end):
                    at = chunk * n_query + group * 4 * step
                    call_loop(
                        block_gradients,
                        (
                            weights, inverses, columns, exponent,
                            queries, at, step, to_queries, keys, chunk * n_key, to_keys,
                        ),
                    )  # fmt: skip
            for chunk in range(begin, end):
                _unpack(to_keys, columns, chunk, width, grad_key, key_at, depth)
        for chunk in range(begin, end):
            _unpack(to_queries, n_rows, chunk, groups * 4, grad_query, query_at, depth)
