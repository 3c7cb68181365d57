"""The price task through its public door, against brute force over all price lists."""

import itertools
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt.business import PricePlanner
from hybrid_opt.errors import OptionError, PlanError, TableError

NAMES = ["small", "large", "own"]
PRODUCTS = pd.DataFrame(
    {
        "product": NAMES,
        "price": [2.5, 4.0, 2.0],
        "cost": [1.2, 2.0, 1.0],
        "min_margin": [0.3, np.nan, 0.2],
        "tier": ["base", "premium", "discount"],
        "uncertainty": [0.2, 0.1, np.nan],
    }
)
LINEAR = pd.DataFrame({"product": NAMES, "base": [200, 180, 150], "slope": [30, 20, 25]})
CROSS = pd.DataFrame(
    {"product": ["small", "large", "own"], "other": ["large", "small", "small"], "effect": [4, 3, 2]}
)
LOGIT = pd.DataFrame({"product": NAMES, "utility": [2.0, 3.5, 1.0], "price_effect": [-1.0, -1.1, -0.9]})
ELASTIC = pd.DataFrame({"product": NAMES, "volume": [100, 80, 60], "elasticity": [-2.2, -1.8, -2.5]})
EFFECTS = pd.DataFrame(
    {"product": ["small", "small", "large"], "other": ["large", "own", "small"], "effect": [0.5, 0.4, 0.3]}
)
ORDER = pd.DataFrame({"product": ["own"], "other": ["small"]})
LADDER = pd.DataFrame(
    {
        "product": ["small"] * 3 + ["large"] * 3 + ["own"] * 3,
        "price": [1.6, 2.2, 3.1, 3.4, 4.4, 5.2, 1.8, 2.4, 2.9],
    }
)
COST, TODAY = PRODUCTS["cost"].to_numpy(), PRODUCTS["price"].to_numpy()


def linear(p):
    cross = np.array([[0, 4, 0], [3, 0, 0], [2, 0, 0]])
    return LINEAR["base"].to_numpy() - LINEAR["slope"].to_numpy() * p + cross @ p


def logit(p):
    weight = np.exp(LOGIT["utility"].to_numpy() + LOGIT["price_effect"].to_numpy() * p)
    return 500 * weight / (1 + weight.sum())


def elastic(p):
    e = np.array([[-2.2, 0.5, 0.4], [0.3, -1.8, 0], [0, 0, -2.5]])
    return ELASTIC["volume"].to_numpy() * np.exp(e @ np.log(p / TODAY))


MODELS = {
    "linear": (linear, {"demand": LINEAR, "cross": CROSS}),
    "logit": (logit, {"demand": LOGIT, "customers": 500}),
    "elasticity": (elastic, {"demand": ELASTIC, "cross": EFFECTS}),
}


def price_lists():
    """All price lists whose prices keep their least margins."""
    given = [LADDER["price"][LADDER["product"] == name] for name in NAMES]
    own = [sorted({*prices, float(now)}) for prices, now in zip(given, TODAY)]
    least = PRODUCTS["min_margin"].fillna(-1)
    kept = [[p for p in ps if (p - c) / p >= m] for ps, c, m in zip(own, COST, least)]
    return [np.array(pick) for pick in itertools.product(*kept)]


def best(demand, keeps=lambda p: True):
    return max(((p - COST) @ demand(p), tuple(p)) for p in price_lists() if keeps(p))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("limits", "keeps"),
    [
        ({}, lambda p: True),
        ({"max_changes": 1}, lambda p: (p != TODAY).sum() <= 1),
        ({"order": ORDER, "max_changes": 2}, lambda p: p[2] <= p[0] and (p != TODAY).sum() <= 2),
        ({"tiers": ["discount", "base", "premium"]}, lambda p: p[2] <= p[0] <= p[1]),
        ({"max_index": 1.05}, lambda p: (p / TODAY).mean() <= 1.05),
    ],
)
def test_the_plan_is_the_best_of_all_price_lists(model, limits, keeps):
    demand, given = MODELS[model]
    plan = PricePlanner.from_tables(PRODUCTS, ladder=LADDER, **given, **limits).solve(seed=1)
    value, prices = best(demand, keeps)
    assert plan.status == "optimal"
    assert plan.value == pytest.approx(value)
    assert tuple(plan.price_list().values()) == prices
    assert plan.today_value == pytest.approx((TODAY - COST) @ demand(TODAY))


