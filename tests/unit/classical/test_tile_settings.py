"""What the tiles of a call share: operations and what is hidden from whom."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical import tile_kernels, tile_operations
from hybrid_opt.classical.attention_masks import Visibility
from hybrid_opt.classical.tile_plan import Tile, TilePlan
from hybrid_opt.classical.tile_settings import TileSettings


@pytest.mark.parametrize(
    "shape", [(2, 6, 8, 9), (2, 1, 8, 9), (1, 6, 8, 9), (2, 6, 1, 9), (2, 1, 1, 9), (1, 1, 8, 1)]
)
@pytest.mark.parametrize("causal", [False, True])
def test_tiles_hide_what_the_whole_hides(shape, causal):
    # Two sequences, 3 key-value heads, 2 query heads to each, 8 queries, 9 keys.
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(0)) > 0.5
    sight = Visibility(8, 9, causal=causal, mask=mask)
    settings = TileSettings("l1", TilePlan(6, 2, sight), 3)
    whole = sight.dense(torch.device("cpu")).expand(2, 6, 8, 9).reshape(6, 2, 8, 9)
    for heads, rows, columns in (
        (slice(0, 6), slice(0, 8), slice(0, 9)),
        (slice(2, 5), slice(3, 6), slice(4, 9)),
    ):
        expected = whole[heads, :, rows, columns]
        logits = torch.zeros(expected.shape)
        settings.hide(logits, heads, rows, Tile(0, columns))
        assert torch.equal(logits == 0, expected)
        assert (logits[~expected] == float("-inf")).all()


def test_operations_are_compiled_on_request():
    plan = TilePlan(1, 1, Visibility(2, 2))
    assert TileSettings("l1", plan, 1).operations()[0] is tile_operations.tile_distances
    assert TileSettings("l1", plan, 1, compiled=True).operations()[0] is tile_kernels.distance_tile


def test_kept_factors_have_the_shape_of_the_weights():
    settings = TileSettings("l1", TilePlan(1, 1, Visibility(2, 2)), 1, dropout=0.5, seed=3)
    weights = torch.zeros(3, 4, 5, dtype=torch.float64)
    kept = settings.kept(weights, Tile(0, slice(0, 5)))
    assert (kept.shape, kept.dtype) == (weights.shape, weights.dtype)
    assert set(kept.flatten().tolist()) == {0.0, 2.0}
