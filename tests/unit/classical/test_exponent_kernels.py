"""The loop itself, on flat arrays; what it computes is tested through `tile_kernels`."""

from __future__ import annotations

import numpy as np

from hybrid_opt.classical.exponent_kernels import exponent_gradients

SHAPE = (2, 6, 131, 5)


def test_each_group_has_its_sum_by_central_differences():
    n_heads, n_rows, n_columns, depth = SHAPE
    generator = np.random.default_rng(0)
    query = generator.standard_normal((n_heads, n_rows, depth))
    key = generator.standard_normal((n_heads, n_columns, depth))
    grad = generator.standard_normal((n_heads, n_rows, n_columns))
    exponents = np.array([1.7, 5.0])
    size = np.abs(query[:, :, None] - key[:, None])

    def distances(step):
        p = exponents[:, None, None] + step
        return (size ** p[..., None]).sum(-1) ** (1 / p)

    slope = (grad * (distances(1e-5) - distances(-1e-5)) / 2e-5).sum(2)
    sums = np.full(4, -1.0)
    exponent_gradients(
        grad.ravel(), distances(0).ravel(), query.ravel(), key.ravel(), exponents, SHAPE, 1, 4, sums
    )
    wanted = [slope[0, 4:].sum(), slope[1, :4].sum(), slope[1, 4:].sum()]
    np.testing.assert_allclose(sums[1:], wanted, rtol=1e-7)
    assert sums[0] == -1