def test_everything_an_answer_says(tmp_path):
    demand, given = MODELS["logit"]
    planner = PricePlanner.from_tables(PRODUCTS, ladder=LADDER, order=ORDER, max_changes=1, **given)
    plan = planner.solve(seed=1, tolerance=0.05, draws=3, what_if=["small", "own at 2"])
    values = [
        (p - COST) @ demand(p) for p in price_lists() if p[2] <= p[0] and (p != TODAY).sum() <= 1
    ]
    assert plan.near.count == sum(value >= 0.95 * max(values) for value in values)
    assert plan.near.exact
    worth = plan.limits.set_index("limit")["gain"]
    two = best(demand, lambda p: p[2] <= p[0] and (p != TODAY).sum() <= 2)[0]
    assert worth["price changes"] == pytest.approx(two - max(values))
    assert worth["own costs at most as much as small"] >= 0
    held = plan.what_if["small"].set_index("option")["profit"]
    at = max(
        (p - COST) @ demand(p) for p in price_lists()
        if p[0] == 2.2 and p[2] <= p[0] and (p != TODAY).sum() <= 1
    )  # fmt: skip
    assert held["small at 2.2"] == pytest.approx(at)
    assert plan.stability.draws == 3
    table = plan.prices().set_index("product")
    assert table["profit"].sum() == pytest.approx(plan.value)
    assert table.loc["own", "near"].split(", ")[0] in ("1.8", "2")
    content = json.loads(plan.to_json())
    assert content["price_list"] == plan.price_list()
    assert content["status"] == "optimal"
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "p.xlsx"))
    assert {"prices", "options", "limits", "what if small"} <= set(book.sheetnames)
    page = plan.report(tmp_path / "p.html").read_text(encoding="utf-8")
    assert "price ladder" in page
    assert "What if small is held" in page
    assert "Which price for which product" in str(plan)


def test_scenarios_and_other_methods():
    planner = PricePlanner.from_tables(PRODUCTS, ladder=LADDER, demand=LINEAR, cross=CROSS, max_changes=1)
    frame = planner.scenarios({"free": {"max_changes": 3}}, seed=0)
    assert frame.loc["profit", "free"] >= frame.loc["profit", "as it is"]
    plan = planner.solve("anneal", qubits=8, seed=0)
    assert plan.today_value <= plan.value <= plan.bound + 1e-9
    assert plan.method == "improving blocks of items"
    with pytest.raises(OptionError, match="did you mean 'small'"):
        planner.solve(what_if=["smal"])
    with pytest.raises(OptionError, match="leave amounts out"):
        planner.what_if("small", [2.2])


def test_the_quantum_check_keeps_one_price_per_product():
    pytest.importorskip("qiskit_aer")
    planner = PricePlanner.from_tables(PRODUCTS, ladder=LADDER, demand=LINEAR, cross=CROSS)
    plan = planner.solve(seed=1, quantum=True, depth=1, shots=200, alternatives=1)
    assert plan.check.whole
    assert plan.check.qubo.n_bits == 11
    assert plan.check.optimum == pytest.approx(plan.value)
    assert plan.check.solution.quantum.feasible_share == pytest.approx(1.0)
    plain = planner.solve(seed=1, quantum=True, mixer="x", depth=1, shots=200, alternatives=1)
    assert plain.check.whole
    assert plain.check.qubo.n_bits == plain.check.solution.quantum.qubits < 11


def test_negative_demand_is_ruled_out():
    steep = LINEAR.assign(slope=[70, 20, 25])
    plan = PricePlanner.from_tables(PRODUCTS, ladder=LADDER, demand=steep).solve(seed=0)
    assert (plan.prices()["sold"] >= 0).all()
    with pytest.raises(TableError, match="negative at every allowed price"):
        PricePlanner.from_tables(PRODUCTS, ladder=LADDER, demand=LINEAR.assign(slope=[300, 20, 25]))


