"""Series: histories end where forecasts begin, and forecasts of different parts do not meet."""

import re

import numpy as np
import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.time_series import forecast_data, seasonal_data, seasonal_series


def restored(data, part, column):
    mean, deviation = data.target_scaling
    return np.rint(
        data.split(part).columns[column].numpy().squeeze(-1 if column == "input_values" else ()) * deviation
        + mean
    )


def test_history_is_followed_by_the_forecast_and_parts_do_not_meet():
    data = forecast_data("t", range(100), sequence_length=5, horizon=3)
    seen = {}
    for part in ("train", "validation", "test"):
        history, future = restored(data, part, "input_values"), restored(data, part, "labels")
        assert np.array_equal(future[:, 0], history[:, -1] + 1)
        assert np.array_equal(np.diff(history), np.ones_like(history[:, 1:]))
        seen[part] = set(future.flatten().tolist())
    assert seen["train"] == set(range(5, 80))
    assert seen["validation"] == set(range(80, 90))
    assert seen["test"] == set(range(90, 100))


def test_scaling_comes_from_training_steps():
    data = forecast_data("t", [0, 1] * 40 + [50] * 20, sequence_length=4, horizon=2)
    assert data.target_scaling == (0.5, 0.5)
    assert data.labels == ("step +1", "step +2")


def test_the_hash_depends_on_numbers_and_windows():
    hashes = {
        forecast_data("t", range(n), sequence_length=t, horizon=h).hash
        for n, t, h in [(100, 5, 3), (101, 5, 3), (100, 6, 3), (100, 5, 2)]
    }
    assert len(hashes) == 4


def test_too_short_a_series_says_what_is_needed():
    with pytest.raises(DataError, match=r"100 steps.*at least 115 are needed"):
        forecast_data("t", range(100), sequence_length=48, horizon=12)
    with pytest.raises(DataError, match=r"61 steps.*at least 62 are needed"):
        forecast_data("t", range(61), sequence_length=48, horizon=2)
    assert len(forecast_data("t", range(62), sequence_length=48, horizon=2).train) == 1
    assert len(forecast_data("t", range(115), sequence_length=48, horizon=12).test) == 1


def test_wrong_arguments():
    with pytest.raises(DataError, match="constant over its training steps"):
        forecast_data("t", [1] * 100, sequence_length=4, horizon=2)
    with pytest.raises(DataError, match="finite numbers"):
        forecast_data("t", [1, float("nan")] * 50, sequence_length=4, horizon=2)
    with pytest.raises(DataError, match="finite numbers"):
        forecast_data("t", np.ones((50, 2)), sequence_length=4, horizon=2)
    for name in ("sequence_length", "horizon"):
        with pytest.raises(DataError, match=f"{name} must be an integer of at least 1"):
            forecast_data("t", range(100), **{"sequence_length": 4, "horizon": 2, name: 0})
    with pytest.raises(DataError, match="number of steps"):
        seasonal_series(0)
    with pytest.raises(DataError, match="limit"):
        seasonal_data(limit=2.5)


def test_the_made_up_series_has_the_stated_parts():
    days = np.arange(3650)
    series = seasonal_series(3650, seed=4)
    parts = [np.ones(3650), days, np.sin(2 * np.pi * days / 7), np.sin(2 * np.pi * days / 365)]
    found, residual, *_ = np.linalg.lstsq(np.stack(parts, axis=1), series, rcond=None)
    assert found == pytest.approx([100, 0.02, 12, 20], rel=0.1)
    # Variance of the noise 9 / (1 - 0.49) = 17.6.
    assert residual[0] / 3650 == pytest.approx(17.6, rel=0.15)
    assert np.array_equal(series, seasonal_series(3650, seed=4))
    assert not np.array_equal(series, seasonal_series(3650, seed=5))


def test_the_data_set():
    data = seasonal_data()
    assert data.table()["examples"].tolist() == [741, 89, 89]
    assert data.hash == seasonal_data().hash != seasonal_data(seed=1).hash


@pytest.mark.parametrize(
    ("sequence_length", "horizon"), [(9, 1), (1, 7), (48, 12), (9, 40), (10**9, 2), (3, 10**8)]
)
def test_the_number_of_steps_that_are_needed_is_the_smallest(sequence_length, horizon):
    with pytest.raises(DataError, match="at least") as problem:
        forecast_data("short", range(10), sequence_length=sequence_length, horizon=horizon)
    needed = int(re.search(r"at least (\d+) are needed", str(problem.value))[1])
    for steps in range(max(10, needed - 30), needed + 1):
        held = round(0.1 * steps)
        assert (steps - 2 * held >= sequence_length + horizon and held >= horizon) == (steps == needed)
