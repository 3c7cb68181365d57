"""Heads on the encoder: losses, pooling, gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import (
    DistanceEncoderForMaskedLM,
    DistanceEncoderForSequenceClassification,
    DistanceEncoderForTokenClassification,
)
from hybrid_opt.classical.errors import ConfigurationError


def model_of(cls: type, **settings: Any) -> Any:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    return cls(DistanceTransformerConfig(**{**sizes, "num_labels": 3, **settings})).eval()


def ids(batch: int = 2, length: int = 6) -> torch.Tensor:
    return torch.randint(50, (batch, length), generator=torch.Generator().manual_seed(1))


def test_masked_language_model_predicts_in_place():
    model = model_of(DistanceEncoderForMaskedLM)
    labels = torch.full((2, 6), -100)
    labels[0, 2], labels[1, 0] = 7, 8
    output = model(input_ids=ids(), labels=labels)
    picked = torch.stack([output.logits[0, 2], output.logits[1, 0]])
    torch.testing.assert_close(output.loss, functional.cross_entropy(picked, torch.tensor([7, 8])))
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert model.get_output_embeddings() is model.lm_head


def test_masked_language_model_needs_tokens():
    with pytest.raises(ConfigurationError, match="take value_width out"):
        model_of(DistanceEncoderForMaskedLM, value_width=2)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("pooling", ["mean", "first", "last"])
def test_pooling_reads_real_tokens_only(pooling: str, side: str):
    model = model_of(DistanceEncoderForSequenceClassification, classifier_pooling=pooling)
    tokens, mask = ids(), torch.ones(2, 6, dtype=torch.long)
    alone = model(input_ids=tokens[:1, :4]).logits
    hidden = model.model(input_ids=tokens[:1, :4]).last_hidden_state
    pooled = {"mean": hidden.mean(1), "first": hidden[:, 0], "last": hidden[:, -1]}[pooling]
    torch.testing.assert_close(alone, model.classifier(pooled))
    real = slice(2, 6) if side == "left" else slice(0, 4)
    padded = tokens.clone()
    padded[0] = 9
    padded[0, real] = tokens[0, :4]
    mask[0] = 0
    mask[0, real] = 1
    output = model(input_ids=padded, attention_mask=mask).logits
    torch.testing.assert_close(output[:1], alone, rtol=0, atol=1e-5)
    torch.testing.assert_close(output[1:], model(input_ids=tokens[1:]).logits, rtol=0, atol=1e-5)


def test_sequence_losses():
    classes = torch.tensor([2, 0])
    output = model_of(DistanceEncoderForSequenceClassification)(input_ids=ids(), labels=classes)
    torch.testing.assert_close(output.loss, functional.cross_entropy(output.logits, classes))
    numbers = torch.tensor([0.5, -1.0])
    regressor = model_of(
        DistanceEncoderForSequenceClassification, num_labels=1, problem_type="regression", value_width=4
    )
    output = regressor(input_values=torch.randn(2, 5, 4), labels=numbers)
    torch.testing.assert_close(output.loss, functional.mse_loss(output.logits[:, 0], numbers))


def test_token_classifier():
    model, labels = model_of(DistanceEncoderForTokenClassification), torch.zeros(2, 6, dtype=torch.long)
    labels[:, 3:] = -100
    output = model(input_ids=ids(), labels=labels)
    assert output.logits.shape == (2, 6, 3)
    expected = functional.cross_entropy(output.logits[:, :3].flatten(0, 1), labels[:, :3].flatten())
    torch.testing.assert_close(output.loss, expected)


@pytest.mark.parametrize(
    "cls",
    [
        DistanceEncoderForMaskedLM,
        DistanceEncoderForSequenceClassification,
        DistanceEncoderForTokenClassification,
    ],
)
def test_states_weights_and_losses_of_experts(cls: type):
    model = model_of(cls, feed_forward="moe", moe={"num_experts": 2, "top_k": 1}).train()
    shape = (2,) if cls is DistanceEncoderForSequenceClassification else (2, 6)
    labels = torch.zeros(shape, dtype=torch.long)
    output = model(input_ids=ids(), labels=labels, output_attentions=True, output_hidden_states=True)
    assert (len(output.attentions), len(output.hidden_states)) == (1, 2)
    logits = output.logits.reshape(-1, output.logits.shape[-1])
    plain = functional.cross_entropy(logits, labels.flatten())
    torch.testing.assert_close(output.loss, plain + output.aux_loss)
    output.loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
