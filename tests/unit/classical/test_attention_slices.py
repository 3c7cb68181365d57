"""What changes in attention of each family, and what is not touched."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model

from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.attention_slices import distance_changes, site_changes
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.head_sites import find_head_sites
from hybrid_opt.classical.projection_slices import apply_changes

METRICS = ["l1", "lp", "dot", "lp"]


def layer_of(**settings: Any) -> DistanceAttention:
    torch.manual_seed(0)
    given = {"metric": METRICS, "p": [2.0, 1.5, 2.0, 3.0], "learn_p": True, **settings}
    layer = DistanceAttention(16, 4, **given)
    with torch.no_grad():
        layer.log_scale_ratio.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]))
        layer.head_mask.copy_(torch.tensor([1.0, 0.5, 1.0, -1.0]))
    return layer


@pytest.mark.parametrize("learn_scale", [True, False])
def test_everything_per_head_of_distance_attention(learn_scale: bool):
    before, layer = layer_of(learn_scale=learn_scale), layer_of(learn_scale=learn_scale)
    apply_changes(distance_changes(layer, [1, 2]))
    assert (layer.num_heads, layer.num_key_value_heads, layer.head_dim) == (2, 2, 4)
    assert layer.metrics == ("lp", "dot")
    assert layer.kept_heads == layer.kept_key_value_heads == (1, 2)
    torch.testing.assert_close(layer.effective_scale(), before.effective_scale()[1:3])
    torch.testing.assert_close(layer.effective_p(), before.effective_p()[1:3])
    assert layer.head_mask.tolist() == [0.5, 1.0]
    assert isinstance(layer.log_scale_ratio, nn.Parameter) is learn_scale
    assert "log_scale_ratio" in layer.state_dict()
    assert torch.equal(layer.key_projection.weight, before.key_projection.weight[4:12])
    assert torch.equal(layer.value_projection.bias, before.value_projection.bias[4:12])
    assert torch.equal(layer.output_projection.weight, before.output_projection.weight[:, 4:12])
    assert torch.equal(layer.output_projection.bias, before.output_projection.bias)


def test_a_learned_exponent_goes_with_the_last_head_that_reads_it():
    layer = layer_of()
    apply_changes(distance_changes(layer, [0, 2]))
    assert not layer.learn_p
    assert "p_excess" not in dict(layer.named_parameters())
    layer(torch.randn(1, 3, 16))[0].sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


def test_shared_keys_keep_their_groups_or_are_copied():
    before = layer_of(num_key_value_heads=2)
    layer = layer_of(num_key_value_heads=2)
    apply_changes(distance_changes(layer, [1, 3]))
    assert (layer.num_heads, layer.num_key_value_heads) == (2, 2)
    assert torch.equal(layer.key_projection.weight, before.key_projection.weight)
    layer = layer_of(num_key_value_heads=2)
    apply_changes(distance_changes(layer, [1, 2, 3]))
    assert (layer.num_heads, layer.num_key_value_heads) == (3, 3)
    assert layer.kept_key_value_heads == (0, 1, 1)
    assert torch.equal(layer.value_projection.weight[4:8], before.value_projection.weight[4:8])
    assert torch.equal(layer.value_projection.weight[8:12], before.value_projection.weight[4:8])


class Biased(DistanceAttention):
    """Attention with a parameter that nobody knows."""

    def __init__(self) -> None:
        super().__init__(8, 2)
        self.offsets = nn.Parameter(torch.zeros(2))


def test_unknown_parameters_are_refused():
    with pytest.raises(ConfigurationError, match=r"\(offsets\); its heads cannot be pruned, masked_heads"):
        distance_changes(Biased(), [0])


def gpt2_site() -> Any:
    return find_head_sites(GPT2Model(GPT2Config(n_embd=16, n_head=4, n_layer=1, vocab_size=9)))[0]


def bert_site() -> Any:
    sizes = {"hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 1, "intermediate_size": 16}
    return find_head_sites(BertModel(BertConfig(**sizes, vocab_size=9)))[0]


def test_sizes_of_gpt2():
    site = gpt2_site()
    weight = site.attention.c_attn.weight.detach().clone()
    apply_changes(site_changes(site, [2]))
    attention = site.attention
    assert (attention.num_heads, attention.split_size, attention.embed_dim) == (1, 4, 16)
    assert (attention.c_attn.nf, attention.c_proj.nx, attention.c_proj.nf) == (12, 4, 16)
    assert torch.equal(attention.c_attn.weight, torch.cat([weight[:, i : i + 4] for i in (8, 24, 40)], 1))


def test_sizes_of_bert():
    site = bert_site()
    weight = site.attention.self.value.weight.detach().clone()
    apply_changes(site_changes(site, [0, 3]))
    inner = site.attention.self
    assert (inner.num_attention_heads, inner.all_head_size, inner.attention_head_size) == (2, 8, 4)
    assert (inner.query.out_features, site.attention.output.dense.in_features) == (8, 8)
    assert torch.equal(inner.value.weight, torch.cat([weight[:4], weight[12:]]))


@pytest.mark.parametrize("build", [gpt2_site, bert_site])
def test_parts_that_do_not_belong_to_the_family(build: Any):
    site = build()
    inner = site.attention if site.family == "gpt2" else site.attention.self
    inner.position_bias = nn.Parameter(torch.zeros(4))
    with pytest.raises(ConfigurationError, match="position_bias"):
        site_changes(site, [0])


@pytest.mark.parametrize(("build", "name"), [(gpt2_site, "c_attn"), (bert_site, "key")])
def test_projections_of_another_size(build: Any, name: str):
    site = build()
    inner = site.attention if site.family == "gpt2" else site.attention.self
    setattr(inner, name, nn.Linear(16, 8))  # as where fewer heads have keys and values than queries
    with pytest.raises(ConfigurationError, match=f"{name} has 8 numbers where its heads have"):
        site_changes(site, [0])
