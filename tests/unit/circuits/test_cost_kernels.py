from __future__ import annotations

import numpy as np

from hybrid_opt.circuits.cost_kernels import energy_codes, energy_range, energy_values

MASKS = np.array([1, 6, 8, 12])
NUMBERS = np.array([3.0, -2.0, 5.0, 1.0])
STATES = np.arange(16)
EXACT = sum(c * (STATES & m == m) for m, c in zip(MASKS, NUMBERS))


def test_blocks_together_are_the_whole():
    for block_bits in (2, 3, 4):
        costs = np.full(16, np.nan)
        blocks = 16 >> block_bits
        energy_values(MASKS, NUMBERS, block_bits, 0, blocks // 2, costs)
        energy_values(MASKS, NUMBERS, block_bits, blocks // 2, blocks, costs)
        assert np.array_equal(costs, EXACT)


def test_range_and_codes_of_some_blocks():
    bounds = np.empty(2)
    energy_range(MASKS, NUMBERS, 2, 1, 3, bounds)
    assert bounds.tolist() == [EXACT[4:12].min(), EXACT[4:12].max()]
    codes = np.full(16, 99, np.uint8)
    energy_codes(MASKS, NUMBERS, 2, 1, 3, int(EXACT.min()), codes)
    assert np.array_equal(codes[4:12], EXACT[4:12] - EXACT.min())
    assert (codes[:4] == 99).all()
    assert (codes[12:] == 99).all()
