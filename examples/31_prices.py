"""Choose a price point for every product: demand with cross effects, a limit on changes, logit demand beside.

The tables that ship with the package are synthetic (made by a seeded generator).
"""

import os

import pandas as pd

from hybrid_opt.business import PricePlanner
from hybrid_opt.business.synthetic_prices import shipped_prices

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size

files = shipped_prices()
planner = PricePlanner.from_csv(
    files.products,
    demand=files.demand,
    cross=files.cross,
    order=files.order,
    ladder=[0.9, 1.0, 1.1],
    endings=[0.99, 0.49],
    max_changes=3,
)

# Proven by looking at all price lists, by MILP where there are too many; draws move demand within its doubt.
plan = planner.solve(seed=0, draws=5 if FAST else 50, what_if=["tea_small"])
print(plan)
print(plan.prices())

# How many price tags is it worth to print?
print(planner.scenarios({f"{k} changes": {"max_changes": k} for k in (1, 2, 6)}, seed=0).loc["profit"])

# With logit demand pairs of prices no longer hold the profit: it is enumerated, and the QUBO is judged by it.
products = pd.read_csv(files.products)
logit = pd.DataFrame(
    {"product": products["product"], "utility": 0.8 * products["price"], "price_effect": -0.9}
)
by_logit = planner.changed(demand=logit, cross=None, customers=2000).solve(seed=0)
print(by_logit.method, by_logit.price_list())
print(by_logit.gaps())

print("report:", plan.report("price_report.html"))
