"""Parts of compiled attention, called from a loop of their own; 4 rows, W columns of a block."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.classical.distance_kernels import WIDTH
from hybrid_opt.classical.kernel_compilation import compiled_loop
from hybrid_opt.classical.softmax_kernels import hide_unseen, update_softmax, visible_keys


@compiled_loop()
def _see(row, n_rows, n_keys, back, ahead):
    return visible_keys(row, n_rows, n_keys, back, ahead)


@compiled_loop()
def _hide(scores, line, start, columns, first, last, mask):
    hide_unseen(scores, line, start, columns, first, last, mask, 0, 1)


@compiled_loop()
def _update(scores, columns, largest, totals, state):
    update_softmax(scores, columns, largest, 0, totals, 0, state)


@pytest.mark.parametrize(
    ("row", "seen"),
    [(0, (2, 4)), (1, (3, 5)), (3, (5, 7)), (4, (0, 0))],
    ids=["first", "next", "last", "padding"],
)
def test_causal_window_of_two_keys(row, seen):
    # Four queries stand at the last four of seven keys.
    assert _see(row, 4, 7, 1, 0) == seen


def test_more_queries_than_keys():
    assert _see(0, 5, 2, 10, 0) == (0, 0)
    assert _see(3, 5, 2, 10, 0) == (0, 1)


def test_hidden_by_range_mask_and_end_of_the_keys():
    scores = np.zeros(4 * WIDTH)
    mask = np.ones(400, np.uint8)
    mask[135] = 0
    _hide(scores, 1, 128, 20, 130, 140, mask)
    seen = np.isfinite(scores).reshape(4, WIDTH)
    assert seen[[0, 2, 3]].all()
    assert list(np.flatnonzero(seen[1])) == [2, 3, 4, 5, 6, 8, 9, 10, 11]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_softmax_from_block_to_block(dtype, tolerance):
    generator = np.random.default_rng(0)
    blocks = [(5 * generator.standard_normal((4, WIDTH))).astype(dtype) for _ in range(3)]
    for block in blocks:
        block[3] = -np.inf
    blocks[0][2] = -np.inf
    largest, totals, state = np.full(4, -np.inf, dtype), np.zeros(4, dtype), np.empty(128, dtype)
    kept = np.zeros((4, 3 * WIDTH))
    for number, block in enumerate(blocks):
        scores = block.copy().ravel()
        _update(scores, WIDTH, largest, totals, state)
        kept *= state[:4, None]
        kept[:, number * WIDTH : (number + 1) * WIDTH] = scores.reshape(4, WIDTH)
    logits = np.concatenate(blocks, 1).astype(np.float64)
    wanted = np.exp(logits[:3] - logits[:3].max(1, keepdims=True))
    np.testing.assert_allclose(kept[:3], wanted, rtol=20 * tolerance, atol=tolerance)
    np.testing.assert_allclose(totals[:3], wanted.sum(1), rtol=tolerance)
    np.testing.assert_array_equal(largest[:3], np.concatenate(blocks, 1)[:3].max(1))
    assert totals[3] == 0
    assert largest[3] == -np.inf
    assert (kept[3] == 0).all()
