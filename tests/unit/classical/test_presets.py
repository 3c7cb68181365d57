"""Presets: each fits the data it is for, learns from them, and can be overridden."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.presets import PRESET_NAMES, preset_settings
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq

SMALL: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "hidden_dropout": 0.0}


def config_of(name: str, **overrides: Any) -> DistanceTransformerConfig:
    return DistanceTransformerConfig.preset(name, **{**SMALL, **overrides})


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def fitted_loss(model: Any, **batch: torch.Tensor) -> tuple[float, float]:
    """Loss before and after some steps on one batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = model.train()(**batch).loss
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses[0], losses[-1]


def test_text_serves_decoder_and_encoder_decoder():
    torch.manual_seed(0)
    tokens = torch.arange(12).reshape(2, 6) + 2
    for cls in (DistanceGPT, DistanceSeq2Seq):
        model = cls(config_of("text", vocab_size=20, bos_token_id=1))
        first, last = fitted_loss(model, input_ids=tokens, labels=tokens)
        assert last < 0.8 * first


def test_images_in_patches_are_classified():
    torch.manual_seed(0)
    model = DistanceEncoderForSequenceClassification(config_of("vision_patches", value_width=4, num_labels=3))
    first, last = fitted_loss(model, input_values=numbers(6, 16, 4), labels=torch.tensor([0, 1, 2, 0, 1, 2]))
    assert last < 0.8 * first


def test_series_are_forecast_by_both_kinds_of_model():
    torch.manual_seed(0)
    values = torch.sin(torch.arange(48.0).reshape(4, 12, 1))
    regressor = DistanceEncoderForSequenceClassification(config_of("time_series", num_labels=2))
    first, last = fitted_loss(regressor, input_values=values[:, :10], labels=values[:, 10:, 0])
    assert last < 0.8 * first
    forecaster = DistanceGPT(config_of("time_series"))
    first, last = fitted_loss(forecaster, input_values=values, labels=values)
    assert last < 0.8 * first
    assert forecaster.forecast(values, steps=2).shape == (4, 2, 1)


def test_columns_of_a_table_are_told_apart():
    torch.manual_seed(0)
    model = DistanceEncoderForSequenceClassification(config_of("business_table", num_labels=2)).eval()
    rows = numbers(1, 5, 1)
    assert not torch.allclose(model(input_values=rows).logits, model(input_values=rows.flip(1)).logits)
    first, last = fitted_loss(model, input_values=numbers(8, 5, 1), labels=torch.arange(8) % 2)
    assert last < 0.8 * first


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_every_preset_is_a_legal_configuration_of_its_own(name: str):
    config = DistanceTransformerConfig.preset(name)
    settings = preset_settings(name)
    assert {key: getattr(config, key) for key in settings} == settings
    settings["hidden_size"] = 1
    assert preset_settings(name)["hidden_size"] != 1


def test_an_unknown_preset_is_refused():
    with pytest.raises(
        ConfigurationError, match=r"preset 'audio' is not known; take one of text, vision_patches"
    ):
        DistanceTransformerConfig.preset("audio")
