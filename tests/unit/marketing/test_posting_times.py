import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.posting_history import read_history
from hybrid_opt.marketing.posting_times import read_moments
from hybrid_opt.planning.table import Column, read_table


def moments(*texts, **options):
    frame = pd.DataFrame({"timestamp": list(texts)})
    return read_moments(read_table(frame, [Column("timestamp", "text")], name="past"), **options)


@pytest.mark.parametrize(
    "text",
    ["2026-03-02 09:15", "2026-03-02T09:15:59", "2026-03-02 09:15:00.123456789", " 2026-03-02 09:15 "],
)
def test_iso_times_without_an_offset(text):
    found = moments(text)
    assert (found.day.tolist(), found.hour.tolist()) == ([0], [9])
    assert "those that the table of past posts writes, in no stated time zone" in found.notes[0]
    assert len(found.notes) == 1


def test_one_offset_is_kept_and_named():
    found = moments("2026-03-02 23:30 +02:00", "2026-03-03T01:30:00+0200")
    assert (found.day.tolist(), found.hour.tolist()) == ([0, 1], [23, 1])
    assert "those of UTC+02:00" in found.notes[0]


def test_a_zone_moves_times_into_its_days():
    times = ("2026-03-01T23:30:00Z", "2026-07-01T22:30:00Z", "2026-03-02 08:00")
    found = moments(*times, timezone="Europe/Madrid")
    assert (found.day.tolist(), found.hour.tolist()) == ([0, 3, 0], [0, 0, 8])
    assert found.notes == (
        "days and hours are those of Europe/Madrid, and times without an offset are taken to be in it",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NaT", "'NaT' is no time"),
        ("now", "'now' is no time"),
        ("today", "'today' is no time"),
        ("09:15", "is no time"),
        ("2026-W10", "is no time"),
        ("1767225600", "is no time"),
        ("2026-03-02 09:15 EST", "is no time"),
        ("12/02/2026 09:00", "may mean two days; write year, month, day"),
        ("13.2.26", "may mean two days"),
        ("2026-13-02 09:00", r"is no time \(month must be in 1..12"),
        ("2026-03-02", "has no time of day; .* block_hours=24"),
        ("2026-03-02 09:00Z", "another offset from UTC than '2026-03-02 09:00' in index 0; give timezone="),
    ],
)
def test_wrong_times_are_named(text, words):
    with pytest.raises(TableError, match=rf"past, index 1, column 'timestamp': .*{words}"):
        moments("2026-03-02 09:00", text)


def test_a_column_of_times_with_a_hole():
    frame = pd.DataFrame({"timestamp": pd.to_datetime(["2026-03-02 09:10", None]), "engagement": [1, 2]})
    with pytest.raises(TableError, match="index 1, column 'timestamp'"):
        read_history(frame)


def test_dates_are_enough_for_whole_days():
    assert moments("2026-03-02", "2026-03-08", dates=True).day.tolist() == [0, 6]
    found = read_history(pd.DataFrame({"timestamp": ["2026-03-02"] * 2, "engagement": [1, 2]}), 24)
    assert found.slots["hour"].tolist() == ["00:00"]


def test_times_that_were_lost_are_noted():
    assert any("as if the times had been lost" in note for note in moments(*["2026-03-02 00:00"] * 2).notes)
    assert len(moments("2026-03-02 00:00", "2026-03-02 00:30").notes) == 1


@pytest.mark.parametrize("name", ["Madrid/Europe", "", "/etc", 5])
def test_unknown_zones(name):
    with pytest.raises(OptionError, match=r"timezone is .*Europe/Madrid"):
        moments("2026-03-02 09:00", timezone=name)


def test_a_year_beyond_the_calendar():
    with pytest.raises(TableError, match=r"index 0.*the year 9999 is too far"):
        moments("9999-12-31T23:30:00Z", timezone="Europe/Madrid")


def test_rows_that_repeat_an_earlier_one_are_named():
    times = ["2026-03-02 09:10", "2026-03-02 09:10", "2026-03-02 09:10", "2026-03-09 09:10"]
    past = pd.DataFrame({"timestamp": times, "engagement": [5, 5, 6, 5]})
    found = read_history(past)
    (note,) = [note for note in found.notes if "repeat" in note]
    assert "index 1 (index 0);" in note
    assert found.posts.tolist() == [4]
    named = read_history(past.assign(post=["a", "b", "c", "d"]))
    assert not any("repeat" in note for note in named.notes)
