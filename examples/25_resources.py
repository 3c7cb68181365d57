"""Divide staff and money among departments, with proof, fairness and the worth of one more post.

The tables that ship with the package are synthetic (made by a seeded generator). Put your own CSV files in
their place: a department table (department, current, min, max, step, perhaps service and need, and a column
with the use per level for each resource) and value curves (department, level, value).
"""

import pandas as pd

from hybrid_opt.business import ResourcePlanner
from hybrid_opt.business.synthetic_resources import shipped_example

files = shipped_example()
planner = ResourcePlanner.from_csv(
    files.departments,
    files.curves,
    resources={"staff": 40, "money": 246_000},  # a level is a post, so staff needs no column
    fairness=files.fairness,
    synergies=files.synergies,
)

# Proven best; other exact methods and greedy stand beside; draws of the curves show what holds up.
plan = planner.solve(seed=7, draws=10)
print(plan)

# One more post, four thousand more money: each limit was moved by a step and the plan solved again.
print(plan.resources())

# What if sales were held at other levels, and what if there were fewer posts?
print(planner.what_if("sales", [6, 8, 10]))
print(planner.scenarios({"38 posts": {"resources": {"staff": 38, "money": 246_000}}}, seed=7))

# Where one limit can bind and all curves are concave, greedy by marginal value is optimal, and the plan says
# that it checked. The curve of development is S-shaped, so it is left out here.
departments, curves = pd.read_csv(files.departments), pd.read_csv(files.curves)
simple = ResourcePlanner.from_tables(
    departments[departments["department"] != "development"],
    curves[curves["department"] != "development"],
    resources={"staff": 32, "money": 1_000_000},
)
for row in simple.solve(seed=7).baselines:
    print(f"{row.method}: {row.value:,.0f}, {'proven' if row.proven else 'no proof'}, {row.note}")

# A page that opens offline.
print("report:", plan.report("resources.html"))
