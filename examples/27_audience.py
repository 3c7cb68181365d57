"""Choose audiences that overlap: true reach with proof, and what a model with pairs loses.

The tables that ship with the package are synthetic (made by a seeded generator). Put your own files in their
place: segments (segment, size, cost, ...), and who belongs to them (person, segment) or how many they share.
"""

from hybrid_opt.marketing import AudiencePlanner
from hybrid_opt.marketing.synthetic_audience import shipped_audience

files = shipped_audience()
planner = AudiencePlanner.from_csv(files.segments, members=files.members, budget=6_000)

# The true reach of every selection is known, so that the best one is proven; greedy stands beside it.
plan = planner.solve(seed=0)
print(plan)
print("\n".join(plan.binding()))

# What if one segment were forced in, or left out?
print(planner.what_if("readers")[["readers", "reach", "loss"]])

# Without memberships, from sizes and pair overlaps alone: between which ends the reach lies.
pairs = AudiencePlanner.from_csv(files.segments, overlaps=files.overlaps, budget=6_000).solve(seed=0)
low, high = pairs.interval()
print(f"from pairs alone: {', '.join(pairs.chosen())}; they reach between {low:,.0f} and {high:,.0f} people")

print("report:", plan.report("audience_report.html"))
