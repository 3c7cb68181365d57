"""Plan a marketing budget from two tables, with proof and with reasons.

The tables that ship with the package are synthetic (made by a seeded generator). Put your own CSV files in
their place: a plan table (channel, current, min, max, step, ...) and response curves from any
marketing-mix tool (channel, spend, response).
"""

from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.marketing.synthetic import shipped_example
from hybrid_opt.planning import compare

plan_file, curves_file, caps_file = shipped_example()
planner = BudgetPlanner.from_csv(plan_file, curves_file, caps=caps_file)

# The optimum at the plan's own step size is proven by dynamic programming, not found by a local search.
plan = planner.solve(seed=0)
print(plan)

# Why not more? Each limit was moved by one step and the plan solved again.
print("\n".join(plan.binding()))

# A page with curves, bars and a waterfall that opens offline.
print("report:", plan.report("budget_report.html"))

# The same question with ten percent less money, side by side with the first plan.
smaller = BudgetPlanner.from_csv(plan_file, curves_file, caps=caps_file, budget=180_000).solve(seed=0)
print(compare({"200,000": plan, "180,000": smaller}))
