"""Shapes: B batch, K key-value heads, G query heads to each, T query tokens, S key tokens, D, V widths."""

from __future__ import annotations

import math

import pytest
import torch

from hybrid_opt.classical import kernel_threads
from hybrid_opt.classical.attention_masks import Visibility
from hybrid_opt.classical.compiled_attention import compiled_attention
from hybrid_opt.classical.errors import AttentionError

FLOATS = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)], ids=["float32", "float64"]
)
EXPONENTS = {"l1": 1.0, "chebyshev": math.inf}


def example(shape, dtype=torch.float64, seed=0):
    """Query (B K, G, T, D), key, value, factor (B K, G), gradient of the output."""
    batch, shared, groups, queries, keys, width, value_width = shape
    n = batch * shared
    generator = torch.Generator().manual_seed(seed)
    sizes = (n, groups, queries, width), (n, keys, width), (n, keys, value_width)
    tokens = [torch.randn(size, generator=generator, dtype=dtype).requires_grad_() for size in sizes]
    factor = (-torch.rand(n, groups, generator=generator, dtype=dtype) - 0.2).requires_grad_()
    return (*tokens, factor), torch.randn((n, groups, queries, value_width), generator=generator, dtype=dtype)


def exact(inputs, upstream, metric, p, visibility, n_heads):
    """Output and gradients by broadcasting and autograd in double precision."""
    query, key, value, factor = (part.detach().double().requires_grad_() for part in inputs)
    n, groups = factor.shape
    size = (query[:, :, :, None] - key[:, None, None]).abs()
    power = EXPONENTS.get(metric, p)
    distance = size.amax(-1) if power == math.inf else (size**power).sum(-1) ** (1 / power)
    logits = distance * factor[..., None, None]
    seen = visibility.dense(logits.device)
    if seen is not None:
        seen = seen.expand(n // n_heads, n_heads * groups, *logits.shape[2:]).reshape(logits.shape)
        logits = logits.masked_fill(~seen, -math.inf)
    weights = logits.softmax(-1).nan_to_num(0.0)
    output = weights @ value[:, None]
    gradients = torch.autograd.grad(output, (query, key, value, factor), upstream.double())
    return output.detach(), *gradients


def compiled(inputs, upstream, metric, p, visibility, n_heads):
    """The same by the compiled passes."""
    output = compiled_attention(*inputs, metric, p, visibility, n_heads)
    return output.detach(), *torch.autograd.grad(output, inputs, upstream)


def assert_same(found, wanted, tolerance):
    """Equal relative to the largest number of each."""
    for one, other in zip(found, wanted):
        assert one.shape == other.shape
        assert (one.double() - other).abs().max() <= tolerance * other.abs().max().clamp(min=1)


@FLOATS
@pytest.mark.parametrize(("metric", "p"), [("l1", None), ("lp", 1.5), ("lp", 2.7), ("chebyshev", None)])
@pytest.mark.parametrize(
    "shape", [(2, 2, 3, 7, 150, 5, 3), (1, 1, 1, 200, 200, 16, 16), (1, 2, 2, 1, 9, 20, 8)]
)
def test_against_broadcasting(shape, metric, p, dtype, tolerance):
    inputs, upstream = example(shape, dtype)
    visibility = Visibility(shape[3], shape[4])
    found = compiled(inputs, upstream, metric, p, visibility, shape[1])
    assert found[0].dtype == dtype
    assert_same(found, exact(inputs, upstream, metric, p, visibility, shape[1]), tolerance)


@pytest.mark.parametrize(("metric", "p"), [("l1", None), ("lp", 3.0), ("chebyshev", None)])
@pytest.mark.parametrize(("causal", "window"), [(True, None), (True, 40), (False, 40), (True, 1), (False, 1)])
@pytest.mark.parametrize(("queries", "keys"), [(150, 150), (70, 150), (150, 70)])
def test_order_and_window(queries, keys, causal, window, metric, p):
    shape = (1, 2, 2, queries, keys, 8, 8)
    inputs, upstream = example(shape)
    visibility = Visibility(queries, keys, causal, window)
    found = compiled(inputs, upstream, metric, p, visibility, 2)
    assert_same(found, exact(inputs, upstream, metric, p, visibility, 2), 1e-12)


@pytest.mark.parametrize("metric", ["l1", "chebyshev"])
@pytest.mark.parametrize(
    "size", [(2, 1, 1, 140), (1, 1, 6, 140), (2, 1, 6, 140), (1, 6, 1, 140), (2, 6, 6, 140), (2, 6, 6, 1)]
)
def test_masks_of_every_shape(size, metric):
    inputs, upstream = example((2, 2, 3, 6, 140, 8, 8))
    mask = torch.rand(size, generator=torch.Generator().manual_seed(1)) > 0.4
    for causal in (False, True):
        visibility = Visibility(6, 140, causal, mask=mask)
        found = compiled(inputs, upstream, metric, None, visibility, 2)
        assert_same(found, exact(inputs, upstream, metric, None, visibility, 2), 1e-12)


def test_a_row_that_sees_nothing_gives_zero():
    inputs, upstream = example((1, 1, 1, 9, 9, 8, 8))
    mask = torch.ones(1, 1, 9, 9, dtype=torch.bool)
    mask[:, :, 4] = False
    found = compiled(inputs, upstream, "l1", None, Visibility(9, 9, mask=mask), 1)
    assert (found[0][:, :, 4] == 0).all()
    assert (found[1][:, :, 4] == 0).all()
    for part in found:
        assert part.isfinite().all()


def test_each_head_has_its_exponent():
    inputs, upstream = example((1, 3, 1, 6, 20, 8, 8))
    found = compiled(inputs, upstream, "lp", torch.tensor([1.0, 2.2, 4.0]), Visibility(6, 20), 3)
    for head, p in enumerate((1.0, 2.2, 4.0)):
        alone = [part[head : head + 1].detach().requires_grad_() for part in inputs]
        single = compiled(alone, upstream[head : head + 1], "lp", p, Visibility(6, 20), 1)
        # The exponents of float32 are those of double precision only for 1 and 4.
        assert_same([part[head : head + 1] for part in found], single, 1e-6)


@pytest.mark.parametrize("metric", ["l1", "chebyshev"])
def test_tied_tokens(metric):
    (query, _, value, factor), upstream = example((1, 2, 1, 40, 40, 8, 8))
    token = query.detach()[:, 0].clone().requires_grad_()
    output = compiled_attention(token[:, None], token, value, factor, metric, None, Visibility(40, 40), 2)
    (found,) = torch.autograd.grad(output, token, upstream)
    inputs = (token[:, None], token, value, factor)
    _, to_query, to_key, *_ = exact(inputs, upstream, metric, None, Visibility(40, 40), 2)
    assert_same([found], [to_query[:, 0] + to_key], 1e-12)


@pytest.mark.parametrize("metric", ["l1", "chebyshev"])
def test_number_of_threads_leaves_no_trace(metric, monkeypatch):
    monkeypatch.setattr(kernel_threads, "_WORTH_A_THREAD", 1)
    inputs, upstream = example((1, 1, 2, 300, 300, 8, 8), torch.float32)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            results.append(compiled(inputs, upstream, metric, None, Visibility(300, 300, causal=True), 1))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other):
            assert torch.equal(one, two)


