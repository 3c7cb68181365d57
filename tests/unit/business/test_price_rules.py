"""Limits of prices, one by one."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.price_columns import read_products
from hybrid_opt.business.price_demand import LinearDemand
from hybrid_opt.business.price_rules import change_side, demand_sides, index_side, order_sides
from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.planning.exact_sums import fits_exactly

PRODUCTS = read_products(
    pd.DataFrame(
        {
            "product": ["a", "b", "c", "d"],
            "price": [1.0, 2.0, 3.0, 4.0],
            "cost": 0.5,
            "tier": ["low", "mid", "high", "low"],
            "family": ["x", "x", "x", "y"],
        }
    )
)
OWNER, PRICES = np.array([0, 0, 1, 1, 2, 3]), np.array([1.0, 2.5, 2.0, 2.2, 3.0, 4.0])


def units(*chosen):
    return [1.0 if i in chosen else 0.0 for i in range(6)]


def test_order():
    table = pd.DataFrame({"product": ["a"], "other": ["b"]})
    (side,) = order_sides(PRODUCTS, OWNER, PRICES, table, None)
    assert side.keeps(units(0, 2, 4, 5))
    assert not side.keeps(units(1, 3, 4, 5))
    assert side.moved().keeps(units(1, 3, 4, 5))
    assert side.kind == "precedence"


def test_tiers_are_ordered_within_families():
    sides = order_sides(PRODUCTS, OWNER, PRICES, None, ["low", "mid", "high"])
    assert [side.label for side in sides] == [
        "a costs at most as much as b",
        "b costs at most as much as c",
    ]
    # A tier that the family lacks is stepped over, and a pair of the table stands once.
    table = pd.DataFrame({"product": ["a"], "other": ["c"]})
    without = read_products(
        pd.DataFrame({"product": ["a", "c"], "price": 1.0, "cost": 0.0, "tier": ["low", "high"]})
    )
    sides = order_sides(without, np.array([0, 1]), np.array([1.0, 1.0]), table, ["low", "mid", "high"])
    assert len(sides) == 1


@pytest.mark.parametrize("tiers", [["low"], ["low", "low"], "low"])
def test_wrong_tiers(tiers):
    with pytest.raises(OptionError, match="at least two different"):
        order_sides(PRODUCTS, OWNER, PRICES, None, tiers)


def test_a_tier_without_a_place():
    with pytest.raises(TableError, match="tier 'high' is none of low, mid"):
        order_sides(PRODUCTS, OWNER, PRICES, None, ["low", "mid"])


def test_changes_and_index():
    (side,) = change_side(np.array([False, True, False, True, False, False]), 1, 4)
    assert side.keeps(units(1, 2, 4, 5))
    assert not side.keeps(units(1, 3, 4, 5))
    today = np.array([1.0, 1, 2, 2, 3, 4])
    (side,) = index_side(PRICES, today, 1.025, 4)
    assert side.used(units(0, 3, 4, 5)) == pytest.approx(1.025)
    assert side.keeps(units(0, 3, 4, 5))
    assert not side.keeps(units(1, 2, 4, 5))
    assert change_side(today < PRICES, None, 4) == []
    assert index_side(PRICES, today, None, 4) == []


def test_the_index_is_exact_where_its_shares_are_no_decimals():
    # 2/3 + 2/3 + 5/3 is 3; rounded to 6 digits it was more.
    (side,) = index_side(np.array([2.0, 2.0, 5.0]), np.full(3, 3.0), 1.0, 3)
    assert side.keeps([1.0, 1.0, 1.0])
    assert not index_side(np.array([2.0, 2.0, 5.000001]), np.full(3, 3.0), 1.0, 3)[0].keeps([1.0] * 3)


def test_an_index_of_many_unlike_prices_still_adds_exactly():
    today = np.array([101, 103, 107, 109, 113, 127, 131, 137, 139, 149]) / 100
    prices = np.concatenate([today, np.round(today * 1.1, 2), np.round(today * 0.9, 2)])
    (side,) = index_side(prices, np.tile(today, 3), 1.0, 10)
    whole = side.in_units(Fraction(1), [Fraction(0)] * 30)
    assert fits_exactly(whole.weights, [1] * 30, [whole.high])
    random = np.random.default_rng(0)
    for level in random.integers(0, 3, (300, 10)):
        units = (level == np.arange(3)[:, None]).ravel().astype(float)
        true = sum(
            Fraction(str(p)) / Fraction(str(t)) for p, t, u in zip(prices, np.tile(today, 3), units) if u
        )
        assert side.keeps(units) == (true <= 10)
        assert side.used(units) == pytest.approx(float(true / 10), abs=1e-11)
    assert side.used([1.0] * 10 + [0.0] * 20) == 1.0


@pytest.mark.parametrize("most", [-1, 5, 1.5, True])
def test_wrong_numbers_of_changes(most):
    with pytest.raises(OptionError, match="max_changes"):
        change_side(np.array([True]), most, 4)


@pytest.mark.parametrize("most", [0, -1.0, float("inf"), True, "1"])
def test_wrong_indices(most):
    with pytest.raises(OptionError, match="max_index"):
        index_side(np.array([1.0]), np.array([1.0]), most, 4)


def test_only_demand_that_can_fall_below_zero_is_limited():
    base, slope = np.array([2.0, 9.0, 9.0, 9.0]), np.array([1.0, 1.0, 1.0, 1.0])
    (side,) = demand_sides(PRODUCTS, OWNER, PRICES, LinearDemand(base, slope, np.zeros((4, 4))))
    assert "demand of a" in side.label
    assert side.step == Fraction(0)
    assert side.keeps(units(0, 2, 4, 5))
    assert not side.keeps(units(1, 2, 4, 5))
