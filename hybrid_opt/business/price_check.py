"""Whether every profit that a choice of prices can bring is a number that can be compared.

All demand models rise or fall with each price, whatever the others are. The most that can be sold of a
product at one of its prices is therefore sold where every other price is the one that helps it most alone.

Shapes: P products, N options of all products together.
"""

from __future__ import annotations

import numpy as np

from ..planning.money import money_text
from .price_options import PriceOptions

__all__ = ["check_profits"]

MOST = 1e100  # sums and squares of more leave the range of floats


def check_profits(options: PriceOptions) -> None:
    """Do nothing if all profits are finite.

    Args:
        options: price points of all products with their demand.

    Raises:
        TableError: at some prices a profit is infinite, no number, or beyond 1e100; product and row are
            named.

    Example:
        >>> import pandas as pd
        >>> from hybrid_opt.business.price_columns import read_products
        >>> from hybrid_opt.business.price_demand import ElasticDemand
        >>> tea = read_products(pd.DataFrame({"product": ["tea"], "price": [3], "cost": [1]}))
        >>> demand = ElasticDemand(np.array([9.0]), np.array([3.0]), np.array([[-2.0]]))
        >>> check_profits(PriceOptions.of(tea, [[1.5, 3.0]], demand))
    """
    products, price, owner = options.products, options.price, options.owner
    problems = products.checked.problems()
    # Overflow is what is looked for here.
    with np.errstate(all="ignore"):
        single = np.tile(products.prices, (len(price), 1))
        single[np.arange(len(price)), owner] = price
        sold = np.nan_to_num(options.demand.quantities(single), nan=np.inf)
        for i, name in enumerate(products.names):
            helped = np.array([price[at[int(np.argmax(sold[at, i]))]] for at in options.levels])
            own = price[owner == i]
            prices = np.tile(helped, (len(own), 1))
            prices[:, i] = own
            profits = (own - products.costs[i]) * options.demand.quantities(prices)[:, i]
            wrong = np.flatnonzero(~(np.abs(profits) < MOST))
            if len(wrong):
                words = (
                    f"at a price of {money_text(own[wrong[0]])} the profit of {name!r} can be "
                    f"{profits[wrong[0]]:.3g}, which is no number to compare; check its demand "
                    "(elasticities, cross effects), or leave such prices out of the ladder"
                )
                problems.add(words, row=i, column="price")
    problems.raise_if_any()
