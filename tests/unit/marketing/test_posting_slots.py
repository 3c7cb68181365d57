import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.posting_slots import check_whole, day_number, hour_number, hour_text, read_slots


def table(**columns):
    return pd.DataFrame({"day": ["Sun", "mon"], "hour": ["22", "9:30"], "engagement": [3, 4], **columns})


def test_slots_stand_in_time_order_and_weeks_follow_each_other():
    slots = read_slots(table(capacity=[2, np.nan]), weeks=2)
    assert slots.names == ["week 1 Mon 09:30", "week 1 Sun 22:00", "week 2 Mon 09:30", "week 2 Sun 22:00"]
    assert slots.engagement.tolist() == [4, 3, 4, 3]
    assert slots.date.tolist() == [0, 6, 7, 13]
    assert slots.places[0] == "index 1"
    assert slots.distances()[1, 2] == 11.5
    assert not slots.has_today


def test_a_repeated_week_meets_its_beginning():
    assert read_slots(table()).distances()[0, 1] == 156.5
    assert read_slots(table(), every_week=True).distances()[0, 1] == 11.5


@pytest.mark.parametrize(
    ("text", "number"), [("Monday", 0), ("miércoles", 2), ("SAT", 5), ("", None), ("Mo", None)]
)
def test_days(text, number):
    assert day_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0.0), ("23:45", 23.75), ("9.9999", 10.0), ("24", None), ("23.999", None)),
        *(("9:60", None), ("9.5:10", None), ("x", None), ("-1", None)),
    ],
)
def test_hours(text, number):
    assert hour_number(text) == number


def test_times_of_day_are_written_with_two_digits():
    assert (hour_text(0), hour_text(23.75)) == ("00:00", "23:45")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"day": ["Sun", "Mo"]}, "'Mo' is no day"),
        ({"hour": ["22", "26"]}, "'26' is no time of day"),
        ({"day": ["Mon", "Monday"], "hour": ["9.5", "9:30"]}, "the slot is there already in index 0"),
        ({"capacity": [1.5, 1]}, "1.5 is not whole"),
        ({"must": ["maybe", ""]}, "'maybe' is not legal"),
        ({"engagement": [-1, 2]}, "-1 is less than 0"),
    ],
)
def test_wrong_cells_are_named(change, words):
    with pytest.raises(TableError, match=r"index .*column|is there already") as caught:
        read_slots(table(**change))
    assert words in str(caught.value)


@pytest.mark.parametrize("weeks", [0, 54, 1.0, True])
def test_wrong_numbers_of_weeks(weeks):
    with pytest.raises(OptionError, match=r"weeks is .*from 1 to 53"):
        read_slots(table(), weeks=weeks)


def test_none_is_legal_only_where_it_is_said():
    check_whole("k", None, 1, none=True)
    with pytest.raises(OptionError, match=r"k is None; legal are whole numbers from 1$"):
        check_whole("k", None, 1)
