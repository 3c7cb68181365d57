"""Masks with exactly k ones."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.layers.straight_through import top_k_mask


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_exactly_k_exact_ones(dtype, k):
    scores = torch.rand(2, 7, 5, generator=torch.Generator().manual_seed(1)).to(dtype).requires_grad_()
    mask = top_k_mask(scores, k)
    assert mask.dtype == dtype
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    assert (mask.sum(dim=-1) == k).all()
    low = torch.where(mask == 1, scores, torch.inf).amin(dim=-1)
    assert (low >= torch.where(mask == 0, scores, -torch.inf).amax(dim=-1)).all()
    factors = torch.arange(5, dtype=dtype)
    (mask * factors).sum().backward()
    assert torch.equal(scores.grad, factors.expand(2, 7, 5))


def test_ties_go_to_the_lower_index():
    scores = torch.tensor([0.5, 0.5 + 1e-12, 0.5 - 1e-12, 0.5, 0.1], dtype=torch.float64)
    assert top_k_mask(scores, 2).tolist() == [1, 1, 0, 0, 0]
    assert top_k_mask(scores.flip(0), 2).tolist() == [0, 1, 1, 0, 0]


def test_no_rows():
    assert top_k_mask(torch.empty(0, 3), 2).shape == (0, 3)


@pytest.mark.parametrize("k", [0, 4, -1, 1.0, True, None])
def test_wrong_numbers(k):
    with pytest.raises(CircuitError, match="from 1 to the number 3"):
        top_k_mask(torch.zeros(3), k)
