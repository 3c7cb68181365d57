"""Angles as callers give them."""

import numpy as np
import pytest

from hybrid_opt.circuits.angle_arguments import read_angle_sets, read_angles, read_wide_angles
from hybrid_opt.circuits.errors import CircuitError


def test_legal_angles():
    gammas, betas = read_angles((1, 2), np.array([3, 4], dtype=np.float32))
    assert (gammas.tolist(), betas.tolist()) == ([1.0, 2.0], [3.0, 4.0])
    assert gammas.dtype == betas.dtype == np.float64
    assert read_angle_sets(np.zeros((0, 3)), np.zeros((0, 3)))[0].shape == (0, 3)
    assert read_wide_angles(np.zeros((2, 5)), np.zeros((2, 3)), 5, 3)[0].shape == (2, 5)


@pytest.mark.parametrize(
    ("gammas", "betas", "message"),
    [
        ([], [], r"gammas has shape \(0,\)"),
        (0.5, [0.5], r"gammas has shape \(\)"),
        ([0.5], [[0.5]], r"betas has shape \(1, 1\)"),
        ([0.5], [np.nan], "betas holds a NaN"),
        ([np.inf], [0.5], "gammas holds a NaN or infinite"),
        ("x", [0.5], "gammas is 'x'; it must be a list of numbers"),
        ([0.5, 0.6], [0.5], "2 gammas and 1 betas were given"),
    ],
)
def test_illegal_angles(gammas, betas, message):
    with pytest.raises(CircuitError, match=message):
        read_angles(gammas, betas)


@pytest.mark.parametrize(
    ("gammas", "betas", "message"),
    [
        ([0.5], [[0.5]], r"gammas has shape \(1,\); it must be \(sets, p\)"),
        (np.zeros((2, 0)), np.zeros((2, 0)), r"shape \(2, 0\)"),
        ([[0.5]], [[0.5], [0.6]], "1 sets of gammas and 2 sets of betas"),
        ([[0.5]], [[0.5, 0.6]], "1 gammas and 2 betas"),
    ],
)
def test_illegal_sets(gammas, betas, message):
    with pytest.raises(CircuitError, match=message):
        read_angle_sets(gammas, betas)


@pytest.mark.parametrize(
    ("gammas", "betas", "message"),
    [
        (np.zeros((1, 4)), np.zeros((1, 3)), r"gammas has shape \(1, 4\); it must be \(p, 5\)"),
        (np.zeros((1, 5)), np.zeros(3), r"betas has shape \(3,\); it must be \(p, angles of a layer\)"),
        (np.zeros((0, 5)), np.zeros((0, 3)), r"gammas has shape \(0, 5\)"),
        (np.zeros((1, 5)), np.zeros((1, 4)), r"betas has shape \(1, 4\); .* one angle for every qubit"),
        (np.zeros((1, 5)), np.zeros((2, 3)), "1 gammas and 2 betas"),
    ],
)
def test_illegal_widths(gammas, betas, message):
    with pytest.raises(CircuitError, match=message):
        read_wide_angles(gammas, betas, 5, 3)
