"""Ranking over the queries that see a position, with the first token, few queries, and tokens."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from hybrid_opt.classical.attended_positions import rank_positions
from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.layer_attention import LayerAttention


@pytest.fixture
def layer() -> LayerAttention:
    torch.manual_seed(0)
    made = attention_report(DistanceAttention(4, 1, causal=True), torch.randn(1, 20, 4)).layers[0]
    received = np.full((1, 20), 0.1)
    received[0, [0, 7, 12, 19]] = 0.9, 0.5, 0.3, 0.8
    relative = np.full((1, 20), 1.0)
    relative[0, [7, 12]] = 2.0, 4.0
    return dataclasses.replace(
        made, statistics=dataclasses.replace(made.statistics, received=received, relative=relative)
    )


def test_by_weight_without_the_first_token_and_what_few_queries_see(layer: LayerAttention):
    table = rank_positions([layer], 3)
    assert table["position"].tolist() == [7, 12, 1]  # equal weights in the order of the text
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["weight"].tolist() == [0.5, 0.3, 0.1]
    assert table["queries"].tolist() == [13, 8, 19]
    assert "token" not in table


def test_by_multiples_of_even_weights(layer: LayerAttention):
    assert rank_positions([layer], 2, "times_uniform")["position"].tolist() == [12, 7]


def test_with_the_first_token_and_with_every_query(layer: LayerAttention):
    assert rank_positions([layer], 2, first_token=True)["position"].tolist() == [0, 7]
    assert rank_positions([layer], 2, least_queries=1)["position"].tolist() == [19, 7]
    assert rank_positions([layer], 100, least_queries=19)["position"].tolist() == [1]


def test_tokens_name_the_keys_of_their_own_sequence(layer: LayerAttention):
    tokens = [f"t{place}" for place in range(20)]
    assert rank_positions([layer], 1, tokens=tokens)["token"].tolist() == ["t7"]
    across = dataclasses.replace(layer, across=True)
    assert rank_positions([across], 1, tokens=tokens)["token"].tolist() == [""]


def test_positions_that_nobody_sees_are_not_ranked():
    mask = torch.ones(1, 6, dtype=torch.bool)
    mask[0, 3:] = False
    hidden = torch.randn(1, 6, 4)

    class Masked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = DistanceAttention(4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.attention(x, mask=mask)[0]

    table = attention_report(Masked(), hidden).most_attended(10)
    assert sorted(table["position"]) == [1, 2]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "count must be a whole number from 1; 0"),
        ({"count": None}, "count"),
        ({"least_queries": 0.5}, "least_queries"),
        ({"by": "size"}, "by is 'size'"),
    ],
)
def test_wrong_arguments(layer: LayerAttention, settings: dict[str, object], message: str):
    with pytest.raises(ConfigurationError, match=message):
        rank_positions([layer], **settings)
