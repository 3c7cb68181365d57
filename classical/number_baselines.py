"""What predictions of numbers have to beat: the mean of the training part, and for forecasts the last value.

Shapes: N examples, T steps of history, V predicted numbers.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .errors import DataError
from .task_data import TaskData
from .time_series import forecast_labels

__all__ = ["number_baselines"]


def number_baselines(data: TaskData, split: str) -> dict[str, dict[str, float]]:
    """Score predictions that need no model.

    ``training mean`` always predicts the mean of each number over the training part; ``last value``, for
    forecasts, that the last step of the history stays.

    Args:
        data: data of task ``"regression"``.
        split: the part to score.

    Returns:
        Baseline -> ``loss`` (mean squared error), ``r_squared`` (NaN where all numbers are equal) and
        ``root_mean_squared_error`` in the user's unit.

    Raises:
        DataError: data for another task, or an unknown part.

    Example:
        >>> from hybrid_opt.classical.time_series import seasonal_data
        >>> list(number_baselines(seasonal_data(limit=200), "test"))
        ['training mean', 'last value']
    """
    if data.task != "regression":
        raise DataError(f"these baselines are for regression, and {data.name} is data for {data.task}")
    scored = data.split(split)
    targets = _stacked(scored, "labels")
    guesses = {"training mean": _stacked(data.train, "labels").mean(0).expand_as(targets)}
    if data.labels == forecast_labels(len(data.labels)):
        guesses["last value"] = _stacked(scored, "input_values")[:, -1].expand_as(targets)
    scale = 1.0 if data.target_scaling is None else data.target_scaling[1]
    spread = float((targets - targets.mean()).square().mean())
    scores = {}
    for name, guess in guesses.items():
        loss = float((guess - targets).square().mean())
        scores[name] = {
            "loss": loss,
            "r_squared": 1 - loss / spread if spread > 0 else math.nan,
            "root_mean_squared_error": math.sqrt(loss) * scale,
        }
    return scores


def _stacked(dataset: Any, name: str) -> Tensor:
    """One entry of all examples: labels (N, V), or input_values (N, T, 1)."""
    rows = torch.stack([dataset[number][name] for number in range(len(dataset))]).double()
    return rows.reshape(len(rows), -1) if name == "labels" else rows
