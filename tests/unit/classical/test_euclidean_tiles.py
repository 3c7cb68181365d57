"""Euclidean distances by matrix products, where they cancel."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.euclidean_tiles import euclidean_backward, euclidean_distances


@pytest.mark.parametrize("offset", [0.0, 1.0, 100.0, 1e4])
@pytest.mark.parametrize("spread", [1.0, 1e-3, 0.0])
def test_near_pairs_far_from_the_origin_are_exact(offset, spread):
    generator = torch.Generator().manual_seed(0)
    query = offset + spread * torch.randn(2, 7, 4, generator=generator)
    key = offset + spread * torch.randn(2, 9, 4, generator=generator)
    key[:, 0] = query[:, 3]
    grad = torch.randn(2, 7, 9, generator=generator)
    difference = query.double()[:, :, None] - key.double()[:, None]
    exact = difference.square().sum(-1).sqrt()
    distances = euclidean_distances(query, key)
    torch.testing.assert_close(distances.double(), exact, rtol=2e-3, atol=1e-30)
    assert (distances[:, 3, 0] == 0).all()
    to_query, to_key = torch.zeros_like(query), torch.zeros_like(key)
    euclidean_backward(grad, distances, query, key, to_query, to_key)
    slopes = grad[..., None] * difference / torch.where(exact > 0, exact, 1.0)[..., None]
    torch.testing.assert_close(to_query.double(), slopes.sum(2), rtol=0, atol=0.02)
    torch.testing.assert_close(to_key.double(), -slopes.sum(1), rtol=0, atol=0.02)
