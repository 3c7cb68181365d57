"""Random content under random rules: the proven plan is the best of all variants of all audiences."""

import itertools
import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing import ContentPlanner

FACTORS = {"f": ["a", "b"], "g": ["c", "d", "e"]}
LEVELS = [(factor, level) for factor, own in FACTORS.items() for level in own]
small = st.integers(-4, 4)


@st.composite
def questions(draw):
    people = {name: draw(st.integers(1, 3)) for name in ("x", "y")[: draw(st.integers(1, 2))]}
    effects = {key: draw(small) for key in itertools.product(people, LEVELS)}
    costs = {level: draw(st.integers(0, 4)) for level in LEVELS}
    shared = draw(st.booleans())
    levels = pd.DataFrame(
        [
            {"audience": who, "factor": level[0], "level": level[1], "effect": effect,
             "cost": costs[level], "shared": shared}
            for (who, level), effect in effects.items()
        ]
    )  # fmt: skip
    both = list(itertools.product(FACTORS["f"], FACTORS["g"]))
    joint = {pair: draw(small) for pair in both if draw(st.booleans())}
    options = {
        "worth": draw(st.sampled_from([None, 0.5, 1.0])),
        "budget": draw(st.sampled_from([None, 0, 3, 6])),
        "scale": draw(st.sampled_from(["linear", "logit"])),
    }
    banned = draw(st.sampled_from([None, *both]))
    return people, effects, costs, shared, levels, joint, options, banned


def best_value(people, effects, costs, shared, joint, options, banned):
    """By a loop over everything."""
    best = -math.inf
    variants = list(itertools.product(*FACTORS.values()))
    for plan in itertools.product(variants, repeat=len(people)):
        outcome, paid = 0.0, set()
        for (who, size), variant in zip(people.items(), plan):
            keys = list(zip(FACTORS, variant))
            score = sum(effects[who, key] for key in keys) + joint.get(variant, 0)
            outcome += size * (score if options["scale"] == "linear" else 1 / (1 + np.exp(-score)))
            paid |= {("" if shared else who, key) for key in keys}
        cost = sum(costs[key] for _, key in paid)
        if banned in plan or (options["budget"] is not None and cost > options["budget"]):
            continue
        value = outcome if options["worth"] is None else options["worth"] * outcome - cost
        best = max(best, value)
    return best


@settings(max_examples=30)
@given(questions())
def test_the_plan_is_the_best_of_all_variants(question):
    people, effects, costs, shared, levels, joint, options, banned = question
    best = best_value(people, effects, costs, shared, joint, options, banned)
    names = ["factor", "level", "other", "other_level"]
    given_options = {**options, "audiences": people}
    if joint:
        rows = [("f", *pair[:1], "g", pair[1], effect) for pair, effect in joint.items()]
        given_options["pairs"] = pd.DataFrame(rows, columns=[*names, "effect"])
    if banned is not None:
        given_options["forbidden"] = pd.DataFrame([("f", banned[0], "g", banned[1])], columns=names)
    try:
        plan = ContentPlanner.from_tables(levels, **given_options).solve(seed=0, alternatives=2)
    except PlanError:
        assert best == -math.inf
        return
    assert plan.status == "optimal"
    assert np.isclose(plan.value, best)
    assert np.isclose(plan.near.values[0], best)
    if options["budget"] is not None:
        assert plan.cost <= options["budget"]
    assert banned not in [tuple(variant.values()) for variant in plan.variants().values()]
