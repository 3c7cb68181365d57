"""The loop itself, on flat arrays; what it computes is tested through `tile_kernels`."""

from __future__ import annotations

import numpy as np

from hybrid_opt.classical.chebyshev_kernels import block_chebyshev, chebyshev_gradients


def gradients(query, key, grad, first, last):
    """Gradients (N, R, D) and (N, C, D) that some heads give."""
    shape = (*query.shape[:2], key.shape[1], query.shape[2])
    distances = np.abs(query[:, :, None] - key[:, None]).max(-1)
    to_query, to_key = np.zeros(query.size), np.zeros(key.size)
    chebyshev_gradients(
        block_chebyshev.address(np.float64), grad.ravel(), distances.ravel(), query.ravel(), key.ravel(),
        shape, first, last, to_query, to_key,
    )  # fmt: skip
    return to_query.reshape(query.shape), to_key.reshape(key.shape)


def test_one_coordinate_gets_all_and_ties_share():
    query = np.array([[[0.0, 0.0, 0.0, 0.0]]])
    key = np.array([[[1.0, -5.0, 2.0, 0.0], [3.0, -3.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]]])
    to_query, to_key = gradients(query, key, np.array([[[2.0, 12.0, 7.0]]]), 0, 1)
    np.testing.assert_array_equal(to_key, [[[0, -2, 0, 0], [4, -4, 4, 0], [0, 0, 0, 0]]])
    np.testing.assert_array_equal(to_query, -to_key.sum(1, keepdims=True))


def test_only_the_heads_asked_for():
    generator = np.random.default_rng(0)
    query, key = generator.standard_normal((3, 5, 7)), generator.standard_normal((3, 140, 7))
    grad = generator.standard_normal((3, 5, 140))
    for found in gradients(query, key, grad, 1, 2):
        assert (found[[0, 2]] == 0).all()
        assert (found[1] != 0).any()
