"""Products of 0/1 columns in a linear program, as tight as is cheap.

A *choice* is a list of columns of which at most one is 1: the states of a variable (state 0 left out), or
binaries that share a row "exactly one" or "at most one". Columns outside any are choices of length one. Per
pair of choices with a cost between them, w_ab stands for x_a * y_b of the columns that take part:

    w_ab >= 0,   sum_b w_ab <= x_a,   sum_a w_ab <= y_b,   sum w_ab >= sum x_a + sum y_b - 1

With the columns that take no part lumped into "none of these", that is the level-1
reformulation-linearization (RLT; Sherali and Adams 1990, SIAM J. Discrete Math. 3:411), and for two single
columns it is McCormick's (1976), of which the sign of the cost leaves one side.

Rows are multiplied by columns as well, see ``linear_strengthening``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

import numpy as np

from ..qubo.problem import Problem
from .linear_form import Layout, LinearForm, LinearRow, Program, lay_out
from .linear_pairs import BLOCK_PRODUCTS, Products, add_pairs
from .linear_strengthening import strengthen

__all__ = ["linear_form"]


def linear_form(problem: Problem) -> LinearForm:
    """Write a problem as a mixed-integer linear program with the same optimum.

    Args:
        problem: the model.

    Returns:
        Arrays for ``scipy.optimize.milp``. Every assignment that satisfies the rows is a feasible point
        with the same cost; the products at an integer point can only cost as much or more.

    Raises:
        ModelTooLargeError: a variable or a pair term has too many states, or too many columns are needed.

    Example:
        >>> import dimod
        >>> from hybrid_opt.qubo.reading import read_model
        >>> bqm = dimod.BinaryQuadraticModel({"a": -2.0, "b": -3.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> form = linear_form(read_model(bqm))  # columns a, b and their product
        >>> form.cost.tolist(), form.matrix.toarray().tolist()
        ([-2.0, -3.0, 4.0], [[-1.0, -1.0, 1.0]])
    """
    program = Program()
    layout, rows = lay_out(problem, program)
    products = add_pairs(layout, program)
    cliques = [row for row in rows if _is_clique(row, layout)]
    owners: dict[int, set[int]] = defaultdict(set)
    for c, clique in enumerate(cliques):
        for column in clique.columns.tolist():
            owners[column].add(c)
    terms = {
        (a, b): cost
        for (a, b), cost in products.items()
        if owners.get(a, set()).isdisjoint(owners.get(b, set()))
    }
    choice_of = _choices(layout, cliques)
    where = _write_blocks(program, terms, choice_of)
    strengthen(program, rows, where, choice_of, owners)
    return program.finish(layout)


def _is_clique(row: LinearRow, layout: Layout) -> bool:
    """Whether a row says "at most one" or "exactly one" of variables with a single 0/1 column."""
    sign = row.coefficients[0]
    right = row.upper if sign > 0 else row.lower
    if len(row.columns) < 2 or not np.allclose(row.coefficients, right, rtol=1e-12, atol=0.0):
        return False
    owner = np.searchsorted(layout.first, row.columns, side="right") - 1
    sizes = [layout.problem.variables[int(i)].size for i in owner]
    return all(size == 2 for size in sizes)


def _choices(layout: Layout, cliques: Sequence[LinearRow]) -> dict[int, int]:
    """Assign every 0/1 column to one choice, longest rows first."""
    choice_of: dict[int, int] = {}
    numbers = count()

    def add(columns: list[int]) -> None:
        choice_of.update(dict.fromkeys(columns, next(numbers)))

    for i, variable in enumerate(layout.problem.variables):
        if variable.size > 2 and not layout.counted[i]:
            add(layout.columns(i).tolist())
    for clique in sorted(cliques, key=lambda row: -len(row.columns)):
        free = [column for column in clique.columns.tolist() if column not in choice_of]
        if len(free) > 1:
            add(free)
    for i, variable in enumerate(layout.problem.variables):
        if variable.size == 2 and int(layout.first[i]) not in choice_of:
            add([int(layout.first[i])])
    return choice_of


def _write_blocks(
    program: Program, terms: Products, choice_of: dict[int, int]
) -> dict[tuple[int, int], int]:
    """Add the products; returns the column of each, keyed both ways round."""
    blocks: dict[tuple[int, int], Products] = defaultdict(dict)
    for (a, b), cost in terms.items():
        if choice_of[a] > choice_of[b]:
            a, b = b, a
        blocks[choice_of[a], choice_of[b]][a, b] = cost
    where: dict[tuple[int, int], int] = {}
    written = 0
    for costs in blocks.values():
        one, two = sorted({a for a, _ in costs}), sorted({b for _, b in costs})
        size = len(one) * len(two)
        if size > 1 and size <= max(BLOCK_PRODUCTS - written, 2 * len(costs)):
            written += size
            _add_block(program, one, two, costs, where)
        else:
            for (a, b), cost in costs.items():
                _add_product(program, a, b, cost, where)
    return where


def _add_product(program: Program, a: int, b: int, cost: float, where: dict[tuple[int, int], int]) -> None:
    w = program.add_columns(1)
    program.cost[w] = cost
    where[a, b] = where[b, a] = w
    if cost > 0:
        program.add_row([a, b, w], [-1.0, -1.0, 1.0], -1.0, np.inf)
    else:
        program.add_row([w, a], [1.0, -1.0], -np.inf, 0.0)
        program.add_row([w, b], [1.0, -1.0], -np.inf, 0.0)


def _add_block(
    program: Program, one: list[int], two: list[int], costs: Products, where: dict[tuple[int, int], int]
) -> None:
    w = np.arange(len(one) * len(two), dtype=np.int64).reshape(len(one), len(two))
    w += program.add_columns(w.size)
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            where[a, b] = where[b, a] = int(w[i, j])
            program.cost[w[i, j]] = costs.get((a, b), 0.0)
    for columns, parts in ((one, w), (two, w.T)):
        for column, part in zip(columns, parts):
            program.add_row(np.append(part, column), np.append(np.ones(len(part)), -1.0), -np.inf, 0.0)
    every = np.concatenate([w.ravel(), one, two])
    program.add_row(every, np.append(np.ones(w.size), np.full(len(one) + len(two), -1.0)), -1.0, np.inf)