def test_no_number_is_not_swallowed():
    inputs, upstream = example((1, 1, 1, 6, 20, 8, 8))
    with torch.no_grad():
        inputs[0][0, 0, 2, 3] = math.nan
    output, to_query, to_key, *_ = compiled(inputs, upstream, "l1", None, Visibility(6, 20), 1)
    assert output[0, 0, 2].isnan().all()
    assert output[0, 0, [0, 1, 3, 4, 5]].isfinite().all()
    assert to_query[0, 0, 2].isnan().all()
    assert to_key.isnan().all()


def test_no_tokens():
    for queries, keys in ((0, 5), (5, 0)):
        inputs, upstream = example((1, 2, 1, queries, keys, 8, 8))
        found = compiled(inputs, upstream, "l1", None, Visibility(queries, keys), 2)
        for part, given in zip(found[1:], inputs):
            assert part.shape == given.shape
            assert (part == 0).all()
        assert (found[0] == 0).all()


def test_strided_inputs():
    inputs, upstream = example((1, 2, 1, 6, 20, 8, 8))
    apart = [part.detach().mT.contiguous().mT.requires_grad_() for part in inputs[:3]]
    found = compiled((*apart, inputs[3]), upstream.mT.contiguous().mT, "l1", None, Visibility(6, 20), 2)
    for one, two in zip(found, compiled(inputs, upstream, "l1", None, Visibility(6, 20), 2)):
        assert torch.equal(one, two)


def test_second_derivatives_are_refused():
    inputs, upstream = example((1, 1, 1, 3, 5, 8, 8))
    output = compiled_attention(*inputs, "l1", None, Visibility(3, 5), 1)
    (gradient,) = torch.autograd.grad(output, inputs[0], upstream, create_graph=True)
    with pytest.raises(AttentionError, match="dense"):
        gradient.sum().backward()
