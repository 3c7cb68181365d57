"""Probabilities of bits from expectation values of Z."""

from __future__ import annotations

import numpy as np
import torch

from hybrid_opt.layers.bit_probabilities import bit_probabilities

FIRST, SECOND = torch.tensor([0, 2]), torch.tensor([1, 1])


def test_those_of_a_distribution():
    weights = np.random.default_rng(0).dirichlet(np.ones(8))
    bits = (np.arange(8)[:, None] >> np.arange(3)[::-1]) & 1
    z = 1 - 2 * bits
    ones, both = bit_probabilities(
        torch.from_numpy(weights @ z)[None],
        torch.from_numpy(weights @ (z[:, [0, 2]] * z[:, [1, 1]]))[None],
        FIRST,
        SECOND,
    )
    np.testing.assert_allclose(ones[0], weights @ bits, atol=1e-14)
    np.testing.assert_allclose(both[0], weights @ (bits[:, [0, 2]] * bits[:, [1, 1]]), atol=1e-14)


def test_rounding_does_not_leave_the_interval_nor_stop_the_derivative():
    fields = torch.tensor([[1 + 1e-15, -1 - 1e-15, 0.0]], dtype=torch.float64, requires_grad=True)
    ones, both = bit_probabilities(fields, torch.tensor([[-1.0, 0.0]], dtype=torch.float64), FIRST, SECOND)
    assert ones.tolist() == [[0.0, 1.0, 0.5]]
    assert both.min() >= 0
    ones.sum().backward()
    assert fields.grad.tolist() == [[-0.5, -0.5, -0.5]]
