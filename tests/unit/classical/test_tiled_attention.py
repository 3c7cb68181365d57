"""The tiled path alone: rows that see nothing, its memory, and its refusal of second derivatives."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from hybrid_opt.classical.attention_function import distance_attention
from hybrid_opt.classical.attention_masks import Visibility
from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.tile_plan import TilePlan
from hybrid_opt.classical.tile_settings import TileSettings
from hybrid_opt.classical.tiled_attention import tiled_attention

TOKENS, HEADS = 2048, 2


def draws(*shape, seed=0, dtype=torch.float32):
    """Normal numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


class LargestTensor(TorchDispatchMode):
    """Remembers how many numbers the storage of the largest tensor that any operation returned holds."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(output):
            if isinstance(leaf, torch.Tensor):
                # Expanded views hold less than their shape says.
                held = leaf.untyped_storage().nbytes() // leaf.element_size()
                self.numbers = max(self.numbers, held)
        return output


def largest_tensor(metric, tensors, **settings):
    """Numbers of the largest tensor during a forward and a backward pass."""
    leaves = [tensor.detach().requires_grad_() for tensor in tensors]
    with LargestTensor() as seen:
        distance_attention(*leaves, metric, **settings).sum().backward()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)
    return seen.numbers


def test_the_count_sees_the_array_of_the_dense_path():
    tensors = [draws(1, HEADS, 256, 4, seed=seed) for seed in range(3)]
    assert largest_tensor("dot", tensors, backend="dense") == HEADS * 256 * 256


@pytest.mark.parametrize("backend", ["auto", "tiled"])
@pytest.mark.parametrize("metric", ["l1", "l2", "squared_l2", "lp", "cosine", "chebyshev", "dot"])
def test_no_array_of_queries_times_keys_is_made(metric, backend):
    tensors = [draws(1, HEADS, TOKENS, 4, seed=seed) for seed in range(3)]
    assert largest_tensor(metric, tensors, causal=True, backend=backend) < TOKENS * TOKENS * HEADS / 4


@pytest.mark.parametrize("metric", ["l1", "l2", "squared_l2", "cosine", "chebyshev", "dot"])
@pytest.mark.parametrize(
    "settings",
    [{"dropout": 0.2, "seed": 1, "window": 512}, {"mask": torch.arange(TOKENS)[None] > 99, "causal": True}],
    ids=["dropout and window", "mask"],
)
def test_nor_with_dropout_a_window_or_a_mask(metric, settings):
    tensors = [draws(1, HEADS, TOKENS, 4, seed=seed) for seed in range(3)]
    assert largest_tensor(metric, tensors, **settings) < TOKENS * TOKENS * HEADS / 4


@pytest.mark.parametrize("metric", ["dot", "squared_l2", "cosine", "l2"])
def test_nor_for_inputs_whose_numbers_do_not_lie_side_by_side(metric):
    tensors = [draws(1, HEADS, 4, TOKENS, seed=seed).transpose(2, 3) for seed in range(3)]
    assert largest_tensor(metric, tensors, causal=True) < TOKENS * TOKENS * HEADS / 4


@pytest.mark.parametrize("metric", ["dot", "squared_l2", "cosine"])
def test_nor_for_grouped_heads_and_other_widths_of_values(metric):
    tensors = [draws(1, 4, 1024, 4), draws(1, 2, 1024, 4, seed=1), draws(1, 2, 1024, 7, seed=2)]
    assert largest_tensor(metric, tensors) < 1024 * 1024 * 4 / 4


def call(tensors, factor, sight, dropout=0.0):
    """Two heads of one sequence, each with a group of its own."""
    return tiled_attention(*tensors, factor, None, TileSettings("l1", TilePlan(2, 1, sight), 2, dropout, 3))


def test_rows_before_the_first_key_see_nothing():
    tensors = [draws(2, 1, 6, 4), draws(2, 2, 4, seed=1), draws(2, 2, 5, seed=2)]
    leaves = [tensor.requires_grad_() for tensor in tensors]
    output = call(leaves, -torch.ones(2, 1), Visibility(6, 2, causal=True))
    assert (output[:, :, :4] == 0).all()
    torch.testing.assert_close(output[:, 0, 4], leaves[2][:, 0])
    output.sum().backward()
    assert (leaves[0].grad[:, :, :4] == 0).all()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)


def test_weights_of_forward_and_backward_are_the_same_with_dropout():
    leaves = [draws(2, 1, 300, 4), draws(2, 700, 4, seed=1), torch.eye(700).expand(2, -1, -1).clone()]
    leaves[2].requires_grad_()
    output = call(leaves, -torch.ones(2, 1), Visibility(300, 700), dropout=0.4)
    upstream = draws(*output.shape, seed=5)
    (gradient,) = torch.autograd.grad(output, leaves[2], upstream)
    torch.testing.assert_close(gradient, output[:, 0].transpose(1, 2) @ upstream[:, 0])


@pytest.mark.parametrize("wanted", range(4))
def test_second_derivatives_are_refused_with_the_way_out(wanted):
    leaves = [draws(2, 1, 3, 4), draws(2, 3, 4, seed=1), draws(2, 3, 4, seed=2), -torch.ones(2, 1)]
    leaves[wanted].requires_grad_()
    output = call(leaves[:3], leaves[3], Visibility(3, 3))
    (gradient,) = torch.autograd.grad(output.sum(), leaves[wanted], create_graph=True)
    (plain,) = torch.autograd.grad(call(leaves[:3], leaves[3], Visibility(3, 3)).sum(), leaves[wanted])
    assert torch.equal(gradient, plain)
    with pytest.raises(AttentionError, match='cannot be differentiated again; take backend="dense"'):
        gradient.square().sum().backward()
