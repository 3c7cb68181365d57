"""Which layers hold experts."""

from __future__ import annotations

import pytest
from torch import nn

from hybrid_opt.classical import DistanceGPT, DistanceSeq2Seq, DistanceTransformerConfig, MoELayer
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.expert_layers import expert_layer, find_expert_layers

SIZES = {
    "vocab_size": 20, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 3,
    "intermediate_size": 8, "moe": {"num_experts": 2},
}  # fmt: skip


def test_blocks_have_their_own_numbers():
    model = DistanceGPT(DistanceTransformerConfig(**SIZES, feed_forward=["dense", "moe", "moe"]))
    assert list(find_expert_layers(model)) == [1, 2]
    assert isinstance(expert_layer(model, 2), MoELayer)
    with pytest.raises(OptionError, match="layer is 0; layers with experts are 1, 2"):
        expert_layer(model, 0)


def test_two_stacks_are_counted_by_order():
    sizes = {**SIZES, "num_hidden_layers": 1}
    model = DistanceSeq2Seq(DistanceTransformerConfig(**sizes, feed_forward="moe"))
    assert list(find_expert_layers(model)) == [0, 1]


def test_any_torch_model():
    model = nn.Sequential(nn.Linear(4, 4), MoELayer(4, 4, num_experts=2))
    assert expert_layer(model, 0) is model[1]


@pytest.mark.parametrize("layer", [1, -1, True, "0", None])
def test_no_such_layer(layer):
    with pytest.raises(OptionError, match="layers with experts are 0"):
        expert_layer(MoELayer(4, 4, num_experts=2), layer)


def test_no_model_and_no_experts():
    with pytest.raises(OptionError, match="model is int"):
        expert_layer(3, 0)
    with pytest.raises(OptionError, match="no layer with experts"):
        expert_layer(nn.Linear(2, 2), 0)
