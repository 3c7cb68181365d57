from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_layout import aligned
from hybrid_opt.circuits.mixer_steps import MULTIPLY, PLAIN
from hybrid_opt.circuits.panel_kernels import high_pass

N_BITS, BLOCK_BITS, COLUMN_BITS = 11, 6, 4


@pytest.mark.parametrize(
    ("before", "after", "mode"), [(0, -1, PLAIN), (-1, 1, MULTIPLY), (0, 1, MULTIPLY), (0, -1, MULTIPLY)]
)
def test_one_way_through_memory(before, after, mode):
    rng = np.random.default_rng(1)
    size, columns = 2**N_BITS, N_BITS + 2
    pitch = size + 128
    state = aligned(2 * pitch, np.float64)
    state[:] = rng.normal(size=state.size)
    expected = state[:size] + 1j * state[pitch:][:size]
    codes = rng.integers(0, 6, size).astype(np.uint8)
    tables = rng.normal(size=(2, 6))
    tangents = rng.uniform(-1, 1, (2, columns))
    places = np.arange(size)
    for layer in (before, after):
        if layer == after and mode == MULTIPLY:
            expected = expected * (tables[0] + 1j * tables[1])[codes]
        for bit in range(BLOCK_BITS, N_BITS) if layer >= 0 else ():
            expected = expected - 1j * tangents[layer, bit] * expected[places ^ 1 << bit]
    buffer = aligned(2 * (2 ** (N_BITS - BLOCK_BITS + COLUMN_BITS) + 16), np.float64)
    waves = aligned(3 * 512, np.float64)
    half = 2 ** (BLOCK_BITS - COLUMN_BITS) // 2
    for first, last in ((0, half), (half, 2 * half)):
        high_pass(
            state, pitch, first, last, N_BITS, BLOCK_BITS, COLUMN_BITS, before, after, mode, codes, 0,
            tables.ravel(), 2, waves, 512, buffer, len(buffer) // 2, tangents.ravel(), columns, None, 0,
        )  # fmt: skip
    assert np.allclose(state[:size] + 1j * state[pitch:][:size], expected, atol=1e-11)
