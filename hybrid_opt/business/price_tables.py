"""A price plan as tables and pictures for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..planning.plan_figures import Figures, share_text
from ..reports import Drawing, Table, allocation_bars, ranges_chart

if TYPE_CHECKING:
    from .price_plan import PricePlan

__all__ = ["ladder_drawing", "price_table", "profit_drawing"]


def price_table(plan: PricePlan) -> Table:
    """Which price for which product, and what it does."""
    figures, frame = Figures.of(plan), plan.prices()
    within = "" if plan.near is None else f"prices within {share_text(plan.near.tolerance)}"
    rows = []
    for row in frame.to_dict("records"):
        change = "" if row["plan"] == row["today"] else f"{row['change']:+.1%}"
        rows.append(
            [
                row["product"],
                *(f"{row[name]:,.10g}" for name in ("today", "plan")),
                change,
                f"{row['margin']:.1%}",
                *(f"{row[name]:,.4g}" for name in ("sold_today", "sold")),
                figures.response(row["profit_today"]),
                figures.response(row["profit"]),
                row["near"],
            ]
        )
    before, after = (figures.response(float(frame[name].sum())) for name in ("profit_today", "profit"))
    changed = str(int((frame["plan"] != frame["today"]).sum()))
    rows.append(["total", "", "", f"{changed} changed", "", "", "", before, after, ""])
    width = 9 if plan.near is None else 10
    right: list[Literal["left", "right"]] = ["right"] * 8
    ends: list[Literal["left", "right"]] = ["left", *right, "left"]
    header = ["product", "today", "plan", "change", "margin", "sold today", "sold", "profit today", "profit"]
    return Table(
        [*header, within][:width],
        [row[:width] for row in rows],
        title=plan.words.what,
        align=ends[:width],
        strong=[-1],
        note=f"sold and profit: {plan.origin().lower()}",
    )


def ladder_drawing(plan: PricePlan) -> Drawing:
    """Change of each price in percent: the plan on its ladder, and near-best prices."""
    frame, options = plan.prices(), plan.options
    best, low, high, least, most = [], [], [], [], []
    if options is not None:
        for p, at in enumerate(options.levels):
            index = 100.0 * (options.price[at] / options.products.prices[p] - 1.0)
            chosen = plan.spends()[at] > 0
            near = index[plan.near.ranges[at, 1] > 0] if plan.near is not None else index[chosen]
            best.append(float(index[chosen][0]))
            low.append(float(near.min()))
            high.append(float(near.max()))
            least.append(float(index.min()))
            most.append(float(index.max()))
    chart = ranges_chart(
        frame["product"].tolist(), best, low, high, least, most, x_title="Change of the price in percent"
    )
    return Drawing(chart, "Each product on its price ladder, the pale bar; 0 is today's price.")


def profit_drawing(plan: PricePlan) -> Drawing:
    """Profit by product today and in the plan."""
    frame = plan.prices()
    bars = allocation_bars(
        frame["product"].tolist(), frame["profit_today"].tolist(), frame["profit"].tolist(), x_title="Profit"
    )
    return Drawing(bars, "Profit of each product today and in the plan.")
