"""Posting plans on seeded weeks: assignment equals MILP; search, MILP and brute force agree under fatigue."""

import itertools

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.marketing.posting_assignment import assign_posts
from hybrid_opt.marketing.posting_program import place_posts
from hybrid_opt.marketing.posting_search import search_slot_sets
from hybrid_opt.marketing.synthetic_posting import make_posting, shipped_posting
from hybrid_opt.planning.choice_form import ChoiceForm
from hybrid_opt.planning.choice_search import best_choice


def random_week(seed, slots, posts):
    random = np.random.default_rng(seed)
    places = random.permutation(21)[:slots]
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    times = [(days[k // 3], 8 + 5 * (k % 3)) for k in places]
    rows = [{"day": d, "hour": h, "engagement": random.integers(10, 99)} for d, h in times]
    multipliers = random.uniform(0.5, 2.0, posts).round(2)
    names = [f"p{i}" for i in range(posts)]
    topics = random.choice(["x", "y", ""], posts)
    return pd.DataFrame(rows), pd.DataFrame({"post": names, "multiplier": multipliers, "topic": topics})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("capacity", [1, 2])
def test_the_assignment_is_the_optimum_of_the_program(seed, capacity):
    slots, posts = random_week(seed, 9, 6)
    planner = PostingPlanner(slots, posts=posts, capacity=capacity)
    form = ChoiceForm.of(planner.question.levels())
    assigned = form.value(assign_posts(planner.question.levels(), planner.options.at))
    pick, bound = best_choice(form, 20.0)
    assert assigned == pytest.approx(form.value(pick), rel=1e-9)
    assert bound == pytest.approx(assigned, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_three_ways_under_fatigue_agree(seed):
    slots, posts = random_week(seed, 8, 4)
    rules = {"topic_gap": 40, "max_per_day": 2, "every_week": bool(seed % 2)}
    planner = PostingPlanner(slots, posts=posts, fatigue=0.5, fatigue_hours=60, **rules)
    given, levels = planner.options, planner.question.levels()
    apart = planner.slots.distances()
    values = posts["multiplier"].to_numpy()[:, None] * planner.slots.engagement[None, :]
    topics, dates, best = posts["topic"].tolist(), planner.slots.date, -np.inf
    for way in itertools.permutations(range(8), 4):
        own = [values[p, t] for p, t in enumerate(way)]
        if np.bincount(dates[list(way)]).max() > 2:
            continue
        total = sum(own)
        for p, q in itertools.combinations(range(4), 2):
            hours = apart[way[p], way[q]]
            if topics[p] and topics[p] == topics[q] and hours < 40:
                total = -np.inf
            total -= max(0.0, 0.5 * (1 - hours / 60)) * (own[p] + own[q])
        best = max(best, total)
    asked = (levels, given.at, given.owner, given.values, given.shares)
    assert levels.value(search_slot_sets(*asked)) == pytest.approx(best, rel=1e-9)
    assert levels.value(place_posts(*asked)[0]) == pytest.approx(best, rel=1e-7)


def test_the_shipped_plan_keeps_its_number():
    files = shipped_posting()
    plan = PostingPlanner.from_csv(
        files.slots, posts=files.posts, fatigue=0.3, fatigue_hours=48, topic_gap=48, max_per_day=1,
        weekend=(1, None),
    ).solve(seed=0)  # fmt: skip
    assert (plan.status, round(plan.value, 2)) == ("optimal", 2631.65)
    assert plan.placements()["launch"] == "Sun 18:00"
    assert "loses 4.86%" in plan.baselines[-1].note


def test_estimates_from_the_synthetic_history_come_near_its_truth():
    tables = make_posting(seed=0)
    planner = PostingPlanner(history=tables.history, choose=4)
    truth = dict(zip(zip(tables.slots["day"], tables.slots["hour"]), tables.slots["engagement"]))
    calendar = planner.solve(seed=0).calendar()
    true = np.array([truth[key] for key in zip(calendar["day"], calendar["time"])])
    assert np.corrcoef(true, calendar["engagement"])[0, 1] > 0.8
