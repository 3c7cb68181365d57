"""Streamed statistics against numpy, and what becomes of zeros, overflow, and values that are not finite."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from hybrid_opt.classical.running_statistics import RunningStatistics, silent_units


def of(*tensors: torch.Tensor) -> RunningStatistics:
    statistics = RunningStatistics()
    for tensor in tensors:
        statistics.update(tensor)
    return statistics


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_equal_to_numpy_over_pieces_of_different_sizes(dtype: torch.dtype):
    generator = torch.Generator().manual_seed(0)
    pieces = [torch.randn(n, 3, generator=generator).add(2).mul(n).to(dtype) for n in (1, 7, 100)]
    pieces[1][2] = 0
    whole = torch.cat(pieces).double().numpy()
    found = of(*pieces)
    assert (found.count, found.zeros, found.nonfinite) == (324, 3, 0)
    assert found.mean == pytest.approx(whole.mean(), rel=1e-6)
    assert found.std == pytest.approx(whole.std(), rel=1e-6)
    assert found.mean_absolute == pytest.approx(np.abs(whole).mean(), rel=1e-6)
    assert found.root_mean_square == pytest.approx(np.sqrt((whole**2).mean()), rel=1e-6)
    assert found.max_absolute == np.abs(whole).max()
    assert found.zero_share == pytest.approx(3 / 324)


def test_spread_survives_a_large_offset():
    # The difference of mean square and squared mean has no digit left here in float32.
    values = torch.tensor([-1.0, 1.0]).repeat(500) + 8192
    found = of(*values.split(10))
    assert found.std == pytest.approx(1.0, rel=1e-6)


def test_merging_is_the_same_as_seeing_everything():
    a, b = torch.randn(50, dtype=torch.float64), torch.randn(20, dtype=torch.float64) + 5
    merged = of(a)
    merged.merge(of(b))
    assert merged.std == pytest.approx(float(torch.cat([a, b]).std(correction=0)), rel=1e-12)
    assert merged.mean == pytest.approx(float(torch.cat([a, b]).mean()), rel=1e-12)


def test_values_that_are_not_finite_are_counted_and_left_out():
    found = of(torch.tensor([1.0, float("inf"), float("nan"), 0.0]), torch.tensor([-float("inf"), 2.0]))
    assert (found.count, found.nonfinite, found.zeros) == (6, 3, 1)
    assert found.nonfinite_share == 0.5
    assert (found.mean, found.max_absolute) == (1.0, 2.0)
    assert found.std == pytest.approx(np.std([1.0, 0.0, 2.0]))


def test_nothing_but_nan():
    found = of(torch.full((3,), float("nan")))
    assert (found.nonfinite_share, found.zero_share) == (1.0, 0.0)
    assert math.isnan(found.std)
    assert math.isnan(found.mean_absolute)
    assert math.isnan(found.root_mean_square)


def test_squares_that_overflow_are_taken_in_float64():
    found = of(torch.tensor([1e30, -1e30]))
    assert found.nonfinite == 0
    assert found.std == pytest.approx(1e30, rel=1e-6)
    assert of(torch.tensor([6e4, -6e4], dtype=torch.float16)).std == pytest.approx(6e4, rel=1e-3)


def test_nothing_seen_and_empty_tensors():
    assert math.isnan(RunningStatistics().zero_share)
    assert math.isnan(RunningStatistics().nonfinite_share)
    assert of(torch.empty(0, 4)).count == 0


def test_the_graph_is_left_alone():
    values = torch.ones(3, requires_grad=True) * 2
    before = values.grad_fn
    of(values)
    assert values.grad_fn is before
    assert values.detach().tolist() == [2.0, 2.0, 2.0]


def test_silent_units_of_either_axis_and_with_nan():
    images = torch.zeros(2, 3, 4, 4)
    images[1, 2, 0, 0] = -1.0
    images[0, 1] = float("nan")
    assert silent_units(images, 1).tolist() == [True, False, False]
    assert silent_units(torch.tensor([[0.0, -2.0]]), -1).tolist() == [True, False]
