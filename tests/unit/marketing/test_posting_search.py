import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing import PostingPlanner, posting_search
from hybrid_opt.marketing.posting_program import place_posts
from hybrid_opt.marketing.posting_search import search_slot_sets
from hybrid_opt.planning.side_constraint import SideConstraint

SLOTS = pd.DataFrame(
    {
        "day": ["Mon", "Mon", "Tue", "Tue", "Wed", "Thu", "Sat"],
        "hour": [9, 18, 9, 18, 12, 12, 12],
        "engagement": [50, 80, 60, 85, 70, 66, 40],
    }
)
POSTS = pd.DataFrame(
    {
        "post": list("abcd"),
        "topic": ["x", "x", "y", "y"],
        "multiplier": [1.5, 1, 1, 0.5],
        "days": ["", "", "Mon Tue", ""],
    }
)


def asked(**options):
    planner = PostingPlanner(SLOTS, posts=POSTS, fatigue=0.4, fatigue_hours=40, **options)
    given = planner.options
    return planner.question.levels(), given.at, given.owner, given.values, given.shares


def brute_force(question):
    groups = [[i for i, line in enumerate(question.lines) if line.group == g] for g in "abcd"]
    best = -np.inf
    for pick in itertools.product(*groups):
        units = np.zeros(len(question.lines), dtype=np.int64)
        units[list(pick)] = 1
        if question.feasible(units):
            best = max(best, question.value(units))
    return best


@pytest.mark.parametrize(
    "options",
    [{}, {"topic_gap": 50}, {"min_gap": 20}, {"max_per_day": 1, "weekend": (1, None)}, {"capacity": 2}],
)
def test_search_and_program_find_the_best(options):
    given = asked(**options)
    best = brute_force(given[0])
    units, bound = place_posts(*given)
    assert given[0].value(units) == pytest.approx(best, rel=1e-7)
    assert bound == pytest.approx(best, rel=1e-6)
    found = search_slot_sets(*given)
    if "capacity" in options:
        assert found is None
    else:
        assert given[0].value(found) == pytest.approx(best, rel=1e-9)
        assert given[0].feasible(found)


@pytest.mark.parametrize("limit", ["MOST_SETS", "MOST_ASSIGNMENTS", "MOST_NODES"])
def test_a_search_that_gets_too_long_hands_over(monkeypatch, limit):
    monkeypatch.setattr(posting_search, limit, 0)
    assert search_slot_sets(*asked(topic_gap=50)) is None


def test_no_placement_is_said():
    question, *rest = asked()
    never = SideConstraint("never two", tuple([1] * len(question.lines)), None, 2)
    stuck = replace(question, sides=[*question.sides, never])
    for find in (search_slot_sets, place_posts):
        with pytest.raises(PlanError, match=r"no placement of all posts .*never two"):
            find(stuck, *rest)


def test_no_time_is_said():
    with pytest.raises(PlanError, match="allow more time"):
        place_posts(*asked(), time_limit=1e-9)
