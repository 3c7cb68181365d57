"""Exact ground energies: closed forms, dense diagonalization, sectors of electrons."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.ground_energies import ground_energy
from hybrid_opt.circuits.ising import energy_vector


def chain(n):
    return sum(-1.0 * qml.Z(i) @ qml.Z((i + 1) % n) for i in range(n)) - sum(qml.X(i) for i in range(n))


@pytest.mark.parametrize("n", [3, 8])
def test_critical_ising_ring(n):
    # P. Pfeuty, Annals of Physics 57 (1970) 79-90: free fermions with momenta (2k + 1) pi / n; at the
    # critical field their energies add up to -2 / sin(pi / 2n)
    assert ground_energy(chain(n)) == pytest.approx(-2 / np.sin(np.pi / (2 * n)), abs=1e-10)


def test_complex_matrix_beyond_the_dense_size():
    operator = sum(qml.Y(i) @ qml.Z(i + 1) + 0.3 * (i + 1) * qml.X(i) for i in range(7)) + qml.Y(7)
    expected = np.linalg.eigvalsh(qml.matrix(operator, wire_order=range(8)))[0]
    assert ground_energy(operator) == pytest.approx(expected, abs=1e-10)


def test_model_of_bits():
    model = dimod.BinaryQuadraticModel(np.triu(np.random.default_rng(0).normal(size=(9, 9))), "BINARY")
    model.offset = 3.0
    assert ground_energy(model) == pytest.approx(energy_vector(model).min())


def test_number_of_electrons():
    hopping = (qml.X(0) @ qml.X(1) + qml.Y(0) @ qml.Y(1)) / 2 - 4.0 * qml.Z(0) - 4.0 * qml.Z(1)
    # hopping of strength 1 between 01 and 10; -8 and +8 for no and two electrons
    assert ground_energy(hopping) == pytest.approx(-8.0)
    assert [ground_energy(hopping, electrons=k) for k in (0, 1, 2)] == pytest.approx([-8.0, -1.0, 8.0])
    with pytest.raises(CircuitError, match="changes the number"):
        ground_energy(qml.X(0) + qml.Z(1), electrons=1)
    with pytest.raises(CircuitError, match="2 qubits for them"):
        ground_energy(hopping, electrons=3)


def test_limits():
    with pytest.raises(CircuitTooLargeError, match="at most 3"):
        ground_energy(chain(4), max_qubits=3)
    with pytest.raises(CircuitTooLargeError, match="17 qubits"):
        ground_energy(chain(17))
    with pytest.raises(CircuitError, match="max_qubits is 'many'"):
        ground_energy(chain(4), max_qubits="many")
