"""Demand from tables: its columns say which model it is."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.table import Column, TableSource, nearest, read_table
from ..planning.table_source import read_raw
from .price_columns import Products
from .price_demand import Demand, ElasticDemand, LinearDemand, LogitDemand

__all__ = ["read_demand"]

_PRODUCT = Column("product", "text", unique=True, help="a product of the plan")
_FORMS = {
    "linear": (
        Column("base", "number", help="pieces at a price of 0, others' prices aside"),
        Column("slope", "number", minimum=0, help="pieces lost per money of price"),
    ),
    "elasticity": (
        Column("volume", "number", minimum=0, help="pieces sold today"),
        Column("elasticity", "number", maximum=0, help="percent of pieces per percent of own price"),
    ),
    "logit": (
        Column("utility", "number", help="utility at a price of 0"),
        Column("price_effect", "number", maximum=0, help="utility per money of price"),
    ),
}


def read_demand(
    source: TableSource,
    cross: TableSource | None,
    products: Products,
    *,
    customers: float | None,
    outside: float,
) -> Demand:
    """Read a demand model.

    Args:
        source: table (product, base, slope), (product, volume, elasticity) or (product, utility,
            price_effect), one row per product.
        cross: table (product, other, effect): what the other's price does to the product's demand, in pieces
            per money or as a cross elasticity; or None.
        products: the products.
        customers: how many choose, for logit.
        outside: utility of buying nothing, for logit.

    Returns:
        The model.

    Raises:
        TableError: the columns fit no model, a product is missing or unknown, anything wrong in a table.
        OptionError: logit with cross effects or without customers.
    """
    every = (_PRODUCT, *(column for own in _FORMS.values() for column in own))
    header = set(read_raw(source, every, name="table of demand").header)
    form = next((name for name, columns in _FORMS.items() if columns[0].name in header), None)
    if form is None:
        ways = "; ".join(f"product, {', '.join(column.name for column in own)}" for own in _FORMS.values())
        raise TableError(f"the table of demand has the columns {sorted(header)}; legal are {ways}")
    first, second = _columns(source, form, products)
    if form == "logit":
        if cross is not None:
            raise OptionError("logit demand has no cross effects of its own: leave cross out")
        if customers is None or isinstance(customers, bool) or not customers > 0:
            raise OptionError(f"customers is {customers!r}; logit demand needs how many choose, above 0")
        if math.isnan(outside) or outside == math.inf:
            raise OptionError(f"outside is {outside!r}; legal is a number, or -inf where everybody buys")
        return LogitDemand(first, second, float(customers), float(outside))
    effects = _cross(cross, products)
    if form == "linear":
        return LinearDemand(first, second, effects)
    return ElasticDemand(first, products.prices, effects + np.diag(second))


def _columns(
    source: TableSource, form: str, products: Products
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two columns of numbers in the order of the products."""
    table = read_table(source, (_PRODUCT, *_FORMS[form]), name="table of demand")
    problems, names = table.problems(), products.names
    for i, name in enumerate(table.column("product")):
        if name not in names:
            problems.add(_unknown(name, names), row=i, column="product")
    problems.raise_if_any()
    frame = pd.DataFrame({column.name: table.column(column.name) for column in (_PRODUCT, *_FORMS[form])})
    missing = [name for name in names if name not in set(frame["product"])]
    if missing:
        raise TableError(f"the table of demand has no row for {', '.join(missing)}; add one for each")
    frame = frame.set_index("product").loc[names]
    first, second = (frame[column.name].to_numpy(dtype=np.float64) for column in _FORMS[form])
    return first, second


def _cross(source: TableSource | None, products: Products) -> NDArray[np.float64]:
    """Effects of price j on product i, shape (P, P)."""
    names = products.names
    found = np.zeros((len(names), len(names)))
    if source is None:
        return found
    columns = (
        Column("product", "text", help="whose demand"),
        Column("other", "text", help="whose price"),
        Column("effect", "number", help="what the other's price does to it"),
    )
    table = read_table(source, columns, name="table of cross effects")
    problems, seen = table.problems(), set()
    rows = zip(table.column("product"), table.column("other"), table.column("effect"))
    for i, (name, other, effect) in enumerate(rows):
        known = [label in names for label in (name, other)]
        for column, label, there in zip(("product", "other"), (name, other), known):
            if not there:
                problems.add(_unknown(label, names), row=i, column=column)
        if name == other:
            problems.add(f"{name!r} stands with itself; its own effect is in the demand table", row=i)
        if (name, other) in seen:
            problems.add(f"the effect of {other!r} on {name!r} stands in the table twice", row=i)
        seen.add((name, other))
        if all(known):
            found[names.index(name), names.index(other)] = effect
    problems.raise_if_any()
    return found


def _unknown(label: str, names: list[str]) -> str:
    near = nearest(label, names)
    hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(names)}"
    return f"{label!r} is no product of the plan; {hint}"
