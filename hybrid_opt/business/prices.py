"""The price task: which price point for which product, with proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.choice_planner import ChoicePlanner
from ..planning.choice_surrogate import PairFit, fit_pairs
from ..planning.selection_items import choice_curves
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from .price_check import check_profits
from .price_columns import read_products
from .price_demand import Demand, LinearDemand
from .price_demand_tables import read_demand
from .price_history import Estimate, Form, estimate_demand
from .price_ladder import SHARES, Ladder, read_ladder
from .price_options import PriceOptions, TrueProfit
from .price_plan import PricePlan
from .price_rules import change_side, demand_sides, index_side, order_sides

__all__ = ["PricePlanner"]


class PricePlanner(ChoicePlanner[PricePlan]):
    """Choose one price point for every product.

    With prices p_i from the ladder of product i and demand q_i(p),

        maximize  sum_i (p_i - c_i) q_i(p)

    under an order of prices, a limit on how many change, a price index, margins and tiers. Linear demand
    makes the profit quadratic, which one binary per price point holds exactly; elasticities and logit are
    enumerated in their own model, and the least-squares model with pairs (the QUBO) is judged by it.

    Args:
        products: table of products, a path of a .csv or .xlsx file or a DataFrame: product, price (today),
            cost, and perhaps min_margin, tier, family, fixed, uncertainty.
        demand: table (product, base, slope) for linear demand, (product, volume, elasticity), or (product,
            utility, price_effect) for logit.
        cross: table (product, other, effect): what the other's price does to the product's demand.
        history: instead of demand, a table (period, product, price, quantity) to estimate it from.
        form: of an estimate, "linear" or "elasticity".
        customers: how many choose, for logit.
        outside: utility of buying nothing, for logit.
        ladder: table (product, price) of price points, or shares of today's prices.
        endings: legal fractional parts of prices that come from shares, such as (0.99, 0.95).
        order: table (product, other): the product costs at most as much as the other, as a small pack does.
        tiers: tiers from cheap to dear, ordered likewise within each family.
        max_changes: most prices that differ from today's.
        max_index: most that the mean of price / today's price may be.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the limits clash; a smallest set of them is named.
        OptionError: an illegal option.

    Example:
        >>> products = pd.DataFrame({"product": ["tea", "coffee"], "price": [3, 5], "cost": [1, 2]})
        >>> demand = pd.DataFrame({"product": ["tea", "coffee"], "base": [100, 90], "slope": [20, 10]})
        >>> plan = PricePlanner.from_tables(products, demand=demand, ladder=[0.8, 1, 1.2]).solve(seed=1)
        >>> plan.status, plan.prices()["plan"].tolist(), round(plan.value, 2)
        ('optimal', [3.0, 5.0], 200.0)
    """

    plan_type = PricePlan

    @tells_what_was_read
    def __init__(
        self,
        products: TableSource,
        *,
        demand: TableSource | None = None,
        cross: TableSource | None = None,
        history: TableSource | None = None,
        form: Form = "linear",
        customers: float | None = None,
        outside: float = 0.0,
        ladder: Ladder = SHARES,
        endings: Sequence[float] | None = None,
        order: TableSource | None = None,
        tiers: Sequence[str] | None = None,
        max_changes: int | None = None,
        max_index: float | None = None,
    ) -> None:
        self._given = {
            "products": products,
            "demand": demand,
            "cross": cross,
            "history": history,
            "form": form,
            "customers": customers,
            "outside": outside,
            "ladder": ladder,
            "endings": endings,
            "order": order,
            "tiers": tiers,
            "max_changes": max_changes,
            "max_index": max_index,
        }
        if (demand is None) == (history is None):
            raise OptionError("give demand or history, exactly one of them")
        if history is not None and cross is not None:
            raise OptionError("cross effects are estimated from the history: leave cross out")
        self.products = read_products(products)
        self.estimate: Estimate | None = None
        found: Demand
        if demand is not None:
            found = read_demand(demand, cross, self.products, customers=customers, outside=outside)
        else:
            self.estimate = estimate_demand(history, self.products, form)  # type: ignore[arg-type]
            found = self.estimate.demand
        points, notes = read_ladder(ladder, endings, self.products)
        self.options = PriceOptions.of(self.products, points, found)
        check_profits(self.options)
        if self.estimate is not None:
            notes += [*self.estimate.notes, *self.estimate.beyond(self.products, points)]
        owner, price, count = self.options.owner, self.options.price, len(points)
        linear = isinstance(found, LinearDemand)
        fit = self.options.linear_values(found) if isinstance(found, LinearDemand) else self._fit()
        today = self.products.prices[owner]
        sides = order_sides(self.products, owner, price, order, tiers)
        sides += change_side(price != today, max_changes, count)
        sides += index_side(price, today, max_index, count)
        if isinstance(found, LinearDemand):
            sides += demand_sides(self.products, owner, price, found)
        values = np.concatenate(fit.own)
        off = self._off(values)
        self._set(
            self.options.items,
            choice_curves(self.options.items, values, values - off, values + off),
            self._losses(fit),
            sides,
            choose=count,
            at_most=False,
            truth=None if linear else TrueProfit(self.options),
            weight=1.0,
            notes=notes,
        )
        if not linear:
            words = (
                f"the model with pairs is the least-squares fit of the profit over {fit.choices:,} price "
                f"lists; it is off by {fit.error:,.3g} at most there"
            )
            self.notes = [*self.notes, words]

    def _fit(self) -> PairFit:
        """The model with pairs nearest to the profit."""
        levels = self.options.levels

        def value(picks: NDArray[np.int64]) -> NDArray[np.float64]:
            prices = np.stack([self.options.price[at][picks[:, p]] for p, at in enumerate(levels)], axis=-1)
            return np.asarray(self.options.profits(prices).sum(axis=-1))

        return fit_pairs([len(at) for at in levels], value)

    def _off(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """By how much each option's profit may be off, shape (N,); NaN where nothing is known."""
        shares = self.products.numbers("uncertainty")
        if self.estimate is not None:
            shares = np.where(np.isnan(shares), self.estimate.uncertainty, shares)
        sold = self.options.demand.quantities(self.products.prices[None, :])[0]
        margin = self.options.price - self.products.costs[self.options.owner]
        return np.asarray(np.abs(margin) * (shares * np.maximum(sold, 0.0))[self.options.owner])

    def _losses(self, fit: PairFit) -> list[tuple[str, str, float]]:
        """Pairs of options with what they lose together."""
        labels, levels, found = self.options.items.labels, self.options.levels, []
        for (g, h), table in fit.pairs.items():
            for k, first in enumerate(levels[g].tolist()):
                own = zip(levels[h].tolist(), table[k].tolist())
                found += [(labels[first], labels[other], -value) for other, value in own]
        return found

    @classmethod
    def from_csv(cls, products: TableSource, **options: Any) -> PricePlanner:
        """Read the tables from files; options as in the class."""
        return cls(products, **options)

    @classmethod
    def from_tables(cls, products: pd.DataFrame, **options: Any) -> PricePlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(products, **options)

    def _facts(self) -> Mapping[str, Any]:
        return {"options": self.options, "estimate": self.estimate}
