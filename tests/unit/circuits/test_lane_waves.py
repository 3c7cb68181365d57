from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.compiled import compile_kernel
from hybrid_opt.circuits.lane_waves import LARGEST_ANGLE, cosine_and_sine
from hybrid_opt.circuits.vector_lanes import load, store


def _all(angles, cosines, sines):
    for place in range(0, angles.size, 8):
        cosine, sine = cosine_and_sine(load(angles, place))
        store(cosines, place, cosine)
        store(sines, place, sine)


waves = compile_kernel(_all)


@pytest.mark.parametrize("largest", [1e-9, 1.0, 10.0, 1e3, LARGEST_ANGLE])
def test_to_a_unit_in_the_last_place(largest):
    angles = np.random.default_rng(1).uniform(-largest, largest, 8000)
    cosines, sines = np.empty(8000), np.empty(8000)
    waves(angles, cosines, sines)
    assert np.abs(cosines - np.cos(angles)).max() < 2.3e-16
    assert np.abs(sines - np.sin(angles)).max() < 2.3e-16


def test_every_quadrant_and_its_ends():
    angles = np.arange(-32, 32) * (np.pi / 8)
    cosines, sines = np.empty(64), np.empty(64)
    waves(angles, cosines, sines)
    assert np.allclose(cosines, np.cos(angles), rtol=0, atol=2e-16)
    assert np.allclose(sines, np.sin(angles), rtol=0, atol=2e-16)
