"""Demand from a history: exact where there is no noise, and a warning for whatever it cannot tell."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business import PricePlanner
from hybrid_opt.business.price_columns import read_products
from hybrid_opt.business.price_demand import ElasticDemand, LinearDemand
from hybrid_opt.business.price_history import estimate_demand
from hybrid_opt.errors import OptionError, TableError

FRAME = pd.DataFrame({"product": ["a", "b"], "price": [2.0, 4.0], "cost": [1.0, 2.0]})
PRODUCTS = read_products(FRAME)
LINEAR = LinearDemand(np.array([20.0, 30.0]), np.array([3.0, 2.0]), np.array([[0, 0.5], [0.2, 0]]))
ELASTIC = ElasticDemand(np.array([8.0, 9.0]), np.array([2.0, 4.0]), np.array([[-2, 0.5], [0.3, -1]]))


def history(demand, periods=12, seed=0, noise=0.0, prices=None):
    random = np.random.default_rng(seed)
    if prices is None:
        prices = np.array([2.0, 4.0]) * random.uniform(0.8, 1.2, (periods, 2))
    sold = demand.quantities(prices) * (1 + noise * random.standard_normal(prices.shape))
    return pd.DataFrame(
        [
            {"period": f"w{t}", "product": name, "price": prices[t, i], "quantity": sold[t, i]}
            for t in range(len(prices))
            for i, name in enumerate("ab")
        ]
    )


@pytest.mark.parametrize(("demand", "form"), [(LINEAR, "linear"), (ELASTIC, "elasticity")])
def test_without_noise_the_demand_is_found(demand, form):
    found = estimate_demand(history(demand), PRODUCTS, form)
    prices = np.array([[1.7, 3.9], [2.2, 4.4]])
    np.testing.assert_allclose(found.demand.quantities(prices), demand.quantities(prices), rtol=1e-6)
    assert found.notes == []
    assert (found.uncertainty < 1e-6).all()


def test_standard_errors_are_those_of_least_squares():
    table = history(LINEAR, periods=30, noise=0.05, seed=1)
    found = estimate_demand(table, PRODUCTS)
    wide = table.pivot(index="period", columns="product", values="price").to_numpy()
    sold = table.pivot(index="period", columns="product", values="quantity").to_numpy()
    design = np.column_stack([np.ones(30), wide])
    weights, squares = np.linalg.lstsq(design, sold[:, 0])[:2]
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * squares[0] / 27)
    own = found.table.set_index(["product", "other"]).loc["a"]
    np.testing.assert_allclose(own["effect"], weights[1:])
    np.testing.assert_allclose(own["error"], errors[1:])
    assert 0 < found.uncertainty[0] < 0.1


def test_what_prices_cannot_tell_is_said():
    still = np.column_stack([np.full(8, 2.0), np.linspace(3.5, 4.5, 8)])
    notes = estimate_demand(history(LINEAR, prices=still), PRODUCTS).notes
    assert any("price of 'a' never changed" in note for note in notes)
    two = np.column_stack([np.tile([1.8, 2.2], 4), np.linspace(3.5, 4.5, 8)])
    notes = estimate_demand(history(LINEAR, prices=two), PRODUCTS).notes
    assert any("'a' took only two values" in note for note in notes)
    ramp = np.linspace(0.9, 1.1, 12)
    wobble = 1e-3 * np.cos(np.arange(12))
    notes = estimate_demand(
        history(LINEAR, prices=np.column_stack([2 * ramp, 4 * (ramp + wobble)])), PRODUCTS
    ).notes
    assert any("cannot be told apart" in note for note in notes)


def test_a_wrong_sign_is_named_and_not_used():
    rising = LinearDemand(np.array([5.0, 30.0]), np.array([-3.0, 2.0]), np.zeros((2, 2)))
    found = estimate_demand(history(rising), PRODUCTS)
    assert any("sells more when it is dearer" in note for note in found.notes)
    assert found.demand.slope[0] == 0.0


def test_prices_beyond_the_history_are_named():
    planner = PricePlanner.from_tables(FRAME, history=history(LINEAR), ladder=[1.0, 1.5])
    assert any("extrapolated: 3" in note for note in planner.notes)
    plan = planner.solve(seed=0)
    assert plan.estimate is not None
    assert "estimates" in plan.frames()
    assert "history" in plan.origin()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (history(LINEAR)[:-1], "no row for b"),
        (history(LINEAR, periods=3), "give more periods"),
        (history(LINEAR).query("product == 'a'"), "no row for b"),
        (pd.concat([history(LINEAR)] * 2), "twice in period"),
        (history(LINEAR).assign(price=-1), "price"),
    ],
)
def test_wrong_histories(table, words):
    with pytest.raises(TableError, match=words):
        estimate_demand(table, PRODUCTS)


def test_wrong_forms():
    with pytest.raises(OptionError, match="form is 'log'"):
        estimate_demand(history(LINEAR), PRODUCTS, "log")
    with pytest.raises(TableError, match="no logarithm"):
        estimate_demand(history(LINEAR).assign(quantity=0), PRODUCTS, "elasticity")
