"""Limits that bind, as sentences."""

import pandas as pd

from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.planning.plan_binding import binding_words

LEVELS = pd.DataFrame(
    {
        "factor": ["headline"] * 2 + ["image"] * 2,
        "level": ["question", "offer", "photo", "video"],
        "effect": [0.0, 2.0, 0.0, 3.0],
        "cost": [0, 1, 0, 4],
    }
)
CLASH = {"factor": ["headline"], "level": ["offer"], "other": ["image"], "other_level": ["video"]}


def test_a_limit_is_moved_by_a_step():
    plan = ContentPlanner.from_tables(LEVELS, budget=4).solve(seed=0)
    assert binding_words(plan) == plan.binding() == ["the limit of production: 1 more would bring +2.0000"]


def test_a_pair_is_lifted():
    plan = ContentPlanner.from_tables(LEVELS, forbidden=pd.DataFrame(CLASH)).solve(seed=0)
    assert binding_words(plan) == [
        "headline = offer not with image = video: lifting it would bring +2.0000"
    ]


def test_nothing_binds():
    assert binding_words(ContentPlanner.from_tables(LEVELS).solve(seed=0)) == []
