"""Choose headline, image and call for every audience: pairs, production paid once, fatigue, raw tests beside.

The tables that ship with the package are synthetic (made by a seeded generator).
"""

import os

import pandas as pd

from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.marketing.synthetic_content import shipped_content

FAST = "HYBRID_OPT_EXAMPLE_FAST" in os.environ  # the tests run a reduced size

files = shipped_content()
planner = ContentPlanner.from_csv(
    files.levels,
    pairs=files.pairs,
    audiences=files.audiences,
    forbidden=files.forbidden,
    worth=30,  # money that one conversion brings
    budget=1_400,  # of all production; a video for three audiences is made, and paid, once
    fatigue=0.25,  # what a level shown all the time loses of its lead
)

# Draws move every effect within its error: a level that rarely stays chosen needs more tests, not a campaign.
plan = planner.solve(seed=0, draws=5 if FAST else 200, what_if=["startup: image"])
print(plan)
print(plan.variants())

# What would a larger budget, or the duty to try something new in two factors, change?
others = {"no limit": {"budget": None}, "explore two": {"explore": 2}}
print(planner.scenarios(others, seed=0).loc[["profit", "production cost"]])

# The same from raw tests: effects, their errors, and what the tests cannot tell apart.
costs = pd.read_csv(files.levels).drop(columns=["effect", "error"])
sizes = pd.read_csv(files.audiences).set_index("audience")["size"].to_dict()
from_tests = ContentPlanner.from_tests(
    files.tests,
    costs,
    interactions=[("headline", "image")],
    audiences=sizes,
    forbidden=files.forbidden,
    worth=30,
    budget=1_400,
    scale="logit",
)
estimated = from_tests.solve(seed=0, draws=5 if FAST else 20)
print(from_tests.estimate.table.head())
print(estimated.method, estimated.variants())
print(estimated.gaps())

print("report:", plan.report("content_report.html"))
