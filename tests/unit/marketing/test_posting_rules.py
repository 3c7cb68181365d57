import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.posting_rules import PostingRules, capacity_sides, rule_sides
from hybrid_opt.marketing.posting_slots import read_slots

TABLE = pd.DataFrame(
    {"day": ["Mon", "Mon", "Tue", "Sat", "Sun"], "hour": [9, 18, 9, 9, 23], "engagement": [1, 2, 3, 4, 5]}
)
SLOTS = read_slots(TABLE)
AT = np.arange(5)


def labels(rules, count=3, slots=SLOTS, topics=("",) * 5):
    return [side.label for side in rule_sides(slots, np.arange(len(slots.rows)), topics, rules, count)]


def test_spacing_is_one_limit_per_largest_window():
    words = "at least 16 hours between posts"
    assert labels(PostingRules(min_gap=16)) == [
        f"{words} (Mon 09:00 to Mon 18:00)",
        f"{words} (Mon 18:00 to Tue 09:00)",
    ]
    around = read_slots(TABLE, every_week=True)
    assert f"{words} (Sun 23:00 to Mon 09:00)" in labels(PostingRules(min_gap=16), slots=around)


def test_days_weekends_and_an_equal_split():
    days = pd.DataFrame({"day": ["Tue", "Sat"], "at_least": [1, np.nan], "at_most": [np.nan, 0]})
    found = labels(PostingRules(max_per_day=1, min_per_day=1, weekend=(1, 1), days=days))
    assert found == [
        "at most 1 on Mon", "at least 1 on Mon", "at least 1 on Tue", "at least 1 on Sat", "at most 0 on Sat",
        "at least 1 on Sun", "at most 1 on the weekend", "at least 1 on the weekend",
    ]  # fmt: skip
    assert labels(PostingRules(equal_split="days"), count=3) == ["at most 1 on Mon (equal split)"]
    two = read_slots(TABLE, weeks=2)
    found = labels(PostingRules(equal_split="weeks"), count=3, slots=two, topics=("",) * 10)
    assert found[:2] == ["at most 2 in week 1 (equal split)", "at least 1 in week 1 (equal split)"]


def test_topics_keep_apart_without_touching_others():
    (side, day) = rule_sides(
        SLOTS, np.array([0, 1, 0, 1]), ["x", "x", "", ""], PostingRules(topic_gap=10, topic_per_day=1), 2
    )
    assert [int(w) for w in side.weights] == [int(w) for w in day.weights] == [1, 1, 0, 0]
    assert (side.high, side.step) == (1, 0)


def test_room_counts_only_where_it_can_be_exceeded():
    slots = read_slots(TABLE.assign(capacity=[3, np.nan, np.nan, np.nan, np.nan]))
    sides = capacity_sides(slots, np.array([0, 0, 1, 1, 2]), 1)
    assert [side.label for side in sides] == ["at most 1 in Mon 18:00"]


@pytest.mark.parametrize(
    "rules",
    [
        {"min_gap": -1}, {"min_gap": 169}, {"topic_gap": True}, {"max_per_day": 0}, {"min_per_day": -1},
        {"topic_per_day": 1.5}, {"weekend": 1}, {"weekend": (1, 2, 3)}, {"weekend": (-1, None)},
        {"equal_split": "hours"},
    ],
)  # fmt: skip
def test_wrong_rules(rules):
    with pytest.raises(OptionError, match=next(iter(rules))):
        PostingRules(**rules).check()


def test_an_equal_split_of_an_open_number():
    with pytest.raises(OptionError, match="equal_split needs a fixed number of posts"):
        labels(PostingRules(equal_split="days"), count=None)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("Mo", 1, 2)], "'Mo' is no day"),
        ([("Mon", 1, 2), ("Monday", 1, 2)], "Mon is there already"),
        ([("Mon", 3, 2)], "at_least 3 is above at_most 2"),
        ([("Mon", 0.5, 2)], "0.5 is not whole"),
        ([("Mon", 1, 2), ("Fri", 1, 2)], "index 1, column 'at_least': there is no slot on Fri"),
    ],
)
def test_wrong_tables_of_days(rows, words):
    days = pd.DataFrame(rows, columns=["day", "at_least", "at_most"])
    with pytest.raises(TableError, match=words):
        labels(PostingRules(days=days))


def test_an_hour_is_sixty_minutes_at_any_time_of_the_day():
    # In floats 01:05 - 00:05 is a little less than an hour.
    times = [f"{hour:02d}:{minute:02d}" for minute in (5, 10, 20, 25, 35) for hour in range(24)]
    slots = read_slots(pd.DataFrame({"day": "Mon", "hour": times, "engagement": 1}))
    sides = rule_sides(slots, np.arange(len(times)), [""] * len(times), PostingRules(min_gap=1), 2)
    assert max(sum(side.weights) for side in sides) == 5
    two = read_slots(pd.DataFrame({"day": "Mon", "hour": ["00:05", "01:05"], "engagement": 1}))
    assert labels(PostingRules(min_gap=1), slots=two) == []
    assert len(labels(PostingRules(min_gap=1.001), slots=two)) == 1
