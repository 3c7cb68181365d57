"""Demand from a sales history: least squares per product, with warnings where prices say too little.

    linear       q_it = a_i - b_i p_it + sum_j g_ij p_jt + error
    elasticity   log q_it = c_i + sum_j e_ij log p_jt + error

Prices that follow demand (a promotion in a strong week) bias such estimates; nothing here corrects for that.

Shapes: T periods, P products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.table import Column, TableSource, read_table
from .price_columns import Products
from .price_demand import Demand, ElasticDemand, LinearDemand

__all__ = ["Estimate", "estimate_demand"]

Form = Literal["linear", "elasticity"]
NINETY = 1.6448536269514722
MOST_CONDITION = 30.0  # D. Belsley, E. Kuh, R. Welsch, "Regression Diagnostics" (1980)
_COLUMNS = (
    Column("period", "text", help="week or month"),
    Column("product", "text", help="a product of the plan"),
    Column("price", "money", above=0, help="its price in that period"),
    Column("quantity", "number", minimum=0, help="pieces sold"),
)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimated demand.

    Attributes:
        demand: the model.
        table: product, other, effect, error (standard error), t (their ratio).
        uncertainty: share by which fitted demand at today's prices may be off (90 %), shape (P,).
        notes: what the history cannot tell.
        lowest: lowest price of each product in the history, shape (P,).
        highest: highest one, shape (P,).
    """

    demand: Demand
    table: pd.DataFrame
    uncertainty: NDArray[np.float64]
    notes: list[str]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]

    def beyond(self, products: Products, points: Sequence[Sequence[float]]) -> list[str]:
        """Notes on allowed prices, per product, that lie outside of those that the history has seen."""
        notes = []
        for name, low, high, own in zip(products.names, self.lowest, self.highest, points):
            outside = [price for price in own if not low - 1e-9 <= price <= high + 1e-9]
            if outside:
                listed = ", ".join(f"{price:,.10g}" for price in outside)
                notes.append(
                    f"prices of {name!r} outside of its history ({low:,.10g} to {high:,.10g}) are "
                    f"extrapolated: {listed}"
                )
        return notes


def estimate_demand(source: TableSource, products: Products, form: Form = "linear") -> Estimate:
    """Estimate demand from a history of prices and quantities.

    Args:
        source: table (period, product, price, quantity), a row per product and period.
        products: the products of the plan.
        form: "linear", or "elasticity" for logarithms.

    Returns:
        The estimate. Own effects of the wrong sign are kept as zero and named.

    Raises:
        OptionError: another form.
        TableError: a product without rows, periods that are not complete, or too few of them.
    """
    if form not in ("linear", "elasticity"):
        raise OptionError(f"form is {form!r}; legal are 'linear' and 'elasticity'")
    prices, sold = _matrices(source, products)
    names, n = products.names, len(products.names)
    if form == "elasticity" and (sold <= 0).any():
        raise TableError("the sales history has quantities of 0, which have no logarithm; take form='linear'")
    x, y = (np.log(prices), np.log(sold)) if form == "elasticity" else (prices, sold)
    now = np.log(products.prices) if form == "elasticity" else products.prices
    notes = _price_notes(x, names)
    moved = x.std(axis=0) > 1e-9
    design = np.column_stack([np.ones(len(x)), x[:, moved] - now[moved]])
    rest = len(x) - design.shape[1]
    if rest < 1:
        raise TableError(
            f"the sales history has {len(x)} periods, {design.shape[1]} effects are asked of each product; "
            "give more periods"
        )
    inverse = np.linalg.pinv(design.T @ design)
    effects, level = np.zeros((n, n)), np.zeros(n)
    errors, off = np.full((n, n), np.nan), np.zeros(n)
    for i in range(n):
        found = inverse @ design.T @ y[:, i]
        spread = float(np.sum((y[:, i] - design @ found) ** 2)) / rest
        deviation = np.sqrt(np.maximum(np.diag(inverse) * spread, 0.0))
        level[i], effects[i, moved], errors[i, moved] = found[0], found[1:], deviation[1:]
        off[i] = NINETY * deviation[0] / (1.0 if form == "elasticity" else max(abs(found[0]), 1e-9))
        if effects[i, i] > 0:
            notes.append(
                f"the history says that {names[i]!r} sells more when it is dearer; that is taken as no "
                "effect, and its plan is not reliable"
            )
            effects[i, i] = 0.0
    rows = [
        {"product": names[i], "other": names[j], "effect": effects[i, j], "error": errors[i, j]}
        for i in range(n)
        for j in range(n)
    ]
    table = pd.DataFrame(rows)
    table["t"] = table["effect"] / table["error"].where(table["error"] > 0)
    model = _model(form, effects, level, products)
    return Estimate(model, table, np.minimum(off, 1.0), notes, prices.min(axis=0), prices.max(axis=0))


def _model(
    form: Form, effects: NDArray[np.float64], level: NDArray[np.float64], products: Products
) -> Demand:
    """The demand model around today's prices."""
    if form == "elasticity":
        return ElasticDemand(np.exp(level), products.prices, effects)
    cross = effects - np.diag(np.diag(effects))
    return LinearDemand(level - effects @ products.prices, -np.diag(effects), cross)


def _matrices(source: TableSource, products: Products) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Prices and quantities, both of shape (T, P)."""
    table = read_table(source, _COLUMNS, name="sales history")
    problems, seen = table.problems(), set()
    for i, key in enumerate(zip(table.column("period"), table.column("product"))):
        if key in seen:
            problems.add(f"{key[1]!r} stands twice in period {key[0]!r}; keep one row", row=i)
        seen.add(key)
    problems.raise_if_any()
    frame = pd.DataFrame({column.name: table.column(column.name) for column in _COLUMNS})
    found = []
    for name in ("price", "quantity"):
        wide = frame.pivot(index="period", columns="product", values=name)
        missing = [product for product in products.names if product not in wide]
        if missing:
            raise TableError(f"the sales history has no row for {', '.join(missing)}; add them")
        wide = wide[products.names]
        holes = wide.isna().any(axis=1)
        if holes.any():
            first = holes[holes].index[0]
            without = ", ".join(wide.columns[wide.loc[first].isna()])
            raise TableError(f"period {first!r} of the sales history has no row for {without}; add it")
        found.append(wide.to_numpy(dtype=np.float64))
    return found[0], found[1]


def _price_notes(x: NDArray[np.float64], names: list[str]) -> list[str]:
    """Which effects the prices cannot tell apart."""
    notes = []
    for j, name in enumerate(names):
        different = len(np.unique(np.round(x[:, j], 9)))
        if different == 1:
            notes.append(f"the price of {name!r} never changed in the history: its effect is taken as 0")
        elif different == 2:
            notes.append(f"the price of {name!r} took only two values: the form of its curve is not tested")
    moved = x[:, x.std(axis=0) > 1e-9]
    if moved.shape[1] > 1:
        scaled = (moved - moved.mean(axis=0)) / moved.std(axis=0)
        condition = float(np.linalg.cond(scaled))
        if condition > MOST_CONDITION:
            notes.append(
                f"prices moved together in the history (condition number {condition:,.0f}): own and cross "
                "effects cannot be told apart reliably"
            )
    return notes
