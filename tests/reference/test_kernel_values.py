"""Kernel matrices against closed forms, dense matrices built by hand, and PennyLane."""

from itertools import combinations

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.encodings import IQP
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.projected_kernel import ProjectedKernel
from hybrid_opt.circuits.variational import VariationalCircuit

RNG = np.random.default_rng(2026)
X = RNG.uniform(-2, 2, (8, 3))
Y = RNG.uniform(-2, 2, (5, 3))
ROOT = np.sqrt(0.5)


@pytest.mark.parametrize("n_qubits", [1, 2, 6])
def test_angle_encoding(n_qubits):
    """prod_i cos((x_i - y_i) / 2)**2."""
    x, y = RNG.uniform(-4, 4, (7, n_qubits)), RNG.uniform(-4, 4, (4, n_qubits))
    expected = np.prod(np.cos((x[:, None] - y[None]) / 2) ** 2, axis=2)
    kernel = FidelityKernel(n_qubits, encoding="angle", compute="cpu")
    np.testing.assert_allclose(kernel(x, y), expected, atol=1e-13)


@pytest.mark.parametrize("n_qubits", [1, 3])
def test_amplitude_encoding(n_qubits):
    """<x, y>**2 of normalized vectors."""
    x, y = RNG.normal(size=(7, 2**n_qubits)), RNG.normal(size=(4, 2**n_qubits))
    unit_x, unit_y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y))
    kernel = FidelityKernel(n_qubits, encoding="amplitude", compute="cpu")
    np.testing.assert_allclose(kernel(x, y), (unit_x @ unit_y.T) ** 2, atol=1e-13)


def test_basis_encoding():
    """Equal or not."""
    bits = np.array([[0, 0, 1], [0, 0, 1], [1, 0, 1]])
    gram = FidelityKernel(3, encoding="basis", compute="cpu")(bits)
    np.testing.assert_allclose(gram, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], atol=1e-13)


def iqp_state(sample, n_repeats):
    """H on all wires, exp(-i x_i Z_i / 2), exp(-i x_i x_j Z_i Z_j / 2), as matrices of the whole space."""
    n = len(sample)
    hadamards = np.eye(1)
    for _ in range(n):
        hadamards = np.kron(hadamards, ROOT * np.array([[1, 1], [1, -1]]))
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)[::-1]) & 1)
    phase = signs @ sample / 2
    for i, j in combinations(range(n), 2):
        phase += sample[i] * sample[j] * signs[:, i] * signs[:, j] / 2
    state = np.eye(2**n)[0]
    for _ in range(n_repeats):
        state = np.exp(-1j * phase) * (hadamards @ state)
    return state


@pytest.mark.parametrize("n_repeats", [1, 2])
@pytest.mark.parametrize("simulator", ["aer", "native"])
def test_iqp_against_dense_matrices(n_repeats, simulator):
    circuit = VariationalCircuit(3, 0, encoding=IQP(n_repeats))
    x, y = (np.array([iqp_state(sample, n_repeats) for sample in samples]) for samples in (X, Y))
    kernel = FidelityKernel(circuit, simulator=simulator)
    np.testing.assert_allclose(kernel(X, Y), np.abs(x.conj() @ y.T) ** 2, atol=1e-13)
    np.testing.assert_allclose(kernel(X), np.abs(x.conj() @ x.T) ** 2, atol=1e-13)


def test_iqp_against_pennylane():
    wires = range(3)

    @qml.qnode(qml.device("default.qubit", wires=3))
    def overlap(a, b):
        qml.IQPEmbedding(a, wires)
        qml.adjoint(qml.IQPEmbedding)(b, wires)
        return qml.probs(wires)

    theirs = qml.kernels.square_kernel_matrix(X, lambda a, b: overlap(a, b)[0], assume_normalized_kernel=True)
    np.testing.assert_allclose(FidelityKernel(3, compute="cpu")(X), theirs, atol=1e-13)


@pytest.mark.parametrize("encoding", ["iqp", "angle"])
def test_projected_kernel_against_reduced_density_matrices_of_pennylane(encoding):
    circuit = VariationalCircuit(3, 2, encoding=encoding, reupload=True)
    kernel = ProjectedKernel(circuit, gamma=0.6, compute="cpu", seed=3)

    @qml.qnode(qml.device("default.qubit", wires=3))
    def reduced(sample):
        circuit.operations(sample, kernel.weights)  # made inside a QNode, they are queued
        return [qml.density_matrix([wire]) for wire in range(3)]

    matrices = np.array([reduced(sample) for sample in X])
    distances = np.linalg.norm(matrices[:, None] - matrices[None], axis=(3, 4)) ** 2
    np.testing.assert_allclose(kernel(X), np.exp(-0.6 * distances.sum(axis=2)), atol=1e-13)


@pytest.mark.parametrize("kind", [FidelityKernel, ProjectedKernel])
def test_matrices_are_positive_semi_definite(kind):
    samples = RNG.uniform(-3, 3, (40, 4))
    gram = kind(4, compute="cpu")(samples)
    assert np.linalg.eigvalsh(gram)[0] > -1e-12
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(np.diag(gram), 1.0)


def test_shots_scatter_as_a_binomial_distribution():
    """Mean and variance of 400 measurements of one pair of samples."""
    kernel = FidelityKernel(3, shots=100, compute="cpu", seed=5)
    exact = FidelityKernel(3, compute="cpu")(X[:1], Y[:1]).item()
    measured = np.array([kernel(X[:1], np.repeat(Y[:1], 400, axis=0))]).ravel()
    variance = exact * (1 - exact) / 100
    assert abs(measured.mean() - exact) < 4 * np.sqrt(variance / 400)
    assert 0.75 < measured.var() / variance < 1.3
    np.testing.assert_allclose(measured * 100, np.round(measured * 100), atol=1e-9)


def test_noisy_fidelities_against_default_mixed():
    """Compute-uncompute with a depolarizing channel behind every rotation, exactly and by shots."""
    from hybrid_opt.circuits.noise import depolarizing_noise

    p = 0.08

    @qml.qnode(qml.device("default.mixed", wires=2))
    def overlap(a, b):
        for sign, sample in ((1, a), (-1, b)):
            for wire in range(2):
                qml.RX(sign * sample[wire], wire)
                qml.DepolarizingChannel(3 * p / 4, wire)
        return qml.probs([0, 1])

    theirs = np.array([[overlap(a, b)[0] for b in Y[:, :2]] for a in X[:, :2]])
    options = {"encoding": "angle", "compute": "cpu", "noise_model": depolarizing_noise(p, p)}
    np.testing.assert_allclose(FidelityKernel(2, **options)(X[:, :2], Y[:, :2]), theirs, atol=1e-12)
    shots = 10_000
    measured = FidelityKernel(2, shots=shots, seed=0, **options)(X[:, :2], Y[:, :2])
    scores = (measured - theirs) / np.sqrt(theirs * (1 - theirs) / shots)
    assert np.abs(scores).max() < 4
    assert 0.5 < (scores**2).mean() < 1.6
