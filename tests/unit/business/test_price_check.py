import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business import PricePlanner
from hybrid_opt.business.price_check import check_profits
from hybrid_opt.business.price_columns import read_products
from hybrid_opt.business.price_demand import ElasticDemand, LinearDemand, LogitDemand
from hybrid_opt.business.price_options import PriceOptions
from hybrid_opt.errors import TableError

TWO = pd.DataFrame({"product": ["tea", "jam"], "price": [3.0, 5.0], "cost": [1.0, 2.0]})


def options(demand, ladder=((1.5, 3.0), (5.0, 6.0))):
    return PriceOptions.of(read_products(TWO), ladder, demand)


def elastic(*rows):
    return ElasticDemand(np.array([9.0, 9.0]), np.array([3.0, 5.0]), np.array(rows))


def test_an_elasticity_out_of_range_names_product_and_row():
    table = TWO.assign(volume=9, elasticity=[-2000, -1])[["product", "volume", "elasticity"]]
    words = r"index 0, column 'price': at a price of 1\.5 the profit of 'tea' can be inf"
    with pytest.raises(TableError, match=words):
        PricePlanner.from_tables(TWO, demand=table, ladder=[0.5])


def test_a_cross_effect_shows_only_where_the_other_price_moves():
    check_profits(options(elastic([-2.0, 1000.0], [0.0, -2.0])))
    with pytest.raises(TableError, match=r"index 0.*'tea' can be .*e\+\d{3}"):
        check_profits(options(elastic([-2.0, 1500.0], [0.0, -2.0])))


def test_a_price_out_of_range():
    linear = LinearDemand(np.array([9.0, 9.0]), np.array([1.0, 1.0]), np.zeros((2, 2)))
    check_profits(options(linear))
    with pytest.raises(TableError, match=r"index 1, column 'price'.*'jam' can be -inf.*leave such prices"):
        check_profits(options(linear, ((3.0,), (5.0, 1e300))))


def test_logit_is_bounded_whatever_the_utilities():
    check_profits(options(LogitDemand(np.array([1e4, -1e4]), np.array([-1.0, 0.0]), 10.0)))