def test_limits_that_clash_are_named():
    # Today 'large' is dearer than 'own', and with no change allowed it stays so.
    order = pd.DataFrame({"product": ["large"], "other": ["own"]})
    with pytest.raises(PlanError, match="large costs at most as much as own"):
        PricePlanner.from_tables(PRODUCTS, ladder=LADDER, demand=LINEAR, order=order, max_changes=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one of them"),
        ({"demand": LINEAR, "history": LINEAR}, "exactly one of them"),
        ({"history": LINEAR, "cross": CROSS}, "leave cross out"),
        ({"demand": LINEAR, "max_changes": 4}, "max_changes is 4"),
        ({"demand": LINEAR, "max_index": 0}, "max_index is 0"),
        ({"demand": LINEAR, "tiers": ["base"]}, "at least two"),
        ({"demand": LOGIT}, "customers is None"),
        ({"demand": LOGIT, "customers": 9, "cross": CROSS}, "leave cross out"),
        ({"demand": LOGIT, "customers": 9, "outside": float("inf")}, "outside is inf"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(OptionError, match=words):
        PricePlanner.from_tables(PRODUCTS, **options)


def test_uncertainty_is_asked_for():
    plain = PRODUCTS.drop(columns="uncertainty")
    plan = PricePlanner.from_tables(plain, ladder=LADDER, demand=LINEAR).solve(seed=0, draws=2)
    assert plan.stability is None
    assert any("stability was left out" in note for note in plan.notes)


@pytest.mark.parametrize("demand", ["linear", "elasticity"])
def test_beyond_enumeration(demand):
    # Eight products of seven prices are 5.8 million price lists: MILP for pairs, no claim beyond them.
    names = [f"p{i}" for i in range(8)]
    products = pd.DataFrame({"product": names, "price": 3.0, "cost": 1.5})
    table = (
        pd.DataFrame({"product": names, "base": np.arange(100, 180, 10), "slope": 20.0})
        if demand == "linear"
        else pd.DataFrame({"product": names, "volume": 50.0, "elasticity": np.linspace(-3, -1.5, 8)})
    )
    plan = PricePlanner.from_tables(products, demand=table, max_changes=4).solve(seed=0, alternatives=3)
    assert (plan.prices()["plan"] != 3.0).sum() <= 4
    assert plan.value >= plan.today_value
    assert (plan.status == "optimal") == (demand == "linear")
    assert not plan.near.exact
    assert plan.near.count >= 1


def test_the_index_keeps_the_best_price_list_that_meets_it_exactly():
    products = pd.DataFrame({"product": list("abc"), "price": 3.0, "cost": 0.0})
    demand = pd.DataFrame({"product": list("abc"), "base": 100, "slope": [40, 40, 1]})
    ladder = pd.DataFrame({"product": list("aabbcc"), "price": [2, 3, 2, 3, 3, 5]})
    plan = PricePlanner.from_tables(products, demand=demand, ladder=ladder, max_index=1.0).solve(seed=1)
    assert (plan.status, plan.value) == ("optimal", 555.0)
    assert plan.prices()["plan"].tolist() == [2.0, 2.0, 5.0]


@pytest.mark.parametrize(
    ("demand", "options"),
    [({"base": 100, "slope": 5.0}, {}), ({"utility": 1.0, "price_effect": -0.1}, {"customers": 1000})],
)
def test_more_products_than_an_array_has_axes(demand, options):
    names = [f"p{i}" for i in range(80)]
    fixed = ["no"] * 3 + ["yes"] * 77
    table = pd.DataFrame({"product": names, "price": 10.0, "cost": 2.0, "fixed": fixed})
    given = pd.DataFrame({"product": names, **demand})
    planner = PricePlanner.from_tables(table, demand=given, ladder=[0.9, 1.0, 1.1], **options)
    plan = planner.solve(seed=1)
    assert plan.status == "optimal"
    best = -np.inf
    for free in itertools.product([9.0, 10.0, 11.0], repeat=3):
        prices = np.array([[*free, *[10.0] * 77]])
        best = max(best, float(planner.options.profits(prices).sum()))
    assert plan.value == pytest.approx(best)
    held = PricePlanner.from_tables(table.assign(fixed="yes"), demand=given, **options).solve(seed=1)
    assert held.prices()["plan"].tolist() == [10.0] * 80
