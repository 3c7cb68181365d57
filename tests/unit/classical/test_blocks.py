"""One block: norms before parts, sums behind them, gates, controllers, experts."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.attention_control import AttentionControl
from hybrid_opt.classical.blocks import TransformerBlock, attention_of, feed_forward_of
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.feed_forward import DenseFeedForward
from hybrid_opt.classical.moe_layer import MoELayer


def config_of(**settings: Any) -> DistanceTransformerConfig:
    return DistanceTransformerConfig(
        **{"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, **settings}
    )


def block_of(*, across: bool = False, **settings: Any) -> TransformerBlock:
    torch.manual_seed(0)
    return TransformerBlock(config_of(**settings), 0, causal=True, across=across).eval()


def tokens(length: int = 5) -> torch.Tensor:
    return torch.randn(2, length, 16, generator=torch.Generator().manual_seed(1))


def test_a_block_is_attention_and_feed_forward_behind_norms():
    block = block_of()
    hidden = tokens()
    attended = hidden + block.attention(block.attention_norm(hidden))[0]
    expected = attended + block.feed_forward(block.feed_forward_norm(attended))[0]
    output, loss, weights, cross_weights = block(hidden)
    torch.testing.assert_close(output, expected)
    assert (loss, weights, cross_weights) == (None, None, None)


def test_attention_across_stands_between():
    block = block_of(across=True)
    hidden, encoder = tokens(), tokens(length=7)
    attended = hidden + block.attention(block.attention_norm(hidden))[0]
    across = block.cross_attention(block.cross_attention_norm(attended), key_value_hidden=encoder)[0]
    attended = attended + across
    expected = attended + block.feed_forward(block.feed_forward_norm(attended))[0]
    output, _, weights, cross_weights = block(hidden, encoder, output_attentions=True)
    torch.testing.assert_close(output, expected)
    assert (weights.shape, cross_weights.shape) == ((2, 2, 5, 5), (2, 2, 5, 7))


def test_the_configuration_reaches_the_attention():
    config = config_of(
        metric=["l1", ["lp", "dot"]],
        metric_p=3.0,
        attention_window=[None, 4],
        position="rotary",
        rope_theta=500.0,
        num_key_value_heads=1,
        attention_dropout=0.25,
        attention_bias=False,
        attention_backend="dense",
    )
    layer = attention_of(config, 1, causal=True)
    assert (layer.metrics, layer.start_p, layer.window) == (("lp", "dot"), (3.0, 3.0), 4)
    assert (layer.position, layer.rope_theta, layer.num_key_value_heads) == ("rotary", 500.0, 1)
    assert (layer.dropout, layer.backend, layer.causal) == (0.25, "dense", True)
    assert layer.query_projection.bias is None
    across = attention_of(config, 1, causal=False, across=True)
    assert (across.window, across.position, across.causal) == (None, "none", False)


def test_a_plain_block_carries_no_components():
    block = block_of()
    assert block.head_gate is None
    assert block.control is None
    assert isinstance(block.feed_forward, DenseFeedForward)
    assert not any("statistics" in name for name in block.state_dict())


def test_a_head_gate_multiplies_heads():
    gated = block_of(head_gate={"name": "fixed", "gates": [0.0, 1.0]})
    plain = block_of()
    expected = plain(tokens(), head_gates=torch.tensor([0.0, 1.0]))[0]
    torch.testing.assert_close(gated(tokens())[0], expected)
    both = gated(tokens(), head_gates=torch.tensor([1.0, 0.5]))[0]
    torch.testing.assert_close(both, plain(tokens(), head_gates=torch.tensor([0.0, 0.5]))[0])


def test_a_controller_scales_lambda():
    steered = block_of(controller={"name": "constant", "scale_factor": 2.0})
    assert isinstance(steered.control, AttentionControl)
    plain = block_of()
    plain.attention.log_scale_ratio.data += torch.tensor(2.0).log()
    torch.testing.assert_close(steered(tokens())[0], plain(tokens())[0])


def test_experts_replace_the_feed_forward_part():
    settings: dict[str, Any] = {"feed_forward": "moe", "moe": {"num_experts": 3, "top_k": 1}}
    block = block_of(router={"name": "cosine"}, hidden_act="relu", **settings).train()
    assert isinstance(block.feed_forward, MoELayer)
    assert type(block.feed_forward.router).__name__ == "CosineRouter"
    real = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    loss = block(tokens(), mask=real, token_mask=real)[1].detach()
    assert float(loss) > 0
    assert block.feed_forward.statistics().tokens == 7


def test_experts_drop_as_the_dense_part_does_unless_told_otherwise():
    experts: dict[str, Any] = {"num_experts": 2}
    block = block_of(feed_forward="moe", moe=experts, hidden_dropout=0.25)
    assert block.feed_forward.experts.dropout == block_of(hidden_dropout=0.25).feed_forward.dropout.p == 0.25
    block = block_of(feed_forward="moe", moe=experts | {"dropout": 0.0}, hidden_dropout=0.25)
    assert block.feed_forward.experts.dropout == 0.0


@pytest.mark.parametrize("part", ["hidden_dropout", "attention_dropout"])
def test_dropout_acts_in_training(part: str):
    block = block_of(**{part: 0.5}).train()
    torch.manual_seed(0)
    assert not torch.equal(block(tokens())[0], block(tokens())[0])


def test_routers_by_layer():
    config = DistanceTransformerConfig(
        vocab_size=9, hidden_size=8, num_attention_heads=2, num_hidden_layers=2, intermediate_size=8,
        feed_forward="moe", moe={"num_experts": 2}, router=[None, {"name": "cosine"}],
    )  # fmt: skip
    names = [type(feed_forward_of(config, layer, causal=True).router).__name__ for layer in range(2)]
    assert names == ["SoftmaxRouter", "CosineRouter"]


def test_expert_choice_is_refused_where_tokens_must_not_see_later_ones():
    config = DistanceTransformerConfig(
        vocab_size=9, hidden_size=8, num_attention_heads=2, num_hidden_layers=1,
        feed_forward="moe", moe={"num_experts": 2, "balance": "expert_choice"},
    )  # fmt: skip
    TransformerBlock(config, 0, causal=False)
    with pytest.raises(ConfigurationError, match=r"'expert_choice', under which .* later tokens"):
        TransformerBlock(config, 0, causal=True)
