"""The scale measured on queries and keys at hand."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.errors import AttentionError, MaskTypeError
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.scale_measurement import measured_scale
from hybrid_opt.classical.scales import calibrated_scale
from hybrid_opt.classical.weights_on_request import attention_distances


def draws(*shape, seed=0):
    """Normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("metric", METRICS)
def test_normal_data_give_the_closed_form(metric):
    query, key = 2 * draws(4, 2, 128, 16), 0.5 * draws(4, 1, 128, 16, seed=1)
    expected = calibrated_scale(metric, 16, query_std=2.0, key_std=0.5)
    found = measured_scale(query, key, metric)
    assert found.shape == (2,)
    assert found.tolist() == pytest.approx([expected] * 2, rel=0.08)


def test_logits_of_visible_keys_have_unit_deviation():
    query, key = draws(2, 2, 40, 8), draws(2, 2, 40, 8, seed=1)
    mask = draws(2, 40, seed=2) > -0.5
    scale = measured_scale(query, key, ["l1", "dot"], causal=True, window=9, mask=mask)
    logits = scale[:, None, None] / 8**0.5 * attention_distances(query, key, ["l1", "dot"])
    steps = torch.arange(40)[:, None] - torch.arange(40)
    visible = (steps >= 0) & (steps < 9) & mask[:, None, None, :]
    for head in range(2):
        total, count = 0.0, 0
        for batch in range(2):
            for row in range(40):
                seen = logits[batch, head, row][visible[batch, 0, row]]
                if len(seen) > 1:
                    total, count = total + seen.var(correction=0).item() * len(seen), count + len(seen)
        assert total / count == pytest.approx(1, rel=1e-4)


def test_hidden_keys_do_not_count():
    query, key = draws(1, 1, 20, 4), draws(1, 1, 20, 4, seed=1)
    mask = torch.arange(20)[None] < 12
    shifted = key.clone()
    shifted[:, :, 12:] = 1e6
    assert torch.equal(measured_scale(query, shifted, mask=mask), measured_scale(query, key, mask=mask))


def test_fewer_rows_look_at_fewer_queries_and_no_graph_is_kept():
    query, key = draws(1, 1, 64, 4).requires_grad_(), draws(1, 1, 64, 4, seed=1)
    few, all_of_them = measured_scale(query, key, rows=2), measured_scale(query, key, rows=64)
    assert torch.equal(few, measured_scale(query[:, :, [0, 63]], key))
    assert not torch.equal(few, all_of_them)
    assert not few.requires_grad


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
@pytest.mark.parametrize("metric", ["l1", "l2", "dot", "chebyshev"])
def test_keys_that_are_all_the_same_are_refused(metric, value):
    query = draws(1, 2, 6, 4)
    key = torch.full((1, 2, 33, 4), value)
    key[:, 1] = draws(33, 4)
    with pytest.raises(AttentionError, match=r"heads \[0\] do not vary .* use calibrated_scale"):
        measured_scale(query, key, metric)


def test_numbers_that_are_not_finite_are_refused():
    query, key = draws(1, 1, 6, 4), draws(1, 1, 6, 4)
    key[0, 0, 0, 0] = float("nan")
    with pytest.raises(AttentionError, match="not finite"):
        measured_scale(query, key)


@pytest.mark.parametrize("rows", [0, -1, 2.5, True, None])
def test_wrong_numbers_of_rows_are_refused(rows):
    with pytest.raises(AttentionError, match=r"rows is .*integer of at least 1"):
        measured_scale(draws(1, 1, 4, 2), draws(1, 1, 4, 2), rows=rows)


def test_wrong_tensors_are_refused_before_anything_else():
    with pytest.raises(AttentionError, match="query is list"):
        measured_scale([1.0], draws(1, 1, 4, 2))
    with pytest.raises(AttentionError, match="query has shape"):
        measured_scale(draws(4, 2), draws(1, 1, 4, 2))
    with pytest.raises(AttentionError, match="unknown"):
        measured_scale(draws(1, 1, 4, 2), draws(1, 1, 4, 2), "taxi")
    with pytest.raises(MaskTypeError, match=r"give a torch.bool tensor"):
        measured_scale(draws(1, 1, 4, 2), draws(1, 1, 4, 2), mask=torch.ones(1, 4))
