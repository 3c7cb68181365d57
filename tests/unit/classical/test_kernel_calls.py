from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.classical.kernel_calls import CalledLoop, call_loop
from hybrid_opt.classical.kernel_compilation import compiled_loop


def _scale(values, at, count, factor):
    for place in range(count):
        values[at + place] = values[at + place] * factor + place


@compiled_loop()
def _caller(address, values, at, count, factor):
    call_loop(address, (values, at, count, factor))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loop_called_by_its_address(dtype):
    loop = CalledLoop(_scale, "aiif")
    values = np.arange(6, dtype=dtype)
    _caller(loop.address(dtype), values, 2, 3, 10.0)
    np.testing.assert_array_equal(values, [0, 1, 20, 31, 42, 5])


def test_compiled_once_for_each_type():
    loop = CalledLoop(_scale, "aiif")
    assert loop.address(np.float32) == loop.address(np.dtype("float32")) != loop.address(np.float64)
