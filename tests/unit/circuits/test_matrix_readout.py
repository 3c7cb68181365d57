"""A sparse matrix read like a sum of Pauli words."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.matrix_readout import MatrixReadout
from hybrid_opt.circuits.readout import PauliReadout
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian


@pytest.fixture
def states():
    rng = np.random.default_rng(3)
    states = rng.normal(size=(5, 8)) + 1j * rng.normal(size=(5, 8))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


@pytest.mark.parametrize(
    "operator", [qml.Y(0) @ qml.X(2) + 0.5 * qml.Z(1) + 2 * qml.I(0), qml.Z(0) + qml.Z(2)]
)
def test_same_as_words(states, operator):
    matrix = MatrixReadout(read_hamiltonian(operator, range(3)).matrix())
    words = PauliReadout([operator], 3)
    np.testing.assert_allclose(matrix.values(states), words.values(states), atol=1e-14)
    weights = np.arange(5.0)[:, None]
    expected = words.cotangents(states, weights)
    np.testing.assert_allclose(matrix.cotangents(states, weights), expected, atol=1e-14)
    np.testing.assert_allclose(matrix.cotangents(states, weights), expected, atol=1e-14)


def test_other_states_are_not_mixed_up(states):
    matrix = MatrixReadout(read_hamiltonian(qml.Z(0), range(3)).matrix())
    first = matrix.values(states[:2]).copy()
    matrix.values(states[2:])
    np.testing.assert_allclose(matrix.values(states[:2]), first)
