"""TokenProjection: its formula, range, start and types."""

import pytest
import torch

from hybrid_opt.classical.token_projection import TokenProjection

TOKENS = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))


def test_it_is_a_bounded_linear_map():
    projection = TokenProjection(8, 3, bound=1.5)
    torch.testing.assert_close(projection(TOKENS), 1.5 * torch.tanh(TOKENS @ projection.weight.T))


def test_features_stay_in_range_whatever_the_tokens():
    assert TokenProjection(8, 3, bound=0.5)(1e8 * TOKENS).abs().max().item() <= 0.5


def test_tokens_of_unit_variance_meet_the_slope_of_tanh():
    torch.manual_seed(0)
    weight = TokenProjection(400, 64).weight
    assert weight.std().item() == pytest.approx(0.05, rel=0.03)


def test_features_are_float32_for_half_precision_and_float64_for_double():
    for given, wanted in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        assert TokenProjection(8, 3).to(given)(TOKENS.to(given)).dtype == wanted


def test_it_tells_its_sizes():
    assert repr(TokenProjection(8, 3, bound=0.5)) == "TokenProjection(8, 3, bound=0.5)"
