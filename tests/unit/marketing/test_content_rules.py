"""Pairs of levels from tables, and rules as linear limits."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.marketing.content_columns import read_levels
from hybrid_opt.marketing.content_model import Production
from hybrid_opt.marketing.content_rules import (
    explore_sides,
    made_sides,
    pair_sides,
    read_level_pairs,
)

LEVELS = read_levels(
    pd.DataFrame(
        {
            "factor": ["image", "image", "call", "call"],
            "level": ["photo", "video", "trial", "demo"],
            "effect": 0.0,
            "current": [True, False, True, False],
        }
    ),
    ["enterprise", "startup"],
)
PAIR = {"factor": "image", "level": "video", "other": "call", "other_level": "demo"}


def pairs(*rows, **options):
    options = {"effects": False, "name": "table of pairs", **options}
    return read_level_pairs(pd.DataFrame([{**PAIR, **row} for row in rows]), LEVELS, **options)


def test_a_pair_counts_for_its_audience_or_for_all():
    assert [pair[:3] for pair in pairs({})] == [(1, 3, 0), (5, 7, 0)]
    assert [pair[:3] for pair in pairs({"audience": "startup"})] == [(5, 7, 0)]
    (only,) = pairs({"audience": "startup", "effect": 2.0, "error": 0.5}, effects=True)
    assert (only.effect, only.error) == (2.0, 0.5)
    assert read_level_pairs(None, LEVELS, effects=True, name="x") == []


def test_effects_of_pairs_are_bounded():
    with pytest.raises(TableError, match=r"column 'effect': 1e.300 is more than"):
        pairs({"effect": 1e300}, effects=True)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"level": "videos"}], "did you mean 'image = video'"),
        ([{"other_level": "call back"}], "'call = call back' is no level"),
        ([{"audience": "consumer"}], "'consumer' is no audience"),
        ([{"other": "image", "other_level": "photo"}], "both levels are of 'image'"),
        ([{}, {"audience": "startup"}], "stands in the table twice"),
    ],
)
def test_wrong_pairs(rows, words):
    with pytest.raises(TableError, match=words):
        pairs(*rows)


def test_a_pair_that_no_audience_has_is_named():
    table = pd.DataFrame(
        {"audience": ["a", "b"], "factor": ["image", "call"], "level": ["x", "y"], "effect": 0.0}
    )
    row = {"factor": "image", "level": "x", "other": "call", "other_level": "y"}
    with pytest.raises(TableError, match="no audience has both levels"):
        read_level_pairs(pd.DataFrame([row]), read_levels(table), effects=False, name="pairs")


def test_rules_are_linear():
    labels = LEVELS.labels
    startup, enterprise = (pairs({"audience": who}) for who in ("startup", "enterprise"))
    forbidden, required = pair_sides(startup, enterprise, labels)
    assert (forbidden.kind, forbidden.high) == ("exclusion", 1)
    assert [i for i, weight in enumerate(forbidden.weights) if weight] == [5, 7]
    assert required.label == "enterprise: image = video needs enterprise: call = demo"
    assert (required.weights[1], required.weights[3], required.high) == (1, -1, 0)
    video = Production("image = video", np.array([1, 5]), 9.0, 8, 9)
    first, second = made_sides([video], [*labels, "video not made", "video made"])
    assert {first.kind, second.kind} == {"definition"}
    assert first.keeps([0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    assert not second.keeps([0, 0, 0, 0, 0, 1, 0, 0, 1, 0])
    one, _ = explore_sides(LEVELS, 8, 1, None)
    assert one.label == "at least 1 factor explored for enterprise"
    assert one.weights == tuple(map(Fraction, [0, -1, 0, -1, 0, 0, 0, 0]))
    assert one.moved().high == 0
