"""The loops themselves, on flat arrays; what they compute is tested through `tile_kernels`."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.classical.distance_kernels import WIDTH, block_distances, distances_of_groups

N_HEADS, N_ROWS, N_COLUMNS, DEPTH = SHAPE = (2, 10, WIDTH + 5, 3)
GROUPS = 3


def example():
    generator = np.random.default_rng(0)
    return generator.standard_normal((N_HEADS, N_ROWS, DEPTH)), generator.standard_normal(
        (N_HEADS, N_COLUMNS, DEPTH)
    )


def distances(query, key, exponents, first=0, last=N_HEADS * GROUPS):
    """What the loop writes; -1 where it does not."""
    out = np.full(N_HEADS * N_ROWS * N_COLUMNS, -1.0)
    address = block_distances.address(np.float64)
    distances_of_groups(address, query.ravel(), key.ravel(), np.array(exponents), SHAPE, first, last, out)
    return out.reshape(N_HEADS, N_ROWS, N_COLUMNS)


def test_a_group_is_four_rows_of_a_head():
    query, key = example()
    exact = np.abs(query[:, :, None] - key[:, None]).sum(-1)
    found = distances(query, key, [1.0, 1.0], 2, 4)
    np.testing.assert_allclose(found[0, 8:], exact[0, 8:])
    np.testing.assert_allclose(found[1, :4], exact[1, :4])
    assert (found[0, :8] == -1).all()
    assert (found[1, 4:] == -1).all()


def test_groups_computed_apart_are_the_same_to_the_bit():
    query, key = example()
    whole = distances(query, key, [2.5, np.inf])
    parts = [distances(query, key, [2.5, np.inf], group, group + 1) for group in range(N_HEADS * GROUPS)]
    np.testing.assert_array_equal(np.max(parts, axis=0), whole)


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0, 4.0, 2.5])
def test_a_single_pair_out_of_range_does_not_touch_the_others(exponent):
    query, key = example()
    usual = distances(query, key, [exponent] * 2)
    query[0, 2], key[0, 7] = 0, [1e-200, 3e-200, 1e-200]
    key[1, 131] = 1e250
    found = distances(query, key, [exponent] * 2)
    assert abs(found[0, 2, 7] * 1e200 / (2 + 3**exponent) ** (1 / exponent) - 1) < 1e-13
    assert (np.abs(found[1, :, 131] / 1e250 / 3 ** (1 / exponent) - 1) < 1e-13).all()
    same = np.ones_like(found, bool)
    same[0, :, 7] = same[0, 2] = same[1, :, 131] = False
    np.testing.assert_array_equal(found[same], usual[same])
