"""Where heads are: order, families by structure, attention across left out, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertLMHeadModel,
    ElectraConfig,
    ElectraForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.attention_swap import replace_attention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_sites import find_head_sites
from hybrid_opt.classical.seq2seq import DistanceSeq2Seq

SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
SIZES["vocab_size"] = 50
BERT = {**SIZES, "intermediate_size": 16}
GPT2: dict[str, Any] = {"n_embd": 16, "n_head": 4, "n_layer": 2, "vocab_size": 50, "n_positions": 32}


def test_a_model_of_this_package_counts_as_its_own_list_of_layers():
    model = DistanceGPT(DistanceTransformerConfig(**SIZES))
    sites, layers = find_head_sites(model), model.attention_layers()
    assert [site.attention for site in sites] == layers
    assert [site.projection for site in sites] == [each.output_projection for each in layers]
    assert [(s.layer, s.num_heads, s.head_width, s.family) for s in sites] == [
        (0, 4, 4, "distance"),
        (1, 4, 4, "distance"),
    ]
    assert [model.get_submodule(site.name) for site in sites] == [site.attention for site in sites]


def test_an_encoder_decoder_has_the_encoder_first_and_nothing_across():
    model = DistanceSeq2Seq(DistanceTransformerConfig(**SIZES, num_encoder_layers=1, bos_token_id=1))
    sites = find_head_sites(model)
    assert [site.attention for site in sites] == model.attention_layers()
    assert [site.name.split(".")[0] for site in sites] == ["encoder", "decoder", "decoder"]


ACROSS = {"add_cross_attention": True}


@pytest.mark.parametrize(
    ("build", "family", "name"),
    [
        (lambda: GPT2LMHeadModel(GPT2Config(**GPT2)), "gpt2", "transformer.h.1.attn"),
        (lambda: GPT2LMHeadModel(GPT2Config(**GPT2, **ACROSS)), "gpt2", "transformer.h.1.attn"),
        (
            lambda: BertForSequenceClassification(BertConfig(**BERT)),
            "bert",
            "bert.encoder.layer.1.attention",
        ),
        (
            lambda: BertLMHeadModel(BertConfig(**BERT, **ACROSS, is_decoder=True)),
            "bert",
            "bert.encoder.layer.1.attention",
        ),
        (lambda: RobertaForMaskedLM(RobertaConfig(**BERT)), "bert", "roberta.encoder.layer.1.attention"),
        (
            lambda: ElectraForMaskedLM(ElectraConfig(**BERT, embedding_size=16)),
            "bert",
            "electra.encoder.layer.1.attention",
        ),
    ],
)
def test_models_of_transformers(build: Any, family: str, name: str):
    sites = find_head_sites(build())
    assert [(s.layer, s.num_heads, s.head_width, s.family) for s in sites] == [
        (0, 4, 4, family),
        (1, 4, 4, family),
    ]
    assert sites[1].name == name
    assert all(site.projection.weight.shape == (16, 16) for site in sites)


def test_any_torch_model_with_distance_attention():
    assert [site.name for site in find_head_sites(DistanceAttention(8, 2))] == [""]
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 16, batch_first=True), 1)
    replace_attention(decoder, "l2")
    # Nothing in such a model tells attention across from attention among its own tokens.
    names = [site.name for site in find_head_sites(decoder)]
    assert names == ["layers.0.self_attn.attention", "layers.0.multihead_attn.attention"]


def test_a_layer_in_two_places_is_one_site():
    layer = DistanceAttention(8, 2)
    assert [site.name for site in find_head_sites(nn.ModuleList([layer, layer]))] == ["0"]


@pytest.mark.parametrize("model", ["bert-base", None, torch.zeros(2)])
def test_no_model(model: Any):
    with pytest.raises(ConfigurationError, match=r"must be a torch.nn.Module"):
        find_head_sites(model)


def test_a_model_without_attention_is_told_what_is_supported():
    with pytest.raises(ConfigurationError, match=r"Linear has no attention .* DistanceAtt.* GPT-2 .* BERT"):
        find_head_sites(nn.Linear(2, 2))
    with pytest.raises(ConfigurationError, match="replace_attention"):
        find_head_sites(nn.TransformerEncoderLayer(8, 2))
