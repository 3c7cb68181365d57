"""Pair terms of a problem as costs of columns and of products of columns.

Relative to state 0 of both variables a pair table is a constant, a cost per state of either variable, and a
rest. Where the rest is p_a * q_b, as for a cost per unit times unit, and too large to be written out, one
column z_a = x_a * sum_b q_b y_b per state a takes the place of one per pair of states.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError
from ..qubo.problem import Pair
from .linear_form import COLUMN_LIMIT, Layout, Program

__all__ = ["BLOCK_PRODUCTS", "Products", "add_pairs"]

TABLE_PRODUCTS = 20_000  # products of states of one pair, above which the shorter form is taken
BLOCK_PRODUCTS = 2**15  # the same of all pairs together; with 40,000 HiGHS hardly gets to branching
RANK_NOISE = 1e-13  # of the largest entry, by which a table may differ from p_a * q_b

Products = dict[tuple[int, int], float]
Vector = NDArray[np.float64]


def add_pairs(layout: Layout, program: Program) -> Products:
    """Add the pair terms of a problem to a program.

    Args:
        layout: the problem and the columns of its variables.
        program: receives constant and costs, and columns of the shorter form.

    Returns:
        The cost of every pair of columns that has one.

    Raises:
        ModelTooLargeError: the products would be too many.
    """
    products: Products = {}
    pairs = [pair for pair in layout.problem.pairs if pair.coefficient or pair.table is not None]
    sizes = [len(layout.columns(pair.first)) * len(layout.columns(pair.second)) for pair in pairs]
    crowded = sum(size for size in sizes if size > 1) > BLOCK_PRODUCTS
    for pair, size in zip(pairs, sizes):
        _add_pair(pair, layout, program, products, short=size > 1 and (crowded or size > TABLE_PRODUCTS))
    return products


def _add_pair(pair: Pair, layout: Layout, program: Program, products: Products, short: bool) -> None:
    one, two = layout.columns(pair.first), layout.columns(pair.second)
    if pair.table is None:
        factors = _add_value_product(pair, layout, program)
        if short:
            _add_short(program, one, two, *factors)
            return
        rest = np.outer(*factors)
    else:
        table = layout.problem.pair_table(pair)
        program.offset += float(table[0, 0])
        _add_costs(program, one, table[1:, 0] - table[0, 0])
        _add_costs(program, two, table[0, 1:] - table[0, 0])
        rest = table[1:, 1:] - table[1:, :1] - table[:1, 1:] + table[0, 0]
        # What is left of a separable table is rounding noise, not a product.
        rest[np.abs(rest) <= 1e-14 * np.abs(table).max()] = 0.0
        found = _factors(rest, float(np.abs(table).max())) if short else None
        if found is not None:
            _add_short(program, one, two, *found)
            return
    if len(products) + np.count_nonzero(rest) > COLUMN_LIMIT:
        raise ModelTooLargeError(
            f"the pair terms need more than {COLUMN_LIMIT:,} products of states; use a coarser step or fewer "
            "pair terms, or method='anneal'"
        )
    for a, b in np.argwhere(rest).tolist():
        products[int(one[a]), int(two[b])] = float(rest[a, b])


def _add_costs(program: Program, columns: NDArray[np.int64], costs: Vector) -> None:
    for column, cost in zip(columns.tolist(), costs.tolist()):
        program.cost[column] += cost


def _add_value_product(pair: Pair, layout: Layout, program: Program) -> tuple[Vector, Vector]:
    """Add what a product of values costs beyond p_a * q_b of the steps above state 0; returns p and q."""
    problem = layout.problem
    one, two = problem.variables[pair.first], problem.variables[pair.second]
    steps = one.step * np.arange(1.0, one.size), two.step * np.arange(1.0, two.size)
    program.offset += pair.coefficient * one.lower * two.lower
    _add_costs(program, layout.columns(pair.first), pair.coefficient * two.lower * steps[0])
    _add_costs(program, layout.columns(pair.second), pair.coefficient * one.lower * steps[1])
    return pair.coefficient * steps[0], steps[1]


def _factors(rest: Vector, largest: float) -> tuple[Vector, Vector] | None:
    """Vectors p and q >= 0 with rest_ab = p_a * q_b, or None."""
    if not rest.any():
        return np.zeros(len(rest)), np.zeros(rest.shape[1])
    a, b = np.unravel_index(np.abs(rest).argmax(), rest.shape)
    p, q = rest[:, b], rest[a] / rest[a, b]
    exact = np.abs(rest - np.outer(p, q)).max() <= RANK_NOISE * largest
    return (p, q) if exact and q.min() >= 0 else None


def _add_short(
    program: Program, one: NDArray[np.int64], two: NDArray[np.int64], p: Vector, q: Vector
) -> None:
    """Cost p_a * q_b, q >= 0, with one column z_a = x_a * Q, Q = sum_b q_b y_b, per state a.

    Exact because at most one x_a is 1: z_a <= max(q) x_a, sum z_a <= Q, sum z_a >= Q - max(q) (1 - sum x_a).
    """
    if len(one) > len(two) and not p.min() < 0 < p.max():
        sign = -1.0 if p.min() < 0 else 1.0
        one, two, p, q = two, one, sign * q, sign * p
    n, top = len(one), float(q.max(initial=0.0))
    if not top or not p.any():
        return
    program.whole &= bool((q == np.round(q)).all())  # else z is a fraction
    z = np.arange(n, dtype=np.int64) + program.add_columns(n, upper=top)
    _add_costs(program, z, p)
    for z_a, x_a in zip(z.tolist(), one.tolist()):
        program.add_row([z_a, x_a], [1.0, -top], -np.inf, 0.0)
    program.add_row(np.concatenate([z, two]), np.concatenate([np.ones(n), -q]), -np.inf, 0.0)
    columns = np.concatenate([z, two, one])
    program.add_row(columns, np.concatenate([np.ones(n), -q, np.full(n, -top)]), -top, np.inf)
