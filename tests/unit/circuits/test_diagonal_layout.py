from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_layout import StateLayout, aligned


@pytest.mark.parametrize("itemsize", [8, 4])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("n", [1, 3, 6, 7, 8, 13, 14, 15, 20, 29])
def test_bits_add_up(n, symmetric, itemsize):
    layout = StateLayout.of(n, itemsize, symmetric=symmetric)
    least = 6 if itemsize == 8 else 7
    assert layout.n_bits == max(n - layout.mirrored, least)
    assert layout.mirrored == (symmetric and n > least)
    assert layout.block_bits <= layout.n_bits - layout.mirrored
    assert layout.n_bits - layout.block_bits <= 9
    assert (layout.block_bits + layout.mirrored == layout.n_bits) == (layout.n_bits <= 13 + (itemsize == 4))
    assert 1 << layout.column_bits >= 64 // itemsize
    assert layout.weight * layout.dimension == 2**n


@pytest.mark.parametrize(("n", "symmetric"), [(3, False), (3, True), (8, False), (8, True)])
def test_stored_and_back(n, symmetric):
    values = np.random.default_rng(1).normal(size=2**n)
    if symmetric:
        values = np.concatenate([values[: 2 ** (n - 1)], values[: 2 ** (n - 1)][::-1]])
    layout = StateLayout.of(n, 8, symmetric=symmetric)
    stored = layout.stored(values)
    assert stored.shape == (layout.dimension,)
    assert np.array_equal(layout.expanded(stored), values)


def test_room_is_aligned():
    for size in (1, 7, 100):
        array = aligned(size, np.float32)
        assert array.ctypes.data % 64 == 0
        assert array.shape == (size,)
    layout = StateLayout.of(9, 4, symmetric=False)
    assert layout.allocate(2).size == 4 * layout.pitch
    assert layout.allocate().dtype == np.float32
    assert layout.pitch > layout.dimension
