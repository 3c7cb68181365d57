"""The price points that a product may have: given ones, or shares of today's price rounded to endings.

A price point ends like a price on a label (.99, .95). Today's price is always one of them. Points below a
product's least margin (price - cost) / price are left out.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..planning.money import exact, money_text
from ..planning.table import Column, TableSource, nearest, read_table
from .price_columns import Products

__all__ = ["SHARES", "Ladder", "price_points", "read_ladder"]

SHARES = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15)
Ladder = TableSource | Sequence[float]
MOST_SHARE = 1e6  # a price a million times today's is none
_CENT = Fraction(1, 100)


def price_points(price: float, shares: Sequence[float], endings: Sequence[float] | None) -> list[Fraction]:
    """Shares of a price, each rounded to the nearest price with a legal ending.

    Args:
        price: price today.
        shares: positive factors.
        endings: legal fractional parts, such as 0.99 and 0.95; None rounds to cents.

    Returns:
        Prices above 0, increasing, each once; of two equally near ones the lower.

    Example:
        >>> [float(point) for point in price_points(10.0, [0.9, 1.1], [0.99, 0.49])]
        [8.99, 10.99]
    """
    found = set()
    for share in shares:
        wish = exact(price) * exact(share)
        if endings is None:
            near = [Fraction(round(wish / _CENT)) * _CENT]
        else:
            whole = math.floor(wish)
            near = [whole + k + exact(end) for k in (-1, 0, 1) for end in endings]
        near = [point for point in near if point > 0]
        if near:
            found.add(min(near, key=lambda point: (abs(point - wish), point)))
    return sorted(found)


def read_ladder(
    ladder: Ladder, endings: Sequence[float] | None, products: Products
) -> tuple[list[list[float]], list[str]]:
    """The allowed prices of every product.

    Args:
        ladder: table (product, price), or shares of today's prices.
        endings: legal fractional parts for shares; None rounds to cents.
        products: the products.

    Returns:
        Prices of each product, increasing, and notes on what was left out.

    Raises:
        OptionError: a share or an ending is illegal, or endings are given for a table.
        TableError: an unknown product, or a product without any price that keeps its least margin.
    """
    names = products.names
    if not isinstance(ladder, (str, PathLike, pd.DataFrame)):
        _check_list("ladder", ladder, "shares of today's prices, e.g. [0.9, 1.0, 1.1], or a table")
        _check_numbers("a share of the ladder", ladder, 0.0, MOST_SHARE)
        if endings is not None:
            _check_list("endings", endings, "fractional parts of prices, e.g. [0.99, 0.95]")
            _check_numbers("an ending", endings, -1e-12, 1.0)
        points = [price_points(price, ladder, endings) for price in products.prices.tolist()]
    else:
        if endings is not None:
            raise OptionError("endings round shares of today's prices; leave them out for a table of prices")
        points = _table(ladder, names)
    found, notes, problems = [], [], products.checked.problems()
    rows = zip(names, products.prices, products.costs, products.numbers("min_margin"), points)
    for i, (name, today, cost, least, own) in enumerate(rows):
        if products.checked.column("fixed")[i]:
            found.append([float(today)])
            continue
        all_points = sorted({*own, exact(float(today))})
        floor = Fraction(0) if math.isnan(least) else exact(float(least))
        kept = [p for p in all_points if math.isnan(least) or (p - exact(float(cost))) / p >= floor]
        if not kept:
            highest = money_text(all_points[-1])
            words = f"no price up to {highest} keeps a margin of {floor}; lower it, or add higher prices"
            problems.add(words.replace(str(floor), f"{float(floor):g}"), row=i, column="min_margin")
            found.append([float(today)])
            continue
        dropped = [float(p) for p in all_points if p not in kept]
        if float(today) in dropped:
            notes.append(f"today's price {money_text(today)} of {name!r} is below its least margin")
        found.append([float(p) for p in kept])
    problems.raise_if_any()
    return found, notes


def _check_list(what: str, numbers: Any, legal: str) -> None:
    wrong = not isinstance(numbers, Collection) or isinstance(numbers, (str, bytes, Mapping))
    if wrong or getattr(numbers, "ndim", 1) != 1:
        raise OptionError(f"{what} is {numbers!r}; give {legal}")


def _check_numbers(what: str, numbers: Sequence[float], above: float, below: float) -> None:
    if not len(numbers):
        raise OptionError(f"{what} is missing: the list is empty")
    for number in numbers:
        real = isinstance(number, (int, float, np.number)) and not isinstance(number, bool)
        if not real or not above < number < below:
            limits = f"above 0 and below {below:,.0f}" if above == 0.0 else "from 0 to below 1"
            raise OptionError(f"{what} is {number!r}; legal are numbers {limits}")


def _table(source: TableSource, names: list[str]) -> list[list[Fraction]]:
    columns = (
        Column("product", "text", help="a product of the plan"),
        Column("price", "money", above=0, help="a price that it may have"),
    )
    table = read_table(source, columns, name="table of prices")
    problems = table.problems()
    points: dict[str, set[Fraction]] = {name: set() for name in names}
    for i, (name, price) in enumerate(zip(table.column("product"), table.column("price"))):
        if name not in points:
            near = nearest(name, names)
            hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(names)}"
            problems.add(f"{name!r} is no product of the plan; {hint}", row=i, column="product")
            continue
        points[name].add(exact(float(price)))
    problems.raise_if_any()
    return [sorted(points[name]) for name in names]
