"""The tensors attention takes: shapes, types, devices."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_arguments import check_device, check_gates, check_query_key, check_tensor
from hybrid_opt.classical.errors import AttentionError


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_floating_tensors_of_four_dimensions_pass(dtype):
    check_tensor("value", torch.zeros(1, 2, 3, 4, dtype=dtype))


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ([[1.0]], r"key is list; give a tensor \(batch, heads, tokens, width\)"),
        (None, "key is NoneType"),
        (torch.zeros(2, 3, 4), r"key has shape \(2, 3, 4\); legal is"),
        (torch.zeros(1, 2, 0, 4), r"key has shape \(1, 2, 0, 4\); .*each at least 1"),
        (torch.zeros(1, 2, 3, 4, dtype=torch.long), "key is of torch.int64; legal are float64"),
        (torch.zeros(1, 2, 3, 4, dtype=torch.complex64), "key is of torch.complex64"),
        (torch.zeros(1, 2, 3, 4, dtype=torch.float8_e4m3fn), "key is of torch.float8_e4m3fn"),
    ],
)
def test_other_things_are_refused(tensor, message):
    with pytest.raises(AttentionError, match=message):
        check_tensor("key", tensor)
    with pytest.raises(AttentionError, match=message):
        check_query_key(torch.zeros(1, 2, 3, 4), tensor)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ((2, 2, 3, 4), "must agree in batch"),
        ((1, 2, 3, 5), "must agree in batch .*width"),
        ((1, 3, 3, 4), "4 query heads are no multiple of 3 key-value heads; each key-value head serves"),
        ((1, 8, 3, 4), "4 query heads are no multiple of 8"),
    ],
)
def test_queries_and_keys_fit_each_other(key, message):
    check_query_key(torch.zeros(1, 4, 9, 4), torch.zeros(1, 2, 3, 4))
    with pytest.raises(AttentionError, match=message):
        check_query_key(torch.zeros(1, 4, 9, 4), torch.zeros(*key))


def test_tensors_lie_on_one_device():
    query = torch.zeros(1, 2, 3, 4)
    message = "query is on cpu, mask on meta; bring them to one device"
    with pytest.raises(AttentionError, match=message):
        check_device("mask", torch.zeros(1, device="meta"), query)
    with pytest.raises(AttentionError, match="key on meta"):
        check_query_key(query, query.to("meta"))
    with pytest.raises(AttentionError, match="head_gates on meta"):
        check_gates(torch.ones(2, device="meta"), query)


def test_gates_broadcast_to_heads():
    query = torch.zeros(2, 3, 5, 4)
    assert check_gates(None, query) is None
    assert check_gates(torch.arange(3.0), query).flatten().tolist() == [0, 1, 2]
    both = check_gates(torch.arange(6.0).view(2, 3), query)
    assert both.shape == (2, 3, 1, 1)
    assert both[1, 2] == 5


@pytest.mark.parametrize(
    "gates",
    [
        torch.ones(2), torch.ones(()), torch.ones(3, 2), torch.ones(1, 3), torch.ones(2, 3, 1, 1),
        torch.ones(3, dtype=torch.long), torch.ones(3, dtype=torch.bool), [1.0, 1.0, 1.0], 1.0,
    ],
)  # fmt: skip
def test_other_gates_are_refused(gates):
    with pytest.raises(
        AttentionError, match=r"head_gates is .*; legal is a floating point tensor \(3,\) or \(2, 3\)"
    ):
        check_gates(gates, torch.zeros(2, 3, 5, 4))
