"""Choose process improvements by what they save together, not by adding up.

The tables that ship with the package are synthetic (made by a seeded generator).
"""

from hybrid_opt.business import ProcessPlanner
from hybrid_opt.business.synthetic_processes import shipped_processes

files = shipped_processes()
planner = ProcessPlanner.from_csv(
    files.improvements,
    areas=files.areas,
    needs=files.needs,
    exclusions=files.exclusions,
    limits={"cost": 240_000, "staff": 150},
)

# Two improvements of one area do not add up: the second one saves its share of what the first one leaves.
plan = planner.solve(seed=0)
print(plan)
print(f"added up {plan.added_up():,.0f}, together {plan.value:,.0f}")

# Which rule costs most? Each was lifted or moved, and the question solved again.
print("\n".join(plan.binding()))

# The same question with other limits, side by side.
print(planner.scenarios({"less money": {"limits": {"cost": 180_000, "staff": 150}}}, seed=0))
print("report:", plan.report("process_report.html"))
