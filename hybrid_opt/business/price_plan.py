"""The answer of the price task: which price for which product, and what it does to sales and profit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.plan_figures import Figures, share_text
from ..planning.plan_json import plain_rows
from ..planning.selection_plan import SelectionPlan
from ..reports import Drawing, Table
from .price_history import Estimate
from .price_options import PriceOptions
from .price_tables import ladder_drawing, price_table, profit_drawing

__all__ = ["PricePlan"]


@dataclass(frozen=True, eq=False)
class PricePlan(SelectionPlan):
    """Prices with proof, reasons and alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        options: the price points of all products, and their demand.
        estimate: what was estimated from a sales history, None where demand was given.
    """

    options: PriceOptions | None = None
    estimate: Estimate | None = None

    @property
    def _options(self) -> PriceOptions:
        if self.options is None:
            raise AttributeError("this plan has no prices; it comes from PricePlanner.solve")
        return self.options

    def price_list(self) -> dict[str, float]:
        """Product -> price."""
        return self._named(self.spends())

    def _named(self, units: NDArray[np.float64]) -> dict[str, float]:
        options = self._options
        return dict(zip(options.products.names, options.prices(units[None, :])[0].tolist()))

    def worth_of(self, amounts: NDArray[np.float64]) -> float:
        """Profit of a choice, 0 or 1 per option, shape (N,)."""
        options = self._options
        return float(options.profits(options.prices(amounts[None, :])).sum())

    @cached_property
    def today_value(self) -> float | None:
        """Profit at today's prices."""
        options = self._options
        return float(options.profits(options.products.prices[None, :]).sum())

    def prices(self) -> pd.DataFrame:
        """One row per product.

        Returns:
            Columns product, tier, today, plan (prices), change (share), cost, margin (share of the price),
            sold_today, sold (pieces), profit_today, profit, and near (its prices in plans within the
            tolerance; "" where not looked for).
        """
        options, units = self._options, self.spends()
        products, plan = options.products, options.prices(units[None, :])
        today = products.prices[None, :]
        frame = pd.DataFrame(
            {
                "product": products.names,
                "tier": products.texts("tier"),
                "today": today[0],
                "plan": plan[0],
                "change": plan[0] / today[0] - 1.0,
                "cost": products.costs,
                "margin": (plan[0] - products.costs) / plan[0],
                "sold_today": options.demand.quantities(today)[0],
                "sold": options.demand.quantities(plan)[0],
                "profit_today": options.profits(today)[0],
                "profit": options.profits(plan)[0],
            }
        )
        frame["near"] = [self._near_prices(at) for at in options.levels]
        return frame

    def _near_prices(self, at: NDArray[np.int64]) -> str:
        if self.near is None:
            return ""
        prices = self._options.price[at][self.near.ranges[at, 1] > 0]
        return ", ".join(f"{price:,.10g}" for price in prices.tolist())

    def lines(self) -> pd.DataFrame:
        """One row per price point: option, product, price, today and plan (0 or 1), near (as elsewhere)."""
        options, units = self._options, self.spends()
        return pd.DataFrame(
            {
                "option": options.items.labels,
                "product": [options.products.names[p] for p in options.owner],
                "price": options.price,
                "today": self.current.astype(int),
                "plan": units.astype(int),
                "near": [self._near(i) for i in range(len(units))],
            }
        )

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures, with how many prices change."""
        figures = {k: v for k, v in super().figures().items() if k != "chosen"}
        frame = self.prices()
        return {**figures, "prices changed": float((frame["plan"] != frame["today"]).sum())}

    def limit_words(self) -> str:
        """How many prices change."""
        frame = self.prices()
        return f"{int((frame['plan'] != frame['today']).sum())} of {len(frame)} prices changed"

    def origin(self) -> str:
        """Where the values come from."""
        source = "was estimated from the sales history" if self.estimate is not None else "was given"
        return f"The {self._options.demand.name} {source}"

    def line_table(self) -> Table:
        """Which price for which product."""
        return price_table(self)

    def task_drawings(self) -> list[Drawing]:
        """The price ladder, and profit by product."""
        return [ladder_drawing(self), profit_drawing(self)]

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """Prices, estimates, and what every selection has."""
        frames = {"prices": self.prices(), **super().task_frames()}
        return frames if self.estimate is None else {**frames, "estimates": self.estimate.table}

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        own = {"prices": plain_rows(self.prices()), "price_list": self.price_list()}
        own["estimates"] = [] if self.estimate is None else plain_rows(self.estimate.table)
        return {**super().task_values(), **own}

    def alternative_table(self) -> Table:
        """Plans almost as good: a row per plan, a column per product."""
        figures, near, names = Figures.of(self), self.near, self._options.products.names
        rows = []
        if near is not None:
            for k, (plan, value) in enumerate(zip(near.plans, near.values, strict=True)):
                loss = (float(near.values[0]) - float(value)) / max(abs(float(near.values[0])), 1e-9)
                prices = [f"{price:,.10g}" for price in self._named(self.question.money(plan)).values()]
                rows.append([str(k + 1), *prices, figures.response(float(value)), f"{loss:.2%}"])
        right: list[Literal["right"]] = ["right"] * (len(names) + 2)
        count = 0 if near is None else near.count
        exactly = "" if near is None or near.exact else "at least "
        share = "" if near is None else share_text(near.tolerance)
        return Table(
            ["plan", *names, self.words.value, "loss"],
            rows,
            title=f"Plans within {share} of the best: {exactly}{count:,}; some that differ most",
            align=["left", *right],
        )
