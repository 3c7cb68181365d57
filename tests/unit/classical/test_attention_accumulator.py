"""Tile by tile the same as at once, padding left out, and what is not defined stays NaN."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from hybrid_opt.classical.attention_accumulator import AttentionAccumulator, HeadStatistics
from hybrid_opt.classical.attention_tiles import AttentionTile, WeightInputs, attention_tiles

LENGTHS = (9, 6)


def inputs(**settings: object) -> WeightInputs:
    query, key = torch.randn(2, 2, 3, 9, 4, generator=torch.Generator().manual_seed(3)).unbind(0)
    return WeightInputs(query, key, None, "l1", torch.tensor([0.5, 2.0, 8.0]), **settings)


def gathered(
    given: WeightInputs, elements: int, real: torch.Tensor, offset: int | None = 0
) -> HeadStatistics:
    gather = AttentionAccumulator(3, 9, offset=offset)
    for tile in attention_tiles(given, elements=elements):
        gather.add(tile, real[:, tile.rows], torch.zeros(2, dtype=torch.long))
    return gather.result()


def padding() -> torch.Tensor:
    return torch.arange(9) < torch.tensor(LENGTHS)[:, None]


def test_pieces_equal_the_whole():
    given = inputs(causal=True, mask=padding()[:, None, None])
    whole, pieces = (gathered(given, elements, padding()) for elements in (10**6, 60))
    for field in dataclasses.fields(HeadStatistics):
        expected = getattr(whole, field.name)
        np.testing.assert_allclose(getattr(pieces, field.name), expected, rtol=1e-5, err_msg=field.name)
    assert whole.rows == sum(LENGTHS)


def test_padding_counts_for_nothing():
    real = padding()
    padded = inputs(mask=real[:, None, None])
    found = gathered(padded, 10**6, real)
    alone = []
    for index, length in enumerate(LENGTHS):
        cut = dataclasses.replace(
            padded.sequences(index, index + 1), mask=None,
            query=padded.query[index : index + 1, :, :length], key=padded.key[index : index + 1, :, :length],
        )  # fmt: skip
        (tile,) = attention_tiles(cut)
        alone.append(tile)
    entropies = torch.cat(
        [torch.special.entr(tile.weights).sum(-1)[0] / np.log(tile.weights.shape[-1]) for tile in alone], 1
    )
    np.testing.assert_allclose(found.entropy, entropies.mean(1).numpy(), rtol=1e-5)
    distances = torch.cat([tile.distances[0].flatten(1) for tile in alone], 1)
    np.testing.assert_allclose(found.mean_distance, distances.mean(1).numpy(), rtol=1e-5)
    np.testing.assert_allclose(found.std_distance, distances.std(1, correction=0).numpy(), rtol=1e-5)
    np.testing.assert_allclose(found.min_distance, distances.amin(1).numpy())
    np.testing.assert_allclose(found.max_distance, distances.amax(1).numpy())
    assert found.queries[0].tolist() == [15.0] * 6 + [9.0] * 3
    np.testing.assert_allclose((found.received * found.queries).sum(1), 15.0, rtol=1e-5)


def test_the_first_real_token_is_the_sink():
    weights = torch.zeros(1, 1, 4, 4)
    visible = torch.ones(1, 1, 4, 4, dtype=torch.bool).tril()
    visible[..., 0] = False  # padding on the left
    weights[0, 0, 1:, 1] = torch.tensor([1.0, 0.75, 0.25])
    weights[0, 0, 2, 2], weights[0, 0, 3, 3] = 0.25, 0.75
    gather = AttentionAccumulator(1, 4, offset=0)
    real = torch.tensor([[False, True, True, True]])
    gather.add(AttentionTile(torch.arange(4), weights, weights, visible), real, torch.tensor([1]))
    found = gather.result()
    assert found.sink.tolist() == [0.5]  # the row that sees nothing else does not count
    assert found.received[0, 1:].tolist() == pytest.approx([2 / 3, 0.125, 0.75])
    assert np.isnan(found.received[0, 0])
    assert found.rows == 3


def test_nothing_but_padding_is_nan():
    found = gathered(inputs(), 10**6, torch.zeros(2, 9, dtype=torch.bool))
    for field in dataclasses.fields(HeadStatistics):
        if field.name not in ("queries", "rows"):
            assert np.isnan(getattr(found, field.name)).all(), field.name
    assert found.rows == 0


def test_across_sequences_there_is_no_range():
    found = gathered(inputs(), 10**6, torch.ones(2, 9, dtype=torch.bool), offset=None)
    assert np.isnan(found.range).all()
    assert np.isnan(found.uniform_range).all()
    assert not np.isnan(found.entropy).any()
