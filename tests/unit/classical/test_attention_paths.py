"""Heads of one metric by the tiled, the compiled and the dense path."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_masks import Visibility
from hybrid_opt.classical.attention_paths import attend_in_tiles
from hybrid_opt.classical.errors import AttentionError


def draws(*shape, seed=0):
    """Normal numbers in double precision."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def attend(metric, path, *, p=None, dropout=0.0, seed=0, sight=None, groups=2):
    """Two sequences, 2 key-value heads, 9 queries, 12 keys; with the gradients."""
    leaves = [draws(2, 2 * groups, 9, 4), draws(2, 2, 12, 4, seed=1), draws(2, 2, 12, 5, seed=2)]
    leaves += [torch.linspace(0.5, 2.0, 2 * groups, dtype=torch.float64)]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    if isinstance(p, torch.Tensor):
        p = p.clone().requires_grad_()
        leaves.append(p)
    sight = sight or Visibility(9, 12)
    output = attend_in_tiles(*leaves[:3], metric, leaves[3], p, sight, dropout=dropout, seed=seed, path=path)
    return [output.detach(), *torch.autograd.grad(output.square().sum(), leaves)]


@pytest.mark.parametrize(
    ("metric", "p"),
    [("l1", None), ("l2", None), ("squared_l2", None), ("cosine", None), ("chebyshev", None), ("dot", None),
     ("lp", 2.5), ("lp", torch.tensor([1.5, 1.5, 3.0, 4.0], dtype=torch.float64))],
)  # fmt: skip
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_paths_agree_in_values_gradients_and_dropout(metric, p, dropout):
    sight = Visibility(9, 12, causal=True, window=7)
    expected = attend(metric, "dense", p=p, dropout=dropout, seed=4, sight=sight)
    for path in ["tiled"] + ["kernel"] * (metric in ("l1", "lp", "chebyshev")):
        for one, other in zip(attend(metric, path, p=p, dropout=dropout, seed=4, sight=sight), expected):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("path", ["dense", "tiled"])
def test_the_seed_decides_what_is_dropped(path):
    one = attend("l1", path, dropout=0.4, seed=4)
    assert torch.equal(one[0], attend("l1", path, dropout=0.4, seed=4)[0])
    assert not torch.equal(one[0], attend("l1", path, dropout=0.4, seed=5)[0])


@pytest.mark.parametrize(("path", "message"), [("sdpa", "tiled, kernel or dense"), ("flash", "'flash'")])
def test_other_paths_are_refused(path, message):
    with pytest.raises(AttentionError, match=message):
        attend("dot", path)
