"""Tiles cover what is visible exactly once, and dropout's factors belong to their tile."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_masks import Visibility
from hybrid_opt.classical.tile_plan import (
    DEVICE_LIMITS,
    HOST_LIMITS,
    Tile,
    TileLimits,
    TilePlan,
    kept_factors,
    tile_limits,
)

SIGHTS = [
    Visibility(23, 23), Visibility(23, 23, causal=True), Visibility(9, 30, causal=True, window=6),
    Visibility(30, 9, causal=True), Visibility(23, 17, window=4), Visibility(1, 40, causal=True),
]  # fmt: skip


SMALL = TileLimits(rows=4, columns=5, numbers=40)
"""Tiles of 4 queries, 5 keys, and 2 heads of one group."""


@pytest.mark.parametrize("sight", SIGHTS, ids=str)
def test_tiles_cover_what_is_visible_once(sight):
    times = torch.zeros(5, sight.queries, sight.keys, dtype=torch.long)
    numbers = []
    for heads, rows, tiles in TilePlan(5, 1, sight, SMALL).bands():
        assert rows.stop - rows.start <= 4
        for tile in tiles:
            assert 0 < tile.columns.stop - tile.columns.start <= 5
            assert tile.columns.start // 5 == (tile.columns.stop - 1) // 5
            times[heads, rows, tile.columns] += 1
            numbers.append(tile.number)
    visible = sight.dense(torch.device("cpu"))
    seen = torch.ones_like(times[0], dtype=torch.bool) if visible is None else visible[0, 0]
    assert times.max() == 1
    assert (times[:, seen] == 1).all()
    assert len(set(numbers)) == len(numbers)


def test_tiles_that_see_nothing_are_left_out():
    plan = TilePlan(1, 1, Visibility(2048, 2048, causal=True, window=256))
    # 16 bands of 128 queries see 383 keys at most: one tile, or two where these straddle a multiple of 512,
    # which 2 bands do at each of 3.
    assert sum(len(tiles) for _, _, tiles in plan.bands()) == 16 + 2 * 3
    assert (
        max(tile.columns.stop - tile.columns.start for _, _, tiles in plan.bands() for tile in tiles) <= 384
    )


@pytest.mark.parametrize("limits", [HOST_LIMITS, DEVICE_LIMITS])
@pytest.mark.parametrize(("shared", "groups"), [(64, 3), (2, 71)])
def test_a_tile_stays_within_the_allowance(shared, groups, limits):
    for heads, rows, tiles in TilePlan(shared, groups, Visibility(1000, 3000), limits).bands():
        for tile in tiles:
            numbers = (heads.stop - heads.start) * groups * (rows.stop - rows.start)
            assert numbers * (tile.columns.stop - tile.columns.start) <= limits.numbers


def test_tiles_of_a_device_are_larger():
    assert tile_limits(torch.device("cpu")) == HOST_LIMITS
    assert tile_limits(torch.device("cuda")) == DEVICE_LIMITS
    sight = Visibility(4096, 4096)
    counts = [
        sum(len(tiles) for _, _, tiles in TilePlan(4, 1, sight, limits).bands())
        for limits in (HOST_LIMITS, DEVICE_LIMITS)
    ]
    assert counts == [256, 8]


def test_factors_repeat_for_a_tile_and_differ_between_tiles_and_seeds():
    like = torch.zeros(1)
    one = kept_factors((2, 8, 9), 0.4, 7, Tile(3, slice(0, 9)), like)
    assert torch.equal(one, kept_factors((2, 8, 9), 0.4, 7, Tile(3, slice(20, 29)), like))
    assert not torch.equal(one, kept_factors((2, 8, 9), 0.4, 7, Tile(4, slice(0, 9)), like))
    assert not torch.equal(one, kept_factors((2, 8, 9), 0.4, 8, Tile(3, slice(0, 9)), like))


@pytest.mark.parametrize("seed", [-5, 0, 2**62, 2**200])
@pytest.mark.parametrize("dropout", [0.1, 0.5, 0.9])
def test_the_right_share_is_kept_and_grows(dropout, seed):
    state = torch.get_rng_state()
    factors = kept_factors(
        (4, 200, 200), dropout, seed, Tile(1, slice(0, 200)), torch.zeros(1, dtype=torch.float64)
    )
    assert factors.dtype == torch.float64
    kept = factors > 0
    assert kept.double().mean() == pytest.approx(
        1 - dropout, abs=5 * (dropout * (1 - dropout) / 160_000) ** 0.5
    )
    assert (factors[kept] == 1 / (1 - dropout)).all()
    assert torch.equal(torch.get_rng_state(), state)
