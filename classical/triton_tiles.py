"""Distances of a tile and their gradients as Triton kernels for CUDA; `tile_operations` is the oracle.

Torch alone would write every difference q - k to memory, D numbers for one distance. Here they stay in
registers.

Shapes: N heads, R query rows, C key columns, D head width.

The formulas are those of `tile_operations`. With S the slope dd/dx of a distance by the differences x = q - k
and G = dLoss / dDistance, the gradient of a query is sum_c G S(q - k) and that of a key, since slopes are
odd, sum_r G S(k - q): one kernel does both, the arrays change places.

    lp         d = m (sum (|x| / m)^p)^(1/p), m the largest |x|: no power leaves the range of the numbers
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from .tile_operations import Exponent, exponent_of_heads

__all__ = ["tile_backward", "tile_distances", "tile_exponent_gradient"]

ROWS, COLUMNS = 64, 64
"""Distances of one program: rows and columns."""

OWNS = 16
"""Rows, or columns, whose gradient one program sums."""

PROGRAMS = 2048
"""Programs that keep a large device busy; sums are split into parts until there are so many."""


@triton.jit
def _power(base, exponent):
    """base^exponent for base >= 0, 0 at 0."""
    return tl.where(base > 0, tl.exp2(exponent * tl.log2(tl.where(base > 0, base, 1.0))), 0.0)


@triton.jit
def _distance_kernel(
    query, key, exponent, result, n_rows, n_columns, width,
    METRIC: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One block of distances; for "lp" the largest difference first, then the sum of powers."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    head = tl.program_id(2)
    queries = query + (head * n_rows + row) * width
    keys = key + (head * n_columns + column) * width
    found = tl.zeros((ROWS, COLUMNS), query.dtype.element_ty)
    for place in range(width):
        here = tl.load(queries + place, mask=row < n_rows, other=0.0)
        there = tl.load(keys + place, mask=column < n_columns, other=0.0)
        size = tl.abs(here[:, None] - there[None, :])
        if METRIC == "l1":
            found += size
        else:
            found = tl.maximum(found, size, propagate_nan=tl.PropagateNan.ALL)
    if METRIC == "lp":
        power = tl.load(exponent + head)
        divisor = tl.where(found > 0, found, 1.0)
        total = tl.zeros((ROWS, COLUMNS), query.dtype.element_ty)
        for place in range(width):
            here = tl.load(queries + place, mask=row < n_rows, other=0.0)
            there = tl.load(keys + place, mask=column < n_columns, other=0.0)
            total += _power(tl.abs(here[:, None] - there[None, :]) / divisor, power)
        found *= _power(total, 1.0 / power)
    places = (head * n_rows + row[:, None]) * n_columns + column[None, :]
    tl.store(result + places, found, mask=(row < n_rows)[:, None] & (column < n_columns)[None, :])


@triton.jit
def _slope_kernel(
    own, other, grad, distance, exponent, result, n_heads, n_own, n_other, width, own_step, other_step, share,
    METRIC: tl.constexpr, OWNS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Some rows of the gradient of ``own``, summed over a share of ``other``; the shares are added later."""
    index = tl.program_id(0) * OWNS + tl.arange(0, OWNS)
    head = tl.program_id(1)
    part = tl.program_id(2)
    place = tl.arange(0, WIDTH)
    inside = (index < n_own)[:, None] & (place < width)[None, :]
    spots = (head * n_own + index)[:, None] * width + place[None, :]
    here = tl.load(own + spots, mask=inside, other=0.0)
    pairs = head * n_own * n_other + index * own_step
    power = tl.load(exponent + head)
    total = tl.zeros((OWNS, WIDTH), own.dtype.element_ty)
    for number in range(part * share, min(part * share + share, n_other)):
        there = tl.load(other + (head * n_other + number) * width + place, mask=place < width, other=0.0)
        weight = tl.load(grad + pairs + number * other_step, mask=index < n_own, other=0.0)
        difference = here - there[None, :]
        slope = tl.where(difference > 0, 1.0, tl.where(difference < 0, -1.0, 0.0)).to(own.dtype.element_ty)
        if METRIC == "chebyshev":
            size = tl.abs(difference)
            ties = (size == tl.max(size, 1)[:, None]).to(own.dtype.element_ty)
            slope = slope * ties / tl.sum(ties, 1)[:, None]
        if METRIC == "lp":
            span = tl.load(distance + pairs + number * other_step, mask=index < n_own, other=1.0)
            ratio = tl.abs(difference) / tl.where(span > 0, span, 1.0)[:, None]
            slope = slope * tl.where(ratio > 0, _power(ratio, power - 1.0), 0.0)
        total += slope * weight[:, None]
    tl.store(result + part * n_heads * n_own * width + spots, total, mask=inside)


