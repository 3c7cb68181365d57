from __future__ import annotations

import numba
import numpy as np
import pytest

from hybrid_opt.classical.kernel_memory import (
    add_lanes,
    add_vectors,
    lanes_of,
    load,
    repeat,
    spread,
    store,
    zeros,
)


@numba.njit
def _move(values, out):
    lanes = lanes_of(values)
    store(out, 0, lanes, load(values, 1, 5, 3))
    store(out, 3 * lanes, lanes, spread(values, 2, 7, 3))
    store(out, 6 * lanes, lanes, repeat(values, 4, 3))
    store(out, 9 * lanes, lanes, zeros(values, 3))
    store(out, 12 * lanes, lanes, add_vectors(load(values, 0, 1, 5)))
    return lanes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_way_between_arrays_and_registers(dtype):
    values = np.arange(40, dtype=dtype) ** 2
    n = 64 // np.dtype(dtype).itemsize
    out = np.full(14 * n, -1, dtype)
    assert _move(values, out) == n
    runs = np.stack([values[1 + 5 * k : 1 + 5 * k + n] for k in range(3)])
    numbers = np.repeat(values[[2, 9, 16]], n).reshape(3, n)
    total = sum(values[k : k + n] for k in range(5))
    wanted = [*runs, *numbers, *[values[4 : 4 + n]] * 3, *np.zeros((3, n)), total, np.full(n, -1)]
    np.testing.assert_array_equal(out.reshape(14, n), np.stack(wanted).astype(dtype))


def test_the_count_must_be_known_when_compiling():
    @numba.njit
    def wrong(values, count):
        return add_vectors(load(values, 0, 1, count))

    with pytest.raises(numba.TypingError):
        wrong(np.zeros(64), 3)


@numba.njit
def _sum_of_lanes(values):
    return add_lanes(load(values, 1, 1, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sum_of_lanes(dtype):
    values = np.arange(20, dtype=dtype) ** 2
    assert _sum_of_lanes(values) == values[1 : 1 + 64 // np.dtype(dtype).itemsize].sum()
