import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.posting_history import read_history


def history(n, noise, seed=0, days=7):
    """n posts in each of three hours of some days; the truth is additive in day and hour."""
    random, rows = np.random.default_rng(seed), []
    for day in range(days):
        for hour in (8, 12, 18):
            for _ in range(n):
                value = 100 + 10 * day + 2 * hour + noise * random.standard_normal()
                rows.append((f"2026-03-{2 + day:02d} {hour:02d}:{random.integers(60):02d}", value))
    return pd.DataFrame(rows, columns=["timestamp", "engagement"])


def test_posts_without_luck_are_taken_as_they_are():
    found = read_history(history(2, 0.0))
    expected = [100 + 10 * day + 2 * hour for day in range(7) for hour in (8, 12, 18)]
    np.testing.assert_allclose(found.slots["engagement"], expected)
    assert found.slots["error"].max() == 0
    assert found.posts.tolist() == [2] * 21


def test_an_additive_week_is_estimated_better_than_by_means_of_slots():
    past = history(3, 30.0, seed=1)
    found = read_history(past)
    truth = np.array([100 + 10 * day + 2 * hour for day in range(7) for hour in (8, 12, 18)])
    times = pd.to_datetime(past["timestamp"])
    plain = past["engagement"].groupby([times.dt.day_of_week, times.dt.hour]).mean().to_numpy()
    shrunk = np.sum((found.slots["engagement"].to_numpy() - truth) ** 2)
    assert shrunk < 0.7 * np.sum((plain - truth) ** 2)
    assert 0 < found.slots["error"].max() < 30.0


def test_a_slot_never_used_is_filled_from_day_and_hour_and_named():
    past = history(3, 1.0)
    times = pd.to_datetime(past["timestamp"])
    kept = past[~((times.dt.day_of_week == 2) & (times.dt.hour == 12))]
    found = read_history(kept)
    slot = found.slots[(found.slots["day"] == "Wed") & (found.slots["hour"] == "12:00")]
    assert abs(slot["engagement"].item() - 144) < 3
    assert any("never used" in note and "Wed 12:00" in note for note in found.notes)


def test_thin_slots_blocks_and_impressions():
    past = history(2, 5.0).assign(impressions=2000)
    found = read_history(past, 24)
    assert found.slots["hour"].tolist() == ["00:00"] * 7
    assert abs(found.slots["engagement"].mean() - 78) < 3
    assert any("per 1,000 impressions" in note for note in found.notes)
    assert any("fewer than 3 past posts: Mon 08:00 (2)" in note for note in read_history(past).notes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"timestamp": ["noon"]}, "index 0, column 'timestamp': 'noon' is no time"),
        ({"engagement": [-1]}, "less than 0"),
        ({}, "no slot has two posts"),
    ],
)
def test_wrong_histories(change, words):
    with pytest.raises(TableError) as caught:
        read_history(pd.DataFrame({"timestamp": ["2026-03-02 09:00"], "engagement": [5], **change}))
    assert words in str(caught.value)


def test_impressions_are_there_for_all_or_none():
    past = history(2, 1.0).assign(impressions=[np.nan] + [10] * 41)
    with pytest.raises(TableError, match="impressions are blank in some rows"):
        read_history(past)


@pytest.mark.parametrize("hours", [0, 5, 25, 2.0, True])
def test_wrong_blocks(hours):
    with pytest.raises(OptionError, match="block_hours is"):
        read_history(history(2, 1.0), hours)


def test_days_and_hours_that_never_meet():
    times = ["2026-03-02 09:10", "2026-03-02 09:20", "2026-03-03 18:10", "2026-03-03 18:20"]
    found = read_history(pd.DataFrame({"timestamp": times, "engagement": [90, 110, 40, 60]}))
    assert found.slots["engagement"].tolist() == pytest.approx([100, 50])
    assert found.posts.tolist() == [2, 2]
    assert any("no estimate is possible of Mon 18:00" in note and "Tue 09:00" in note for note in found.notes)


def test_too_few_slots_to_know_how_far_they_scatter():
    times = ["2026-03-02 09:10", "2026-03-02 09:20", "2026-03-03 09:10", "2026-03-02 18:20"]
    found = read_history(pd.DataFrame({"timestamp": times, "engagement": [90, 110, 40, 60]}))
    assert found.slots["engagement"].tolist() == pytest.approx([100, 60, 40, 0])
    assert any("errors of slots never used are too small" in note for note in found.notes)
