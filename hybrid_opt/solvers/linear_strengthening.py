"""Rows multiplied by columns: what lets HiGHS close a quadratic knapsack.

With x_j * x_j = x_j, a row ``sum_i a_i x_i <= b`` with a_i >= 0 times x_j gives, on products w_ij that are
in the program already, ``sum_i a_i w_ij <= (b - a_j) x_j`` (Adams and Sherali 1986, Management Science
32:1274). A product that is not there is at least 0 and left out. Where every product is there or known to be
0, an equality gives an equality.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from .linear_form import LinearRow, Program

__all__ = ["strengthen"]

TERM_LIMIT = 2**20  # entries looked at in all


def strengthen(
    program: Program,
    rows: Sequence[LinearRow],
    products: Mapping[tuple[int, int], int],
    choice_of: Mapping[int, int],
    cliques_of: Mapping[int, set[int]],
) -> None:
    """Add the products of rows with columns.

    Args:
        program: receives the rows.
        rows: constraints of the model on columns.
        products: column of each product, keyed both ways round.
        choice_of: choice of each 0/1 column; at most one column of a choice is 1.
        cliques_of: rows "at most one" or "exactly one" each column stands in.
    """
    partners: dict[int, list[int]] = defaultdict(list)
    for a, b in products:
        partners[a].append(b)

    def excluded(i: int, j: int) -> bool:
        if choice_of[i] == choice_of[j]:
            return True
        return not cliques_of.get(i, set()).isdisjoint(cliques_of.get(j, set()))

    spent = 0
    for row in rows:
        sign = 1.0 if row.coefficients[0] > 0 else -1.0
        right = row.upper if sign > 0 else -row.lower
        weights = dict(zip(row.columns.tolist(), (sign * row.coefficients).tolist()))
        if not np.isfinite(right) or min(weights.values()) <= 0 or not weights.keys() <= choice_of.keys():
            continue
        if len({choice_of[i] for i in weights}) == 1:
            continue  # the block of products says so already
        for j in sorted({j for i in weights for j in partners.get(i, ())}):
            spent += len(weights)
            if spent > TERM_LIMIT:
                return
            linked = [i for i in partners[j] if i in weights]
            room = right - weights.get(j, 0.0)
            whole = row.lower == row.upper and all(
                (i, j) in products or excluded(i, j) for i in weights
            )
            if whole or sum(weights[i] for i in linked) > room:
                columns = [*(products[i, j] for i in linked), j]
                coefficients = [*(weights[i] for i in linked), -room]
                program.add_row(columns, coefficients, 0.0 if whole else -np.inf, 0.0)
