"""Scale and exponent of every head, from nothing, a number or a tensor."""

from __future__ import annotations

import math

import pytest
import torch

from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.head_factors import compute_dtype, read_exponent, read_scale
from hybrid_opt.classical.scales import calibrated_scale

QUERY = torch.zeros(1, 2, 3, 16)


@pytest.mark.parametrize(
    ("given", "computed"),
    [
        (torch.float64, torch.float64), (torch.float32, torch.float32), (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
    ],
)  # fmt: skip
def test_only_double_precision_is_computed_in_double(given, computed):
    query = QUERY.to(given)
    assert compute_dtype(query) == computed
    assert read_scale(2.0, ("l1", "l1"), None, query).dtype == computed


def test_no_scale_is_the_calibrated_one_of_each_head():
    expected = [calibrated_scale("l1", 16), calibrated_scale("lp", 16, 3.0)]
    assert read_scale(None, ("l1", "lp"), 3.0, QUERY).tolist() == pytest.approx(expected)
    each = read_scale(None, ("lp", "lp"), torch.tensor([1.5, 3.0]), QUERY)
    assert each.tolist() == pytest.approx([calibrated_scale("lp", 16, 1.5), expected[1]])


@pytest.mark.parametrize("given", [3, 3.0, torch.tensor(3.0), torch.tensor([3.0, 3.0], dtype=torch.float64)])
def test_numbers_and_tensors_serve_all_heads(given):
    assert read_scale(given, ("l1", "l1"), None, QUERY).tolist() == [3.0, 3.0]
    exponent = read_exponent(given, ("l1", "lp"), QUERY)
    assert exponent == 3.0 if isinstance(given, int | float) else exponent.tolist() == [3.0, 3.0]


def test_gradients_reach_the_given_tensor():
    given = torch.tensor(3.0, requires_grad=True)
    (
        read_scale(given, ("l1", "l1"), None, QUERY).sum() + read_exponent(given, ("lp", "lp"), QUERY).sum()
    ).backward()
    assert given.grad == 4.0


def test_exponents_are_two_unless_given_and_only_for_lp():
    assert read_exponent(None, ("lp", "l1"), QUERY) == 2.0
    assert read_exponent(None, ("l2", "l1"), QUERY) is None
    with pytest.raises(
        AttentionError, match=r"p = 2.0 was given, but no head uses the metric 'lp'; leave p out"
    ):
        read_exponent(2.0, ("l2", "l1"), QUERY)


BAD_SHAPES = [torch.ones(3), torch.ones(1), torch.ones(2, 1), torch.ones(2, dtype=torch.long)]


@pytest.mark.parametrize(
    "scale",
    [0, -1.0, math.nan, math.inf, True, "1", [1.0, 1.0], torch.tensor([1.0, 0.0]), torch.tensor(-1.0),
     torch.tensor(math.nan), torch.tensor([1.0, math.inf]), *BAD_SHAPES],
)  # fmt: skip
def test_wrong_scales_are_refused(scale):
    legal = r"positive|floating point tensor \(\) or \(2,\)"
    with pytest.raises(AttentionError, match=f"scale is .*({legal})"):
        read_scale(scale, ("l1", "l1"), None, QUERY)


@pytest.mark.parametrize(
    "p",
    [0.99, -2, math.nan, math.inf, True, "2", [2.0, 2.0], torch.tensor([2.0, 0.5]), torch.tensor(math.nan),
     torch.tensor([2.0, math.inf]), *BAD_SHAPES],
)  # fmt: skip
def test_wrong_exponents_are_refused(p):
    with pytest.raises(AttentionError, match=r"p is .*(at least 1|floating point tensor \(\) or \(2,\))"):
        read_exponent(p, ("lp", "lp"), QUERY)
