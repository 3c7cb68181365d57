"""Tables of levels and audiences: what they mean, and every way in which they can be wrong."""

import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.content_columns import read_audiences, read_levels

TABLE = pd.DataFrame(
    {
        "audience": ["", "startup", "startup", "consumer"],
        "factor": ["image", "call", "call", "call"],
        "level": ["photo", "trial", "demo", "trial"],
        "effect": [1.0, 2.0, 3.0, 4.0],
        "cost": [5, 6, 7, 8],
    }
)


def test_a_row_without_an_audience_serves_all():
    levels = read_levels(TABLE)
    assert levels.audiences == ["startup", "consumer"]
    assert levels.labels == [
        "startup: image = photo",
        "startup: call = trial",
        "startup: call = demo",
        "consumer: image = photo",
        "consumer: call = trial",
    ]
    assert levels.row.tolist() == [0, 1, 2, 0, 3]
    assert levels.shared.tolist() == [True, False, False, True, False]
    assert levels.effect.tolist() == [1, 2, 3, 1, 4]
    assert levels.factors == ["image", "call"]
    assert [own.tolist() for own in levels.members()] == [[0], [1, 2], [3], [4]]
    assert levels.find(1, "call", "demo") is None
    assert not levels.has_today


def test_one_audience_needs_no_name():
    levels = read_levels(TABLE.drop(columns="audience").drop(index=3))
    assert levels.audiences == ["everybody"]
    assert levels.labels[0] == "image = photo"
    assert not levels.shared.any()


@pytest.mark.parametrize(
    ("change", "audiences", "words"),
    [
        ({"level": ["photo", "trial", "trial", "trial"]}, [], "already in index 1"),
        ({"audience": ["", "startup", "startup", "customer"]}, ["startup", "consumer"], "mean 'consumer'"),
        ({"current": [True, False, False, True]}, [], "0 levels of 'startup: call'"),
        ({"current": [True, True, True, True]}, [], "2 levels of 'startup: call'"),
        ({"shared": [False, True, True, True]}, [], "at 8 here and 6"),
        ({"exposure": [0, 0, 0, 2]}, [], "2 is more than 1"),
        ({"error": [0, 0, 0, -1]}, [], "-1 is less than 0"),
        ({"effect": [0, 1e308, 0, 0]}, [], "index 1, column 'effect': 1e.308 is more than 1e.15"),
        ({"effect": [0, 0, -1e308, 0]}, [], "index 2, column 'effect': -1e.308 is less than -1e.15"),
        ({"cost": [0, 1e300, 0, 0]}, [], "index 1, column 'cost': 1e.300 is more than"),
        ({"must": ["", "yes", "", ""]}, [], "levels, index 1, column 'must': 'yes' is not legal"),
        ({"must": ["", "out", "out", ""]}, [], "all levels of 'startup: call' are 'out'"),
        ({"must": ["out", "", "", ""]}, [], "all levels of 'startup: image' are 'out'"),
        ({"must": ["", "in", "in", ""]}, [], r"2 levels of 'startup: call' are 'in', 'trial' \(index 1\)"),
    ],
)  # fmt: skip
def test_wrong_tables_of_levels(change, audiences, words):
    with pytest.raises(TableError, match=words):
        read_levels(TABLE.assign(**change), audiences)


def test_two_factors_that_would_have_one_name_are_refused():
    table = pd.DataFrame(
        {
            "audience": ["x", "x", "x: y", "x: y"],
            "factor": ["y: z", "y: z", "z", "z"],
            "level": ["p", "q", "r", "s"],
            "effect": [1.0, 2.0, 5.0, 3.0],
        }
    )
    words = r"audience 'x' with factor 'y: z' \(index 0\) and audience 'x: y' with factor 'z' \(index 2\)"
    with pytest.raises(TableError, match=words):
        read_levels(table)
    renamed = read_levels(table.replace({"x: y": "w"}))
    assert [own.tolist() for own in renamed.members()] == [[0, 1], [2, 3]]


def test_an_audience_without_levels_is_named():
    table = TABLE[TABLE["audience"] != ""]
    with pytest.raises(TableError, match="no level for the audience enterprise"):
        read_levels(table, ["startup", "consumer", "enterprise"])


def test_estimated_effects_are_left_out():
    with pytest.raises(TableError, match="column 'effect'"):
        read_levels(TABLE, estimated=True)
    assert read_levels(TABLE.drop(columns="effect"), estimated=True).cost.tolist() == [5, 6, 7, 5, 8]


def test_audiences():
    table = pd.DataFrame({"audience": ["a", "b"], "size": [10, None], "base": [None, 0.5]})
    assert read_audiences(table) == {"a": (10.0, 0.0), "b": (1.0, 0.5)}
    assert read_audiences(None) == {}
    assert read_audiences({"a": 3}) == {"a": (3.0, 0.0)}
    with pytest.raises(TableError, match="0 is not above 0"):
        read_audiences(table.assign(size=0))
    with pytest.raises(TableError, match=r"1e.308 is more than"):
        read_audiences(table.assign(base=1e308))
    for name in (1, None, " "):
        with pytest.raises(OptionError, match="audiences has the name"):
            read_audiences({name: 5, "1": 6})
    for size in (0, float("inf"), 1e300, True, "many"):
        with pytest.raises(OptionError, match="the size of audience 'a'"):
            read_audiences({"a": size})
