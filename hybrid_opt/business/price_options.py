"""Price points of all products as options of a choice, and the profit of any choice.

Shapes: P products, N options of all products together, S plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..planning.choice_surrogate import PairFit
from ..planning.lines import LevelQuestion
from ..planning.money import money_text
from ..planning.selection_items import ItemTable, read_items
from .price_columns import OPTIONS, Products
from .price_demand import Demand, LinearDemand

__all__ = ["PriceOptions", "TrueProfit"]


@dataclass(frozen=True, eq=False)
class PriceOptions:
    """Options of all products.

    Attributes:
        products: the products.
        items: the options; the group of an option is its product.
        owner: position of the product of each option, shape (N,).
        price: price of each option, shape (N,).
        demand: what is sold at which prices.
    """

    products: Products
    items: ItemTable
    owner: NDArray[np.int64]
    price: NDArray[np.float64]
    demand: Demand

    @classmethod
    def of(cls, products: Products, ladder: Sequence[Sequence[float]], demand: Demand) -> PriceOptions:
        """Options from the allowed prices of each product."""
        rows, places = [], []
        for p, (name, today, own) in enumerate(zip(products.names, products.prices, ladder)):
            for price in own:
                label = f"{name} at {money_text(price)}"
                rows.append({"option": label, "group": name, "current": price == today})
                places.append((p, price))
        frame = pd.DataFrame(rows)
        frame.index = pd.Index([products.checked.places[p] for p, _ in places])
        items = read_items(frame, OPTIONS).with_caps(dict.fromkeys(products.names, 1.0))
        owner = np.array([p for p, _ in places], dtype=np.int64)
        return cls(products, items, owner, np.array([price for _, price in places]), demand)

    @property
    def levels(self) -> list[NDArray[np.int64]]:
        """Positions of the options of each product."""
        return [np.flatnonzero(self.owner == p) for p in range(len(self.products.names))]

    def prices(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Prices of plans: 0 or 1 per option, shape (..., N), to shape (..., P)."""
        table = np.zeros((len(self.price), len(self.products.names)))
        table[np.arange(len(self.price)), self.owner] = self.price
        return np.asarray(np.asarray(chosen, dtype=np.float64) @ table)

    def profits(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Profit by product at given prices, shape (S, P) to (S, P)."""
        return np.asarray((prices - self.products.costs) * self.demand.quantities(prices))

    def linear_values(self, demand: LinearDemand) -> PairFit:
        """Own and pair values of options that hold the profit of linear demand exactly."""
        cost, levels = self.products.costs, self.levels
        own = [
            (self.price[at] - cost[p]) * (demand.base[p] - demand.slope[p] * self.price[at])
            for p, at in enumerate(levels)
        ]
        pairs = {}
        for i, first in enumerate(levels):
            for j in range(i + 1, len(levels)):
                a, b = self.price[first][:, None], self.price[levels[j]][None, :]
                table = demand.cross[i, j] * (a - cost[i]) * b + demand.cross[j, i] * (b - cost[j]) * a
                if table.any():
                    pairs[i, j] = table
        return PairFit(own, pairs, 0, 0.0)


@dataclass(frozen=True, eq=False)
class TrueProfit:
    """The profit of demand that pairs cannot express, as planning's ``TrueScore``."""

    options: PriceOptions

    @property
    def name(self) -> str:
        """What it is."""
        return f"true profit by {self.options.demand.name}"

    def values(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Profits of plans: 0 or 1 per option, shape (..., N), to shape (...)."""
        units = np.asarray(chosen)
        prices = self.options.prices(units.reshape(-1, units.shape[-1]))
        return np.asarray(self.options.profits(prices).sum(axis=-1).reshape(units.shape[:-1]))

    def all_values(self) -> NDArray[np.float64]:
        """Profits of all selections of options, shape (2**N,), those that are no price list included."""
        count = 2 ** len(self.options.price)
        bits = (np.arange(count)[:, None] >> np.arange(len(self.options.price))) & 1
        return self.values(bits)

    def program(self, question: LevelQuestion, time_limit: float) -> tuple[NDArray[np.int64], float] | None:
        """There is no program of its own; choices are enumerated in the true profit."""
        return None

    def program_name(self) -> str:
        """What that program would be called."""
        return f"program of the {self.name}"
