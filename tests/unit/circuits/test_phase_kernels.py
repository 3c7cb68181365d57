from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import phase_kernels
from hybrid_opt.circuits.compiled import compile_kernel
from hybrid_opt.circuits.phase_kernels import fill, phases_of


def _call(codes, begin, count, flip, tables, parts, waves, at, pitch):
    fill(codes, begin, count, flip, tables, parts, waves, at, pitch)


call = compile_kernel(_call, uses=(phase_kernels,))


@pytest.mark.parametrize("flip", [0, 5, 63])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_by_code(parts, precision, kind, flip):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 200, 64).astype(kind)
    tables = rng.normal(size=(parts, 200)).astype(precision)
    waves = np.full(200, 9, precision)
    call(codes, 32, 32, flip, tables.ravel(), parts, waves, 2, 50)
    expected = tables[:, codes[np.arange(32, 64) ^ flip]]
    for part in range(3):
        assert np.array_equal(
            waves[2 + 50 * part : 34 + 50 * part], expected[part] if part < parts else [9] * 32
        )


@pytest.mark.parametrize("gamma", [0.7, 1e9])
@pytest.mark.parametrize("flip", [0, 9])
@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_by_cost(parts, precision, flip, gamma):
    costs = np.random.default_rng(1).normal(size=64)
    settings = np.array([gamma, 0.25, -0.5, np.abs(costs).max()])
    waves = np.full(200, 9, precision)
    call(costs, 16, 16, flip, settings, parts, waves, 0, 60)
    own = costs[np.arange(16, 32) ^ flip]
    factor = (0.25 - 0.5j) * np.exp(-1j * gamma * own)
    tolerance = 1e-15 if precision == np.float64 else 1e-7
    if parts > 1:
        assert np.allclose(waves[:16], factor.real, rtol=0, atol=tolerance)
        assert np.allclose(waves[60:76], factor.imag, rtol=0, atol=tolerance)
    if parts != 2:
        assert np.allclose(waves[60 * (parts - 1) :][:16], own, rtol=tolerance, atol=0)


def test_lengths_that_are_no_multiple_of_eight():
    values = np.random.default_rng(1).normal(size=13)
    phases = np.empty(26)
    phases_of(values, 2.0, 1.0, 0.0, True, phases, 0, 13)
    assert np.allclose(phases[:13] + 1j * phases[13:], np.exp(-2j * values), atol=1e-15)


def test_fill_outside_of_a_kernel():
    with pytest.raises(NotImplementedError):
        fill(np.zeros(8), 0, 8, 0, np.zeros(4), 1, np.zeros(8), 0, 8)
