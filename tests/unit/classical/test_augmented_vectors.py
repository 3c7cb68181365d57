"""Augmented vectors: their inner product is the squared distance, and so are the gradients."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.augmented_vectors import augmented, without_mean


def draws(*shape, seed=0, dtype=torch.float64):
    """Normal numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("dtype", "columns", "tolerance"),
    [(torch.float64, 1, 1e-12), (torch.float32, 1, 1e-5), (torch.bfloat16, 3, 0.05)],
)
@pytest.mark.parametrize("groups", [1, 2])
def test_products_and_gradients_are_those_of_squared_distances(groups, dtype, columns, tolerance):
    query, key = draws(2, 2 * groups, 5, 3).to(dtype), draws(2, 2, 7, 3, seed=1).to(dtype)
    factor = torch.linspace(0.3, 1.1, 2 * groups, dtype=torch.promote_types(dtype, torch.float32))
    upstream = draws(2, 2 * groups, 5, 7, seed=2)
    # What the softmax of a row does not see must not matter: rows of the gradient sum to 0.
    upstream -= upstream.mean(-1, keepdim=True)
    given = [part.requires_grad_() for part in (query, key, factor[:, None, None].clone())]
    long_query, long_key = augmented(*given)
    assert long_query.shape[-1] == long_key.shape[-1] == 3 + columns
    found = long_query.double() @ long_key.double().repeat_interleave(groups, 1).mT
    found.backward(upstream)

    exact = [part.detach().double().requires_grad_() for part in given]
    differences = exact[0].unsqueeze(-2) - exact[1].repeat_interleave(groups, 1).unsqueeze(-3)
    expected = -exact[2] * differences.square().sum(-1)
    expected.backward(upstream)
    close = {"rtol": tolerance, "atol": 4 * tolerance}
    centered = [part - part.mean(-1, keepdim=True) for part in (found, expected)]
    torch.testing.assert_close(*centered, **close)
    for part, other in zip(given, exact, strict=True):
        torch.testing.assert_close(part.grad.double(), other.grad, **close)


def test_gradients_only_for_what_asks():
    query, key, factor = draws(1, 1, 4, 3), draws(1, 1, 4, 3, seed=1).requires_grad_(), torch.ones(1, 1, 1)
    long_query, long_key = augmented(query, key, factor)
    (long_query @ long_key.mT).exp().sum().backward()
    assert key.grad is not None
    assert query.grad is None
    assert factor.grad is None


@pytest.mark.parametrize("groups", [1, 2])
def test_the_mean_key_is_taken_from_both(groups):
    query, key = draws(1, 2 * groups, 5, 3), draws(1, 2, 4, 3, seed=1)
    moved_query, moved_key = without_mean(query, key)
    torch.testing.assert_close(moved_key.mean(2), torch.zeros(1, 2, 3, dtype=torch.float64))
    before = query[:, :, :, None] - key.repeat_interleave(groups, 1)[:, :, None]
    after = moved_query[:, :, :, None] - moved_key.repeat_interleave(groups, 1)[:, :, None]
    torch.testing.assert_close(after, before)
