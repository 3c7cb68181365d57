from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.cost_diagonal import diagonal_from_costs
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.layered_phases import LayeredEvolution

DIAGONAL = diagonal_from_costs([0.0, 1.0, 1.0, 5.0])


@pytest.mark.parametrize("precision", ["double", "single"])
def test_equal_phases_are_plain_qaoa(precision):
    masks, parts = [1, 2, 3], [-1.25, -1.25, 0.75]
    gammas, betas = np.array([0.4, -0.9]), np.array([0.3, 2.2])
    layered = LayeredEvolution(DIAGONAL, masks, precision=precision)
    plain = DiagonalEvolution(DIAGONAL)
    phases = np.outer(gammas, parts)
    tolerance = 1e-13 if precision == "double" else 1e-5
    assert np.allclose(
        layered.run(phases, betas).probabilities(), plain.run(gammas, betas).probabilities(), atol=tolerance
    )
    value, by_phase, by_beta = layered.value_and_grad(phases, betas)
    expected = plain.value_and_grad(gammas, betas)
    assert value == pytest.approx(expected[0], abs=tolerance)
    assert np.allclose(by_phase @ parts, expected[1], atol=10 * tolerance)
    assert np.allclose(by_beta, expected[2], atol=10 * tolerance)


def test_phases_after_the_last_turns_change_no_probability():
    layered = LayeredEvolution(DIAGONAL, [3])
    with_last = layered.run([[0.3], [1.0]], [0.4])
    without = layered.run([[0.3]], [0.4])
    assert np.allclose(with_last.probabilities(), without.probabilities(), atol=1e-15)
    signs = np.array([1, -1, -1, 1])
    assert np.allclose(with_last.amplitudes(), np.exp(-1j * signs) * without.amplitudes(), atol=1e-15)
    assert layered.value_and_grad([[0.3], [1.0]], [0.4])[1][1] == 0


def test_objectives():
    layered = LayeredEvolution(DIAGONAL, [1, 3])
    phases, betas = np.array([[0.3, 0.5]]), np.array([[0.4, -0.2]])
    value, by_phase, by_beta = layered.value_and_grad(phases, betas, lambda e, p: (p @ e**2, e**2))
    squared = LayeredEvolution(diagonal_from_costs([0.0, 1.0, 1.0, 25.0]), [1, 3])
    for one, other in zip((value, by_phase, by_beta), squared.value_and_grad(phases, betas)):
        assert np.allclose(one, other, atol=1e-13)


@pytest.mark.parametrize(
    ("phases", "betas"),
    [
        ([[1.0, 2.0]], [1.0]),
        ([1.0], [1.0]),
        ([[1.0]] * 3, [1.0]),
        ([[np.nan]], [1.0]),
        ([["a"]], [1.0]),
        ([[1.0]], [np.inf]),
        ([[1.0]], [[1.0]]),
        ([[1.0]], 1.0),
        (np.zeros((0, 1)), []),
    ],
)
def test_angles_that_do_not_fit(phases, betas):
    with pytest.raises(CircuitError):
        LayeredEvolution(DIAGONAL, [3]).run(phases, betas)


@pytest.mark.parametrize("masks", [[4], [-1], 3])
def test_masks_that_are_none(masks):
    with pytest.raises(CircuitError, match="masks"):
        LayeredEvolution(DIAGONAL, masks)


@pytest.mark.parametrize("start", [[[1.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]], [1.0, 0.0]])
def test_starts_that_are_none(start):
    with pytest.raises(CircuitError, match="start"):
        LayeredEvolution(DIAGONAL, [3], start=start)
