"""The trunk: masks, positions, recorded states."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.stack import TransformerStack


def stack_of(*, causal: bool = True, **settings: Any) -> TransformerStack:
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
    config = DistanceTransformerConfig(**{**sizes, "max_position_embeddings": 12, **settings})
    return TransformerStack(config, causal=causal).eval()


def ids(batch: int = 2, length: int = 6) -> torch.Tensor:
    return torch.randint(50, (batch, length), generator=torch.Generator().manual_seed(1))


def test_states_between_blocks_are_recorded():
    stack = stack_of()
    output = stack(input_ids=ids(), output_hidden_states=True, output_attentions=True)
    states = output.hidden_states
    assert [tuple(state.shape) for state in states] == [(2, 6, 16)] * 3
    torch.testing.assert_close(stack.blocks[0](states[0])[0], states[1])
    torch.testing.assert_close(states[2], output.last_hidden_state)
    torch.testing.assert_close(stack.final_norm(stack.blocks[1](states[1])[0]), output.last_hidden_state)
    assert [tuple(weights.shape) for weights in output.attentions] == [(2, 2, 6, 6)] * 2
    plain = stack(input_ids=ids())
    assert (plain.hidden_states, plain.attentions, plain.cross_attentions, plain.aux_loss) == (None,) * 4


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("position", ["learned", "rotary", "none"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing_for_real_tokens(causal: bool, position: str, side: str):
    stack = stack_of(causal=causal, position=position)
    tokens = ids()
    alone = stack(input_ids=tokens[1:, :4]).last_hidden_state
    mask = torch.ones(2, 6, dtype=torch.long)
    padded = tokens.clone()
    real = slice(2, 6) if side == "left" else slice(0, 4)
    padded[1] = 7
    padded[1, real] = tokens[1, :4]
    mask[1] = 0
    mask[1, real] = 1
    output = stack(input_ids=padded, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(output[1:, real], alone, rtol=0, atol=1e-5)
    torch.testing.assert_close(output[:1], stack(input_ids=tokens[:1]).last_hidden_state, rtol=0, atol=1e-5)


def test_a_causal_stack_sees_no_later_token():
    tokens, changed = ids(), ids()
    changed[:, 4:] = (changed[:, 4:] + 1) % 50
    for causal in (True, False):
        stack = stack_of(causal=causal)
        first, second = (stack(input_ids=part).last_hidden_state[:, :4] for part in (tokens, changed))
        assert torch.allclose(first, second, atol=1e-6) is causal


def test_a_mask_with_rows_is_applied_as_it_is():
    stack = stack_of(causal=False)
    rows = torch.tril(torch.ones(6, 6, dtype=torch.bool)).expand(2, 6, 6)
    expected = stack_of(causal=True)(input_ids=ids()).last_hidden_state
    output = stack(input_ids=ids(), attention_mask=rows).last_hidden_state
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-5)


def test_left_padding_may_exceed_the_table_of_positions():
    stack = stack_of(max_position_embeddings=4)
    mask = torch.tensor([[0, 0, 1, 1, 1, 1]])
    assert stack(input_ids=ids(batch=1), attention_mask=mask).last_hidden_state.shape == (1, 6, 16)
    with pytest.raises(ConfigurationError, match="6 tokens, but there are learned positions for 4"):
        stack(input_ids=ids())


def test_head_gates_per_layer_and_per_sequence():
    stack = stack_of()
    plain = stack(input_ids=ids()).last_hidden_state
    gates = torch.ones(2, 2, 2)
    gates[1, 0, 1] = 0.0  # layer 1, sequence 0, head 1
    output = stack(input_ids=ids(), head_gates=gates).last_hidden_state
    assert not torch.allclose(output[0], plain[0])
    torch.testing.assert_close(output[1], plain[1])
    per_layer = stack(input_ids=ids(), head_gates=gates[:, 0]).last_hidden_state
    torch.testing.assert_close(per_layer[0], output[0])
    with pytest.raises(ConfigurationError, match="head_gates has the shape"):
        stack(input_ids=ids(), head_gates=torch.ones(2))


def test_losses_of_experts_are_summed_over_layers():
    stack = stack_of(feed_forward=["dense", "moe"], moe={"num_experts": 2, "top_k": 1}).train()
    one = stack(input_ids=ids()).aux_loss
    both = stack_of(feed_forward="moe", moe={"num_experts": 2, "top_k": 1}).train()(input_ids=ids()).aux_loss
    assert 0 < float(one.detach()) < float(both.detach())


def test_without_input_nothing_is_computed():
    with pytest.raises(ConfigurationError, match="nothing given"):
        stack_of()()
