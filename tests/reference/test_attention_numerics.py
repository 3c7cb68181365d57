"""Where distance attention is delicate: zero distances, ties, empty rows, half precision, near duplicates."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_function import distance_attention

METRICS = ["l1", "l2", "squared_l2", "lp", "cosine", "chebyshev", "dot"]
DISTANCES = ["l1", "l2", "squared_l2", "lp", "chebyshev"]


def draws(*shape, seed=0, dtype=torch.float64):
    """Normal numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("backend", ["auto", "tiled", "dense"])
@pytest.mark.parametrize("metric", METRICS)
def test_gradients_away_from_ties(metric, backend):
    tensors = [draws(1, 2, 4, 3, seed=seed).requires_grad_() for seed in range(3)]
    scale = torch.tensor([0.8, 1.4], dtype=torch.float64, requires_grad=True)
    p = torch.tensor([1.7, 2.6], dtype=torch.float64, requires_grad=True) if metric == "lp" else None

    def attend(query, key, value, factor, *exponent):
        return distance_attention(
            query, key, value, metric, scale=factor, p=exponent[0] if exponent else None, causal=True,
            backend=backend,
        )  # fmt: skip

    assert torch.autograd.gradcheck(attend, (*tensors, scale, *([] if p is None else [p])))


@pytest.mark.parametrize("metric", ["l1", "lp", "chebyshev"])
def test_gradients_of_the_compiled_path(metric):
    tensors = [draws(1, 2, 4, 3, seed=seed).requires_grad_() for seed in range(3)]
    assert torch.autograd.gradcheck(
        lambda *given: distance_attention(*given, metric, scale=1.2, backend="kernel"), tensors
    )


@pytest.mark.parametrize("backend", ["tiled", "dense", "auto"])
@pytest.mark.parametrize("metric", METRICS)
def test_equal_queries_and_keys_have_finite_gradients(metric, backend):
    tokens = draws(1, 2, 6, 4)
    tokens[0, 0, 3] = 0.0
    query, key = tokens.clone().requires_grad_(), tokens.clone().requires_grad_()
    value = draws(1, 2, 6, 4, seed=1)
    output = distance_attention(query, key, value, metric, p=1.5 if metric == "lp" else None, backend=backend)
    output.square().sum().backward()
    assert output.isfinite().all()
    assert query.grad.isfinite().all()
    assert key.grad.isfinite().all()


@pytest.mark.parametrize("backend", ["tiled", "dense", "auto"])
@pytest.mark.parametrize("metric", ["l1", "l2", "squared_l2", "lp", "chebyshev"])
def test_a_single_pair_at_distance_zero_gives_no_gradient(metric, backend):
    # Two keys, one on the query: the gradient comes from the other pair alone.
    query = torch.zeros(1, 1, 1, 2, dtype=torch.float64, requires_grad=True)
    key = torch.tensor([[0.0, 0.0], [3.0, -4.0]], dtype=torch.float64)[None, None].requires_grad_()
    value = torch.tensor([[1.0], [0.0]], dtype=torch.float64)[None, None]
    distance_attention(
        query, key, value, metric, p=3.0 if metric == "lp" else None, backend=backend
    ).sum().backward()
    torch.testing.assert_close(key.grad[0, 0, 0], torch.zeros(2, dtype=torch.float64))
    assert (key.grad[0, 0, 1] != 0).any()
    torch.testing.assert_close(query.grad[0, 0, 0], -key.grad[0, 0, 1])


@pytest.mark.parametrize("backend", ["tiled", "dense", "kernel"])
def test_coordinates_that_tie_for_the_largest_share_equally(backend):
    query = torch.zeros(1, 1, 1, 3, dtype=torch.float64, requires_grad=True)
    key = torch.tensor([[2.0, -2.0, 1.0], [0.5, 0.0, 0.0]], dtype=torch.float64)[None, None]
    value = torch.tensor([[1.0], [0.0]], dtype=torch.float64)[None, None]
    distance_attention(query, key, value, "chebyshev", scale=1.0, backend=backend).sum().backward()
    # The loss is the first key's weight. Its distance 2 has two largest coordinates, the other's 0.5 one.
    weights = (-torch.tensor([2.0, 0.5], dtype=torch.float64) / 3**0.5).softmax(0)
    slope = weights[0] * weights[1] / 3**0.5
    first, second = torch.tensor([-0.5, 0.5, 0.0]), torch.tensor([-1.0, 0.0, 0.0])
    torch.testing.assert_close(query.grad[0, 0, 0], -slope * first.double() + slope * second.double())


