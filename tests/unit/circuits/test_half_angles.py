from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.half_angles import HalfAngles


@pytest.mark.parametrize("shape", [(1, 1), (8, 3), (13, 5), (16, 0), (0, 4), (0, 0)])
def test_places_and_back(shape):
    table = np.random.default_rng(1).uniform(-9, 9, shape)
    angles = HalfAngles(table)
    assert angles.n_slots == shape[1]
    assert angles.cosines.shape == angles.sines.shape == (-(-shape[0] // 8) * shape[1] * 8,)
    for row in range(shape[0]):
        for slot in range(shape[1]):
            place = ((row // 8) * shape[1] + slot) * 8 + row % 8
            assert angles.cosines[place] == pytest.approx(np.cos(table[row, slot] / 2), abs=4e-16)
            assert angles.sines[place] == pytest.approx(np.sin(table[row, slot] / 2), abs=4e-16)
    back = angles.to_rows(angles.cosines)
    assert back.shape == shape
    np.testing.assert_allclose(back, np.cos(table / 2), rtol=0, atol=4e-16)


@pytest.mark.parametrize("largest", [1e-8, 1.0, 100.0, 1e4, 2e6, 2.2e6, 1e12])
def test_as_exact_as_numpy(largest):
    # from 2**21 on NumPy's own functions are used
    table = np.random.default_rng(2).uniform(-largest, largest, (40, 50))
    angles = HalfAngles(table)
    np.testing.assert_allclose(angles.to_rows(angles.cosines), np.cos(table / 2), rtol=0, atol=4e-16)
    np.testing.assert_allclose(angles.to_rows(angles.sines), np.sin(table / 2), rtol=0, atol=4e-16)


def test_multiples_of_a_quarter_turn():
    table = np.arange(-64, 64).reshape(16, 8) * np.pi / 2
    angles = HalfAngles(table)
    np.testing.assert_allclose(angles.to_rows(angles.cosines), np.cos(table / 2), rtol=0, atol=4e-16)
    np.testing.assert_allclose(angles.to_rows(angles.sines), np.sin(table / 2), rtol=0, atol=4e-16)
    zero = HalfAngles(np.zeros((1, 1)))
    assert zero.cosines.tolist() == [1.0] * 8
    assert zero.sines.tolist() == [0.0] * 8


def test_relative_error_of_small_sines():
    table = np.logspace(-300, 0, 200)[:, None]
    angles = HalfAngles(table)
    np.testing.assert_allclose(angles.to_rows(angles.sines), np.sin(table / 2), rtol=4e-16)


def test_columns_of_a_larger_table():
    table = np.random.default_rng(3).normal(size=(9, 6))
    assert np.array_equal(HalfAngles(table[:, ::2]).sines, HalfAngles(table[:, ::2].copy()).sines)
