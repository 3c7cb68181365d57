"""The warm-start mixer against dense matrices, in the sign convention of this package."""

import dimod
import numpy as np
import pennylane as qml
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.ising import energy_vector
from hybrid_opt.circuits.warm_starts import start_operations, warm_mixer_operations, warm_start_from_bits

X = np.array([[0.0, 1.0], [1.0, 0.0]])
Z = np.diag([1.0, -1.0])
BITS = [0.3, 0.9, 0.5]


def on_wire(matrix, wire, n):
    return np.kron(np.kron(np.eye(2**wire), matrix), np.eye(2 ** (n - wire - 1)))


def mixer(thetas):
    n = len(thetas)
    return sum(on_wire(np.sin(t) * X + np.cos(t) * Z, i, n) for i, t in enumerate(thetas))


def matrix_of(operations, n):
    return qml.matrix(qml.tape.QuantumScript(operations), wire_order=range(n))


def test_start_is_measured_with_the_relaxed_probabilities():
    start = warm_start_from_bits(BITS, epsilon=0.05)
    state = matrix_of(start_operations(start.thetas), 3)[:, 0]
    chances = np.abs(state.reshape(2, 2, 2)) ** 2
    for wire, bit in enumerate(BITS):
        axes = tuple(k for k in range(3) if k != wire)
        np.testing.assert_allclose(chances.sum(axis=axes), [1 - bit, bit], atol=1e-12)


@pytest.mark.parametrize("beta", [-0.4, 0.7])
def test_gates_are_the_exponential(beta):
    thetas = warm_start_from_bits(BITS).thetas
    np.testing.assert_allclose(
        matrix_of(warm_mixer_operations(thetas, beta), 3), expm(-1j * beta * mixer(thetas)), atol=1e-12
    )


def test_start_is_the_top_eigenvector_and_a_half_is_the_plain_mixer():
    thetas = warm_start_from_bits(BITS).thetas
    state = matrix_of(start_operations(thetas), 3)[:, 0]
    levels, vectors = np.linalg.eigh(mixer(thetas))
    np.testing.assert_allclose(mixer(thetas) @ state, 3 * state, atol=1e-12)
    assert abs(vectors[:, -1] @ state) == pytest.approx(1)
    assert levels[-1] - levels[-2] == pytest.approx(2)
    plain = warm_start_from_bits([0.5] * 3).thetas
    np.testing.assert_allclose(mixer(plain), sum(on_wire(X, i, 3) for i in range(3)), atol=1e-12)


def test_their_mixer_is_ours_with_the_other_sign():
    # arXiv 2009.10095: R_Y(theta)|0> is the ground state of [[2c - 1, -2s], [-2s, 1 - 2c]], s = sqrt(c(1-c)).
    c = 0.3
    root = np.sqrt(c * (1 - c))
    theirs = np.array([[2 * c - 1, -2 * root], [-2 * root, 1 - 2 * c]])
    np.testing.assert_allclose(mixer(warm_start_from_bits([c]).thetas), -theirs, atol=1e-12)


def test_negative_betas_minimize():
    # Slowly from the mixer to the cost, the warm start follows the top state of -H_M + ..., the minimum of C.
    rng = np.random.default_rng(1)
    pairs = {(i, j): rng.normal() for i in range(4) for j in range(i)}
    model = dimod.BinaryQuadraticModel({i: rng.normal() for i in range(4)}, pairs, 0.0, "SPIN")
    energies = energy_vector(model)
    best = int(energies.argmin())
    wrong = [(best >> (3 - i) & 1) * 0.5 + 0.25 for i in range(4)]
    wrong[0] = 1 - wrong[0]  # a warm start that is wrong in one bit
    thetas = warm_start_from_bits(wrong).thetas
    levels, turn = np.linalg.eigh(mixer(thetas))
    chances = {}
    for sign in (-1, 1):
        state = matrix_of(start_operations(thetas), 4)[:, 0].astype(complex)
        for share in (np.arange(400) + 0.5) / 400:
            state = np.exp(-1j * 0.3 * share * energies) * state
            beta = sign * 0.3 * (1 - share)
            state = turn @ (np.exp(-1j * beta * levels) * (turn.T @ state))
        chances[sign] = np.abs(state[best]) ** 2
    assert chances[-1] > 0.95
    assert chances[1] < 0.05
