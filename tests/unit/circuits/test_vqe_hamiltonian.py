"""Reading Hamiltonians: the matrix is that of PennyLane or dimod, wires and constant are kept."""

import dimod
import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.ising import energy_vector
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian

OPERATORS = {
    "sum": qml.Z(0) @ qml.Y(1) + 0.5 * qml.X(2) - 1.5 * qml.I(0),
    "hamiltonian": qml.Hamiltonian([1.0, 0.3, 0.3], [qml.X(0) @ qml.Y(2), qml.Z(1), qml.Z(1)]),
    "product": qml.prod(qml.X(0), qml.Y(1), qml.Z(2)),
    "scaled": qml.s_prod(-2.0, qml.X(0) @ qml.X(1)),
    "square": (qml.X(0) + qml.Z(0)) @ (qml.X(0) + qml.Z(0)),
    "hermitian": qml.Hermitian(np.array([[1, 2 - 1j], [2 + 1j, -3]]), 0),
    "projector": qml.Projector([1, 0], [0, 1]),
    "sparse": qml.SparseHamiltonian((qml.X(0) @ qml.Z(1) + qml.Y(1)).sparse_matrix(), [0, 1]),
    "sentence": (2.0 * qml.Z(0) @ qml.X(1)).pauli_rep,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_matrix_is_that_of_the_operator(name):
    operator = OPERATORS[name]
    read = read_hamiltonian(operator)
    given = operator.operation() if isinstance(operator, qml.pauli.PauliSentence) else operator
    expected = qml.matrix(given, wire_order=range(read.n_qubits))
    np.testing.assert_allclose(read.matrix().toarray(), expected, atol=1e-12)
    np.testing.assert_allclose(
        qml.matrix(read.operator, wire_order=range(read.n_qubits)), expected, atol=1e-12
    )


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_a_model_becomes_its_energies(vartype):
    rng = np.random.default_rng(1)
    model = dimod.BinaryQuadraticModel(np.triu(rng.normal(size=(4, 4))), vartype)
    model.offset = 0.7
    model.add_variable("alone")
    read = read_hamiltonian(model)
    assert read.wires == tuple(model.variables)
    assert read.diagonal
    np.testing.assert_allclose(read.matrix().toarray(), np.diag(energy_vector(model)))


def test_wires_keep_their_own_order_and_numbers_theirs():
    assert read_hamiltonian(qml.Z("b") @ qml.X("a")).wires == ("b", "a")
    assert read_hamiltonian(qml.Z(1) @ qml.X(0)).wires == (0, 1)
    assert read_hamiltonian(qml.Z(5) @ qml.X(2)).wires == (5, 2)
    wider = read_hamiltonian(qml.Z("a"), ["c", "a"])
    assert (wider.n_qubits, wider.letters) == (2, ({1: "Z"},))
    assert read_hamiltonian(wider) is wider


def test_constant_only():
    read = read_hamiltonian(2.5 * qml.I(0))
    assert (read.constant, read.letters, read.diagonal) == (2.5, (), True)
    assert read.matrix().toarray().tolist() == [[2.5, 0.0], [0.0, 2.5]]


def test_digests_tell_operators_apart():
    digests = {read_hamiltonian(c * p(0)).digest() for c in (1.0, 2.0) for p in (qml.X, qml.Y, qml.Z)}
    assert len(digests) == 6
    assert read_hamiltonian(qml.X(0)).digest() == read_hamiltonian(1.0 * qml.X(0)).digest()


def test_real_where_the_entries_are():
    assert read_hamiltonian(qml.Y(0) @ qml.Y(1)).matrix().dtype == np.float64
    assert read_hamiltonian(qml.Y(0)).matrix().dtype == np.complex128


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (1j * qml.Z(0), "not Hermitian"),
        (qml.S(0), "not Hermitian"),
        (qml.RX(0.1, 0), "not Hermitian"),
        (np.nan * qml.Z(0), "must be a finite number"),
        (np.inf * qml.Z(0) + qml.X(0), "must be a finite number"),
        (qml.I(), "acts on no wire"),
        (7, "is a int"),
        ("Z0", "is a str"),
        (qml.FermiC(0) * qml.FermiA(0), "jordan_wigner"),
        (dimod.BinaryQuadraticModel("BINARY"), "no variables"),
        (dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"), "NaN"),
        (dimod.ConstrainedQuadraticModel(), "to_qubo"),
    ],
)
def test_what_is_no_hamiltonian(given, words):
    with pytest.raises(CircuitError, match=words):
        read_hamiltonian(given)


@pytest.mark.parametrize("wires", [[0], [0, 0, 1], []])
def test_wires_must_hold_those_of_the_operator(wires):
    with pytest.raises(CircuitError, match="must be different and hold every wire"):
        read_hamiltonian(qml.Z(0) @ qml.Z(1), wires)


def test_wires_must_be_a_list():
    with pytest.raises(CircuitError, match="wires are 2; they must be a list of labels"):
        read_hamiltonian(qml.Z(0) @ qml.Z(1), 2)


def test_what_was_read_is_moved_to_other_wires():
    read = read_hamiltonian(2.0 * qml.Z("a") @ qml.Y("b") + qml.X("b") + 1.5 * qml.I("a"))
    assert read_hamiltonian(read) is read
    moved = read_hamiltonian(read, ["c", "b", "a"])
    assert moved.wires == ("c", "b", "a")
    assert moved.letters == ({1: "Y", 2: "Z"}, {1: "X"})
    assert (moved.coefficients.tolist(), moved.constant) == ([2.0, 1.0], 1.5)
    with pytest.raises(CircuitError, match="are missing"):
        read_hamiltonian(read, ["a", "c"])


def test_coefficients_may_be_tensors_that_are_trained():
    strength = torch.tensor(0.5, requires_grad=True)
    assert read_hamiltonian(strength * qml.Z(0)).coefficients.tolist() == [0.5]


def test_wires_of_a_model_are_its_variables():
    with pytest.raises(CircuitError, match="variable i is qubit i"):
        read_hamiltonian(dimod.BinaryQuadraticModel({"a": 1.0}, {}, 0.0, "BINARY"), ["a"])


def test_large_matrices_are_not_taken_apart():
    large = qml.SparseHamiltonian(qml.Z(0).sparse_matrix(wire_order=range(9)), range(9))
    with pytest.raises(CircuitTooLargeError, match="up to 8"):
        read_hamiltonian(large)
