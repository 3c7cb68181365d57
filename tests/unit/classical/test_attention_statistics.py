"""Closed forms: even weights, one key, causal even weights, and rows that see too little to say anything."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from hybrid_opt.classical.attention_statistics import (
    hoyer_sparsity,
    normalized_entropy,
    reach,
    received_attention,
    share_of_keys_for,
    uniform_reach,
    weights_from_distances,
)
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.weights_on_request import attention_distances, attention_weights


def even(visible: Tensor) -> tuple[Tensor, Tensor]:
    counts = visible.sum(-1).double()
    return visible.double() / counts[..., None].clamp(min=1), counts


def one_hot(keys: int, place: int) -> Tensor:
    return torch.eye(keys, dtype=torch.float64)[place]


@pytest.mark.parametrize("keys", [2, 3, 10, 1000])
def test_even_weights_and_one_key(keys: int):
    weights = torch.stack([torch.full((keys,), 1 / keys, dtype=torch.float64), one_hot(keys, keys // 2)])
    counts = torch.full((2,), keys)
    assert normalized_entropy(weights, counts).tolist() == pytest.approx([1.0, 0.0], abs=1e-12)
    assert hoyer_sparsity(weights, counts).tolist() == pytest.approx([0.0, 1.0], abs=1e-12)
    expected = [math.ceil(0.95 * keys) / keys, 1 / keys]
    assert share_of_keys_for(weights, counts).tolist() == pytest.approx(expected)


def test_entropy_is_over_the_keys_that_a_row_sees():
    # Half of the weight on each of two visible keys of ten: even, not concentrated.
    weights = torch.zeros(1, 10)
    weights[0, :2] = 0.5
    assert normalized_entropy(weights, torch.tensor([2])).item() == pytest.approx(1.0)
    assert normalized_entropy(weights, torch.tensor([10])).item() == pytest.approx(math.log(2) / math.log(10))
    assert hoyer_sparsity(weights, torch.tensor([2])).item() == pytest.approx(0.0, abs=1e-6)


def test_a_geometric_row():
    # w = (1, 1/2, 1/4) * 4/7: entropy log(7/4) + 2/7 log 2 + 2/7 log 2, length sqrt(21)/7
    weights = torch.tensor([[4.0, 2.0, 1.0]], dtype=torch.float64) / 7
    entropy = math.log(7) - (4 * math.log(4) + 2 * math.log(2)) / 7
    assert normalized_entropy(weights, torch.tensor([3])).item() == pytest.approx(entropy / math.log(3))
    hoyer = (math.sqrt(3) - 7 / math.sqrt(21)) / (math.sqrt(3) - 1)
    assert hoyer_sparsity(weights, torch.tensor([3])).item() == pytest.approx(hoyer)
    assert share_of_keys_for(weights, torch.tensor([3]), mass=0.8).item() == pytest.approx(2 / 3)


def test_the_mass_is_found_whatever_the_order_and_rounding():
    weights = torch.tensor([[0.01, 0.9, 0.04, 0.05]])
    assert share_of_keys_for(weights, torch.tensor([4])).item() == 0.5  # 0.9 + 0.05 in float32 is below 0.95


@pytest.mark.parametrize("seen", [0, 1])
def test_rows_without_a_choice_say_nothing(seen: int):
    weights, counts = torch.zeros(1, 4), torch.tensor([seen])
    weights[0, :seen] = 1.0
    for function in (normalized_entropy, hoyer_sparsity, share_of_keys_for):
        assert math.isnan(function(weights, counts).item())


def test_reach_of_one_key_is_its_distance():
    weights = one_hot(6, 1).expand(1, 2, 3, 6)
    assert reach(weights, torch.tensor([0, 1, 5]))[0, 0].tolist() == [1.0, 0.0, 4.0]


def test_even_reach_under_causal_order_is_half_the_position():
    visible = torch.ones(1, 1, 9, 9, dtype=torch.bool).tril()
    weights, _ = even(visible)
    rows = torch.arange(9)
    expected = [position / 2 for position in range(9)]
    assert uniform_reach(visible, rows)[0, 0].tolist() == pytest.approx(expected)
    assert reach(weights, rows)[0, 0].tolist() == pytest.approx(expected)


def test_even_reach_of_a_row_that_sees_nothing_is_unknown():
    assert math.isnan(uniform_reach(torch.zeros(1, 1, 1, 3, dtype=torch.bool), torch.tensor([0])).item())


def test_causal_even_weights_favor_no_key():
    size = 7
    visible = torch.ones(1, 1, size, size, dtype=torch.bool).tril()
    weights, counts = even(visible)
    sums, relative, seen = received_attention(weights, visible, counts, torch.ones(1, size, dtype=torch.bool))
    assert seen[0].tolist() == [float(size - key) for key in range(size)]
    assert (relative / seen)[0].tolist() == pytest.approx([1.0] * size)
    means = [sum(1 / (row + 1) for row in range(key, size)) / (size - key) for key in range(size)]
    assert (sums / seen)[0].tolist() == pytest.approx(means)
    assert means[0] > 2 * means[-1]  # what is left of the causal bias in plain means


def test_padding_rows_give_nothing_to_their_keys():
    visible = torch.ones(2, 1, 3, 3, dtype=torch.bool)
    weights = one_hot(3, 2).expand(2, 1, 3, 3)
    real = torch.tensor([[True, True, True], [True, False, False]])
    sums, relative, seen = received_attention(weights, visible, visible.sum(-1), real)
    assert sums[0].tolist() == [0.0, 0.0, 4.0]
    assert relative[0].tolist() == [0.0, 0.0, 12.0]
    assert seen[0].tolist() == [4.0, 4.0, 4.0]


@pytest.mark.parametrize("metric", METRICS)
def test_weights_are_those_of_attention(metric: str):
    generator = torch.Generator().manual_seed(1)
    query, key = torch.randn(2, 2, 3, 5, 4, generator=generator, dtype=torch.float64).unbind(0)
    scale, p = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64), 1.5 if metric == "lp" else None
    visible = torch.ones(5, 5, dtype=torch.bool).tril()
    visible[2] = False
    mask = visible.expand(2, 1, 5, 5)
    expected = attention_weights(query, key, metric, scale=scale, p=p, mask=mask)
    distances = attention_distances(query, key, metric, p=p)
    torch.testing.assert_close(weights_from_distances(distances, scale, 4, mask), expected)
    assert (expected[:, :, 2] == 0).all()
