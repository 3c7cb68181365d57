"""Price points: rounding by hand, least margins, and every wrong ladder."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.price_columns import read_products
from hybrid_opt.business.price_ladder import price_points, read_ladder
from hybrid_opt.errors import OptionError, TableError


def products(**columns):
    return read_products(
        pd.DataFrame({"product": ["tea", "milk"], "price": [10.0, 1.0], "cost": [6.0, 0.5], **columns})
    )


@pytest.mark.parametrize(
    ("price", "shares", "endings", "expected"),
    [
        (10.0, [0.9, 1.0, 1.1], None, [9.0, 10.0, 11.0]),
        (10.0, [0.9, 1.0, 1.1], [0.99], [8.99, 9.99, 10.99]),
        (10.0, [0.9, 1.0, 1.1], [0.99, 0.49], [8.99, 9.99, 10.99]),
        (10.0, [0.95], [0.99, 0.49], [9.49]),
        (3.0, [0.999, 1.001], [0.0], [3.0]),  # two shares, one price
        (0.3, [1.0], [0.99], [0.99]),  # a price below zero is none
        (1.0, [1.0], [0.5, 0.0], [1.0]),
        (0.75, [1.0], [0.5, 0.0], [0.5]),  # of two equally near ones the lower
    ],
)
def test_rounding(price, shares, endings, expected):
    assert [float(point) for point in price_points(price, shares, endings)] == expected


def test_today_is_always_a_price_point_and_fixed_has_no_other():
    points, notes = read_ladder([0.9], [0.99], products(fixed=[True, False]))
    assert points == [[10.0], [0.99, 1.0]]
    assert notes == []


def test_least_margins_drop_points():
    points, notes = read_ladder([0.5, 1.0, 2.0], None, products(min_margin=[0.5, 0.4]))
    assert points == [[20.0], [1.0, 2.0]]
    assert notes == ["today's price 10 of 'tea' is below its least margin"]
    # A margin exactly at the floor is kept: no rounding of decimals decides it.
    assert read_ladder([1.0], None, products(min_margin=[0.4, 0.5]))[0] == [[10.0], [1.0]]


def test_no_price_keeps_the_margin():
    with pytest.raises(TableError, match=r"no price up to 11 keeps a margin of 0\.9"):
        read_ladder([1.1], None, products(min_margin=[0.9, 0.1]))


def test_a_table_of_prices():
    table = pd.DataFrame({"product": ["tea", "tea"], "price": [12, 8]})
    assert read_ladder(table, None, products())[0] == [[8.0, 10.0, 12.0], [1.0]]
    with pytest.raises(TableError, match="did you mean 'tea'"):
        read_ladder(table.assign(product=["tea", "teaa"]), None, products())
    with pytest.raises(OptionError, match="leave them out"):
        read_ladder(table, [0.99], products())


@pytest.mark.parametrize(
    ("shares", "endings", "words"),
    [
        ([], None, "the list is empty"),
        ([0.0], None, "above 0"),
        ([float("nan")], None, "above 0"),
        ([True], None, "above 0"),
        ([1.0], [1.0], "from 0 to below 1"),
        ([1.0], [], "the list is empty"),
        ([1.0], ["x"], "from 0 to below 1"),
    ],
)
def test_wrong_numbers(shares, endings, words):
    with pytest.raises(OptionError, match=words):
        read_ladder(shares, endings, products())


@pytest.mark.parametrize(
    ("ladder", "endings", "words"),
    [
        (1.0, None, "ladder is 1.0; give shares of today's prices, e.g."),
        (None, None, "ladder is None; give shares"),
        (np.array(1.0), None, "give shares of today's prices"),
        (np.ones((2, 2)), None, "give shares of today's prices"),
        ([1.0], 0.99, "endings is 0.99; give fractional parts"),
        ([1.0], "0.99", "endings is '0.99'; give fractional parts"),
        ([1e300], None, "a share of the ladder is 1e[+]300; legal are numbers above 0 and below 1,000,000"),
    ],
)
def test_one_number_is_no_ladder(ladder, endings, words):
    with pytest.raises(OptionError, match=words):
        read_ladder(ladder, endings, products())


def test_numbers_of_numpy():
    plain = read_ladder([0.5, 1, 2], [0.5, 0.0], products())
    assert read_ladder(np.array([0.5, 1, 2]), np.array([0.5, 0.0]), products()) == plain
    assert read_ladder(np.array([1, 2]), None, products()) == read_ladder([1, 2], None, products())
    mixed = [np.float32(0.5), np.int64(2)]
    assert read_ladder(mixed, None, products()) == read_ladder([0.5, 2], None, products())
    assert read_ladder(pd.Series([1, 2]), None, products()) == read_ladder([1, 2], None, products())
