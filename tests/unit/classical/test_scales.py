"""The closed form of the starting scale: entropies it gives, its homogeneity, and what it refuses."""

from __future__ import annotations

import math

import pytest
import torch

from hybrid_opt.classical.dense_attention import dense_distances
from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.metrics import homogeneity_degree
from hybrid_opt.classical.scales import calibrated_scale, calibrated_scales
from hybrid_opt.classical.weights_on_request import attention_weights

CASES = [
    ("l1", None), ("l2", None), ("squared_l2", None), ("lp", 1.5), ("lp", 3.0), ("lp", 4.0), ("cosine", None),
    ("chebyshev", None), ("dot", None),
]  # fmt: skip


@pytest.mark.parametrize("width", [16, 32, 64, 128])
@pytest.mark.parametrize(("metric", "p"), CASES)
def test_attention_starts_with_an_entropy_between_88_and_95_percent(metric, p, width):
    generator = torch.Generator().manual_seed(width)
    query, key = torch.randn(2, 1, 1, 512, width, generator=generator).unbind()
    rows = torch.arange(0, 512, 16)
    weights = attention_weights(query, key, metric, p=p, rows=rows)
    entropy = -torch.xlogy(weights, weights).sum(-1).mean() / math.log(512)
    assert 0.88 < entropy < 0.95


@pytest.mark.parametrize(("metric", "p"), [*CASES, ("lp", 20.0)])
def test_scaling_queries_and_keys_scales_by_the_degree(metric, p):
    exponent = p or 2.0
    for query_std, key_std in ((1.0, 1.0), (3.0, 1.0), (0.2, 1.3)):
        one = calibrated_scale(metric, 24, exponent, query_std=query_std, key_std=key_std)
        other = calibrated_scale(metric, 24, exponent, query_std=7 * query_std, key_std=7 * key_std)
        assert other == pytest.approx(one * 7.0 ** -homogeneity_degree(metric), rel=1e-9)


@pytest.mark.parametrize("stds", [(1.0, 1.0), (3.0, 0.5), (0.4, 2.0)])
@pytest.mark.parametrize(("metric", "p"), [*CASES, ("lp", 16.0), ("lp", 200.0)])
def test_logits_have_unit_deviation_along_a_row(metric, p, stds):
    generator = torch.Generator().manual_seed(1)
    query = stds[0] * torch.randn(60, 1, 32, generator=generator)
    key = stds[1] * torch.randn(60, 400, 32, generator=generator)
    logits = dense_distances(query, key, metric, p) / 32**0.5
    scale = calibrated_scale(metric, 32, p or 2.0, query_std=stds[0], key_std=stds[1])
    # 3 % of it is the sample; the log-normal approximation and the limit of large p take the rest.
    assert scale * logits.var(-1).mean().sqrt() == pytest.approx(1, abs=0.12 if metric == "lp" else 0.05)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 7.0, 1e9])
def test_of_one_coordinate_every_exponent_is_the_same(p):
    assert calibrated_scale("lp", 1, p) == calibrated_scale("l1", 1)


def test_exact_values():
    # Var |q - k| over keys in one coordinate is 2 - 2/pi * 2F1(-1/2, -1/2; 1/2; 1/4).
    series = 2 / math.pi * (math.sqrt(0.75) + 0.5 * math.asin(0.5))
    assert calibrated_scale("l1", 64) == pytest.approx((2 - 2 * series) ** -0.5, rel=1e-12)
    assert calibrated_scale("dot", 7, query_std=2.0, key_std=3.0) == pytest.approx(1 / 6)
    assert calibrated_scale("cosine", 7, query_std=2.0, key_std=3.0) == pytest.approx(7)
    assert calibrated_scale("squared_l2", 9) == pytest.approx(6**-0.5)
    assert calibrated_scale("lp", 16, 1.0) == calibrated_scale("l1", 16)
    assert calibrated_scale("lp", 16, 2) == calibrated_scale("l2", 16)


@pytest.mark.parametrize("p", [16.0, 1e3, 1e6, 1e300])
def test_large_exponents_neither_overflow_nor_leave_chebyshev(p):
    assert calibrated_scale("lp", 32, p) == calibrated_scale("chebyshev", 32)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("taxi", 8), {}, "metric 'taxi' is unknown"),
        (("l1", 0), {}, "head width is 0; give an integer of at least 1"),
        (("l1", True), {}, "head width is True"),
        (("l1", 8.0), {}, "head width is 8.0"),
        (("lp", 8, 0.5), {}, "p is 0.5; lp needs a finite p of at least 1"),
        (("lp", 8, math.nan), {}, "p is nan"),
        (("lp", 8, math.inf), {}, "p is inf.*chebyshev"),
        (("lp", 8, "2"), {}, "p is '2'"),
        (("lp", 8, True), {}, "p is True"),
        (("l1", 8), {"query_std": 0.0}, "query_std is 0.0; give a positive, finite number"),
        (("l1", 8), {"key_std": -1.0}, "key_std is -1.0"),
        (("l1", 8), {"key_std": math.nan}, "key_std is nan"),
        (("l1", 8), {"query_std": "1"}, "query_std is '1'"),
        (("l1", 8), {"query_std": 11.0}, "more than 10 times.*use measured_scale"),
    ],
)
def test_wrong_arguments_are_refused(arguments, settings, message):
    with pytest.raises(AttentionError, match=message):
        calibrated_scale(*arguments, **settings)


def test_exponents_of_other_metrics_do_not_matter():
    assert calibrated_scale("l1", 8, math.nan) == calibrated_scale("l1", 8)


def test_scales_of_several_heads():
    expected = [calibrated_scale("lp", 8, 1.5), calibrated_scale("lp", 8, 3.0)]
    assert calibrated_scales(["lp", "lp"], 8, [1.5, 3.0]) == expected
    assert calibrated_scales(["lp", "dot"], 8, 3.0) == [expected[1], 1.0]
    with pytest.raises(AttentionError, match="3 exponents were given for 2 metrics; give one, or one per"):
        calibrated_scales(["lp", "lp"], 8, [1.5, 3.0, 4.0])
