"""Coordinates of lambda and p, and what weight decay leaves alone."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from hybrid_opt.classical.attention_scale import (
    LARGEST_LOG_RATIO,
    bounded_ratio,
    excess_of_p,
    no_decay_parameter_names,
    start_scales,
)
from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.moe_layer import MoELayer
from hybrid_opt.classical.scales import calibrated_scale


def test_ratio_is_exp_within_bounds_and_a_factor_100_at_most():
    ratios = bounded_ratio(torch.tensor([-9.0, -0.5, 0.0, 0.5, 9.0]))
    expected = torch.tensor([0.01, math.exp(-0.5), 1.0, math.exp(0.5), 100.0])
    torch.testing.assert_close(ratios, expected)


@pytest.mark.parametrize(
    ("start", "direction", "moves"),
    [(9.0, 1.0, True), (9.0, -1.0, False), (-9.0, -1.0, True), (-9.0, 1.0, False), (1.0, 1.0, True)],
)
def test_at_the_bound_descent_leads_back_inside_only(start: float, direction: float, moves: bool):
    ratio = torch.tensor([start], requires_grad=True)
    (direction * bounded_ratio(ratio)).sum().backward()
    assert ratio.grad is not None
    assert bool(ratio.grad != 0) is moves


def test_gradient_inside_the_bounds_is_exact():
    ratio = torch.tensor([-1.0, 0.3, LARGEST_LOG_RATIO - 0.1], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(bounded_ratio, ratio)


def test_start_scales_are_the_closed_forms_per_head():
    metrics, exponents = ("l1", "lp", "cosine"), (2.0, 3.0, 2.0)
    scales = start_scales(metrics, exponents, 16, 0.3)
    expected = [
        calibrated_scale(metric, 16, p, query_std=0.3, key_std=0.3)
        for metric, p in zip(metrics, exponents, strict=True)
    ]
    assert scales == pytest.approx(expected)
    assert start_scales(metrics, exponents, 16, 0.3, scale_init="unit") == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("scale_init", ["calibrated", "unit"])
def test_a_factor_multiplies_the_start(scale_init):
    plain = start_scales(("l1", "dot"), (2.0, 2.0), 16, 0.3, scale_init)
    assert start_scales(("l1", "dot"), (2.0, 2.0), 16, 0.3, scale_init, 2.5) == pytest.approx(
        [2.5 * scale for scale in plain]
    )


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf"), "2", True])
def test_a_factor_is_a_number_above_zero(factor):
    with pytest.raises(AttentionError, match=r"scale_factor is .*above 0, and finite"):
        start_scales(("l1",), (2.0,), 8, 1.0, scale_factor=factor)


def test_an_unknown_start_is_refused():
    with pytest.raises(AttentionError, match='"calibrated" or "unit"'):
        start_scales(("l1",), (2.0,), 8, 1.0, scale_init="half")


def test_excess_inverts_the_softplus():
    exponents = [1.01, 1.5, 4.0]
    torch.testing.assert_close(1 + functional.softplus(excess_of_p(exponents)), torch.tensor(exponents))


def test_a_learned_exponent_cannot_start_at_one():
    with pytest.raises(AttentionError, match="must be above 1"):
        excess_of_p([2.0, 1.0])


def test_biases_norms_and_vectors_do_not_decay_matrices_do():
    model = nn.ModuleDict({"embed": nn.Embedding(3, 4), "norm": nn.LayerNorm(4), "experts": MoELayer(4, 8)})
    model["scale"] = nn.ParameterList([torch.zeros(2)])
    names = no_decay_parameter_names(model)
    assert {"norm.weight", "norm.bias", "scale.0", "experts.experts.input_bias"} <= set(names)
    assert not {"embed.weight", "experts.experts.input_weight"} & set(names)
