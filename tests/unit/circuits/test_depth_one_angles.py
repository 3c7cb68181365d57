"""The search for one-layer angles; known optima are in tests/reference/test_closed_form.py."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.depth_one_angles import best_depth_one_angles
from hybrid_opt.circuits.errors import CircuitError


def test_one_qubit_reaches_its_minimum_at_any_scale():
    for size in (1e-100, 1.0, 1e100):
        found = best_depth_one_angles(dimod.BinaryQuadraticModel({"a": size}, {}, 0.0, "SPIN"))
        assert found.value == pytest.approx(-size)
        assert found.gammas[0] > 0


def test_weights_of_different_size():
    # The best gamma of the weak pair is a thousand times that of the strong one; the strong one decides.
    model = dimod.BinaryQuadraticModel({}, {(0, 1): 1000.0, (2, 3): 1.0}, 0.0, "SPIN")
    found = best_depth_one_angles(model)
    assert found.value < -1000


def test_constant_cost():
    found = best_depth_one_angles(dimod.BinaryQuadraticModel({"a": 0.0}, {}, 2.5, "BINARY"))
    assert (found.gammas[0], found.value, found.evaluations) == (0.0, 2.5, 1)


def test_evaluations_are_counted():
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": 1.0}, {}, 0.0, "SPIN")
    assert best_depth_one_angles(model, points=50, refine=0).evaluations == 52


@pytest.mark.parametrize("options", [{"points": 1}, {"points": 2.5}, {"refine": -1}])
def test_bad_numbers(options):
    with pytest.raises(CircuitError, match=next(iter(options))):
        best_depth_one_angles(dimod.BinaryQuadraticModel({"a": 1.0}, {}, 0.0, "SPIN"), **options)


def test_weights_beyond_floating_point_are_left_out():
    model = dimod.BinaryQuadraticModel({"a": 1e-160, "b": 1e100}, {}, 0.0, "SPIN")
    assert best_depth_one_angles(model).value == pytest.approx(-1e100)


def test_angles_are_arrays_for_engines():
    found = best_depth_one_angles(dimod.BinaryQuadraticModel({"a": 1.0}, {}, 0.0, "SPIN"))
    assert isinstance(found.gammas, np.ndarray)
    assert found.gammas.shape == found.betas.shape == (1,)