@pytest.mark.parametrize("backend", ["tiled", "dense", "auto"])
@pytest.mark.parametrize("metric", METRICS)
def test_a_row_that_sees_nothing_is_zero_and_has_no_gradient(metric, backend):
    query, key, value = (draws(2, 2, 5, 4, seed=seed).requires_grad_() for seed in range(3))
    mask = torch.ones(2, 1, 5, 5, dtype=torch.bool)
    mask[0, 0, 2] = False
    output = distance_attention(query, key, value, metric, mask=mask, backend=backend)
    assert (output[0, :, 2] == 0).all()
    output.square().sum().backward()
    assert (query.grad[0, :, 2] == 0).all()
    assert all(tensor.grad.isfinite().all() for tensor in (query, key, value))


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("backend", ["auto", "tiled"])
def test_near_duplicates_far_from_the_origin(metric, backend):
    # Single precision against double: distances of 1e-3 around a common offset of 100.
    base = draws(1, 1, 1, 16)
    query = base + 1e-3 * draws(1, 1, 40, 16, seed=1) + 100.0
    key = base + 1e-3 * draws(1, 1, 40, 16, seed=2) + 100.0
    value = draws(1, 1, 40, 16, seed=3)
    single = [tensor.float() for tensor in (query, key, value)]
    scale = 1e6 if metric == "squared_l2" else 1e3
    p = 3.0 if metric == "lp" else None
    expected = distance_attention(
        *(tensor.double() for tensor in single), metric, scale=scale, p=p, backend="dense"
    )
    found = distance_attention(*single, metric, scale=scale, p=p, backend=backend)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=2e-3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("backend", ["auto", "tiled"])
def test_half_precision_is_as_exact_as_its_inputs(metric, dtype, backend):
    half = [draws(1, 2, 150, 64, seed=seed, dtype=torch.float32).to(dtype) for seed in range(3)]
    expected = distance_attention(*(tensor.double() for tensor in half), metric, backend="dense")
    found = distance_attention(*half, metric, backend=backend)
    assert found.dtype == dtype
    error = 0.02 if dtype == torch.bfloat16 else 0.004
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=error)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("causal", [False, True])
def test_a_window_as_long_as_the_sequence_changes_nothing(metric, causal):
    tensors = [draws(1, 2, 70, 8, seed=seed, dtype=torch.float32) for seed in range(3)]
    full = distance_attention(*tensors, metric, causal=causal, backend="tiled")
    assert torch.equal(full, distance_attention(*tensors, metric, causal=causal, window=70, backend="tiled"))
    assert not torch.equal(
        full, distance_attention(*tensors, metric, causal=causal, window=10, backend="tiled")
    )


@pytest.mark.parametrize("metric", METRICS)
def test_queries_are_the_last_tokens(metric):
    query, key, value = (draws(2, 2, 33, 8, seed=seed) for seed in range(3))
    full = distance_attention(query, key, value, metric, causal=True)
    last = distance_attention(query[:, :, -5:], key, value, metric, causal=True)
    torch.testing.assert_close(last, full[:, :, -5:])


def test_large_exponents_do_not_overflow():
    query, key, value = (10 * draws(1, 1, 30, 16, seed=seed, dtype=torch.float32) for seed in range(3))
    for backend in ("tiled", "kernel"):
        high = distance_attention(query, key, value, "lp", p=64.0, scale=1.0, backend=backend)
        largest = distance_attention(query, key, value, "chebyshev", scale=1.0, backend=backend)
        assert high.isfinite().all()
        torch.testing.assert_close(high, largest, rtol=0.2, atol=1.0)
