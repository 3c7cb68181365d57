"""Routers: their formulas, types and ranges."""

import pytest
import torch

from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.moe_routers import (
    CosineRouter,
    SoftmaxRouter,
    build_cosine_router,
    build_softmax_router,
)

TOKENS = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))


def test_softmax_router_is_a_linear_map():
    router = SoftmaxRouter(8, 3)
    torch.testing.assert_close(router(TOKENS), TOKENS @ router.weight.T)


def test_cosine_router_ignores_lengths_and_divides_by_the_temperature():
    router = CosineRouter(8, 3, temperature=0.5)
    expected = torch.cosine_similarity(TOKENS[:, None], router.prototypes[None], dim=-1) / 0.5
    torch.testing.assert_close(router(TOKENS), expected)
    torch.testing.assert_close(router(7.0 * TOKENS), expected)


@pytest.mark.parametrize(("value", "limit"), [(-20.0, 0.01), (20.0, 10.0)])
def test_the_temperature_stays_within_its_range(value, limit):
    router = CosineRouter(8, 3)
    torch.nn.init.constant_(router.log_temperature, value)
    assert router.temperature().item() == pytest.approx(limit)


def test_a_token_of_zeros_gives_finite_gradients():
    router = CosineRouter(8, 3)
    tokens = torch.zeros(2, 8, requires_grad=True)
    router(tokens).sum().backward()
    assert tokens.grad.isfinite().all()


@pytest.mark.parametrize("make", [SoftmaxRouter, CosineRouter])
def test_logits_are_float32_for_half_precision_and_float64_for_double(make):
    for given, wanted in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        assert make(8, 3).to(given)(TOKENS.to(given)).dtype == wanted


@pytest.mark.parametrize("make", [SoftmaxRouter, CosineRouter])
def test_reset_draws_from_the_default_generator(make):
    router = make(8, 3)
    before = {name: tensor.clone() for name, tensor in router.state_dict().items()}
    torch.manual_seed(1)
    router.reset_parameters()
    first = router(TOKENS)
    torch.manual_seed(1)
    router.reset_parameters()
    torch.testing.assert_close(router(TOKENS), first, rtol=0, atol=0)
    assert any(not torch.equal(before[name], tensor) for name, tensor in router.state_dict().items())


def test_settings_reach_the_routers():
    torch.manual_seed(0)
    weight = build_softmax_router({"initializer_std": 2.0}, hidden_size=256, num_experts=16).weight
    assert weight.std().item() == pytest.approx(2.0, rel=0.05)
    router = build_cosine_router({"temperature": 0.25}, hidden_size=8, num_experts=3)
    assert router.temperature().item() == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (build_softmax_router, {"initializer_std": -1.0}),
        (build_softmax_router, {"temperature": 1.0}),
        (build_cosine_router, {"temperature": 0.001}),
        (build_cosine_router, {"temperature": "warm"}),
    ],
)
def test_settings_outside_their_range(build, settings):
    with pytest.raises(ComponentError, match="router"):
        build(settings, hidden_size=8, num_experts=3)
