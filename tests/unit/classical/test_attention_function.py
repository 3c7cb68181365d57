"""The public function: dropout, gates, layouts, precision, checkpoints, refusals."""

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
            with pytest.raises(RuntimeError, match="not implemented|differentiate twice"):
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
    ({"head_gates": torch.ones(2)}, r"head_gates is a tensor \(2,\) .*legal is a floating point tensor \(4,\)"),
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
