"""The forward loop itself, unit by unit; what it computes is tested through `compiled_attention`."""

from __future__ import annotations

import numpy as np

from hybrid_opt.classical.attention_kernels import BLOCK_ROWS, attend, sees_block
from hybrid_opt.classical.distance_kernels import block_distances
from hybrid_opt.classical.kernel_compilation import compiled_loop


@compiled_loop()
def _sees(row, count, n_rows, n_keys, back, ahead, start, columns):
    return sees_block(row, count, n_rows, n_keys, back, ahead, start, columns)


def test_blocks_of_rows_and_keys_that_meet():
    # Eight queries and keys, causal with a window of three.
    assert _sees(4, 2, 8, 8, 2, 0, 2, 1)
    assert _sees(4, 2, 8, 8, 2, 0, 5, 3)
    assert not _sees(4, 2, 8, 8, 2, 0, 0, 2)
    assert not _sees(4, 2, 8, 8, 2, 0, 6, 2)
    assert not _sees(8, 4, 8, 8, 2, 0, 0, 8)


def test_a_unit_is_every_other_block_of_rows_of_a_head():
    rows, keys, width = 3 * BLOCK_ROWS, 5, 8
    generator = np.random.default_rng(0)
    query, key, value = (generator.standard_normal((2, n, width)) for n in (rows, keys, keys))
    weights = np.exp(-np.abs(query[:, :, None] - key[:, None]).sum(-1))
    wanted = weights @ value / weights.sum(-1, keepdims=True)
    output, normalizer = np.zeros((2, rows, width)), np.full((2, rows), -np.inf)
    limits = (2**62, 2**62, 2, 0, 0, 0, 0, 0)
    shape = (2, 1, rows, rows, keys, width, width)
    attend(
        block_distances.address(np.float64), query.ravel(), key.ravel(), value.ravel(), -np.ones(2),
        np.ones(2),
        shape, limits, np.empty(0, np.uint8), 2, 2, 3, output.reshape(-1), normalizer.reshape(-1),
    )  # fmt: skip
    mine = np.r_[0:BLOCK_ROWS, 2 * BLOCK_ROWS : rows]
    np.testing.assert_allclose(output[1, mine], wanted[1, mine])
    np.testing.assert_allclose(normalizer[1, mine], np.log(weights.sum(-1))[1, mine])
    assert (output[0] == 0).all()
    assert (output[1, BLOCK_ROWS : 2 * BLOCK_ROWS] == 0).all()
