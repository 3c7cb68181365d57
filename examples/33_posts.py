"""Put posts into the slots of a week: fatigue, topics that keep apart, a weekend post; slots from past posts.

The tables that ship with the package are synthetic (made by a seeded generator).
"""

import os

from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.marketing.synthetic_posting import shipped_posting

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size

files = shipped_posting()
planner = PostingPlanner.from_csv(
    files.slots,
    posts=files.posts,
    fatigue=0.3,  # two posts at once would each lose 30 %, two days apart nothing
    fatigue_hours=48,
    topic_gap=48,
    max_per_day=1,
    weekend=(1, None),
)

# Proven over all sets of slots; draws move the engagement of each slot within its standard error.
plan = planner.solve(seed=0, draws=3 if FAST else 30)
print(plan)
print(plan.placements())

# Without fatigue nothing interacts: a linear assignment is exact, and the plan says that no QUBO is needed.
alone = planner.changed(fatigue=0.0, topic_gap=0.0, max_per_day=None, weekend=(None, None)).solve(seed=0)
print(alone.method, "-", alone.notes[0])

# Four slots of the week from past posts: days and hours with few posts are drawn towards what others tell.
history = PostingPlanner.from_csv(history=files.history, choose=4, fatigue=0.3, fatigue_hours=48)
slots = history.solve(seed=0)
print(slots.chosen(), slots.notes[:2])

print("report:", plan.report("posting_report.html"))
