"""Statistics of heads in models of every family: batches, similarity beside padding, what is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_similarity import linear_cka
from hybrid_opt.classical.head_sites import find_head_sites
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.labelled_batches import LabelledBatches, read_batches
from hybrid_opt.tuning.loss_statistics import HeadStatistics, head_statistics

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8], [9, 7, 9, 3, 2, 3], [8, 4, 6, 2, 6, 4]])
MASK = torch.tensor([[1] * length + [0] * (6 - length) for length in (6, 3, 5, 2)])
LANGUAGE = {"input_ids": TOKENS, "attention_mask": MASK, "labels": torch.where(MASK == 1, TOKENS, -100)}
SIZES: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"vocab_size": 11, "initializer_range": 0.5}


def distance_gpt(**settings: Any) -> Any:
    torch.manual_seed(0)
    return DistanceGPT(DistanceTransformerConfig(**{**SIZES, **settings}))


def gpt2() -> Any:
    torch.manual_seed(0)
    sizes = {"n_embd": 16, "n_head": 2, "n_layer": 2, "vocab_size": 11, "n_positions": 8}
    return GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.5, bos_token_id=0, eos_token_id=0))


def bert() -> Any:
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(**SIZES, intermediate_size=16, num_labels=3))


CLASSES = {"input_ids": TOKENS, "attention_mask": MASK, "labels": torch.tensor([0, 1, 0, 2])}
MODELS = [(distance_gpt, LANGUAGE), (gpt2, LANGUAGE), (bert, CLASSES)]


def split(batch: dict[str, Any], size: int) -> list[dict[str, Any]]:
    return [
        {name: value[first : first + size] for name, value in batch.items()} for first in range(0, 4, size)
    ]


def test_places_and_predicted_changes():
    fisher = np.array([[2.0, 1.0, 0.0], [1.0, 4.0, -1.0], [0.0, -1.0, 6.0]])
    slopes = np.array([0.5, -1.0, 0.25])
    measured = HeadStatistics((1, 2), np.array([1.0, 1.0, 0.5]), 3.0, slopes, fisher, slopes, None, 9, 9)
    assert measured.places == [(0, 0), (1, 0), (1, 1)]
    assert measured.change([1.0, 1.0, 0.5]) == 0.0
    assert measured.change([0, 1, 0.5]) == pytest.approx(-0.5 + 0.5 * 2)
    assert measured.change([0, 0, 0.5], scale=3.0) == pytest.approx(0.5 + 1.5 * (2 + 4 + 2))
    masks = np.array([[[0, 1, 1], [1, 0, 1]]])
    found = measured.change(masks)
    assert found.shape == (1, 2)
    np.testing.assert_allclose(found[0], [measured.change(mask) for mask in masks[0]])


@pytest.mark.parametrize(("build", "batch"), MODELS)
def test_statistics_do_not_depend_on_the_size_of_batches(build, batch):
    model = build()
    whole, parts = (
        head_statistics(model, read_batches(split(batch, size), model), similarity=True) for size in (4, 1)
    )
    assert (whole.items, whole.examples, whole.layers) == (parts.items, 4, (2, 2))
    for name in ("gradient", "fisher", "magnitudes", "similarity", "loss"):
        np.testing.assert_allclose(getattr(whole, name), getattr(parts, name), rtol=2e-4, atol=1e-5)
    assert np.linalg.matrix_rank(whole.fisher) <= 4
    assert np.linalg.eigvalsh(whole.fisher).min() > -1e-9 * np.trace(whole.fisher)


def outputs_of(model: nn.Module, batch: dict[str, Any]) -> list[torch.Tensor]:
    """Inputs of the output projections, (B, T, C) each."""
    seen: list[torch.Tensor] = []
    hooks = [
        site.projection.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
        for site in find_head_sites(model)
    ]
    with torch.no_grad():
        model.eval()(**batch)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize(("build", "batch"), MODELS)
def test_similarity_within_layers_of_tokens_that_are_no_padding(build, batch):
    model = build()
    found = head_statistics(model, read_batches(split(batch, 2), model), similarity=True).similarity
    expected = np.eye(4)
    for layer, states in enumerate(outputs_of(model, batch)):
        real = states[MASK == 1]
        alike = linear_cka(real[:, :8], real[:, 8:])
        assert alike < 0.99
        expected[2 * layer, 2 * layer + 1] = expected[2 * layer + 1, 2 * layer] = alike
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_similarity_is_measured_before_the_gates():
    model = gpt2()
    batches = read_batches([LANGUAGE], model)
    at_zero = head_statistics(model, batches, center=np.zeros(4), similarity=True).similarity
    assert at_zero.min() >= 0
    np.testing.assert_allclose(np.diag(at_zero), 1.0)


def test_similarity_of_a_decoder_leaves_its_own_padding_out():
    torch.manual_seed(0)
    settings = {"is_encoder_decoder": True, "decoder_start_token_id": 0, "pad_token_id": 0}
    model = DistanceSeq2Seq(DistanceTransformerConfig(**SIZES, **settings))
    labels = torch.where(MASK.flip(0) == 1, TOKENS, -100)  # as long as what is read, padded otherwise
    batch = {"input_ids": TOKENS, "attention_mask": MASK, "labels": labels}
    found = head_statistics(model, read_batches([batch], model), similarity=True)
    assert found.layers == (2, 2, 2, 2)
    for layer, states in enumerate(outputs_of(model, batch)):
        real = states[MASK == 1] if layer < 2 else states[labels != -100]
        pair = found.similarity[2 * layer, 2 * layer + 1]
        assert pair == pytest.approx(linear_cka(real[:, :8], real[:, 8:]), abs=1e-5)


def test_heads_with_constant_outputs_resemble_nothing():
    model = distance_gpt()
    with torch.no_grad():
        find_head_sites(model)[0].attention.value_projection.weight[:8] = 0.0
    found = head_statistics(model, read_batches([LANGUAGE], model), similarity=True).similarity
    assert found[0].tolist() == [0.0] * 4
    assert found[1, 1] == pytest.approx(1.0)


def test_similarity_only_on_request():
    model = gpt2()
    assert head_statistics(model, read_batches([LANGUAGE], model)).similarity is None


def test_the_model_is_left_as_it_was():
    model = distance_gpt().train()
    model.model.stack.blocks[0].eval()
    frozen = next(model.parameters()).requires_grad_(False)
    modes = [part.training for part in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shares: list[float] = []
    head_statistics(
        model, read_batches(split(LANGUAGE, 1), model), similarity=True,
        progress=lambda share, text: shares.append(share),
    )  # fmt: skip
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert [part.training for part in model.modules()] == modes
    assert [weight.requires_grad for weight in model.parameters()].count(False) == 1
    assert not frozen.requires_grad
    assert all(weight.grad is None for weight in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(part._forward_pre_hooks for part in model.modules())


def test_the_center_is_a_copy_and_gradients_work_without_grad_mode():
    model, center = gpt2(), np.ones(4)
    with torch.no_grad():
        measured = head_statistics(model, read_batches([LANGUAGE], model), center=center)
    center[:] = 0
    assert measured.center.tolist() == [1.0] * 4
    assert np.abs(measured.gradient).min() > 0


def test_a_layer_with_other_numbers_of_heads():
    from hybrid_opt.classical.head_pruning import prune_heads

    model = prune_heads(gpt2(), torch.tensor([True, False, True, True]))
    measured = head_statistics(model, read_batches([LANGUAGE], model), similarity=True)
    assert measured.layers == (1, 2)
    assert measured.places == [(0, 0), (1, 0), (1, 1)]
    assert measured.similarity[0].tolist() == pytest.approx([1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("center", "message"),
    [
        (np.ones(3), r"center has the shape \(3,\).* it must be \(4,\)"),
        (np.ones((1, 4)), r"center has the shape \(1, 4\)"),
        ([1.0, np.nan, 1.0, np.inf], r"begins with \[1.0, nan, 1.0, inf\]; it must be \(4,\) finite"),
        (["all"] * 4, "gives no numbers"),
    ],
)
def test_wrong_centers(center, message):
    model = gpt2()
    with pytest.raises(OptionError, match=message):
        head_statistics(model, read_batches([LANGUAGE], model), center=center)


def test_numbers_that_are_not_finite():
    model = gpt2().train()
    with torch.no_grad():
        model.lm_head.weight[3] = torch.nan
    with pytest.raises(OptionError, match=r"loss of a batch \(nan\) or its gradients"):
        head_statistics(model, read_batches([LANGUAGE], model))
    assert model.training
    assert all(weight.requires_grad for weight in model.parameters())


def test_models_without_heads_or_without_a_loss():
    bare = DistanceEncoderForSequenceClassification(DistanceTransformerConfig(**SIZES)).model
    batches = LabelledBatches(({"input_ids": TOKENS},), (4,), "causal_lm")
    with pytest.raises(OptionError, match="DistanceEncoder returns no loss"):
        batches.mean_loss(bare)
    labelled = LabelledBatches((LANGUAGE,), (12,), "causal_lm")
    with pytest.raises(ConfigurationError, match="Linear has no attention"):
        head_statistics(nn.Linear(2, 2), labelled)
