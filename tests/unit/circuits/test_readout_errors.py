"""Wrong bits at readout: what is read from a noise model, and the probabilities that follow."""

import numpy as np
import pytest
from qiskit_aer.noise import NoiseModel, pauli_error

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.noise import depolarizing_noise, readout_noise
from hybrid_opt.circuits.readout_errors import confuse, read_confusions

FIRST, SECOND = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([[0.8, 0.2], [0.4, 0.6]])


def test_nothing_to_read():
    assert read_confusions(None) == {}
    assert read_confusions(NoiseModel()) == {}
    assert read_confusions(depolarizing_noise(0.1, 0.1)) == {}


def test_single_qubits():
    model = readout_noise(0.1, 0.3)
    model.add_readout_error(SECOND, [2], warnings=False)
    confusions = read_confusions(model)
    assert set(confusions) == {None, 2}
    np.testing.assert_allclose(confusions[None], FIRST, atol=1e-12)
    np.testing.assert_allclose(confusions[2], SECOND, atol=1e-12)


def test_other_errors_of_measurements_are_left_to_aer():
    model = readout_noise(0.1)
    model.add_all_qubit_quantum_error(pauli_error([("X", 0.1), ("I", 0.9)]), "measure")
    assert read_confusions(model) is None


def test_errors_of_several_qubits_together_are_refused():
    model = readout_noise(0.1)
    model.add_readout_error(np.kron(FIRST, SECOND), [0, 1], warnings=False)
    with pytest.raises(CircuitError, match="give each qubit an error of its own"):
        read_confusions(model)


def test_confused_probabilities():
    rng = np.random.default_rng(1)
    rows = rng.dirichlet(np.ones(8), size=3)
    expected = rows @ np.kron(np.kron(FIRST, SECOND), FIRST)
    np.testing.assert_allclose(confuse(rows, [4, 2, 0], {None: FIRST, 2: SECOND}), expected, atol=1e-14)
    only_one = rows @ np.kron(np.kron(np.eye(2), SECOND), np.eye(2))
    np.testing.assert_allclose(confuse(rows, [4, 2, 0], {2: SECOND}), only_one, atol=1e-14)
    np.testing.assert_array_equal(confuse(rows, [4, 2, 0], {}), rows)
