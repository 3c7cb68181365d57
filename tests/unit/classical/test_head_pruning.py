"""Pruned models of this package: they compute what masked ones do, are saved, loaded and pruned again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder import DistanceEncoder
from hybrid_opt.classical.encoder_heads import (
    DistanceEncoderForMaskedLM,
    DistanceEncoderForSequenceClassification,
)
from hybrid_opt.classical.errors import CheckpointError, ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_masking import masked_heads
from hybrid_opt.classical.head_pruning import prune_heads
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq

TOKENS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
PADDED = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
KEEP = torch.tensor([True, False, False, True, False, True, True, True])
SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
OURS: dict[str, Any] = {**SIZES, "vocab_size": 50, "intermediate_size": 24}
GREEDY: dict[str, Any] = {"max_new_tokens": 5, "do_sample": False, "pad_token_id": 0}
MIXED = [["l1", "l2", "lp", "cosine"], ["dot", "lp", "chebyshev", "squared_l2"]]
VARIANTS: list[dict[str, Any]] = [
    {},
    {"metric": MIXED, "metric_p": [2.0, 3.0, 1.5, 2.0], "learn_p": True},
    {"position": "rotary", "head_dim": 6, "attention_window": 3},
    {"position": "rotary", "num_key_value_heads": 2},
    {"num_key_value_heads": 1, "learn_scale": False, "attention_bias": False},
    {"head_gate": {"name": "learned"}, "feed_forward": ["dense", "moe"], "moe": {"num_experts": 2}},
    {"head_gate": {"name": "fixed", "gates": [0.5, 1.0, 2.0, 0.25]}, "metric": "lp", "metric_p": 1.0},
    {"controller": {"name": "constant", "scale_factor": 2.0}, "attention_dropout": 0.2},
]


def ours(cls: type = DistanceGPT, **settings: Any) -> Any:
    """A model none of whose numbers is what it starts with."""
    torch.manual_seed(0)
    model = cls(DistanceTransformerConfig(**{**OURS, "initializer_range": 0.2, **settings}))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


@torch.no_grad()
def logits_of(model: Any, **inputs: Any) -> torch.Tensor:
    return model(input_ids=TOKENS, attention_mask=PADDED, **inputs).logits


def agree(model: Any, keep: torch.Tensor) -> Any:
    """The pruned model, after comparing it with the masked one."""
    before = model.num_parameters()
    with masked_heads(model, keep):
        expected = logits_of(model)
    assert prune_heads(model, keep) is model
    torch.testing.assert_close(logits_of(model), expected, atol=2e-6, rtol=1e-5)
    assert model.num_parameters() < before
    return model


@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("cls", [DistanceGPT, DistanceEncoderForMaskedLM])
def test_models_of_this_package(cls: Any, settings: dict[str, Any], tmp_path: Path):
    model = agree(ours(cls, **settings), KEEP)
    assert [layer.num_heads for layer in model.attention_layers()] == [2, 3]
    model.save_pretrained(tmp_path)
    loaded = cls.from_pretrained(tmp_path)
    assert torch.equal(logits_of(loaded), logits_of(model))
    assert loaded.config.kept_heads == [[0, 3], [1, 2, 3]]
    assert loaded.config.num_attention_heads == 4
    assert loaded.config.kept_key_value_heads == model.config.kept_key_value_heads


@pytest.mark.parametrize("settings", VARIANTS)
def test_generation_with_a_cache(settings: dict[str, Any]):
    model = ours(**settings)
    with masked_heads(model, KEEP):
        expected = model.generate(TOKENS, attention_mask=PADDED, **GREEDY)
    prune_heads(model, KEEP)
    for cache in (True, False):
        found = model.generate(TOKENS, attention_mask=PADDED, use_cache=cache, **GREEDY)
        assert torch.equal(found, expected)


def test_a_classifier_and_a_trunk():
    agree(ours(DistanceEncoderForSequenceClassification, num_labels=3), KEEP)
    model = ours(DistanceEncoder)
    with torch.no_grad():
        with masked_heads(model, KEEP):
            expected = model(TOKENS).last_hidden_state
        torch.testing.assert_close(prune_heads(model, KEEP)(TOKENS).last_hidden_state, expected)


def test_an_encoder_decoder(tmp_path: Path):
    model = ours(DistanceSeq2Seq, num_encoder_layers=1, bos_token_id=1, num_key_value_heads=2)
    keep = torch.tensor([1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1]).bool()
    settings = {**GREEDY, "attention_mask": PADDED}
    with masked_heads(model, keep):
        expected, written = logits_of(model, labels=TOKENS), model.generate(TOKENS, **settings)
    prune_heads(model, keep)
    torch.testing.assert_close(logits_of(model, labels=TOKENS), expected, atol=2e-6, rtol=1e-5)
    assert torch.equal(model.generate(TOKENS, **settings), written)
    assert model.config.kept_heads == [[0, 3], [0, 1, 2], [2, 3]]
    assert model.config.kept_key_value_heads == [[0, 1], [0, 0, 1], [1]]
    assert model.encoder.config is model.config
    model.save_pretrained(tmp_path)
    loaded = DistanceSeq2Seq.from_pretrained(tmp_path)
    assert torch.equal(logits_of(loaded, labels=TOKENS), logits_of(model, labels=TOKENS))


@pytest.mark.parametrize("settings", [{}, {"num_key_value_heads": 2, "num_attention_heads": 4}])
def test_pruning_twice_is_pruning_once(settings: dict[str, Any], tmp_path: Path):
    twice, once = ours(**settings), ours(**settings)
    # First 3 of 4 heads, so that shared keys are copied; then 2 of one group, which alone would share.
    prune_heads(twice, [True, False, True, True, *[True] * 4])
    prune_heads(twice, [False, True, True, False, True, False, True])
    prune_heads(once, [False, False, True, True, False, True, False, True])
    torch.testing.assert_close(logits_of(twice), logits_of(once), atol=2e-6, rtol=1e-5)
    assert twice.config.kept_heads == once.config.kept_heads == [[2, 3], [1, 3]]
    assert once.config.kept_key_value_heads == ([[1], [0, 1]] if settings else None)
    assert twice.config.kept_key_value_heads == ([[1, 1], [0, 1]] if settings else None)
    twice.save_pretrained(tmp_path)
    assert torch.equal(logits_of(DistanceGPT.from_pretrained(tmp_path)), logits_of(twice))
    assert torch.equal(logits_of(AutoModelForCausalLM.from_pretrained(tmp_path)), logits_of(twice))


def test_a_fresh_model_of_a_pruned_configuration_is_initialized():
    model = prune_heads(ours(metric="lp", learn_p=True, metric_p=3.0), KEEP)
    torch.manual_seed(3)
    fresh = DistanceGPT(model.config)
    assert {name: value.shape for name, value in fresh.state_dict().items()} == {
        name: value.shape for name, value in model.state_dict().items()
    }
    layer = fresh.attention_layers()[0]
    assert layer.log_scale_ratio.tolist() == [0.0, 0.0]
    assert layer.head_mask.tolist() == [1.0, 1.0]
    torch.testing.assert_close(layer.effective_p(), torch.full((2,), 3.0))


def test_gates_keep_their_numbers():
    model = ours()
    mask = torch.tensor([[0.5, 3.0, 3.0, -1.0], [3.0, 0.0, 2.0, 1.0]])
    model.set_head_mask(mask)
    prune_heads(model, KEEP)
    assert model.head_mask().tolist() == [[0.5, 0.0, 0.0, -1.0], [0.0, 0.0, 2.0, 1.0]]
    model.set_head_mask(mask + 1)
    assert torch.equal(model.head_mask(), (mask + 1) * KEEP.view(2, 4))
    model.set_head_mask(torch.ones(2, 4))
    gates = torch.rand(2, 2, 4, generator=torch.Generator().manual_seed(4))
    found = logits_of(model, head_gates=gates)
    torch.testing.assert_close(found, logits_of(model, head_gates=gates * KEEP.view(2, 1, 4)))
    with masked_heads(model, gates.transpose(0, 1).flatten(1)[:, KEEP]):
        torch.testing.assert_close(logits_of(model), found, atol=2e-6, rtol=1e-5)
    with pytest.raises(ConfigurationError, match=r"it must be \(2, 4\)"):
        model.set_head_mask(torch.ones(2, 3))


def test_a_controller_goes_on_with_the_heads_that_are_left():
    model = ours(controller={"name": "constant"}, metric="l1")
    control = model.model.stack.blocks[0].control
    with torch.no_grad():
        control.controller.scale_logits.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]))
    prune_heads(model, KEEP)
    torch.testing.assert_close(control.signal((0, 3)).scale_factor, 4 ** torch.tanh(torch.tensor([0.1, 0.4])))
    model.train()(input_ids=TOKENS, labels=TOKENS).loss.backward()
    statistics = control.latest_statistics
    assert bool((statistics[[0, 3], 2] > 0).all())
    assert statistics[1:3].tolist() == [[1.0, 1.0, 0.0]] * 2
    assert control.first_distance[1:3].tolist() == [0.0, 0.0]
    report = attention_report(model, {"input_ids": TOKENS})
    scale = model.attention_layers()[0].effective_scale().detach() * control.signal((0, 3)).scale_factor
    torch.testing.assert_close(torch.tensor(report.layers[0].scale).float(), scale.detach())


def test_a_report_with_unequal_layers(tmp_path: Path):
    model = prune_heads(ours(metric=MIXED), torch.tensor([1, 0, 0, 0, 1, 1, 0, 1]).bool())
    report = attention_report(model, {"input_ids": TOKENS, "attention_mask": PADDED})
    assert report.table()["metric"].tolist() == ["l1", "dot", "lp", "squared_l2"]
    report.plot()
    assert report.to_html(tmp_path / "report.html").exists()
    report.to_json(tmp_path / "report.json")
    weights = model(TOKENS, output_attentions=True).attentions
    assert [tuple(each.shape) for each in weights] == [(2, 1, 5, 5), (2, 3, 5, 5)]


def test_another_model_of_the_same_configuration_is_left_alone(tmp_path: Path):
    config = DistanceTransformerConfig(**OURS)
    one, other = DistanceGPT(config), DistanceGPT(config)
    prune_heads(one, KEEP)
    assert config.kept_heads is None
    assert other.config is config
    assert one.model.config is one.config
    other.save_pretrained(tmp_path)
    DistanceGPT.from_pretrained(tmp_path)


def test_nothing_to_remove():
    model = ours()
    before = {name: id(value) for name, value in model.named_parameters()}
    prune_heads(model, torch.ones(8, dtype=torch.bool))
    assert {name: id(value) for name, value in model.named_parameters()} == before
    assert model.config.kept_heads is None


def test_shared_weights_are_refused():
    model = ours()
    first, second = model.attention_layers()
    second.query_projection.weight = first.query_projection.weight
    with pytest.raises(ConfigurationError, match=r"query_projection shares its weights"):
        prune_heads(model, KEEP)
    model = ours()
    first, second = model.attention_layers()
    second.output_projection = first.output_projection
    with pytest.raises(ConfigurationError, match=r"output_projection shares its weights"):
        prune_heads(model, KEEP)


def test_a_layer_in_two_places_is_pruned_once():
    layer = DistanceAttention(8, 2)
    both = prune_heads(nn.ModuleList([layer, layer]), [False, True])
    assert both[0] is both[1]
    assert layer.kept_heads == (1,)


def test_a_part_of_an_encoder_decoder_is_refused():
    model = ours(DistanceSeq2Seq, bos_token_id=1)
    with pytest.raises(ConfigurationError, match=r"2 of the 4 layers .* whole encoder-decoder"):
        prune_heads(model.encoder, KEEP)
    assert model.attention_layers()[0].num_heads == 4


def test_a_folder_is_not_read_as_another_model(tmp_path: Path):
    prune_heads(ours(), KEEP).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="tensors of another shape"):
        DistanceGPT.from_pretrained(tmp_path, kept_heads=None)
