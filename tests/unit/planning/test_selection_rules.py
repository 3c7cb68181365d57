from fractions import Fraction

import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.planning.selection_items import read_items
from hybrid_opt.planning.selection_rules import check_count, group_limits, pair_sides, resource_limits
from hybrid_opt.planning.table import Column
from hybrid_opt.planning.vocabulary import CHANNELS

ITEMS = read_items(
    pd.DataFrame(
        {"channel": list("abcd"), "size": [10, 20, 30, 40], "cost": [2, 0, 0.5, 3], "group": list("ggh ")}
    ),
    CHANNELS,
    (Column("size", "number"), Column("cost", "number", required=False)),
)


def test_a_budget_is_moved_by_the_least_that_an_item_uses():
    (side,) = resource_limits(ITEMS, {"cost": 4})
    assert (side.label, side.high, side.step) == ("cost", 4, Fraction(1, 2))
    assert side.used([1, 1, 1, 0]) == 2.5
    assert side.keeps([1, 1, 1, 0])
    assert not side.keeps([1, 1, 0, 1])


def test_pairs_exclude_and_need_each_other():
    excluded, needed = pair_sides(
        ITEMS,
        pd.DataFrame({"channel": ["a"], "other": ["c"]}),
        pd.DataFrame({"channel": ["b"], "needs": ["d"]}),
    )
    assert [excluded.keeps(x) for x in ([1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0])] == [False, True, True]
    assert [needed.keeps(x) for x in ([0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1])] == [False, True, True]
    assert excluded.moved().keeps([1, 0, 1, 0])
    assert needed.moved().keeps([0, 1, 0, 0])
    assert pair_sides(ITEMS, None, None) == []


def test_groups_have_a_least_a_most_and_a_share():
    caps, (least, share) = group_limits(
        ITEMS, {"g": {"at_most": 1, "at_least": 1}, "h": {"min_share": 0.5}}, "size"
    )
    assert caps == {"g": 1}
    assert [least.keeps(x) for x in ([0, 0, 1, 1], [1, 0, 0, 0])] == [False, True]
    assert least.change == -1
    assert least.moved().keeps([0, 0, 1, 1])
    # 30 of 60 people are in group h: exactly half.
    assert [share.keeps(x) for x in ([1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0])] == [True, False, True]
    assert share.label == "at least 50% of size from group h"
    assert share.moved().share == Fraction(49, 100)
    # 30 of 61 are 49.18 %: only the moved share allows it.
    odd = group_limits(ITEMS, {"h": {"min_share": 0.5}}, "size", pd.Series([11.0, 20, 30, 40]).to_numpy())[1][
        0
    ]
    assert not odd.keeps([1, 1, 1, 0])
    assert odd.moved().keeps([1, 1, 1, 0])
    assert group_limits(ITEMS, None, "size") == ({}, [])


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"x": {"at_least": 1}}, "no channel is in group 'x'"),
        ({"g": {"at_least": 3}}, "3 is more than the 2 that group 'g' has"),
        ({"g": {"at_least": 1.5}}, "1.5 is not whole"),
        ({"g": {"at_least": 2, "at_most": 1}}, "at_least 2 is above at_most 1"),
        ({"g": {"min_share": 1.5}}, "column 'min_share': 1.5 is more than 1"),
        (pd.DataFrame({"group": ["g"], "atleast": [1]}), "did you mean 'at_least'"),
    ],
)
def test_wrong_groups(groups, words):
    with pytest.raises(TableError, match=words):
        group_limits(ITEMS, groups, "size")


@pytest.mark.parametrize("choose", [0, 5, 1.0, True, "two"])
def test_wrong_numbers_to_choose(choose):
    with pytest.raises(OptionError, match="there are 4 items, legal are whole numbers from 1 to 4"):
        check_count(choose, 4, "items")


def test_legal_numbers_to_choose():
    assert [check_count(choose, 4, "items") for choose in (None, 1, 4)] == [None, 1, 4]


@pytest.mark.parametrize("limit", [-1, float("inf"), True, "4"])
def test_wrong_limits(limit):
    with pytest.raises(OptionError, match="the limit of 'cost' is"):
        resource_limits(ITEMS, {"cost": limit})


def test_a_blank_cost_under_a_budget_is_named():
    items = read_items(
        pd.DataFrame({"channel": ["a", "b"], "cost": [1, None]}),
        CHANNELS,
        (Column("cost", "number", required=False),),
    )
    with pytest.raises(TableError, match="index 1, column 'cost': the cell is blank"):
        resource_limits(items, {"cost": 3})


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.DataFrame({"channel": ["a"], "other": ["z"]}), "'z' is no channel of the plan"),
        (pd.DataFrame({"channel": ["a"], "other": ["a"]}), "paired with itself"),
        (pd.DataFrame({"channel": ["a", "b"], "other": ["b", "a"]}), "stands in the table twice"),
    ],
)
def test_wrong_exclusions(table, words):
    with pytest.raises(TableError, match=words):
        pair_sides(ITEMS, table, None)
