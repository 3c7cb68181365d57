"""RBFRouter: its formula, limits, settings, and learning."""

import copy

import pytest
import torch

from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.rbf_router import RBFRouter, build_rbf_router

TOKENS = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))


def test_logits_are_gaussian_kernels_over_the_temperature():
    router = RBFRouter(8, 3, num_features=2, gamma=0.7, temperature=0.5)
    distances = torch.cdist(torch.tanh(TOKENS @ router.projection.weight.T), router.prototypes)
    torch.testing.assert_close(router(TOKENS), torch.exp(-0.7 * distances**2) / 0.5)


def test_a_token_at_its_prototype_has_the_largest_logit():
    router = RBFRouter(8, 3, temperature=0.1)
    with torch.no_grad():
        router.prototypes[1] = router.projection(TOKENS[:1])[0]
    assert router(TOKENS[:1])[0, 1].item() == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("parameter", "value", "limit"),
    [
        ("gamma", -20.0, 0.01),
        ("gamma", 20.0, 100.0),
        ("temperature", -20.0, 0.01),
        ("temperature", 20.0, 10.0),
    ],
)
def test_gamma_and_temperature_stay_within_their_ranges(parameter, value, limit):
    router = RBFRouter(8, 3)
    torch.nn.init.constant_(getattr(router, f"log_{parameter}"), value)
    assert getattr(router, parameter)().item() == pytest.approx(limit)


def test_every_parameter_gets_a_gradient():
    router = RBFRouter(8, 3)
    router(TOKENS)[:, 0].sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in router.parameters())


def test_logits_are_float32_for_half_precision_and_float64_for_double():
    for given, wanted in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        assert RBFRouter(8, 3).to(given)(TOKENS.to(given)).dtype == wanted


def test_reset_draws_from_the_default_generator_and_copies_agree():
    router = RBFRouter(8, 3)
    before = copy.deepcopy(router)
    torch.testing.assert_close(before(TOKENS), router(TOKENS), rtol=0, atol=0)
    torch.manual_seed(1)
    router.reset_parameters()
    other = RBFRouter(8, 3)
    torch.manual_seed(1)
    other.reset_parameters()
    torch.testing.assert_close(other(TOKENS), router(TOKENS), rtol=0, atol=0)
    assert not torch.equal(before.prototypes, router.prototypes)


def test_settings_reach_the_router():
    settings = {"num_features": 6, "gamma": 2.0, "temperature": 0.25}
    router = build_rbf_router(settings, hidden_size=8, num_experts=3)
    assert router.prototypes.shape == (3, 6)
    assert router.gamma().item() == pytest.approx(2.0)
    assert router.temperature().item() == pytest.approx(0.25)


@pytest.mark.parametrize(
    "settings",
    [{"gamma": 0.0}, {"temperature": 0.001}, {"num_features": 0}, {"num_features": 2.0}, {"std": 1.0}],
)
def test_settings_outside_their_range(settings):
    with pytest.raises(ComponentError, match="router 'rbf'"):
        build_rbf_router(settings, hidden_size=8, num_experts=3)
