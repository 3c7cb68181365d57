"""A budget from a weekly history: curves fitted, checked on weeks they have not seen, and a plan with proof.

The history that ships with the package is synthetic, made by a seeded generator; its true curves are known.
"""

import os

import pandas as pd

from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.marketing.synthetic_history import history_truth, shipped_history

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size

# Adstock and a Hill curve per channel, beside level, trend, season and controls. The last 26 weeks are left
# out first and foreseen, beside a model without media.
planner = BudgetPlanner.from_history(
    shipped_history(),
    outcome="revenue",
    date="week",
    spend=["tv", "search", "social"],
    controls=["price", "holiday"],
    starts=2 if FAST else 12,
)
print(planner.history)
print("the curves that the generator used:", history_truth(3), sep="\n")

# The standard errors of the fit become the intervals of the curves, from which the draws come.
plan = planner.solve(seed=0, draws=10 if FAST else 100)
print(plan)

# How little money would bring what today's spends bring? And what if each unit of money must return 2.6?
least = planner.least_spend(plan.today_value, seed=0)
print(least.least.text())
careful = planner.changed(spend="at_most", roas_floor=2.6).solve(seed=0)
print(careful.floor.text())

# Channels that help each other: the same table as for given curves.
pairs = pd.DataFrame({"channel": ["tv"], "other": ["search"], "strength": [0.3]})
print(planner.changed(synergies=pairs).solve(seed=0).allocation())

print("report:", plan.report("budget_from_history.html"))
