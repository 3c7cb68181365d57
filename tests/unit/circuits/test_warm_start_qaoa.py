"""Warm-started QAOA: the numbers of the circuit and of dense matrices, exact gradients, bad input."""

import dimod
import numpy as np
import pennylane as qml
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits import AerDevice, CircuitQAOA, DiagonalQAOA, WarmStartQAOA
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.objectives import CVaR, Expectation

MODEL = dimod.BinaryQuadraticModel(
    {"a": 0.5, "b": 0.0, "c": -1.0, "d": 0.25}, {"ab": 1.0, "bc": -0.5, "ad": 2.0, "cd": 0.75}, 1.5, "SPIN"
)
THETAS = np.array([0.4, 1.2, 2.9, np.pi / 2])
ANGLES = [0.3, -0.8], [-0.4, 1.9]
X, Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])


def dense(thetas, gammas, betas):
    """The state by matrix exponentials."""
    state = np.ones(1)
    for theta in thetas:
        state = np.kron(state, [np.cos(theta / 2), np.sin(theta / 2)])
    energies = DiagonalQAOA(MODEL).energies
    for gamma, beta in zip(gammas, betas):
        state = np.exp(-1j * gamma * energies) * state
        mixer = np.ones((1, 1))
        for theta in thetas:
            mixer = np.kron(mixer, expm(-1j * beta * (np.sin(theta) * X + np.cos(theta) * Z)))
        state = mixer @ state
    return state


def test_equals_dense_matrices():
    state = dense(THETAS, *ANGLES)
    found = WarmStartQAOA(MODEL, THETAS).state(*ANGLES)
    assert abs(np.vdot(found, state)) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("device", [AerDevice, lambda wires: qml.device("default.qubit", wires=wires)])
def test_equals_the_circuit(device):
    engine, circuit = WarmStartQAOA(MODEL, THETAS), CircuitQAOA(MODEL, device(wires=4), thetas=THETAS)
    np.testing.assert_allclose(engine.probabilities(*ANGLES), circuit.probabilities(*ANGLES), atol=1e-10)
    assert abs(np.vdot(engine.state(*ANGLES), circuit.state(*ANGLES))) == pytest.approx(1, abs=1e-10)
    assert circuit.resources(2)["one_qubit_gates"] == 4 + 2 * (3 + 3 * 4)


def test_the_start_is_kept_by_its_mixer():
    engine = WarmStartQAOA(MODEL, THETAS)
    np.testing.assert_allclose(
        engine.outcomes([0.0], [0.7]).marginals(), np.sin(THETAS / 2) ** 2, atol=1e-12
    )


def test_right_angles_are_plain_qaoa():
    plain, engine = DiagonalQAOA(MODEL), WarmStartQAOA(MODEL, np.full(4, np.pi / 2))
    for one, other in zip(engine.value_and_grad(*ANGLES), plain.value_and_grad(*ANGLES)):
        np.testing.assert_allclose(one, other, atol=1e-10)


@pytest.mark.parametrize("objective", [Expectation(), CVaR(0.4)])
def test_gradients_are_those_of_differences(objective):
    engine = WarmStartQAOA(MODEL, THETAS)
    value, *slopes = engine.value_and_grad(*ANGLES, objective)
    assert value == pytest.approx(engine.value(*ANGLES, objective))
    step = 1e-6
    for which in (0, 1):
        for layer in (0, 1):
            moved = [np.array(row) for row in ANGLES]
            moved[which][layer] += step
            up = engine.value(*moved, objective)
            moved[which][layer] -= 2 * step
            down = engine.value(*moved, objective)
            assert slopes[which][layer] == pytest.approx((up - down) / (2 * step), abs=1e-7)


@pytest.mark.parametrize(
    ("thetas", "message"),
    [
        ([0.1, 0.2], r"shape \(2,\); it must be \(4,\)"),
        ([0.1, 0.2, 0.3, -0.1], "from 0 to pi"),
        ([0.1, 0.2, 0.3, 3.2], "from 0 to pi"),
        ([0.1, 0.2, 0.3, np.nan], "from 0 to pi"),
        (["x"] * 4, "must be real numbers"),
    ],
)
def test_wrong_thetas(thetas, message):
    for make in (lambda: WarmStartQAOA(MODEL, thetas), lambda: CircuitQAOA(MODEL, thetas=thetas)):
        with pytest.raises(CircuitError, match=message):
            make()
