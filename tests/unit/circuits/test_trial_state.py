"""Energies, states, expectation values and costs of a trial circuit at given weights."""

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.trial_state import TrialState


@pytest.fixture
def trial():
    return TrialState(qml.Z("a") @ qml.X("b") + qml.Y("b"), "strongly_entangling", simulator="native")


WEIGHTS = np.random.default_rng(2).normal(size=(2, 2, 3))


def test_values_agree_with_the_state(trial):
    state = trial.state(WEIGHTS)
    assert np.linalg.norm(state) == pytest.approx(1.0)
    assert trial.value(WEIGHTS) == pytest.approx(np.vdot(state, trial.hamiltonian.matrix() @ state).real)
    energy, gradient = trial.value_and_grad(WEIGHTS)
    assert energy == pytest.approx(trial.value(WEIGHTS))
    assert gradient.shape == (2, 2, 3)
    move = np.zeros_like(WEIGHTS)
    move[1, 0, 1] = 1e-5
    slope = (trial.value(WEIGHTS + move) - trial.value(WEIGHTS - move)) / 2e-5
    assert gradient[1, 0, 1] == pytest.approx(slope, abs=1e-8)


def test_estimates(trial):
    mean, error = trial.estimate(WEIGHTS, 5000, seed=1)
    assert abs(mean - trial.value(WEIGHTS)) < 5 * error
    assert (mean, error) == trial.estimate(WEIGHTS, 5000, seed=1) != trial.estimate(WEIGHTS, 5000, seed=2)


def test_expectations_of_other_observables_use_the_same_wires(trial):
    state = trial.state(WEIGHTS)
    matrix = qml.matrix(qml.Z("a") + 2 * qml.Z("b"), wire_order=["a", "b"])
    assert trial.expectation(qml.Z("a") + 2 * qml.Z("b"), WEIGHTS) == pytest.approx(
        np.vdot(state, matrix @ state).real
    )
    with pytest.raises(CircuitError, match="hold every wire"):
        trial.expectation(qml.Z("c"), WEIGHTS)


def test_resources_count_native_gates():
    trial = TrialState(qml.Z(0) @ qml.Z(3) + qml.X(1) @ qml.Y(2), "uccsd", electrons=2, simulator="native")
    costs = trial.resources()
    operations = qml.tape.QuantumScript(trial.circuit.operations(None, np.full(trial.weight_shape, 0.1)))
    (expanded,), _ = qml.transforms.decompose(
        operations, gate_set={"RX", "RY", "RZ", "Hadamard", "CNOT", "X"}
    )
    sizes = expanded.specs["resources"].gate_sizes
    assert costs["two_qubit_gates"] == sizes[2] == costs["gates"]["cx"]
    assert costs["one_qubit_gates"] == sizes[1]
    assert costs["depth"] >= costs["two_qubit_depth"] > 0
    assert (costs["qubits"], costs["weights"], costs["terms"], costs["measurement_bases"]) == (4, 3, 2, 1)


def test_drawing(trial):
    assert "Rot(w[0,0,:])" in trial.draw()
    assert f"{WEIGHTS[0, 0, 0]:.1f}" in trial.draw(WEIGHTS, decimals=1)


def test_bad_weights(trial):
    for call in (trial.value, trial.value_and_grad, trial.state, trial.draw):
        with pytest.raises(CircuitError, match=r"finite numbers of shape \(2, 2, 3\)"):
            call(np.zeros((2, 3)))
    with pytest.raises(CircuitError, match="shots is 0"):
        trial.estimate(WEIGHTS, 0)


@pytest.mark.parametrize(
    ("initial_state", "kept"), [(None, 2), ([1, 0, 0, 0], 1), ([1, 0, 1, 1], 3), ("plus", None)]
)
def test_the_state_and_not_the_argument_says_how_many_electrons_are_kept(initial_state, kept):
    hamiltonian = qml.sum(*[qml.Z(wire) for wire in range(4)])
    trial = TrialState(hamiltonian, "uccsd", electrons=2, initial_state=initial_state, simulator="native")
    assert trial.electrons == kept


def test_weights_may_be_a_parameter(trial):
    weights = torch.tensor(WEIGHTS, requires_grad=True)
    assert trial.value(weights) == trial.value(WEIGHTS)
