"""Demand models by hand, and every wrong table."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.price_columns import read_products
from hybrid_opt.business.price_demand import ElasticDemand, LinearDemand, LogitDemand
from hybrid_opt.business.price_demand_tables import read_demand
from hybrid_opt.errors import TableError

PRODUCTS = read_products(pd.DataFrame({"product": ["a", "b"], "price": [2.0, 4.0], "cost": [1.0, 2.0]}))
LINEAR = pd.DataFrame({"product": ["b", "a"], "base": [30, 20], "slope": [2, 3]})
CROSS = pd.DataFrame({"product": ["a"], "other": ["b"], "effect": [0.5]})


def read(source, cross=None, customers=None, outside=0.0):
    return read_demand(source, cross, PRODUCTS, customers=customers, outside=outside)


def test_linear():
    demand = read(LINEAR, CROSS)
    assert isinstance(demand, LinearDemand)
    # a: 20 - 3 * 2 + 0.5 * 5, b: 30 - 2 * 5
    assert demand.quantities(np.array([[2.0, 5.0]])).tolist() == [[16.5, 20.0]]


def test_elasticity():
    table = pd.DataFrame({"product": ["a", "b"], "volume": [8, 9], "elasticity": [-2, -1]})
    demand = read(table, CROSS)
    assert isinstance(demand, ElasticDemand)
    # a doubles its price: 8 / 4; b quadruples: 9 / 4, and a gains 4 ** 0.5.
    np.testing.assert_allclose(demand.quantities(np.array([[4.0, 16.0]])), [[4.0, 2.25]])


def test_logit():
    table = pd.DataFrame({"product": ["a", "b"], "utility": [np.log(4), np.log(8)], "price_effect": [0, 0]})
    demand = read(table, customers=130)
    assert isinstance(demand, LogitDemand)
    np.testing.assert_allclose(demand.quantities(np.array([[1.0, 1.0]])), [[40.0, 80.0]])
    everybody = read(table, customers=120, outside=-np.inf)
    np.testing.assert_allclose(everybody.quantities(np.array([[1.0, 1.0]])), [[40.0, 80.0]])


def test_large_utilities_do_not_overflow():
    demand = LogitDemand(np.array([2000.0]), np.array([-1.0]), 10.0)
    assert demand.quantities(np.array([[1.0]])).tolist() == [[10.0]]


@pytest.mark.parametrize(
    ("table", "cross", "words"),
    [
        (pd.DataFrame({"product": ["a"], "sales": [1]}), None, "legal are product, base, slope"),
        (LINEAR[:1], None, "no row for a"),
        (LINEAR.assign(product=["b", "aa"]), None, "'aa' is no product"),
        (LINEAR.assign(slope=[-1, 1]), None, "slope"),
        (LINEAR, CROSS.assign(other=["c"]), "'c' is no product"),
        (LINEAR, CROSS.assign(other=["a"]), "stands with itself"),
        (LINEAR, pd.concat([CROSS, CROSS]), "twice"),
        (pd.DataFrame({"product": ["a", "b"], "volume": 1, "elasticity": [1, -1]}), None, "elasticity"),
        (pd.DataFrame({"product": ["a", "b"], "utility": 1, "price_effect": [1, -1]}), None, "price_effect"),
    ],
)
def test_wrong_tables(table, cross, words):
    with pytest.raises(TableError, match=words):
        read(table, cross, customers=10)