@triton.jit
def _exponent_kernel(
    query, key, grad, distance, exponent, result, n_rows, n_columns, width,
    OWNS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """The share of some query rows in the gradient of the exponent, times p."""
    index = tl.program_id(0) * OWNS + tl.arange(0, OWNS)
    head = tl.program_id(1)
    place = tl.arange(0, WIDTH)
    inside = (index < n_rows)[:, None] & (place < width)[None, :]
    here = tl.load(query + (head * n_rows + index)[:, None] * width + place[None, :], mask=inside, other=0.0)
    pairs = (head * n_rows + index) * n_columns
    power = tl.load(exponent + head)
    total = tl.zeros((OWNS,), query.dtype.element_ty)
    for number in range(n_columns):
        there = tl.load(key + (head * n_columns + number) * width + place, mask=place < width, other=0.0)
        weight = tl.load(grad + pairs + number, mask=index < n_rows, other=0.0)
        span = tl.load(distance + pairs + number, mask=index < n_rows, other=1.0)
        ratio = tl.where(inside, tl.abs(here - there[None, :]) / tl.where(span > 0, span, 1.0)[:, None], 0.0)
        # x^p log x is 0 at 0.
        entropy = _power(ratio, power) * tl.log(tl.where(ratio > 0, ratio, 1.0))
        total += tl.sum(entropy, 1) * span * weight
    tl.store(result + head * n_rows + index, total, mask=index < n_rows)


def tile_distances(query: Tensor, key: Tensor, metric: str, p: Exponent = None) -> Tensor:
    """Distances of all queries to all keys.

    Args:
        query: (N, R, D), float32 or float64, on a CUDA device.
        key: (N, C, D).
        metric: "l1", "lp" or "chebyshev".
        p: exponent of "lp": a number or (N,).

    Returns:
        (N, R, C).
    """
    query, key = query.contiguous(), key.contiguous()
    n_heads, n_rows, width = query.shape
    n_columns = key.shape[1]
    result = query.new_empty(n_heads, n_rows, n_columns)
    grid = (triton.cdiv(n_rows, ROWS), triton.cdiv(n_columns, COLUMNS), n_heads)
    _distance_kernel[grid](
        query, key, _exponents(query, metric, p), result, n_rows, n_columns, width, metric, ROWS, COLUMNS
    )
    return result


def tile_backward(
    grad: Tensor,
    distances: Tensor,
    query: Tensor,
    key: Tensor,
    metric: str,
    p: Exponent,
    grad_query: Tensor,
    grad_key: Tensor,
) -> None:
    """Add the gradients through the distances of a tile.

    Args:
        grad: dLoss / dDistance, (N, R, C).
        distances: what ``tile_distances`` returned.
        query: (N, R, D).
        key: (N, C, D).
        metric: as there.
        p: as there.
        grad_query: (N, R, D), added to.
        grad_key: (N, C, D), added to.
    """
    grad, distances, query, key = (part.contiguous() for part in (grad, distances, query, key))
    exponents = _exponents(query, metric, p)
    n_columns = key.shape[1]
    grad_query.add_(_summed(query, key, grad, distances, exponents, metric, n_columns, 1))
    grad_key.add_(_summed(key, query, grad, distances, exponents, metric, 1, n_columns))


def _summed(
    own: Tensor, other: Tensor, grad: Tensor, distances: Tensor, exponents: Tensor, metric: str,
    own_step: int, other_step: int,
) -> Tensor:  # fmt: skip
    """Gradient of ``own``; steps say how far apart its numbers, and those of ``other``, lie in ``grad``."""
    n_heads, n_own, width = own.shape
    n_other = other.shape[1]
    blocks = triton.cdiv(n_own, OWNS)
    parts = max(1, min(n_other // 16, PROGRAMS // (blocks * n_heads)))
    share = triton.cdiv(n_other, parts)
    result = own.new_empty(parts, n_heads, n_own, width)
    _slope_kernel[(blocks, n_heads, parts)](
        own, other, grad, distances, exponents, result, n_heads, n_own, n_other, width, own_step, other_step,
        share, metric, OWNS, triton.next_power_of_2(width),
    )  # fmt: skip
    return result.sum(0)


def tile_exponent_gradient(
    grad: Tensor, distances: Tensor, query: Tensor, key: Tensor, p: Exponent
) -> Tensor:
    """Gradient of the loss with respect to the exponent, through one tile of "lp" distances.

    Args:
        grad: dLoss / dDistance, (N, R, C).
        distances: what ``tile_distances`` returned.
        query: (N, R, D).
        key: (N, C, D).
        p: a number or (N,).

    Returns:
        (N,).
    """
    grad, distances, query, key = (part.contiguous() for part in (grad, distances, query, key))
    n_heads, n_rows, width = query.shape
    exponents = _exponents(query, "lp", p)
    result = query.new_empty(n_heads, n_rows)
    _exponent_kernel[(triton.cdiv(n_rows, OWNS), n_heads)](
        query, key, grad, distances, exponents, result, n_rows, key.shape[1], width, OWNS,
        triton.next_power_of_2(width),
    )  # fmt: skip
    return result.sum(1) / exponents


def _exponents(query: Tensor, metric: str, p: Exponent) -> Tensor:
    """One exponent per head, (N,); ones where the metric has none."""
    heads = query.new_ones(len(query))
    return heads * exponent_of_heads(p, 1) if metric == "lp" else heads
