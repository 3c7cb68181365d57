"""Random audiences under random rules: the proven selection is the best of all selections."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing import AudiencePlanner


@st.composite
def questions(draw):
    n = draw(st.integers(2, 5))
    names = [f"s{i}" for i in range(n)]
    rows = draw(st.lists(st.tuples(*[st.booleans()] * n, st.integers(1, 9)), min_size=1, max_size=8))
    members = pd.DataFrame([[row[-1], *map(int, row[:-1])] for row in rows], columns=["people", *names])
    assume(members[names].to_numpy().any())
    segments = pd.DataFrame(
        {
            "segment": names,
            "cost": draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)),
            "group": draw(st.lists(st.sampled_from(["g", "h"]), min_size=n, max_size=n)),
            "must": draw(st.lists(st.sampled_from(["", "", "", "in", "out"]), min_size=n, max_size=n)),
            "value": draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)),
        }
    )
    options = {"choose": draw(st.none() | st.integers(1, n)), "at_most": draw(st.booleans())}
    options |= {"budget": draw(st.none() | st.integers(0, 15))}
    if draw(st.booleans()):
        first, other = draw(st.permutations(names))[:2]
        options["exclusions"] = pd.DataFrame({"segment": [first], "other": [other]})
    if "g" in segments["group"].tolist() and draw(st.booleans()):
        options["groups"] = {"g": {draw(st.sampled_from(["at_least", "at_most"])): 1}}
    return segments, members, options


def allowed(x, segments, options):
    taken = np.array(x)
    k = options["choose"]
    kept = k is None or (taken.sum() <= k if options["at_most"] else taken.sum() == k)
    kept &= options["budget"] is None or taken @ segments["cost"] <= options["budget"]
    must = segments["must"].tolist()
    kept &= all(m == "" or bool(t) == (m == "in") for m, t in zip(must, x))
    if "exclusions" in options:
        pair = options["exclusions"].iloc[0].tolist()
        kept &= taken[segments["segment"].isin(pair)].sum() <= 1
    for limits in options.get("groups", {}).values():
        count = taken[segments["group"] == "g"].sum()
        kept &= limits.get("at_least", 0) <= count <= limits.get("at_most", 99)
    return bool(kept)


@settings(max_examples=30)
@given(questions())
def test_the_plan_is_the_best_selection(question):
    segments, members, options = question
    names = segments["segment"].tolist()
    inside, people = members[names].to_numpy(), members["people"].to_numpy()

    def reached(x):
        return float(people @ (inside * np.array(x) * segments["value"].to_numpy()).max(axis=1))

    ways = [x for x in itertools.product((0, 1), repeat=len(names)) if allowed(x, segments, options)]
    try:
        planner = AudiencePlanner.from_tables(segments, members=members, **options)
    except PlanError:
        assert not ways
        return
    plan = planner.solve(seed=0)
    chosen = tuple(int(name in plan.chosen()) for name in names)
    best = max(reached(x) for x in ways)
    assert chosen in ways
    assert abs(plan.value - best) <= 1e-9 * max(1.0, best)
    assert plan.near.count == sum(reached(x) >= 0.99 * best - 1e-9 for x in ways)
    low, high = plan.interval()
    assert low - 1e-9 <= reached(chosen) <= high + 1e-9
