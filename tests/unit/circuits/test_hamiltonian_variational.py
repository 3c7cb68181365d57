"""Layers of a Hamiltonian's own terms: groups commute, and a layer is the product of their exponentials."""

from itertools import combinations

import numpy as np
import pennylane as qml
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.hamiltonian_variational import HamiltonianVariational, commuting_groups
from hybrid_opt.circuits.variational import VariationalCircuit
from hybrid_opt.circuits.vqe_ansatz import start_weights
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian


def ising(n, field=1.0):
    return sum(-1.0 * qml.Z(i) @ qml.Z(i + 1) for i in range(n - 1)) - field * sum(qml.X(i) for i in range(n))


def heisenberg(n, *, by_letter=False):
    bonds = [(i, p) for i in range(n - 1) for p in (qml.X, qml.Y, qml.Z)]
    if by_letter:
        bonds.sort(key=lambda bond: bond[1].__name__)
    return qml.sum(*(p(i) @ p(i + 1) for i, p in bonds))


def matrix_of(group, n):
    words = [c * qml.prod(*(getattr(qml, p)(w) for w, p in letters)) for letters, c in group]
    return qml.matrix(qml.sum(*words, 0.0 * qml.I(0)), wire_order=range(n))


RANDOM = qml.X(0) @ qml.Y(1) @ qml.Z(2) + 0.3 * qml.Z(0) @ qml.X(2) - 0.7 * qml.Y(1) + 0.2 * qml.Z(1)


@pytest.mark.parametrize("operator", [ising(4), heisenberg(4), heisenberg(4, by_letter=True), RANDOM])
def test_groups_commute_and_hold_every_term(operator):
    read = read_hamiltonian(operator)
    groups = commuting_groups(read)
    total = sum(matrix_of(group, read.n_qubits) for group in groups)
    np.testing.assert_allclose(total, read.matrix().toarray(), atol=1e-12)
    for group in groups:
        parts = [matrix_of([term], read.n_qubits) for term in group]
        assert all(np.allclose(a @ b, b @ a) for a, b in combinations(parts, 2))


@pytest.mark.parametrize("by_letter", [False, True])
def test_a_heisenberg_chain_falls_into_even_and_odd_bonds(by_letter):
    groups = commuting_groups(read_hamiltonian(heisenberg(5, by_letter=by_letter)))
    bonds = [{tuple(wire for wire, _ in letters) for letters, _ in group} for group in groups]
    assert bonds == [{(0, 1), (2, 3)}, {(1, 2), (3, 4)}]


@pytest.mark.parametrize("operator", [ising(3, 0.4), heisenberg(4), RANDOM])
def test_a_layer_is_the_product_of_exponentials(operator):
    read = read_hamiltonian(operator)
    ansatz = HamiltonianVariational.of(read, prepared=True)
    weights = np.random.default_rng(0).normal(size=len(ansatz.groups))
    tape = qml.tape.QuantumScript(ansatz.layer(weights, range(read.n_qubits), 1))
    expected = np.eye(2**read.n_qubits)
    for weight, group in zip(weights, ansatz.groups):
        scale = max(abs(c) for _, c in group)
        expected = expm(-1j * weight * matrix_of(group, read.n_qubits) / scale) @ expected
    np.testing.assert_allclose(qml.matrix(tape, wire_order=range(read.n_qubits)), expected, atol=1e-10)


@pytest.mark.parametrize("operator", [ising(6), heisenberg(6)])
def test_it_starts_in_a_ground_state_and_the_first_weights_go_below(operator):
    read = read_hamiltonian(operator)
    ansatz = HamiltonianVariational.of(read)
    circuit = VariationalCircuit(6, 3, encoding=None, ansatz=ansatz)
    matrix = read.matrix().toarray()

    def energy(matrix, weights):
        tape = circuit.tape(None, weights, [qml.state()])
        (state,) = qml.execute([tape], qml.device("default.qubit", wires=6), diff_method=None)
        return np.vdot(state, matrix @ state).real

    zero, group = np.zeros(circuit.weight_shape), matrix_of(ansatz.groups[-1], 6)
    assert energy(group, zero) == pytest.approx(np.linalg.eigvalsh(group)[0])
    assert energy(matrix, start_weights(circuit, 0)) < energy(matrix, zero) - 0.3


def test_what_has_no_layers_or_no_start():
    with pytest.raises(CircuitError, match="all terms of the Hamiltonian commute"):
        HamiltonianVariational.of(read_hamiltonian(qml.Z(0) @ qml.Z(1) + qml.Z(0)))
    no_start = qml.X(0) @ qml.X(1) @ qml.X(2) + qml.Z(0) @ qml.Z(1) @ qml.Z(2)
    with pytest.raises(CircuitError, match="give initial_state"):
        HamiltonianVariational.of(read_hamiltonian(no_start))
    assert HamiltonianVariational.of(read_hamiltonian(no_start), prepared=True).pieces == ()
