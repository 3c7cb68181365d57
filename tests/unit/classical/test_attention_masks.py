"""Who sees whom: causal order, windows, masks, whole and in blocks."""

from __future__ import annotations

import itertools

import pytest
import torch

from hybrid_opt.classical.attention_masks import Visibility, check_mask
from hybrid_opt.classical.errors import AttentionError, MaskTypeError

CPU = torch.device("cpu")
SIGHTS = [
    Visibility(queries, keys, causal, window)
    for (queries, keys), causal, window in itertools.product(
        [(6, 6), (3, 8), (8, 3), (1, 5)], [False, True], [None, 1, 2, 4, 20]
    )
]


def by_definition(sight):
    """Every pair by the rule: query t stands at S - T + t."""
    rows = []
    for query in range(sight.queries):
        place = sight.keys - sight.queries + query
        seen = []
        for key in range(sight.keys):
            inside = sight.window is None or abs(place - key) < sight.window
            seen.append(inside and (not sight.causal or key <= place))
        rows.append(seen)
    return torch.tensor(rows)


def complete(block, rows, columns):
    """A block, None meaning that all is visible."""
    return torch.ones(rows, columns, dtype=torch.bool) if block is None else block


@pytest.mark.parametrize("sight", SIGHTS, ids=str)
def test_blocks_and_ranges_follow_the_definition(sight):
    expected = by_definition(sight)
    whole = sight.dense(CPU)
    assert torch.equal(complete(whole, sight.queries, sight.keys).view(expected.shape), expected)
    for start, column in itertools.product(range(0, sight.queries, 2), range(0, sight.keys, 3)):
        stop, end = min(start + 2, sight.queries), min(column + 3, sight.keys)
        block = sight.block(slice(start, stop), slice(column, end), CPU)
        assert torch.equal(complete(block, stop - start, end - column), expected[start:stop, column:end])
        first, last = sight.key_range(start, stop)
        seen = expected[start:stop].any(0).nonzero().flatten().tolist()
        assert 0 <= first <= last <= sight.keys
        assert [key for key in seen if not first <= key < last] == []
        if seen and sight.queries <= sight.keys:
            assert (first, last) == (seen[0], seen[-1] + 1)


@pytest.mark.parametrize("sight", SIGHTS, ids=str)
def test_what_does_not_matter_hides_nothing(sight):
    everything = by_definition(sight).all()
    if sight.unrestricted:
        assert everything
    if sight.queries <= sight.keys and not sight.window_matters:
        order_only = by_definition(Visibility(sight.queries, sight.keys, sight.causal))
        assert torch.equal(by_definition(sight), order_only)
    if not sight.order_matters and sight.queries <= sight.keys:
        window_only = by_definition(Visibility(sight.queries, sight.keys, False, sight.window))
        assert torch.equal(by_definition(sight), window_only)


def test_masks_add_to_order_and_are_cut_by_head():
    mask = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) > 0.5
    sight = Visibility(4, 4, causal=True, mask=mask)
    assert not sight.unrestricted
    assert torch.equal(sight.dense(CPU), mask & torch.ones(4, 4, dtype=torch.bool).tril())
    assert torch.equal(sight.of_heads([2, 0]).mask, mask[:, [2, 0]])
    shared = Visibility(4, 4, mask=mask[:, :1])
    assert shared.of_heads([2, 0]) is shared
    assert Visibility(4, 4).of_heads([1]).mask is None


def test_legal_shapes_of_masks_become_four_dimensions():
    assert check_mask(None, 2, 3, 4, 5) is None
    shapes = {
        (2, 5): (2, 1, 1, 5), (2, 4, 5): (2, 1, 4, 5), (1, 1, 1, 5): (1, 1, 1, 5), (2, 3, 4, 5): (2, 3, 4, 5),
        (2, 1, 4, 1): (2, 1, 4, 1),
    }  # fmt: skip
    for given, expected in shapes.items():
        assert check_mask(torch.ones(given, dtype=torch.bool), 2, 3, 4, 5).shape == expected


@pytest.mark.parametrize(
    "shape", [(5,), (2, 4), (1, 5), (4, 5), (3, 4, 5), (2, 3, 4, 6), (2, 2, 4, 5), (1,) * 5]
)
def test_other_shapes_are_refused_with_the_legal_ones(shape):
    with pytest.raises(AttentionError, match=r"mask has shape .*; legal are \(2, 5\), \(2, 4, 5\) or four"):
        check_mask(torch.ones(shape, dtype=torch.bool), 2, 3, 4, 5)


@pytest.mark.parametrize("mask", [torch.ones(2, 5), torch.ones(2, 5, dtype=torch.uint8), True, [[True]]])
def test_other_types_are_refused(mask):
    with pytest.raises(
        MaskTypeError, match=r"give a torch.bool tensor that is True where a key may be attended"
    ):
        check_mask(mask, 2, 3, 4, 5)
