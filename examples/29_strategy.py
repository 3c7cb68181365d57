"""Choose projects and when they start: budgets per period, precedence, risk, and the efficient front.

The tables that ship with the package are synthetic (made by a seeded generator).
"""

import os

from hybrid_opt.business import StrategyPlanner
from hybrid_opt.business.synthetic_strategy import shipped_strategy

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size

files = shipped_strategy()
planner = StrategyPlanner.from_csv(
    files.projects, periods=4, budgets=500, rate=0.06, needs=files.needs, futures=files.futures, third="jobs"
)

# Proven by MILP; every point of the front is the least risk above a floor of value and of jobs.
plan = planner.solve(seed=0, pareto=3 if FAST else 8)
print(plan)
print(plan.schedule())

# How much value is it worth to sleep well? Variance costs, and the plan changes.
for aversion in (0.0, 0.005) if FAST else (0.0, 0.002, 0.005, 0.01):
    careful = planner.changed(risk_aversion=aversion).solve(seed=0, alternatives=1)
    words = f"value {careful.net_value():,.0f}, standard deviation {careful.deviation():,.0f}"
    print(f"aversion {aversion}: {words}, {', '.join(careful.starts())}")

print("report:", plan.report("strategy_report.html"))
