"""The table of products: price today, cost, and what limits the price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..planning.table import CheckedTable, Column, TableSource, read_table
from ..planning.vocabulary import Vocabulary

__all__ = ["OPTIONS", "PRODUCTS", "Products", "read_products"]

OPTIONS = Vocabulary(
    title="Price plan",
    line="option",
    lines="options",
    amount="choice",
    amounts="choices",
    amount_unit="0 or 1",
    measure="money",
    value="profit",
    period="",
    what="Which price for which product",
    strength="money",
    product="taken off where both are chosen",
    total="the number of products",
    choice=True,
    fixed_caps=True,
    fixed_total=True,
)
PRODUCTS = Vocabulary(**{**OPTIONS.__dict__, "line": "product", "lines": "products"})
"""The same words for tables that speak of products, not of their price points."""

_COLUMNS = (
    Column("product", "text", unique=True, help="name of the product"),
    Column("price", "money", above=0, unit="money", help="price today"),
    Column("cost", "money", minimum=0, unit="money", help="variable cost of one piece"),
    Column("min_margin", "number", required=False, minimum=0, maximum=1, help="least (price - cost) / price"),
    Column("tier", "text", required=False, help="e.g. discount, base, premium; see the option tiers"),
    Column("family", "text", required=False, help="tiers are compared within a family"),
    Column("fixed", "flag", required=False, help="true keeps today's price"),
    Column(
        "uncertainty", "number", required=False, minimum=0, maximum=1,
        help="share of today's demand by which it may be off, a central 90% range",
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Products:
    """The checked table of products, P of them."""

    checked: CheckedTable

    @property
    def names(self) -> list[str]:
        """Their names."""
        return self.texts("product")

    def texts(self, column: str) -> list[str]:
        """A column of texts."""
        return [str(text) for text in self.checked.column(column)]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of numbers, shape (P,), NaN where a cell is blank."""
        return np.array(self.checked.column(column), dtype=np.float64)

    @property
    def prices(self) -> NDArray[np.float64]:
        """Prices today, shape (P,)."""
        return self.numbers("price")

    @property
    def costs(self) -> NDArray[np.float64]:
        """Cost of one piece, shape (P,)."""
        return self.numbers("cost")


def read_products(source: TableSource) -> Products:
    """Read the table of products.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.

    Returns:
        The products.

    Raises:
        TableError: anything wrong in the table, with row and column.

    Example:
        >>> import pandas as pd
        >>> read_products(pd.DataFrame({"product": ["tea"], "price": [2.99], "cost": [1]})).prices
        array([2.99])
    """
    return Products(read_table(source, _COLUMNS, name="table of products"))
