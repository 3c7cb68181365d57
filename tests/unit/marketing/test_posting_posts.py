import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.marketing.posting_posts import read_posts
from hybrid_opt.marketing.posting_slots import read_slots

SLOTS = read_slots(
    pd.DataFrame(
        {"day": ["Mon", "Mon", "Tue"], "hour": [9, 18, 9], "engagement": [5, 6, 7], "must": ["", "", "out"]}
    )
)


def posts(**columns):
    return pd.DataFrame({"post": ["a", "b"], **columns})


def test_days_slots_and_slots_that_are_out_narrow_the_choice():
    found = read_posts(posts(slot=["", "Mon 18:00"], days=["Mon, Tue", ""], current=["Mon 09:00", ""]), SLOTS)
    assert found.allowed.tolist() == [[True, True, False], [False, True, False]]
    assert found.today.tolist() == [0, -1]
    assert found.has_today
    assert found.topics == ["", ""]


def test_multipliers_by_day_and_hour_are_multiplied():
    rows = [("a", "", "9", 2), ("a", "Mon", "", 3), ("b", "Tue", "09:00", 0)]
    table = pd.DataFrame(rows, columns=["post", "day", "hour", "multiplier"])
    found = read_posts(posts(multiplier=[1, 5]), SLOTS, table)
    assert found.factor.tolist() == [[6, 3, 2], [5, 5, 0]]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"days": ["Mo", ""]}, "'Mo' is no day"),
        ({"days": ["Tue", ""]}, "no slot is left for this post"),
        ({"slot": ["Mon 9:00", ""]}, "did you mean 'Mon 09:00'"),
        ({"current": ["noon", ""]}, "slots are called like 'Mon 09:00'"),
        ({"multiplier": [0, 1]}, "0 is not above 0"),
    ],
)
def test_wrong_posts_are_named(columns, words):
    with pytest.raises(TableError) as caught:
        read_posts(posts(**columns), SLOTS)
    assert words in str(caught.value)
    assert "index 0" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("c", "", "", 1), "there is no post 'c'"),
        (("a", "Mo", "", 1), "'Mo' is no day"),
        (("a", "", "25", 1), "'25' is no time"),
        (("a", "Tue", "18", 1), "there is no slot on Tue 18"),
    ],
)
def test_wrong_multipliers_are_named(row, words):
    table = pd.DataFrame([row], columns=["post", "day", "hour", "multiplier"])
    with pytest.raises(TableError, match="index 0") as caught:
        read_posts(posts(), SLOTS, table)
    assert words in str(caught.value)
