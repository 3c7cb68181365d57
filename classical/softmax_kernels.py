"""Parts of compiled attention between distances and results: who sees whom, softmax, products with values.

Shapes: 4 query rows, C key columns of a block of W, V value width, L lanes of a vector. Scratch of a group of
rows is (4, W).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .distance_kernels import WIDTH
from .kernel_compilation import inner_loop
from .kernel_lanes import LaneBuilder, block_function
from .kernel_memory import add_vectors, lanes_of, load, repeat, spread, store, zeros
from .kernel_powers import exponential, larger_or_first, scaled

__all__ = [
    "add_outer_products",
    "add_weighted_values",
    "hide_unseen",
    "row_sum",
    "slopes_of_weights",
    "update_softmax",
    "visible_keys",
    "weigh",
    "without_unweighted",
]


def _unweighted(b: LaneBuilder, x: Any, weight: Any) -> Any:
    """0 where the weight is 0, else x; a weight that is no number counts as one."""
    return b.builder.select(b.builder.fcmp_ordered("==", weight, b.number(0.0)), b.number(0.0), x)


without_unweighted = block_function(_unweighted)


@inner_loop
def visible_keys(row: int, n_rows: int, n_keys: int, back: int, ahead: int) -> tuple[int, int]:
    """First key and one past the last that a query sees by order and window; none for a row of padding."""
    if row >= n_rows:
        return 0, 0
    position = n_keys - n_rows + row
    first, last = max(0, position - back), min(n_keys, position + ahead + 1)
    return min(first, n_keys), max(last, 0)


@inner_loop
def hide_unseen(
    scores: Any,
    line: int,
    start: int,
    columns: int,
    first: int,
    last: int,
    mask: Any,
    mask_at: int,
    mask_step: int,
) -> None:
    """Set to minus infinity what one row does not see of a block of keys, and what lies beyond the block."""
    base = line * WIDTH
    for column in range(min(max(first - start, 0), WIDTH)):
        scores[base + column] = -np.inf
    for column in range(min(max(last - start, 0), columns), WIDTH):
        scores[base + column] = -np.inf
    if len(mask) > 0:
        for column in range(max(first - start, 0), min(last - start, columns)):
            if mask[mask_at + (start + column) * mask_step] == 0:
                scores[base + column] = -np.inf


@inner_loop
def weigh(scores: Any, columns: int, factor: float) -> None:
    """Multiply scores by a number."""
    for column in range(0, columns, lanes_of(scores)):
        store(scores, column, WIDTH, scaled(load(scores, column, WIDTH, 4), factor))


@inner_loop
def row_sum(numbers: Any, at: int, count: int) -> float:
    """Sum of some numbers, in their order."""
    total = numbers[at]
    for place in range(1, count):
        total += numbers[at + place]
    return total  # type: ignore[no-any-return]


@inner_loop
def update_softmax(
    scores: Any, columns: int, largest: Any, at: int, totals: Any, place: int, state: Any
) -> None:
    """Turn scores into weights relative to the largest of a row so far, and update the sums of rows.

    Args:
        scores: (4, W), replaced by weights.
        columns: columns to look at, a multiple of L.
        largest: of each row, updated from ``at`` on.
        at: where.
        totals: sums of weights relative to the largest, likewise from ``place`` on.
        place: where.
        state: scratch of at least 8 L; its first four numbers become the factors by which older sums shrink.
    """
    step = lanes_of(scores)
    top = load(scores, 0, WIDTH, 4)
    for column in range(step, columns, step):
        top = larger_or_first(top, load(scores, column, WIDTH, 4))
    store(state, 4 * step, step, top)
    for i in range(4):
        highest = largest[at + i]
        for lane in range(step):
            number = state[(4 + i) * step + lane]
            if number > highest:
                highest = number
        # A row that has seen nothing yet keeps weights of 0.
        reference = highest if highest > -np.inf else 0.0
        state[i] = np.exp(largest[at + i] - reference)
        state[4 + i] = reference
        largest[at + i] = highest
    references = spread(state, 4, 1, 4)
    total = zeros(scores, 4)
    for column in range(0, columns, step):
        weights = exponential(load(scores, column, WIDTH, 4) - references)
        store(scores, column, WIDTH, weights)
        total = total + weights
    store(state, 4 * step, step, total)
    for i in range(4):
        totals[place + i] = totals[place + i] * state[i] + row_sum(state, (4 + i) * step, step)


@inner_loop
def add_weighted_values(
    weights: Any, columns: int, values: Any, at: int, output: Any, place: int, width: int, state: Any
) -> None:
    """Shrink L outputs of 4 rows by the first numbers of ``state`` and add weights times values (W, L)."""
    total = zeros(weights, 4)
    for column in range(columns):
        value = repeat(values, at + column * lanes_of(values), 4)
        total = total + spread(weights, column, WIDTH, 4) * value
    older = load(output, place, width, 4) * spread(state, 0, 1, 4)
    store(output, place, width, older + total)


@inner_loop
def slopes_of_weights(upstream: Any, at: int, width: int, values: Any, columns: int, slopes: Any) -> None:
    """Inner products of 4 gradients of outputs with a block of values that was transposed to (V, W)."""
    for column in range(0, columns, lanes_of(values)):
        total = zeros(values, 4)
        for v in range(width):
            total = total + spread(upstream, at + v, width, 4) * repeat(values, v * WIDTH + column, 4)
        store(slopes, column, WIDTH, total)


@inner_loop
def add_outer_products(
    weights: Any, columns: int, upstream: Any, place: int, width: int, to_values: Any, at: int
) -> None:
    """Add weights (4, W) times L gradients of 4 outputs to the gradients of values (W, L)."""
    step = lanes_of(weights)
    rows = load(upstream, place, width, 4)
    for column in range(columns):
        part = add_vectors(spread(weights, column, WIDTH, 4) * rows)
        target = at + column * step
        store(to_values, target, step, load(to_values, target, step, 1) + part)
