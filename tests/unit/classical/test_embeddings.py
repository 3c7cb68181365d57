"""Embeddings of tokens and of continuous values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.embeddings import InputEmbeddings
from hybrid_opt.classical.errors import ConfigurationError

POSITIONS = torch.arange(3).unsqueeze(0)


def embeddings_of(**settings: Any) -> InputEmbeddings:
    torch.manual_seed(0)
    settings = {
        "vocab_size": 9,
        "hidden_size": 8,
        "num_attention_heads": 2,
        "max_position_embeddings": 4,
        **settings,
    }
    return InputEmbeddings(DistanceTransformerConfig(**settings))


def test_tokens_plus_positions():
    embeddings = embeddings_of()
    assert embeddings.positions is not None
    hidden = embeddings(POSITIONS + 1, input_ids=torch.tensor([[1, 8, 0]]))
    expected = embeddings.tokens.weight[[1, 8, 0]] + embeddings.positions.weight[1:4]
    torch.testing.assert_close(hidden[0], expected)


@pytest.mark.parametrize("position", ["rotary", "none"])
def test_without_learned_positions_tokens_alone(position: str):
    embeddings = embeddings_of(position=position)
    hidden = embeddings(POSITIONS + 100, input_ids=torch.tensor([[1, 8, 0]]))
    torch.testing.assert_close(hidden[0], embeddings.tokens.weight[[1, 8, 0]])


def test_continuous_values_go_through_a_linear_map():
    embeddings = embeddings_of(value_width=2, position="none")
    values = torch.randn(1, 3, 2, dtype=torch.float64)
    hidden = embeddings(POSITIONS, input_values=values)
    torch.testing.assert_close(hidden, embeddings.values(values.float()))


def test_given_embeddings_get_positions_only():
    embeddings = embeddings_of()
    assert embeddings.positions is not None
    hidden = embeddings(POSITIONS, inputs_embeds=torch.zeros(1, 3, 8))
    torch.testing.assert_close(hidden[0], embeddings.positions.weight[:3])


def test_a_stack_of_given_embeddings_needs_no_table():
    config = DistanceTransformerConfig(vocab_size=9, hidden_size=8)
    assert list(InputEmbeddings(config, with_tokens=False).state_dict()) == ["positions.weight"]


@pytest.mark.parametrize(
    ("settings", "inputs", "message"),
    [
        ({}, {"input_ids": torch.tensor([[1, 9, 0]])}, "largest token id is 9"),
        ({}, {"input_values": torch.zeros(1, 3, 2)}, "build it with value_width"),
        ({}, {}, "nothing given"),
        ({}, {"inputs_embeds": torch.zeros(1, 3, 7)}, r"inputs_embeds has the shape .*; it must be .* 8\)"),
        ({}, {"input_ids": [[1, 2, 3]]}, "input_ids is list; give a tensor"),
        ({}, {"input_ids": torch.zeros(1, 0, dtype=torch.long)}, r"shape \(1, 0\).* each at least 1"),
        ({"value_width": 2}, {"input_ids": torch.zeros(1, 3, dtype=torch.long)}, "takes input_values"),
        ({"value_width": 2}, {"input_values": torch.zeros(1, 3, 5)}, r"must be \(batch, tokens, 2\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(settings: dict[str, Any], inputs: dict[str, Any], message: str):
    with pytest.raises(ConfigurationError, match=message):
        embeddings_of(**settings)(POSITIONS, **inputs)


def test_positions_beyond_the_table_are_refused():
    with pytest.raises(ConfigurationError, match="5 tokens, but there are learned positions for 4"):
        embeddings_of()(POSITIONS + 2, input_ids=torch.zeros(1, 3, dtype=torch.long))
    with pytest.raises(ConfigurationError, match="9 tokens"):
        embeddings_of()(POSITIONS, input_ids=torch.zeros(1, 3, dtype=torch.long), length=9)
