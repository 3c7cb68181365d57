"""Content plans against a loop over all variants, written without the planner's model."""

import itertools

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing import ContentPlanner

FACTORS = {"headline": ["question", "offer"], "image": ["photo", "chart", "video"]}
AUDIENCES = ["enterprise", "startup"]


def random_case(seed):
    """Tables and options, all from one seed."""
    random = np.random.default_rng(seed)
    rows, costs = [], {}
    for audience in AUDIENCES:
        for factor, levels in FACTORS.items():
            now = int(random.integers(len(levels)))
            for k, level in enumerate(levels):
                cost = costs.setdefault(level, int(random.integers(0, 4)))
                rows.append(
                    {
                        "audience": audience,
                        "factor": factor,
                        "level": level,
                        "effect": round(float(random.normal()), 2),
                        "error": round(float(random.random()), 2),
                        "cost": cost,
                        "shared": bool(seed % 2),
                        "current": k == now,
                        "exposure": round(float(random.random()), 1) if k == now else 0.0,
                    }
                )
    pair = {"factor": "headline", "level": "offer", "other": "image", "other_level": "video"}
    pairs = pd.DataFrame([{**pair, "effect": round(float(random.normal()), 2)}])
    options = {
        "pairs": pairs,
        "audiences": pd.DataFrame({"audience": AUDIENCES, "size": [3, 5], "base": [-1.0, 0.5]}),
        "worth": [None, 1.5][seed % 3 > 0],
        "budget": [None, 4, 6][seed % 3],
        "fatigue": 0.5 * (seed % 4 > 1),
        "explore": [None, 1][seed % 5 > 2],
        "explore_error": [None, 0.5][seed % 5 > 3],
        "scale": ["linear", "logit"][seed % 2 ^ (seed % 4 > 1)],
    }
    link = {"factor": "headline", "level": "question", "other": "image", "other_level": "photo"}
    link = pd.DataFrame([link])
    if seed % 7 > 3:
        options["forbidden"] = link
    if seed % 7 in (1, 5):
        options["required"] = link.rename(columns={"other": "needs", "other_level": "needs_level"})
    return pd.DataFrame(rows), options


def brute_force(levels, options):
    """Best value and the number of feasible plans within 5 % of it, by a loop over all choices."""
    pair = options["pairs"].iloc[0]
    found = []
    cells = dict(levels.set_index(["audience", "factor", "level"]).iterrows())
    variants = list(itertools.product(*FACTORS.values()))
    for choice in itertools.product(variants, repeat=len(AUDIENCES)):
        outcome, kept, costs = 0.0, True, []
        for (audience, size, base), variant in zip(options["audiences"].itertuples(index=False), choice):
            score, explored = base, 0
            for factor, level in zip(FACTORS, variant):
                cell = cells[audience, factor, level]
                weakest = min(cells[audience, factor, other]["effect"] for other in FACTORS[factor])
                ahead = cell["effect"] - weakest
                score += weakest + ahead * (1 - options["fatigue"] * cell["exposure"])
                new = not cell["current"] if options["explore_error"] is None else cell["error"] > 0.5
                explored += new
                costs.append((level, "" if cell["shared"] else audience, cell["cost"]))
            score += pair["effect"] * (variant == ("offer", "video"))
            outcome += size * (score if options["scale"] == "linear" else 1 / (1 + np.exp(-score)))
            kept &= options["explore"] is None or explored >= options["explore"]
            kept &= not ("forbidden" in options and variant == ("question", "photo"))
            kept &= not ("required" in options and variant[0] == "question" and variant[1] != "photo")
        cost = sum(price for _, _, price in set(costs))
        kept &= options["budget"] is None or cost <= options["budget"]
        if kept:
            value = outcome if options["worth"] is None else options["worth"] * outcome - cost
            found.append((value, choice))
    if not found:
        return None
    best = max(value for value, _ in found)
    near = [value for value, _ in found if value >= best - 0.05 * abs(best) - 1e-12]
    return best, len(near), max(found)[1]


@pytest.mark.parametrize("seed", range(40))
def test_the_plan_is_the_best_of_all_variants(seed):
    levels, options = random_case(seed)
    expected = brute_force(levels, options)
    if expected is None:
        with pytest.raises(PlanError):
            ContentPlanner.from_tables(levels, **options)
        return
    plan = ContentPlanner.from_tables(levels, **options).solve(seed=0, tolerance=0.05)
    best, near, choice = expected
    assert plan.status == "optimal"
    assert plan.value == pytest.approx(best)
    assert plan.near.exact
    assert plan.near.count == near
    variants = [dict(zip(FACTORS, variant)) for variant in choice]
    assert plan.variants() == dict(zip(AUDIENCES, variants))


def test_the_cases_cover_every_rule():
    cases = [random_case(seed)[1] for seed in range(40)]
    both = [{str(case.get(name) is not None) for case in cases} for name in ("budget", "worth", "explore")]
    assert all(found == {"True", "False"} for found in both)
    solved = [brute_force(*random_case(seed)) is not None for seed in range(40)]
    assert 30 <= sum(solved) < 40
