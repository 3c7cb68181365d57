"""The backward loop itself, unit by unit; what it computes is tested through `compiled_attention`."""

from __future__ import annotations

import numpy as np
import torch

from hybrid_opt.classical.attention_gradient_kernels import attend_backward
from hybrid_opt.classical.attention_kernels import BLOCK_ROWS
from hybrid_opt.classical.chebyshev_kernels import block_chebyshev
from hybrid_opt.classical.distance_kernels import block_distances
from hybrid_opt.classical.gradient_kernels import block_gradients


def test_parts_of_a_head_add_up_and_own_their_rows():
    rows, keys, width = 2 * BLOCK_ROWS, 5, 8
    generator = torch.Generator().manual_seed(0)
    query, key, value, upstream = (
        torch.randn(1, n, width, generator=generator, dtype=torch.float64) for n in (rows, keys, keys, rows)
    )
    inputs = [part.requires_grad_() for part in (query, key, value)]
    factor = torch.tensor([-0.7], dtype=torch.float64, requires_grad=True)
    logits = factor * torch.cdist(query, key, p=1.0)
    output = logits.softmax(-1) @ value
    wanted = [part[0] for part in torch.autograd.grad(output, (*inputs, factor), upstream)]
    flat = [part.detach().numpy().ravel() for part in inputs]
    to_query, to_keys, to_values = (
        np.zeros(rows * width),
        np.zeros(2 * keys * width),
        np.zeros(2 * keys * width),
    )
    to_factor = np.zeros(2)
    loops = [loop.address(np.float64) for loop in (block_distances, block_gradients, block_chebyshev)]
    for unit in (1, 0):
        attend_backward(
            *loops, *flat, factor.detach().numpy(), np.ones(1), (1, 1, rows, rows, keys, width, width),
            (2**62, 2**62, 1, 0, 0, 0, 0, 0), np.empty(0, np.uint8), 2, unit, unit + 1,
            logits.logsumexp(-1).detach().numpy().ravel(), output.detach().numpy().ravel(),
            upstream.numpy().ravel(),
            to_query, to_keys, to_values, to_factor,
        )  # fmt: skip
        done = (to_query.reshape(rows, width) != 0).any(1)
        assert done[BLOCK_ROWS:].all()
        assert done[:BLOCK_ROWS].all() == (unit == 0)
    np.testing.assert_allclose(to_query.reshape(rows, width), wanted[0], atol=1e-12)
    np.testing.assert_allclose(to_keys.reshape(2, keys, width).sum(0), wanted[1], atol=1e-12)
    np.testing.assert_allclose(to_values.reshape(2, keys, width).sum(0), wanted[2], atol=1e-12)
    np.testing.assert_allclose(to_factor.sum(), wanted[3], rtol=1e-12)
    assert (to_keys.reshape(2, -1)[1] != 0).any()
