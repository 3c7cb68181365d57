from __future__ import annotations

import numba
import numpy as np
import pytest
from numba import types

from hybrid_opt.classical.kernel_lanes import Block, LaneBuilder, block_function, lane_count
from hybrid_opt.classical.kernel_memory import load, store

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
# Rules with one, two, three and four operands.
_negated = block_function(lambda b, x: b.subtract(b.number(0.0), x))
_quotient = block_function(lambda b, x, y: b.divide(x, y))
_line = block_function(lambda b, x, slope, start: b.polynomial(x, [1.0, 2.0, 0.5]))
_mixed = block_function(lambda b, x, y, z, w: b.add(b.multiply(x, y), b.multiply(z, w)))


@numba.njit
def _compute(values, others, out):
    x, y, one = load(values, 0, 16, 2), load(others, 0, 16, 2), load(others, 0, 16, 1)
    store(out, 0, 16, x + y)
    store(out, 32, 16, x - y)
    store(out, 64, 16, x * y)
    store(out, 96, 16, _negated(x))
    store(out, 128, 16, _quotient(x, one))
    store(out, 160, 16, _line(x, 1.0, 2.0))
    store(out, 192, 16, _mixed(x, y, 3, one))


@DTYPES
def test_arithmetic_on_all_lanes(dtype):
    generator = np.random.default_rng(0)
    values, others = generator.standard_normal((2, 32)).astype(dtype)
    out = np.zeros(224, dtype)
    _compute(values, others, out)
    lanes = 64 // np.dtype(dtype).itemsize
    used = np.r_[0:lanes, 16 : 16 + lanes]
    x, y, one = values, others, np.tile(others[:16], 2)
    wanted = [x + y, x - y, x * y, -x, x / one, 1 + 2 * x + 0.5 * x * x, x * y + 3 * one]
    for row, (found, exact) in enumerate(zip(out.reshape(7, 32), wanted)):
        np.testing.assert_allclose(
            found[used], exact[used], rtol=4 * np.finfo(dtype).eps, atol=1e-6, err_msg=str(row)
        )
        assert (np.delete(found, used) == 0).all()


def test_blocks_of_different_size_do_not_mix():
    @numba.njit
    def wrong(values):
        return load(values, 0, 16, 2) + load(values, 0, 16, 1)

    with pytest.raises(numba.TypingError):
        wrong(np.zeros(64))


def test_lanes_fill_64_bytes():
    assert lane_count(types.float32) == 16
    assert lane_count(types.float64) == 8
    assert Block(types.float32, 2) == Block(types.float32, 2) != Block(types.float32, 4)
    assert LaneBuilder(None, types.float32).mantissa_bits == 23
