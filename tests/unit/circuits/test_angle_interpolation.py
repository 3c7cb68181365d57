"""Angles of other depths."""

import numpy as np
import pytest

from hybrid_opt.circuits.angle_interpolation import interpolate_angles, stretch_angles
from hybrid_opt.circuits.errors import CircuitError


def test_one_step_is_the_published_formula():
    gammas, betas = [0.3, 0.5, 0.8], [-0.6, -0.4, -0.1]
    for row, longer in zip((gammas, betas), interpolate_angles(gammas, betas, 4)):
        padded, p = [0.0, *row, 0.0], 3
        expected = [(i - 1) / p * padded[i - 1] + (p - i + 1) / p * padded[i] for i in range(1, p + 2)]
        np.testing.assert_allclose(longer, expected)


def test_several_steps_are_single_ones():
    start = [0.3, 0.5], [-0.6, -0.1]
    step = interpolate_angles(*interpolate_angles(*interpolate_angles(*start, 3), 4), 5)
    np.testing.assert_allclose(interpolate_angles(*start, 5), step)


def test_same_depth_is_a_copy():
    gammas = np.array([0.1, 0.2])
    found = interpolate_angles(gammas, gammas, 2)
    np.testing.assert_array_equal(found[0], gammas)
    assert found[0] is not gammas


def test_straight_lines_stay_straight():
    gammas, betas = interpolate_angles([0.2, 0.4, 0.6], [0.6, 0.4, 0.2], 6)
    for row in (gammas, betas):
        np.testing.assert_allclose(np.diff(row, 2), 0, atol=1e-12)


def test_stretching_keeps_the_ends():
    gammas, betas = stretch_angles([0.1, 0.5, 0.6], [0.6, 0.5, 0.1], 5)
    np.testing.assert_allclose(gammas, [0.1, 0.3, 0.5, 0.55, 0.6])
    np.testing.assert_allclose(betas, [0.6, 0.55, 0.5, 0.3, 0.1])
    assert stretch_angles([0.1, 0.5, 0.6], [0.6, 0.5, 0.1], 2)[0].tolist() == [0.1, 0.6]
    assert stretch_angles([0.1, 0.5, 0.6], [0.6, 0.5, 0.1], 1)[0].tolist() == [0.5]
    assert stretch_angles([0.1], [0.2], 3)[0].tolist() == [0.1] * 3


@pytest.mark.parametrize("function", [interpolate_angles, stretch_angles])
def test_bad_input(function):
    with pytest.raises(CircuitError, match="depth"):
        function([0.1], [0.1], 0)
    with pytest.raises(CircuitError, match="one of each"):
        function([0.1], [0.1, 0.2], 3)
    with pytest.raises(CircuitError, match="NaN"):
        function([np.nan], [0.1], 3)


def test_interpolation_goes_up_only():
    with pytest.raises(CircuitError, match="stretch_angles"):
        interpolate_angles([0.1, 0.2], [0.1, 0.2], 1)
