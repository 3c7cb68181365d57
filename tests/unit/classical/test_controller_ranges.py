"""Ranges of what controllers read and answer."""

import math

import pytest
import torch

from hybrid_opt.classical.controller_ranges import dropout_factor, scale_factors, squashed_statistics
from hybrid_opt.classical.errors import ComponentError


def test_each_statistic_follows_its_formula():
    entropy, ratio, norm = 0.3, 1.7, 0.2
    squashed = squashed_statistics(torch.tensor([[entropy, ratio, norm]]), 1)
    expected = [2 * entropy - 1, math.tanh(math.log(ratio) / 2), math.tanh(math.log(norm / 0.01) / 4)]
    torch.testing.assert_close(squashed, torch.tensor([expected]))


def test_nothing_leaves_the_range_or_stays_no_number():
    infinite, no_number = float("inf"), float("nan")
    rows = [[1.2, -3.0, infinite], [-0.1, infinite, 1e30], [no_number] * 3, [0.5, 0.0, -1.0]]
    squashed = squashed_statistics(torch.tensor(rows), 4)
    assert squashed.tolist() == [[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, -1.0, -1.0]]


def test_half_precision_is_read_in_single():
    assert squashed_statistics(torch.ones(2, 3, dtype=torch.bfloat16), 2).dtype == torch.float32
    assert squashed_statistics(torch.ones(2, 3, dtype=torch.float64), 2).dtype == torch.float64


@pytest.mark.parametrize(
    "statistics", [None, torch.ones(3, 3), torch.ones(2, 2), torch.ones(2, 3, dtype=torch.long)]
)
def test_statistics_of_another_kind(statistics):
    with pytest.raises(ComponentError, match=r"shape \(2, 3\), one row per head"):
        squashed_statistics(statistics, 2)


def test_factors_at_the_ends():
    assert scale_factors(torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0])).tolist() == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert [dropout_factor(torch.full((3,), end)).item() for end in (-1.0, 0.0, 1.0)] == [0.0, 1.0, 2.0]


def test_dropout_takes_no_gradient():
    assert not dropout_factor(torch.zeros(2, requires_grad=True)).requires_grad
