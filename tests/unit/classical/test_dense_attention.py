"""The dense reference against plain loops, and its treatment of zeros and masks."""

from __future__ import annotations

import math

import pytest
import torch

from hybrid_opt.classical.dense_attention import (
    attention_logits,
    dense_attention,
    dense_distances,
    masked_weights,
    unit_vectors,
)
from hybrid_opt.classical.errors import AttentionError

BY_HAND = {
    "l1": lambda q, k: sum(abs(a - b) for a, b in zip(q, k)),
    "l2": math.dist,
    "squared_l2": lambda q, k: sum((a - b) ** 2 for a, b in zip(q, k)),
    "lp": lambda q, k: sum(abs(a - b) ** 2.5 for a, b in zip(q, k)) ** 0.4,
    "cosine": lambda q, k: 1 - sum(a * b for a, b in zip(q, k)) / math.hypot(*q) / math.hypot(*k),
    "chebyshev": lambda q, k: max(abs(a - b) for a, b in zip(q, k)),
    "dot": lambda q, k: -sum(a * b for a, b in zip(q, k)),
}


def draws(*shape, seed=0):
    """Normal numbers in double precision."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("metric", BY_HAND)
def test_distances_are_those_of_the_table(metric):
    query, key = draws(4, 3), draws(5, 3, seed=1)
    expected = [[BY_HAND[metric](q, k) for k in key.tolist()] for q in query.tolist()]
    found = dense_distances(query, key, metric, 2.5 if metric == "lp" else None)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize(("metric", "p", "message"), [("taxi", None, "unknown"), ("lp", None, "p is None")])
def test_what_has_no_distance_is_refused(metric, p, message):
    with pytest.raises(AttentionError, match=message):
        dense_distances(draws(2, 3), draws(2, 3), metric, p)


def test_exponents_differ_between_heads():
    query, key = draws(1, 2, 4, 3), draws(1, 2, 5, 3, seed=1)
    p = torch.tensor([1.0, 2.0], dtype=torch.float64)
    logits = attention_logits(query, key, "lp", torch.tensor([1.0, 3.0], dtype=torch.float64), p)
    torch.testing.assert_close(logits[:, 0], -dense_distances(query[:, 0], key[:, 0], "l1") / 3**0.5)
    torch.testing.assert_close(logits[:, 1], -(3**0.5) * dense_distances(query[:, 1], key[:, 1], "l2"))


@pytest.mark.parametrize("length", [0.0, 1e-13, 1e-11, 1e-200, 1e200])
def test_tiny_vectors_are_zero_and_others_have_length_one(length):
    vectors = torch.tensor([[0.6 * length, 0.8 * length]], dtype=torch.float64, requires_grad=True)
    unit = unit_vectors(vectors)
    expected = [[0.6, 0.8]] if length > 1e-12 else [[0.0, 0.0]]
    torch.testing.assert_close(unit, torch.tensor(expected, dtype=torch.float64))
    unit.sum().backward()
    assert vectors.grad.isfinite().all()
    assert (vectors.grad == 0).all() == (length <= 1e-12)


def test_weights_of_hidden_keys_are_zero_and_blind_rows_stay_finite():
    logits = draws(1, 1, 3, 4).requires_grad_()
    visible = torch.tensor([[True] * 4, [True, False, True, False], [False] * 4])
    weights = masked_weights(logits, visible)
    torch.testing.assert_close(weights[0, 0, 1, [0, 2]], logits[0, 0, 1, [0, 2]].softmax(0))
    assert (weights[0, 0, ~visible] == 0).all()
    weights.square().sum().backward()
    assert (logits.grad[0, 0, 2] == 0).all()
    assert logits.grad.isfinite().all()


def test_kept_factors_multiply_the_weights():
    query, key = draws(1, 2, 3, 4), draws(1, 2, 5, 4, seed=1)
    value, scale = draws(1, 2, 5, 6, seed=2), torch.ones(2, dtype=torch.float64)
    weights = dense_attention(query, key, torch.eye(5, dtype=torch.float64), "l1", scale, None, None)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    kept = (draws(1, 2, 3, 5, seed=3) > 0) * 2.0
    found = dense_attention(query, key, value, "l1", scale, None, None, kept)
    torch.testing.assert_close(found, (weights * kept) @ value)


@pytest.mark.parametrize(("metric", "p"), [("l2", None), ("lp", 2.5), ("cosine", None)])
def test_second_derivatives_exist(metric, p):
    inputs = [draws(1, 1, 3, 2, seed=seed).requires_grad_() for seed in range(3)]
    scale = torch.ones(1, dtype=torch.float64)
    assert torch.autograd.gradgradcheck(
        lambda *given: dense_attention(*given, metric, scale, p, None), inputs
    )
