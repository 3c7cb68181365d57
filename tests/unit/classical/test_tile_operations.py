"""Tile operations against the dense distances and autograd."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical import tile_operations
from hybrid_opt.classical.dense_attention import dense_distances
from hybrid_opt.classical.tile_operations import tile_backward, tile_distances, tile_exponent_gradient

CASES = [
    ("l1", None), ("l2", None), ("chebyshev", None), ("lp", 1.0), ("lp", 1.5), ("lp", 2.0), ("lp", 8.0),
    ("lp", 40.0), ("lp", torch.tensor([1.5, 3.0], dtype=torch.float64)),
]  # fmt: skip


def draws(*shape, seed=0):
    """Numbers with many ties and zero differences."""
    numbers = torch.randint(-3, 4, shape, generator=torch.Generator().manual_seed(seed))
    return numbers.double() / 2


def exponent_of_dense(p):
    """An exponent per head beside (N, R, C)."""
    return p[:, None, None] if isinstance(p, torch.Tensor) else p


@pytest.mark.parametrize("chunk", [2**21, 40])
@pytest.mark.parametrize(("metric", "p"), CASES)
def test_distances_and_gradients_are_those_of_autograd(metric, p, chunk, monkeypatch):
    monkeypatch.setattr(tile_operations, "CHUNK", chunk)
    query, key = draws(2, 6, 3).requires_grad_(), draws(2, 9, 3, seed=1).requires_grad_()
    grad = torch.randn(2, 6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    expected = dense_distances(query, key, metric, exponent_of_dense(p))
    distances = tile_distances(query.detach(), key.detach(), metric, p)
    torch.testing.assert_close(distances, expected.detach(), rtol=1e-12, atol=1e-12)
    to_query, to_key = torch.ones(2, 6, 3, dtype=torch.float64), torch.ones(2, 9, 3, dtype=torch.float64)
    tile_backward(grad, distances, query.detach(), key.detach(), metric, p, to_query, to_key)
    # Gradients are added to what is there.
    for found, exact in zip((to_query, to_key), torch.autograd.grad(expected, (query, key), grad)):
        torch.testing.assert_close(found - 1, exact, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("metric", ["similarity", "shifted_squares"])
def test_inner_products(metric):
    query, key = draws(2, 6, 3).requires_grad_(), draws(2, 9, 3, seed=1).requires_grad_()
    grad = draws(2, 6, 9, seed=2)
    if metric == "similarity":
        expected = dense_distances(query, key, "dot")
    else:
        expected = dense_distances(query, key, "squared_l2") - query.square().sum(-1, keepdim=True)
    distances = tile_distances(query.detach(), key.detach(), metric)
    torch.testing.assert_close(distances, expected.detach())
    to_query, to_key = torch.zeros(2, 6, 3, dtype=torch.float64), torch.zeros(2, 9, 3, dtype=torch.float64)
    tile_backward(grad, distances, query.detach(), key.detach(), metric, None, to_query, to_key)
    for found, exact in zip((to_query, to_key), torch.autograd.grad(expected, (query, key), grad)):
        torch.testing.assert_close(found, exact)


@pytest.mark.parametrize("p", [1.0, 1.5, 4.0, torch.tensor([1.5, 3.0], dtype=torch.float64)])
@pytest.mark.parametrize("chunk", [2**21, 40])
def test_gradient_of_the_exponent(p, chunk, monkeypatch):
    monkeypatch.setattr(tile_operations, "CHUNK", chunk)
    query, key, grad = draws(2, 6, 3), draws(2, 9, 3, seed=1), draws(2, 6, 9, seed=2)
    # Autograd has no x log x at 0; the derivative by differences has.
    step = 1e-6
    above, below = (
        (dense_distances(query, key, "lp", exponent_of_dense(p + change)) * grad).sum((1, 2))
        for change in (step, -step)
    )
    found = tile_exponent_gradient(grad, tile_distances(query, key, "lp", p), query, key, p)
    torch.testing.assert_close(found, (above - below) / (2 * step), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("p", [8.5, 64.0, 1000.0])
def test_large_exponents_do_not_overflow(p):
    query, key = 1e10 * draws(1, 4, 3).float(), 1e10 * draws(1, 5, 3, seed=1).float()
    expected = dense_distances(query.double(), key.double(), "lp", p)
    distances = tile_distances(query, key, "lp", p)
    torch.testing.assert_close(distances.double(), expected, rtol=1e-5, atol=0)
    to_query, to_key = torch.zeros_like(query), torch.zeros_like(key)
    tile_backward(torch.ones_like(distances), distances, query, key, "lp", p, to_query, to_key)
    assert to_query.isfinite().all()
    assert to_key.isfinite().all()
