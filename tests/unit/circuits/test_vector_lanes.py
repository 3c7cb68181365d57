from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import TypingError

from hybrid_opt.circuits.compiled import compile_kernel
from hybrid_opt.circuits.vector_lanes import WIDTH, exchange, lane_sum, load, reverse, splat, store


def _combine(a, b, result):
    x = load(a, 1)
    y = load(b, 3)
    store(result, 0, x + y)
    store(result, 8, x - y)
    store(result, 16, x * y)
    store(result, 24, splat(2.5))
    return lane_sum(x)


def _mixed(a):
    return load(a, 0) + 1.0


combine = compile_kernel(_combine)


def test_lane_by_lane():
    rng = np.random.default_rng(1)
    a, b, result = rng.normal(size=12), rng.normal(size=12), np.full(40, 7.0)
    total = combine(a, b, result)
    x, y = a[1:9], b[3:11]
    assert WIDTH == 8
    assert np.array_equal(result[:32].reshape(4, 8), [x + y, x - y, x * y, [2.5] * 8])
    assert (result[32:] == 7).all()
    pairs = x[::2] + x[1::2]
    assert total == (pairs[0] + pairs[1]) + (pairs[2] + pairs[3])


def test_read_only_arrays_can_be_loaded():
    a = np.arange(12.0)
    a.flags.writeable = False
    assert combine(a, a, np.empty(32)) == 36


def test_numbers_must_be_spread_first():
    with pytest.raises(TypingError):
        compile_kernel(_mixed)(np.arange(8.0))


def _rearrange(a, result, width):
    x = load(a, 0)
    store(result, 0, exchange(x, 1))
    store(result, width, exchange(x, 2))
    store(result, 2 * width, exchange(x, 4))
    store(result, 3 * width, reverse(x))
    store(result, 4 * width, x + splat(a[1]) * x)
    return lane_sum(x)


@pytest.mark.parametrize(("scalar", "width"), [(np.float64, 8), (np.float32, 16)])
def test_lanes_follow_the_type_of_the_array(scalar, width):
    a = np.arange(1, width + 1).astype(scalar)
    result = np.zeros(5 * width, scalar)
    assert compile_kernel(_rearrange)(a, result, width) == width * (width + 1) // 2
    lanes = np.arange(width)
    expected = [a[lanes ^ 1], a[lanes ^ 2], a[lanes ^ 4], a[::-1], 3 * a]
    assert np.array_equal(result.reshape(5, width), expected)
