"""The exact minimum of a trigonometric polynomial of degree two."""

import numpy as np
import pytest

from hybrid_opt.circuits.trigonometric_minimum import minimize_trigonometric


@pytest.mark.parametrize("seed", range(30))
def test_no_grid_point_is_lower(seed):
    rng = np.random.default_rng(seed)
    b, c, d = rng.normal(size=3) * 10.0 ** rng.integers(-6, 3, size=3)
    t, value = minimize_trigonometric(b, c, d)
    grid = np.linspace(-np.pi, np.pi, 20001)
    values = b * np.sin(grid) + c * np.sin(2 * grid) + d * np.cos(2 * grid)
    size = max(abs(b), abs(c), abs(d))
    assert value <= values.min() + 1e-12 * size
    assert value == pytest.approx(b * np.sin(t) + c * np.sin(2 * t) + d * np.cos(2 * t), abs=1e-14 * size)
    assert value > values.min() - 1e-6 * size
    assert -np.pi <= t <= np.pi


@pytest.mark.parametrize(
    ("numbers", "angle"),
    [
        ((1, 0, 0), -np.pi / 2),
        ((0, 1, 0), -np.pi / 4),
        ((0, 0, -1), 0),
        ((0, 0, 0), 0),
        ((-1e-300, 0, 0), np.pi / 2),
    ],
)
def test_single_waves(numbers, angle):
    assert minimize_trigonometric(*map(float, numbers))[0] == pytest.approx(angle, abs=1e-9)
