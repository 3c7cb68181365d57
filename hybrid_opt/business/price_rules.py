"""Limits of a price plan: order of prices, tiers, number of changes, price index, no negative demand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.exact_sums import fits_exactly
from ..planning.line_side import LineSide
from ..planning.money import exact
from ..planning.pair_table import read_links
from ..planning.table import TableSource
from .price_columns import PRODUCTS, Products
from .price_demand import LinearDemand

__all__ = ["change_side", "demand_sides", "index_side", "order_sides"]

SHARE_PARTS = 10**12
DEMAND_DIGITS = 1_000_000  # demand is checked to a millionth of its largest part, on the safe side


def order_sides(
    products: Products,
    owner: NDArray[np.int64],
    prices: NDArray[np.float64],
    order: TableSource | None,
    tiers: Sequence[str] | None,
) -> list[LineSide]:
    """Products that may not be dearer than others.

    Args:
        products: the products.
        owner: position of the product of each option, shape (N,).
        prices: price of each option, shape (N,).
        order: table (product, other): the product costs at most as much as the other.
        tiers: from cheap to dear; within a family every product of a tier costs at most as much as every
            product of the next tier that the family has.

    Returns:
        One limit per pair.

    Raises:
        TableError: unknown products, a product without a tier or with one that is not named.
        OptionError: fewer than two tiers, or one twice.
    """
    names = products.names
    pairs = list(read_links(order, names, PRODUCTS, "other", name="table of price order"))
    pairs += [pair for pair in _tier_pairs(products, tiers) if pair not in pairs]
    sides = []
    for first, other in pairs:
        signs = {names.index(first): 1, names.index(other): -1}
        weights = [signs.get(int(p), 0) * exact(price) for p, price in zip(owner, prices.tolist())]
        label = f"{first} costs at most as much as {other}"
        lifted = Fraction(int(prices.max()) + 1)
        sides.append(LineSide(label, "precedence", tuple(weights), Fraction(0), lifted))
    return sides


def _tier_pairs(products: Products, tiers: Sequence[str] | None) -> list[tuple[str, str]]:
    if tiers is None:
        return []
    named = list(tiers)
    if isinstance(tiers, str) or len(named) < 2 or len(set(named)) < len(named):
        raise OptionError(f"tiers is {tiers!r}; name at least two different ones, from cheap to dear")
    problems = products.checked.problems()
    for i, tier in enumerate(products.texts("tier")):
        if tier not in named:
            problems.add(f"tier {tier!r} is none of {', '.join(named)}", row=i, column="tier")
    problems.raise_if_any()
    families: dict[str, dict[str, list[str]]] = {}
    rows = zip(products.names, products.texts("tier"), products.texts("family"))
    for name, tier, family in rows:
        families.setdefault(family, {}).setdefault(tier, []).append(name)
    pairs = []
    for own in families.values():
        present = [tier for tier in named if tier in own]
        for low, high in pairwise(present):
            pairs += [(first, other) for first in own[low] for other in own[high]]
    return pairs


def change_side(changed: NDArray[np.bool_], most: int | None, products: int) -> list[LineSide]:
    """At most so many prices change: whether each option is another than today's, shape (N,).

    Raises:
        OptionError: the number is no whole number from 0 to the number of products.
    """
    if most is None:
        return []
    whole = isinstance(most, (int, np.integer)) and not isinstance(most, bool)
    if not whole or not 0 <= most <= products:
        raise OptionError(f"max_changes is {most!r}; legal are whole numbers from 0 to {products}, or None")
    weights = tuple(Fraction(int(flag)) for flag in changed.tolist())
    return [LineSide("price changes", "resource", weights, Fraction(int(most)), Fraction(1))]


def index_side(
    prices: NDArray[np.float64], today: NDArray[np.float64], most: float | None, products: int
) -> list[LineSide]:
    """The mean of price / today's price is at most so much.

    The shares are fractions of the written prices and exact, as long as their sum fits: many products whose
    prices have nothing in common make the common denominator huge. Their shares are then cut to 12 decimals,
    so that no plan that keeps the limit is lost and none exceeds it by more than that.

    Args:
        prices: price of each option, shape (N,).
        today: today's price of its product, shape (N,).
        most: the limit, or None.
        products: how many products there are.

    Returns:
        One limit, or none.

    Raises:
        OptionError: the limit is not finite and positive.
    """
    if most is None:
        return []
    number = isinstance(most, (int, float, np.number)) and not isinstance(most, bool)
    if not number or not math.isfinite(most) or most <= 0:
        raise OptionError(f"max_index is {most!r}; legal is a finite number above 0, or None; 1 is today's")
    shares = [exact(price) / exact(now) for price, now in zip(prices.tolist(), today.tolist(), strict=True)]
    side = _index(shares, exact(float(most)), products)
    whole, ones = side.in_units(Fraction(1), [Fraction(0)] * len(shares)), [1] * len(shares)
    if not fits_exactly(whole.weights, ones, [whole.high]):
        cut = [Fraction(math.floor(share * SHARE_PARTS), SHARE_PARTS) for share in shares]
        side = _index(cut, side.high, products)
    return [side]


def _index(shares: Sequence[Fraction], most: Fraction, products: int) -> LineSide:
    weights = tuple(share / products for share in shares)
    return LineSide("price index", "resource", weights, most, Fraction(1, 100))


def demand_sides(
    products: Products, owner: NDArray[np.int64], prices: NDArray[np.float64], demand: LinearDemand
) -> list[LineSide]:
    """Linear demand must not fall below zero, where some choice of prices would make it.

    Raises:
        TableError: the demand of a product is negative at all allowed prices.
    """
    sides, names = [], products.names
    for i, name in enumerate(names):
        effects = np.where(np.arange(len(names)) == i, -demand.slope[i], demand.cross[i])
        parts = effects[owner] * prices
        groups = [parts[owner == p] for p in range(len(names))]
        least = float(demand.base[i]) + sum(float(own.min()) for own in groups)
        most = float(demand.base[i]) + sum(float(own.max()) for own in groups)
        if most < 0:
            raise TableError(
                f"the demand of {name!r} is negative at every allowed price (at most {most:,.6g}); check its "
                "base and slope, or lower the prices"
            )
        if least < 0:
            scale = DEMAND_DIGITS / max(float(np.abs(parts).max()), abs(float(demand.base[i])), 1e-300)
            weights = tuple(Fraction(-math.floor(part * scale)) for part in parts.tolist())
            high = Fraction(math.floor(float(demand.base[i]) * scale))
            label = f"the demand of {name} is not negative"
            sides.append(LineSide(label, "minimum", weights, high, Fraction(0), minimum=True))
    return sides
