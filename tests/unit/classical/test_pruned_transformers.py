"""Pruning in models of transformers and of torch: as masked, loaded from weights, trained on, refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    ElectraConfig,
    ElectraForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from hybrid_opt.classical.attention_swap import replace_attention
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_masking import masked_heads
from hybrid_opt.classical.head_pruning import prune_heads
from hybrid_opt.classical.head_sites import find_head_sites

TOKENS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
PADDED = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
KEEP = torch.tensor([True, False, False, True, False, True, True, True])
SIZES: dict[str, Any] = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
OURS: dict[str, Any] = {**SIZES, "vocab_size": 50, "intermediate_size": 24}
BERT: dict[str, Any] = {**OURS, "initializer_range": 0.2}
GPT2: dict[str, Any] = {"n_embd": 16, "n_head": 4, "n_layer": 2, "vocab_size": 50, "n_positions": 32}
GREEDY: dict[str, Any] = {"max_new_tokens": 5, "do_sample": False, "pad_token_id": 0}


def ours() -> Any:
    torch.manual_seed(0)
    return DistanceGPT(DistanceTransformerConfig(**OURS, initializer_range=0.2)).eval()


def gpt2(**settings: Any) -> Any:
    torch.manual_seed(0)
    tokens = {"bos_token_id": 0, "eos_token_id": 0}
    return GPT2LMHeadModel(GPT2Config(**GPT2, **tokens, initializer_range=0.2, **settings)).eval()


def bert(cls: Any = BertForSequenceClassification, config: Any = BertConfig, **settings: Any) -> Any:
    torch.manual_seed(0)
    return cls(config(**BERT, **settings)).eval()


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


@pytest.mark.parametrize(
    "build",
    [
        gpt2,
        lambda: gpt2(attn_implementation="eager", reorder_and_upcast_attn=True),
        bert,
        lambda: bert(attn_implementation="eager"),
        lambda: bert(RobertaForMaskedLM, RobertaConfig),
        lambda: bert(ElectraForMaskedLM, ElectraConfig, embedding_size=8),
    ],
)
def test_models_of_transformers_and_how_they_are_loaded(build: Any, tmp_path: Path):
    model = agree(build(), KEEP)
    torch.save({"weights": model.state_dict(), "keep": KEEP}, tmp_path / "pruned.pt")
    saved = torch.load(tmp_path / "pruned.pt")
    again = prune_heads(type(model)(model.config).eval(), saved["keep"])
    again.load_state_dict(saved["weights"])
    assert torch.equal(logits_of(again), logits_of(model))


def test_gpt2_generates():
    model = gpt2()
    with masked_heads(model, KEEP):
        expected = model.generate(TOKENS, attention_mask=PADDED, **GREEDY)
    prune_heads(model, KEEP)
    assert torch.equal(model.generate(TOKENS, attention_mask=PADDED, **GREEDY), expected)


def test_attention_across_stays_whole():
    model = gpt2(add_cross_attention=True)
    states = torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(2))
    with masked_heads(model, KEEP):
        expected = logits_of(model, encoder_hidden_states=states)
    prune_heads(model, KEEP)
    torch.testing.assert_close(logits_of(model, encoder_hidden_states=states), expected, atol=2e-6, rtol=1e-5)
    assert model.transformer.h[0].crossattention.num_heads == 4


@pytest.mark.parametrize("build", [ours, gpt2])
def test_training_goes_on(build: Any):
    model = build()
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    first = next(iter(find_head_sites(model))).projection
    first.weight.requires_grad_(False)
    gradients = []
    for pruned in (False, True, True):
        if pruned and not gradients[1:]:
            prune_heads(model, KEEP)
        elif pruned:
            model.activation_checkpointing_enable()
        model.train().zero_grad()
        with masked_heads(model, KEEP if not pruned else torch.ones(5)):
            model(input_ids=TOKENS, labels=TOKENS, use_cache=False).loss.backward()
        gradients.append([p.grad for n, p in model.named_parameters() if "feed_forward" in n or "mlp" in n])
    assert not first.weight.requires_grad
    for later in gradients[1:]:
        for one, other in zip(gradients[0], later, strict=True):
            torch.testing.assert_close(other, one, atol=1e-6, rtol=1e-4)


def test_attention_in_other_torch_models():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 24, dropout=0.0, batch_first=True)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    replace_attention(model, "l2")
    empty, x = copy.deepcopy(model), torch.randn(2, 5, 16)
    mask = torch.zeros(2 * 4, 5, 5, dtype=torch.bool)
    mask[:, :, 3:] = True
    with torch.no_grad():
        with masked_heads(model, KEEP):
            expected = model(x, mask=mask)
        prune_heads(model, KEEP)
        # Masks per head are counted by the heads that are left, so layers that differ cannot share one.
        torch.testing.assert_close(model(x, mask=mask[0]), expected, atol=2e-6, rtol=1e-5)
    prune_heads(empty, KEEP).load_state_dict(model.state_dict())
    assert model.layers[0].self_attn.num_heads == 2
    wrapped = nn.ModuleDict({"ours": ours(), "theirs": gpt2()})
    prune_heads(wrapped, torch.cat([KEEP, ~KEEP]))
    assert wrapped["ours"].config.kept_heads == [[0, 3], [1, 2, 3]]
    assert [site.num_heads for site in find_head_sites(wrapped)] == [2, 3, 2, 1]


def numbers(model: nn.Module) -> dict[str, tuple[int, ...]]:
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    return shapes | {f"{site.name} heads": (site.num_heads,) for site in find_head_sites(model)}


@pytest.mark.parametrize(
    "keep",
    [KEEP[:7], KEEP.view(2, 4), KEEP.int(), [0, 1, 2, 5], "first", None, [[True], [True, False]]],
)
def test_keep_of_another_shape_or_kind(keep: Any):
    model = ours()
    with pytest.raises(ConfigurationError, match="8 truth values"):
        prune_heads(model, keep)
    assert numbers(model) == numbers(ours())


@pytest.mark.parametrize("build", [ours, gpt2, bert])
def test_a_layer_needs_a_head(build: Any):
    model = build()
    with pytest.raises(ConfigurationError, match=r"layer 1 \(.*\) none of its 4 heads"):
        prune_heads(model, [True, *[False] * 7])
    assert numbers(model) == numbers(build())


@pytest.mark.parametrize("build", [ours, gpt2, bert])
def test_nothing_is_changed_where_a_later_layer_cannot_be(build: Any):
    model = build()
    projection = find_head_sites(model)[1].projection
    projection.scale = nn.Parameter(torch.ones(1))
    before = numbers(model)
    with pytest.raises(ConfigurationError):
        prune_heads(model, KEEP)
    assert numbers(model) == before
