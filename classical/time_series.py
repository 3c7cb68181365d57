"""A series of numbers becomes a forecasting task: the last T steps in, the next L steps out.

Shapes: N steps of the series, T steps of history, L steps to predict; an example is (T, 1) with labels (L,).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from .data_hashing import content_hash
from .data_splits import check_limit, seeded_generator, split_in_order
from .errors import DataError
from .example_dataset import ExampleDataset
from .task_data import TaskData

__all__ = ["forecast_data", "forecast_labels", "seasonal_data", "seasonal_series"]


def forecast_data(
    name: str,
    series: npt.ArrayLike,
    *,
    sequence_length: int = 48,
    horizon: int = 12,
    notes: Sequence[str] = (),
) -> TaskData:
    """Windows over a series, split by time: the first 80 percent, the next 10, the last 10.

    The steps to predict of one part never overlap with those of another. The history of a window in
    validation or test may reach back into the part before: at that time it is known. Numbers are standardized
    by mean and deviation of the training steps.

    Args:
        name: name of the series.
        series: numbers (N,) at equal distances in time, oldest first.
        sequence_length: T, steps of history.
        horizon: L, steps to predict.
        notes: what the source has to say.

    Returns:
        The data, task ``"regression"``; ``target_scaling`` leads back to the unit of the series.

    Raises:
        DataError: the series is too short, not one-dimensional, or holds a gap.

    Example:
        >>> data = forecast_data("line", range(100), sequence_length=8, horizon=2)
        >>> len(data.train), len(data.test), data.train[0]["labels"].shape
        (71, 9, torch.Size([2]))
    """
    numbers = np.asarray(series, dtype=float)
    for setting, value in (("sequence_length", sequence_length), ("horizon", horizon)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise DataError(f"{setting} must be an integer of at least 1 step, got {value!r}")
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise DataError(
            f"series {name} must be one row of finite numbers, got shape {numbers.shape} or gaps in it"
        )
    bounds = split_in_order(len(numbers))
    if not _fits(len(numbers), sequence_length, horizon):
        # Held-out parts are a tenth each, rounded: what follows is reached a few steps after these bounds.
        least = max(len(numbers), 10 * horizon - 10, 5 * (sequence_length + horizon) // 4 - 10)
        needed = next(n for n in itertools.count(least) if _fits(n, sequence_length, horizon))
        raise DataError(
            f"series {name} has {len(numbers)} steps; with a history of {sequence_length} and a horizon of "
            f"{horizon} at least {needed} are needed: add steps, or choose a smaller sequence_length or "
            "horizon"
        )
    learned_from = numbers[: bounds["train"][1]]
    mean, deviation = float(learned_from.mean()), float(learned_from.std())
    if learned_from.max() == learned_from.min():
        raise DataError(f"series {name} is constant over its training steps: there is nothing to forecast")
    scaled = torch.from_numpy(((numbers - mean) / deviation).astype(np.float32))
    parts = {}
    for part, (begin, end) in bounds.items():
        firsts = range(max(begin, sequence_length), end - horizon + 1)
        history = torch.stack([scaled[first - sequence_length : first] for first in firsts])
        future = torch.stack([scaled[first : first + horizon] for first in firsts])
        parts[part] = ExampleDataset({"input_values": history[:, :, None], "labels": future})
    return TaskData(
        name=name,
        task="regression",
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        sequence_length=sequence_length,
        hash=content_hash([sequence_length, horizon], numbers),
        value_width=1,
        labels=forecast_labels(horizon),
        notes=(
            *notes,
            "split by time, steps "
            + ", ".join(f"{begin}..{end - 1} {part}" for part, (begin, end) in bounds.items()),
        ),
        target_scaling=(mean, deviation),
    )


def forecast_labels(horizon: int) -> tuple[str, ...]:
    """Names of the predicted steps; data whose labels are these are forecasts.

    Args:
        horizon: L, steps to predict.

    Returns:
        L names.

    Example:
        >>> forecast_labels(2)
        ('step +1', 'step +2')
    """
    return tuple(f"step +{ahead}" for ahead in range(1, horizon + 1))


def _fits(steps: int, history: int, horizon: int) -> bool:
    """Whether each part has a window: validation and test take their history from the part before."""
    bounds = split_in_order(steps)
    return bounds["train"][1] >= history + horizon and bounds["test"][1] - bounds["test"][0] >= horizon


def seasonal_series(steps: int = 1000, *, seed: int = 0) -> npt.NDArray[np.float64]:
    """A made-up series of daily sales: trend, a week, a year, and noise that remembers the day before.

    Args:
        steps: number of days.
        seed: seed of the noise.

    Returns:
        Numbers (steps,) around 100: ``100 + 0.02 t + 12 sin(2 pi t / 7) + 20 sin(2 pi t / 365) + e_t`` with
        ``e_t = 0.7 e_(t-1) + 3 n_t``, n standard normal.

    Raises:
        DataError: the number of steps is no integer of at least 1, or the seed is bad.

    Example:
        >>> seasonal_series(3).round(2).tolist()
        [99.72, 108.02, 112.12]
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise DataError(f"the number of steps must be an integer of at least 1, got {steps!r}")
    shocks = 3 * seeded_generator(seed, 5).standard_normal(steps)
    noise = np.zeros(steps)
    previous = 0.0
    for step, shock in enumerate(shocks):
        previous = noise[step] = 0.7 * previous + shock
    day = np.arange(steps)
    week, year = 12 * np.sin(2 * np.pi * day / 7), 20 * np.sin(2 * np.pi * day / 365)
    return np.asarray(100 + 0.02 * day + week + year + noise)


def seasonal_data(
    *, sequence_length: int = 48, horizon: int = 12, limit: int | None = None, seed: int = 0
) -> TaskData:
    """Forecast the made-up series of daily sales.

    Args:
        sequence_length: days of history.
        horizon: days to predict.
        limit: days of the series, 1,000 if None.
        seed: seed of the noise.

    Returns:
        The data.

    Raises:
        DataError: too few days.

    Example:
        >>> seasonal_data(limit=200).train[0]["input_values"].shape
        torch.Size([48, 1])
    """
    check_limit(limit)
    return forecast_data(
        "seasonal",
        seasonal_series(1000 if limit is None else limit, seed=seed),
        sequence_length=sequence_length,
        horizon=horizon,
        notes=("synthetic: trend, a week, a year and autoregressive noise, see seasonal_series",),
    )
