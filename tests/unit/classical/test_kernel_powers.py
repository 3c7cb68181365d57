from __future__ import annotations

import numba
import numpy as np
import pytest

from hybrid_opt.classical import kernel_powers
from hybrid_opt.classical.kernel_lanes import block_function
from hybrid_opt.classical.kernel_memory import lanes_of, load, store
from hybrid_opt.classical.kernel_powers import absolute, cube_root, inverse, keep_nan, power, root

_larger = block_function(kernel_powers.larger_vector)
_signed = block_function(kernel_powers.signed_vector)
_log2 = block_function(kernel_powers.log2_vector)
RULES = ("power", "log2", "cube_root", "root", "inverse", "absolute", "larger", "signed", "keep_nan")


@numba.njit
def _apply(values, others, exponent, out):
    """Row by row of ``out`` the rules in the order of RULES."""
    n = len(values)
    step = lanes_of(values)
    for place in range(0, n, step):
        x, y = load(values, place, step, 1), load(others, place, step, 1)
        store(out, place, step, power(absolute(x), exponent))
        store(out, n + place, step, _log2(absolute(x)))
        store(out, 2 * n + place, step, cube_root(absolute(x)))
        store(out, 3 * n + place, step, root(absolute(x)))
        store(out, 4 * n + place, step, inverse(absolute(x)))
        store(out, 5 * n + place, step, absolute(x))
        store(out, 6 * n + place, step, _larger(absolute(x), absolute(y)))
        store(out, 7 * n + place, step, _signed(y, x))
        store(out, 8 * n + place, step, keep_nan(y, x))


def apply(values, others, exponent=1.0):
    """Rule -> its results."""
    n = len(values)
    padded = [np.zeros(-(-n // 16) * 16, values.dtype) for _ in range(2)]
    padded[0][:n], padded[1][:n] = values, others
    out = np.empty(len(RULES) * len(padded[0]), values.dtype)
    _apply(*padded, exponent, out)
    return dict(zip(RULES, out.reshape(len(RULES), -1)[:, :n]))


@pytest.mark.parametrize(("dtype", "accuracy"), [(np.float32, 1.5e-7), (np.float64, 4e-16)])
def test_powers_and_roots_over_the_range(dtype, accuracy):
    generator = np.random.default_rng(0)
    values = (2.0 ** generator.uniform(-100, 100, 4000)).astype(dtype)
    near = (1 + generator.uniform(-0.5, 0.5, 4000)).astype(dtype)
    for x in (values, near):
        exact = x.astype(np.longdouble)
        for exponent in (0.1, 0.5, 1.0, 1.2):
            found = apply(x, x, exponent)
            error = np.abs(found["power"] / exact**exponent - 1)
            # An absolute error of the exponent is a relative one of the power.
            assert (error <= accuracy * (3 + 2 * np.abs(exponent * np.log2(exact)))).all()
        assert (np.abs(found["log2"] - np.log2(exact)) <= accuracy * (1 + np.abs(np.log2(exact)))).all()
        assert np.abs(found["cube_root"] / np.cbrt(exact) - 1).max() <= 2 * accuracy
        assert np.abs(found["root"] / np.sqrt(exact) - 1).max() <= accuracy
        assert np.abs(found["inverse"] * exact - 1).max() <= accuracy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_infinity_and_no_number(dtype):
    largest = np.finfo(dtype).max
    x = np.array([0.0, -0.0, np.inf, np.nan, -2.0, 1e-40, largest], dtype)
    y = np.array([3.0, 3.0, -1.0, 5.0, np.nan, np.inf, 0.0], dtype)
    found = apply(x, y, 1.5)
    np.testing.assert_array_equal(found["power"][:4], [0.0, 0.0, np.inf, np.nan])
    np.testing.assert_array_equal(found["inverse"][:4], [0.0, 0.0, 0.0, np.nan])
    assert np.isfinite(found["inverse"][4:]).all()
    np.testing.assert_array_equal(found["larger"], [3.0, 3.0, np.inf, np.nan, np.nan, np.inf, largest])
    np.testing.assert_array_equal(found["signed"][[0, 1, 2, 4, 6]], [0.0, 0.0, -1.0, np.nan, 0.0])
    np.testing.assert_array_equal(found["keep_nan"], [3.0, 3.0, -1.0, np.nan, np.nan, np.inf, 0.0])
    np.testing.assert_array_equal(found["absolute"], np.abs(x))
    # 2**y ends at the smallest normal number, which is nothing beside the terms it is added to.
    small = apply(np.array([1e-30], dtype), np.zeros(1, dtype), 64.0)["power"]
    assert 0 <= small[0] <= np.finfo(dtype).tiny
