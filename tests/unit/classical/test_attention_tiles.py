"""Tiles are rows of the whole, whatever their size; they see what attention sees; memory stays linear."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_tiles import WeightInputs, attention_tiles
from hybrid_opt.classical.weights_on_request import attention_distances, attention_weights


def random_inputs(queries: int = 7, keys: int = 7, **settings: object) -> WeightInputs:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(2, 4, queries, 6, generator=generator)
    key = torch.randn(2, 2, keys, 6, generator=generator)
    scale = torch.tensor([0.5, 1.0, 2.0, 4.0])
    metric = ("l1", "l2", "lp", "dot")
    return WeightInputs(query, key, None, metric, scale, p=torch.full((4,), 3.0), **settings)


MASK = torch.rand(2, 4, 7, 7, generator=torch.Generator().manual_seed(2)) > 0.4
KEYS = torch.tensor([[True] * 7, [False, False] + [True] * 5])[:, None, None]


@pytest.mark.parametrize("elements", [1, 130, 10**6])
@pytest.mark.parametrize(
    "settings",
    [{}, {"causal": True}, {"window": 3}, {"causal": True, "window": 2, "mask": MASK}, {"mask": KEYS}],
)
def test_rows_of_the_whole(settings: dict[str, object], elements: int):
    inputs = random_inputs(**settings)
    rows = torch.tensor([0, 2, 3, 6])
    tiles = list(attention_tiles(inputs, rows, elements=elements))
    assert len(tiles) == {1: 4, 130: 2, 10**6: 1}[elements]
    query, key = inputs.query, inputs.key
    expected = attention_weights(query, key, inputs.metric, scale=inputs.scale, p=inputs.p, **settings)
    torch.testing.assert_close(torch.cat([tile.weights for tile in tiles], 2), expected[:, :, rows])
    distances = attention_distances(query, key, inputs.metric, p=inputs.p)
    torch.testing.assert_close(torch.cat([tile.distances for tile in tiles], 2), distances[:, :, rows])
    assert torch.cat([tile.rows for tile in tiles]).tolist() == rows.tolist()
    for tile in tiles:
        assert ((tile.weights > 0) <= tile.visible).all()


def test_queries_stand_at_the_last_keys():
    tiles = attention_tiles(random_inputs(queries=3, keys=5, causal=True))
    assert torch.cat([tile.visible[0, 0] for tile in tiles]).sum(-1).tolist() == [3, 4, 5]


def test_half_precision_is_computed_in_single():
    inputs = WeightInputs(
        *(torch.randn(1, 1, 4, 8).bfloat16() for _ in range(2)), None, "l1", torch.ones(1)
    )
    (tile,) = attention_tiles(inputs)
    assert tile.weights.dtype == tile.distances.dtype == torch.float32


def test_sequences_are_copies_of_their_own():
    inputs = random_inputs(mask=KEYS)
    one = inputs.sequences(1, 2)
    assert torch.equal(one.query, inputs.query[1:])
    assert torch.equal(one.mask, KEYS[1:])
    assert one.query.untyped_storage().nbytes() == inputs.query.untyped_storage().nbytes() / 2
    assert random_inputs(mask=MASK[:1]).sequences(1, 2).mask.shape[0] == 1
