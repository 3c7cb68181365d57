"""Shapes: N heads, R query rows, C key columns, D head width."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from hybrid_opt.classical.tile_kernels import distance_tile, distance_tile_backward, distance_tile_p_gradient

EXPONENTS = st.one_of(st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.0, math.inf]), st.floats(1.0, 64.0))


@given(
    st.integers(1, 3), st.integers(1, 11), st.integers(1, 140), st.integers(1, 37), EXPONENTS,
    st.sampled_from([torch.float32, torch.float64]), st.integers(0, 2**31),
)  # fmt: skip
def test_any_shape_and_exponent_agree_with_broadcasting(n, r, c, d, p, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    # Few different values: zero differences, ties and zero distances happen.
    query = torch.randint(-2, 3, (n, r, d), generator=generator).to(dtype) / 2
    key = torch.randint(-2, 3, (n, c, d), generator=generator).to(dtype) / 2
    grad = torch.randn(n, r, c, generator=generator, dtype=dtype)
    x = query.double()[:, :, None] - key.double()[:, None]
    largest = x.abs().amax(-1)
    ratio = x.abs() / largest.clamp(min=0.1)[..., None]
    if p == math.inf:
        metric, exact = "chebyshev", largest
        attained = (ratio == 1).double()
        slope = x.sign() * attained / attained.sum(-1, keepdim=True).clamp(min=1)
    else:
        metric = "lp"
        norm = (ratio**p).sum(-1) ** (1 / p)
        exact = norm * largest
        slope = x.sign() * (ratio / norm.clamp(min=1)[..., None]) ** (p - 1)
    distances = distance_tile(query, key, metric, p)
    tolerance = 1e-6 if dtype == torch.float32 else 1e-13
    assert ((distances.double() - exact).abs() <= tolerance * exact).all()
    to_query, to_key = torch.zeros_like(query), torch.zeros_like(key)
    distance_tile_backward(grad, distances, query, key, metric, p, to_query, to_key)
    part = grad.double()[..., None] * slope
    # A rounded ratio is off by that much times the exponent in its power.
    bound = tolerance * (1 if p == math.inf else 1 + p / 4) * grad.abs().sum()
    assert (to_query.double() - part.sum(2)).abs().max() <= bound
    assert (to_key.double() + part.sum(1)).abs().max() <= bound
    if p < math.inf:
        t = torch.where(x == 0, 1.0, ratio / norm.clamp(min=1)[..., None])
        in_p = (grad.double() * exact / p * torch.xlogy(t**p, t).sum(-1)).sum((1, 2))
        found = distance_tile_p_gradient(grad, distances, query, key, p)
        assert (found.double() - in_p).abs().max() <= bound * exact.max().clamp(min=1)
