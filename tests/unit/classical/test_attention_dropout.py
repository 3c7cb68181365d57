"""Dropout of attention: repeatable, the same forward and backward, right on average."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_function import distance_attention

BACKENDS = ["auto", "tiled", "dense"]


def draws(*shape, seed=0, dtype=torch.float64):
    """Normal numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def tensors(dtype=torch.float64, tokens=9, heads=4, shared=2, width=6):
    """Query, key and value of two sequences."""
    query = draws(2, heads, tokens, width, dtype=dtype)
    return [query, *(draws(2, shared, tokens, width, seed=seed, dtype=dtype) for seed in (1, 2))]


def dropped(seed=None, dropout=0.3, backend="tiled", tokens=12, metric="l1"):
    """The weights that dropout leaves of two heads, (2, 2, T, T)."""
    query, key, _ = tensors(tokens=tokens, heads=2)
    values = torch.eye(tokens, dtype=query.dtype).expand(2, 2, -1, -1)
    return distance_attention(query, key, values, metric, dropout=dropout, seed=seed, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_seed_repeats_dropout_and_leaves_the_generator_alone(backend):
    state = torch.get_rng_state()
    assert torch.equal(dropped(5, backend=backend), dropped(5, backend=backend))
    assert not torch.equal(dropped(5, backend=backend), dropped(6, backend=backend))
    torch.testing.assert_close(dropped(5, backend=backend), dropped(5, backend="dense"))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_seed_one_number_is_drawn_from_the_default_generator(backend):
    torch.manual_seed(3)
    one, other = dropped(backend=backend), dropped(backend=backend)
    torch.manual_seed(3)
    drawn = int(torch.randint(2**62, ()))
    assert not torch.equal(one, other)
    assert torch.equal(one, dropped(drawn, backend=backend))
    torch.testing.assert_close(other, dropped(int(torch.randint(2**62, ())), backend=backend))


def test_heads_of_several_metrics_take_one_number_and_drop_other_weights():
    torch.manual_seed(3)
    mixed = dropped(metric=["l1", "l2"])
    after = torch.get_rng_state()
    torch.manual_seed(3)
    torch.randint(2**62, ())
    assert torch.equal(torch.get_rng_state(), after)
    assert not torch.equal(mixed[:, 0] > 0, mixed[:, 1] > 0)


def test_the_mean_over_seeds_is_attention_without_dropout_and_the_share_is_right():
    several = torch.stack([dropped(seed, dropout=0.25) for seed in range(400)])
    plain = dropped(0, dropout=0.0)
    assert (several > 0).double().mean() == pytest.approx(0.75, abs=0.006)
    # Each weight is a mean of 400 draws of 0 or w / 0.75: five standard errors of w.
    assert ((several.mean(0) - plain).abs() <= 5 * plain * (0.25 / 0.75 / 400) ** 0.5).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_forward_and_backward_drop_the_same_weights(backend):
    query, key, _ = tensors(heads=2)
    values = torch.eye(9, dtype=query.dtype).repeat(2, 2, 1, 1).requires_grad_()
    weights = distance_attention(query, key, values, dropout=0.4, seed=2, backend=backend)
    upstream = draws(*weights.shape, seed=9, dtype=query.dtype)
    (gradient,) = torch.autograd.grad(weights, values, upstream)
    torch.testing.assert_close(gradient, weights.transpose(2, 3) @ upstream)
