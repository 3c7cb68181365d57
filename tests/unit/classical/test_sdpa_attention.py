"""The metrics that torch's fused attention serves, against the dense path."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.dense_attention import dense_attention, unit_vectors
from hybrid_opt.classical.sdpa_attention import normalized, sdpa_attention


def draws(*shape, seed=0, dtype=torch.float64):
    """Normal numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("width", [1, 3, 8])
@pytest.mark.parametrize("value_width", [1, 8, 11])
@pytest.mark.parametrize("metric", ["dot", "cosine", "squared_l2"])
def test_widths_and_grouped_heads(metric, width, value_width):
    query, key = draws(2, 4, 9, width), draws(2, 2, 9, width, seed=1)
    value, scale = (
        draws(2, 2, 9, value_width, seed=2),
        torch.tensor([0.5, 1.0, 2.0, 4.0], dtype=torch.float64),
    )
    visible = torch.ones(9, 9, dtype=torch.bool).tril()
    for causal in (False, True):
        found = sdpa_attention(query, key, value, metric, scale, causal)
        repeated = [part.repeat_interleave(2, 1) for part in (key, value)]
        expected = dense_attention(query, *repeated, metric, scale, None, visible if causal else None)
        torch.testing.assert_close(found, expected)


def test_differences_alone_count_for_squared_distances():
    parts = [draws(1, 2, 40, 8, seed=seed, dtype=torch.float32) for seed in range(3)]
    scale = torch.ones(2)
    near = sdpa_attention(*parts, "squared_l2", scale, False)
    far = sdpa_attention(parts[0] + 500, parts[1] + 500, parts[2], "squared_l2", scale, False)
    torch.testing.assert_close(far, near, rtol=0, atol=2e-3)


@pytest.mark.parametrize("length", [0.0, 1e-13, 1e-9, 1.0, 1e15])
def test_unit_vectors_and_their_gradients_are_those_of_the_dense_path(length):
    vectors = length * draws(4, 3)
    one, other = vectors.clone().requires_grad_(), vectors.clone().requires_grad_()
    upstream = draws(4, 3, seed=1)
    torch.testing.assert_close(normalized(one), unit_vectors(other))
    normalized(one).backward(upstream)
    unit_vectors(other).backward(upstream)
    torch.testing.assert_close(one.grad, other.grad)


def test_unit_vectors_refuse_a_second_derivative():
    vectors = draws(2, 3).requires_grad_()
    (gradient,) = torch.autograd.grad(normalized(vectors).square().sum(), vectors, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        gradient.sum().backward()


def test_dropout_keeps_its_share_and_the_mean():
    # What runs on GPUs without a seed; on the CPU the same function is reached only directly.
    tokens, scale = draws(1, 1, 40, 4), torch.ones(1, dtype=torch.float64)
    identity = torch.eye(40, dtype=torch.float64)[None, None]
    plain = sdpa_attention(tokens, tokens, identity, "dot", scale, False)
    torch.manual_seed(0)
    several = torch.stack(
        [sdpa_attention(tokens, tokens, identity, "dot", scale, False, 0.25) for _ in range(200)]
    )
    kept = several > 0
    assert kept.double().mean() == pytest.approx(0.75, abs=0.005)
    torch.testing.assert_close(several.mean(0), plain, rtol=0.25, atol=1e-3)
