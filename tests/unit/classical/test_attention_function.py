"""The public function: gates, layouts, precision, checkpoints, refusals."""

from __future__ import annotations

import math

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from hybrid_opt.classical.attention_function import distance_attention, explain_backend
from hybrid_opt.classical.errors import AttentionError, MaskTypeError
from hybrid_opt.classical.metrics import METRICS

BACKENDS = ["auto", "tiled", "dense"]


def draws(*shape, seed=0, dtype=torch.float32):
    """Normal numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def tensors(dtype=torch.float64, tokens=9, heads=4, shared=2, width=6):
    """Query, key and value of two sequences."""
    query = draws(2, heads, tokens, width, dtype=dtype)
    return [query, *(draws(2, shared, tokens, width, seed=seed, dtype=dtype) for seed in (1, 2))]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_layout_does_not_matter(metric, backend):
    given = tensors(tokens=80, width=8)
    expected = distance_attention(*given, metric, backend=backend, causal=True)
    transposed = [tensor.transpose(2, 3).contiguous().transpose(2, 3) for tensor in given]
    strided = [torch.stack([tensor, tensor], 3)[:, :, :, 0] for tensor in given]
    for layout in (transposed, strided):
        leaves = [tensor.detach().requires_grad_() for tensor in layout]
        found = distance_attention(*leaves, metric, backend=backend, causal=True)
        torch.testing.assert_close(found, expected)
        # An expanded upstream gradient has strides of 0.
        found.sum().backward()
        assert all(leaf.grad.shape == leaf.shape for leaf in leaves)
    assert not transposed[0].is_contiguous()


def test_gates_multiply_heads():
    given = tensors()
    plain = distance_attention(*given)
    gates = torch.tensor([0.0, 1.0, 2.0, 3.0], requires_grad=True)
    gated = distance_attention(*given, head_gates=gates)
    torch.testing.assert_close(gated, plain * gates.double().view(1, 4, 1, 1))
    per_sequence = torch.arange(8.0).view(2, 4)
    expected = plain * per_sequence.double()[..., None, None]
    torch.testing.assert_close(distance_attention(*given, head_gates=per_sequence), expected)
    gated.sum().backward()
    torch.testing.assert_close(gates.grad, plain.sum((0, 2, 3)).float())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_recomputation_gives_the_same_gradients(backend, reentrant, dropout):
    def attend(query, key, value):
        return distance_attention(query, key, value, "l1", dropout=dropout, causal=True, backend=backend)

    gradients = []
    for call in (attend, lambda *given: checkpoint(attend, *given, use_reentrant=reentrant)):
        leaves = [tensor.requires_grad_() for tensor in tensors()]
        torch.manual_seed(1)
        gradients.append(torch.autograd.grad(call(*leaves).square().sum(), leaves) if not reentrant else None)
        if reentrant:
            torch.manual_seed(1)
            call(*leaves).square().sum().backward()
            gradients[-1] = [leaf.grad for leaf in leaves]
    for one, other in zip(*gradients):
        assert torch.equal(one, other)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_autocast_does_not_lower_the_precision_inside(metric, backend):
    single = tensors(torch.float32, tokens=40)
    expected = distance_attention(*single, metric, backend=backend)
    with torch.autocast("cpu", torch.bfloat16):
        found = distance_attention(*single, metric, backend=backend)
        half = distance_attention(*(tensor.bfloat16() for tensor in single), metric, backend=backend)
        leaf = single[0].clone().requires_grad_()
        distance_attention(leaf, *single[1:], metric, backend=backend).sum().backward()
    assert torch.equal(found, expected)
    assert leaf.grad.dtype == torch.float32
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), expected, rtol=0.1, atol=0.05)


@pytest.mark.parametrize(("metric", "backend"), [("l2", "tiled"), ("dot", "tiled"), ("l1", "kernel")])
def test_second_derivatives_of_tiles_are_refused(metric, backend):
    leaves = [tensor.requires_grad_() for tensor in tensors()]
    output = distance_attention(*leaves, metric, backend=backend)
    gradients = torch.autograd.grad(output.square().sum(), leaves, create_graph=True)
    with pytest.raises(AttentionError, match='take backend="dense" for second derivatives'):
        gradients[1].sum().backward()


def test_second_derivatives_of_the_fused_path_are_refused_and_the_dense_path_has_them():
    for backend in ("sdpa", "dense"):
        leaves = [tensor.requires_grad_() for tensor in tensors()]
        output = distance_attention(*leaves, "cosine", backend=backend)
        (gradient,) = torch.autograd.grad(output.square().sum(), leaves[:1], create_graph=True)
        if backend == "dense":
            gradient.square().sum().backward()
            assert leaves[0].grad.abs().sum() > 0
        else:
            with pytest.raises(RuntimeError, match=r"not implemented|differentiate twice"):
                gradient.square().sum().backward()


WRONG = [
    ({"metric": "l3"}, "metric 'l3' is unknown; choose one of l1"),
    ({"metric": ["l1", "l2"]}, "2 metrics were given for 4 query heads"),
    ({"metric": "lp", "p": 0.5}, "p is 0.5; lp needs a finite p of at least 1"),
    ({"metric": "lp", "p": math.nan}, "p is nan"),
    ({"metric": "lp", "p": torch.tensor([2.0, 2.0])}, r"p is a tensor \(2,\)"),
    ({"p": 2.0}, "no head uses the metric 'lp'"),
    ({"scale": 0.0}, "scale is 0.0; give a positive number"),
    ({"scale": -2}, "scale is -2"),
    ({"scale": math.inf}, "scale is inf"),
    ({"scale": torch.tensor([1.0, 1.0, 1.0, -1.0])}, "must be positive and finite"),
    ({"scale": torch.ones(3)}, r"scale is a tensor \(3,\)"),
    ({"query": torch.zeros(2, 4, 6)}, r"query has shape \(2, 4, 6\); legal is"),
    ({"query": torch.zeros(2, 3, 9, 6)}, "3 query heads are no multiple of 2"),
    ({"query": torch.zeros(2, 4, 9, 5)}, "must agree in batch .* width"),
    ({"query": [[1.0]]}, "query is list"),
    ({"key": torch.zeros(2, 2, 9, 6, dtype=torch.long)}, "key is of torch.int64; legal are float64"),
    ({"value": torch.zeros(2, 2, 8, 6)}, "must agree in batch, heads and tokens"),
    ({"value": None}, "value is NoneType"),
    ({"mask": torch.ones(9, 9, dtype=torch.bool)}, r"mask has shape \(9, 9\); legal are \(2, 9\)"),
    ({"window": 0}, "window is 0; it must be an integer of at least 1"),
    ({"window": True}, "window is True"),
    ({"window": 1.5}, "window is 1.5"),
    ({"causal": 1}, "causal is 1; give True or False"),
    ({"dropout": 1.0}, "dropout is 1.0; it must be a number of at least 0 and below 1"),
    ({"dropout": -0.1}, "dropout is -0.1"),
    ({"seed": 1.5}, "seed is 1.5; give an integer"),
    ({"seed": True}, "seed is True"),
    (
        {"head_gates": torch.ones(2)},
        r"head_gates is a tensor \(2,\) .*legal is a floating point tensor \(4,\)",
    ),
    ({"head_gates": torch.ones(4, 2)}, r"or \(2, 4\)"),
    ({"backend": "flash"}, "backend 'flash' is unknown; choose one of auto"),
    ({"backend": "sdpa"}, '"sdpa" cannot serve l1 here'),
    ({"backend": "kernel", "metric": "l2"}, '"kernel" computes l1, lp, chebyshev'),
    ({"backend": "sdpa", "metric": "dot", "window": 3}, "a window needs"),
]


@pytest.mark.parametrize("function", [distance_attention, explain_backend])
@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_every_wrong_argument_is_refused(function, changes, message):
    given = {**dict(zip(("query", "key", "value"), tensors(torch.float32))), **changes}
    with pytest.raises(AttentionError, match=message):
        function(**given)


@pytest.mark.parametrize("mask", [torch.ones(2, 9), torch.zeros(2, 9, dtype=torch.long), [[True] * 9] * 2])
@pytest.mark.parametrize("function", [distance_attention, explain_backend])
def test_masks_that_are_not_boolean_are_refused(function, mask):
    with pytest.raises(MaskTypeError, match=r"attention_mask.bool\(\)"):
        function(*tensors(torch.float32), mask=mask)


def test_explaining_draws_no_random_numbers():
    state = torch.get_rng_state()
    explain_backend(*tensors(), dropout=0.5)
    assert torch.equal(torch.get_rng_state(), state)
