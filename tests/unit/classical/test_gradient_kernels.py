"""The loops themselves, on flat arrays; what they compute is tested through `tile_kernels`."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.classical.gradient_kernels import block_gradients, gradients_of_chunks

SHAPE = (2, 5, 131, 19)
CHUNKS = 3  # of 8 doubles: 8 + 8 + 3


def gradients(exponents, first=0, last=2 * CHUNKS):
    """Gradients (N, R, D) and (N, C, D) that some chunks give, and the exact ones of all."""
    n_heads, n_rows, n_columns, depth = SHAPE
    generator = np.random.default_rng(0)
    query = generator.standard_normal((n_heads, n_rows, depth))
    key = generator.standard_normal((n_heads, n_columns, depth))
    grad = generator.standard_normal((n_heads, n_rows, n_columns))
    p = np.array(exponents)[:, None, None]
    x = query[:, :, None] - key[:, None]
    distance = (np.abs(x) ** p[..., None]).sum(-1) ** (1 / p)
    part = grad[..., None] * np.sign(x) * (np.abs(x) / distance[..., None]) ** (p[..., None] - 1)
    to_query, to_key = np.zeros(query.size), np.zeros(key.size)
    gradients_of_chunks(
        block_gradients.address(np.float64),
        grad.ravel(), distance.ravel(), query.ravel(), key.ravel(), np.array(exponents), SHAPE, first, last,
        to_query, to_key,
    )  # fmt: skip
    return to_query.reshape(query.shape), to_key.reshape(key.shape), part.sum(2), -part.sum(1)


@pytest.mark.parametrize("exponents", [[1.0, 1.5], [2.0, 3.0], [4.0, 2.5]])
def test_a_chunk_is_one_vector_of_coordinates(exponents):
    *found, exact_query, exact_key = gradients(exponents, 2, 4)
    for part, exact in zip(found, (exact_query, exact_key)):
        np.testing.assert_allclose(part[0, :, 16:], exact[0, :, 16:], atol=1e-12)
        np.testing.assert_allclose(part[1, :, :8], exact[1, :, :8], atol=1e-12)
        assert (part[0, :, :16] == 0).all()
        assert (part[1, :, 8:] == 0).all()


def test_chunks_computed_apart_are_the_same_to_the_bit():
    whole = gradients([1.0, 2.5])
    parts = [gradients([1.0, 2.5], chunk, chunk + 1) for chunk in range(2 * CHUNKS)]
    for side in (0, 1):
        np.testing.assert_array_equal(sum(part[side] for part in parts), whole[side])
