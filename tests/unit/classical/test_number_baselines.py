"""Baselines of numbers against sums written out."""

import math

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.number_baselines import number_baselines
from hybrid_opt.classical.table_data import build_table_data
from hybrid_opt.classical.time_series import forecast_data


def test_a_line_moves_by_its_slope_for_each_step():
    data = forecast_data("line", np.arange(100.0), sequence_length=4, horizon=2)
    scores = number_baselines(data, "test")
    assert scores["last value"]["root_mean_squared_error"] == pytest.approx(math.sqrt((1 + 4) / 2), rel=1e-5)
    learned = [[first, first + 1] for first in range(4, 79)]
    wanted = np.array([[first, first + 1] for first in range(90, 99)], dtype=float)
    squares = (wanted - np.mean(learned, axis=0)) ** 2
    figures = scores["training mean"]
    assert figures["root_mean_squared_error"] == pytest.approx(math.sqrt(squares.mean()), rel=1e-5)
    expected = 1 - squares.sum() / ((wanted - wanted.mean()) ** 2).sum()
    assert figures["r_squared"] == pytest.approx(expected, rel=1e-5)
    assert figures["loss"] == pytest.approx(squares.mean() / data.target_scaling[1] ** 2, rel=1e-5)


def test_a_table_has_no_last_value():
    table = pd.DataFrame({"x": np.arange(60.0), "label": np.arange(60) * 1.5})
    assert list(number_baselines(build_table_data("t", table), "validation")) == ["training mean"]


def test_classes_have_other_baselines():
    with pytest.raises(DataError, match="wine is data for sequence_classification"):
        number_baselines(load_data("wine"), "test")
