"""Weights and distances of chosen rows against the dense path."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt import classical
from hybrid_opt.classical import weights_on_request
from hybrid_opt.classical.attention_function import distance_attention
from hybrid_opt.classical.dense_attention import dense_distances
from hybrid_opt.classical.errors import AttentionError, MaskTypeError
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.weights_on_request import attention_distances, attention_weights, visible_keys


def draws(*shape, seed=0):
    """Normal numbers in double precision."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def identity(keys, heads=2):
    """Values that turn outputs into weights."""
    return torch.eye(keys, dtype=torch.float64).expand(2, heads, keys, keys)


@pytest.mark.parametrize("metric", METRICS)
def test_rows_are_those_of_the_dense_path(metric):
    query, key = draws(2, 4, 7, 5), draws(2, 2, 9, 5, seed=1)
    mask = draws(2, 4, 7, 9, seed=2) > 0
    mask[0, 1, 6] = False
    settings = {"scale": 1.7, "p": 2.5 if metric == "lp" else None, "causal": True, "window": 6, "mask": mask}
    dense = distance_attention(query, key, identity(9), metric, backend="dense", **settings)
    rows = [6, 0, 3, 3]
    found = attention_weights(query, key, metric, rows=rows, **settings)
    torch.testing.assert_close(found, dense[:, :, rows])
    visible = visible_keys(query, key, causal=True, window=6, mask=mask, rows=rows)
    assert (found[~visible] == 0).all()
    torch.testing.assert_close(found.sum(-1), visible.any(-1).double())
    assert not visible[0, 1, 0].any()
    assert torch.equal(attention_weights(query, key, metric, **settings)[:, :, rows], found)


def test_heads_have_metrics_scales_and_exponents_of_their_own():
    query, key = draws(2, 4, 6, 5), draws(2, 2, 6, 5, seed=1)
    metrics, p = ["lp", "dot", "l1", "lp"], torch.tensor([1.5, 1.0, 1.0, 3.0], dtype=torch.float64)
    distances = attention_distances(query, key, metrics, p=p, rows=[1, 4])
    for head, metric in enumerate(metrics):
        expected = dense_distances(query[:, head, [1, 4]], key[:, head // 2], metric, p[head])
        torch.testing.assert_close(distances[:, head], expected)


def test_pieces_change_nothing(monkeypatch):
    query, key = draws(2, 2, 11, 5), draws(2, 2, 9, 5, seed=1)
    whole = attention_distances(query, key, "l1")
    monkeypatch.setattr(weights_on_request, "PIECE", 300)
    assert torch.equal(attention_distances(query, key, "l1"), whole)


def test_weights_are_differentiable():
    query, key = draws(1, 2, 3, 2).requires_grad_(), draws(1, 1, 4, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda *given: attention_weights(*given, "l1", rows=[0, 2]), (query, key))


def test_half_precision_gives_single():
    query = draws(1, 1, 3, 2).bfloat16()
    assert attention_weights(query, query).dtype == torch.float32
    assert attention_distances(query, query).dtype == torch.float32


def test_rows_may_be_tensors_arrays_or_lists():
    query = draws(1, 1, 5, 2)
    expected = attention_distances(query, query)[:, :, [4, 1]]
    for rows in ([4, 1], (4, 1), torch.tensor([4, 1], dtype=torch.int32), np.array([4, 1])):
        assert torch.equal(attention_distances(query, query, rows=rows), expected)


@pytest.mark.parametrize(
    "rows", [[], [-1], [5], 2, [0.0], [True, False], "ab", [[0]], [0, None], torch.tensor(2), {0}]
)
def test_other_rows_are_refused(rows):
    query = draws(1, 1, 5, 2)
    for request in (attention_weights, attention_distances, visible_keys):
        with pytest.raises(AttentionError, match=r"rows is .*; give indices from 0 to 4"):
            request(query, query, rows=rows)


@pytest.mark.parametrize("request_", [attention_weights, visible_keys])
def test_other_wrong_arguments_are_refused_as_everywhere(request_):
    query = draws(1, 1, 5, 2)
    with pytest.raises(AttentionError, match="window is 0"):
        request_(query, query, window=0)
    with pytest.raises(AttentionError, match="key has shape"):
        request_(query, query[0])
    with pytest.raises(MaskTypeError, match=r"torch\.bool"):
        request_(query, query, mask=torch.ones(1, 5))


def test_everything_visible_needs_no_mask():
    query = draws(1, 1, 5, 2)
    assert visible_keys(query, query, window=5, rows=[1]) is None
    padding = torch.tensor([[True, True, False, True, True]])
    assert torch.equal(visible_keys(query, query, mask=padding, rows=[1]), padding[:, None, None])


def test_the_package_exports_the_function():
    assert classical.attention_weights is attention_weights
