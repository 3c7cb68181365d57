"""Warm starts: numbers, limits, bad input; tests/reference/test_warm_start_matrices.py has the matrices."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.warm_starts import (
    start_operations,
    warm_mixer_operations,
    warm_start,
    warm_start_from_bits,
)


def test_bits_are_kept_from_the_ends():
    start = warm_start_from_bits([0, 0.2, 0.5, 0.9, 1], epsilon=0.15)
    np.testing.assert_allclose(start.probabilities, [0.15, 0.2, 0.5, 0.85, 0.85])
    np.testing.assert_allclose(np.sin(start.thetas / 2) ** 2, start.probabilities)
    assert start.value is None
    assert start.bound is None


def test_half_is_no_warm_start():
    np.testing.assert_allclose(warm_start_from_bits([0, 1, 0.3], epsilon=0.5).thetas, np.pi / 2)


def test_a_model_is_relaxed():
    model = dimod.BinaryQuadraticModel({"a": -2.0, "b": 1.0}, {("a", "b"): 0.5}, 1.0, "BINARY")
    for method in ("local", "linear", "convex"):
        start = warm_start(model, epsilon=0.1, method=method, seed=1)
        np.testing.assert_allclose(start.probabilities, [0.9, 0.1])
        assert start.value == pytest.approx(-1.0, abs=0.2)
        assert (start.bound is None) == (method == "local")


@pytest.mark.parametrize("bits", [[-0.1], [1.1], [np.nan], [], [[0.5]], ["a"], [1j]])
def test_bad_bits(bits):
    with pytest.raises(CircuitError, match="bits"):
        warm_start_from_bits(bits)


@pytest.mark.parametrize("epsilon", [-0.1, 0.6, np.nan, "a", True])
def test_bad_epsilon(epsilon):
    with pytest.raises(CircuitError, match="epsilon"):
        warm_start_from_bits([0.5], epsilon=epsilon)


def test_wires_have_names():
    operations = warm_mixer_operations([0.1, 0.2], 0.3, wires=["a", "b"])
    assert [operation.wires.tolist() for operation in operations] == [["a"]] * 3 + [["b"]] * 3
    assert [operation.wires.tolist() for operation in start_operations([0.1, 0.2], ["a", "b"])] == [
        ["a"],
        ["b"],
    ]


def test_bad_operations():
    with pytest.raises(CircuitError, match="2 thetas and 1 wires"):
        start_operations([0.1, 0.2], [0])
    with pytest.raises(CircuitError, match="thetas"):
        start_operations([np.nan])
    with pytest.raises(CircuitError, match="beta"):
        warm_mixer_operations([0.1], np.inf)
    with pytest.raises(CircuitError, match="beta"):
        warm_mixer_operations([0.1], [0.1])
