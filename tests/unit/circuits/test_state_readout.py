"""Any state measurement, its value and its derivative."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.state_readout import StateReadout, measurement_cotangents

MEASUREMENTS = [
    qml.probs(wires=[1]),
    qml.var(qml.X(0)),
    qml.expval(qml.Projector([1, 0], [0, 1])),
    qml.expval(qml.Hermitian(np.array([[1.0, 0.5j], [-0.5j, 2.0]]), 1)),
    qml.purity([0]),
    qml.probs(wires=[1, 0]),
]


def random_states(rows, n, seed=0):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(rows, 2**n)) + 1j * rng.normal(size=(rows, 2**n))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def test_values_are_pennylanes():
    readout = StateReadout(MEASUREMENTS, 2)
    states = random_states(3, 2)
    assert readout.n_outputs == 2 + 1 + 1 + 1 + 1 + 4
    assert readout.shapes == [(2,), (), (), (), (), (4,)]
    for state, values in zip(states, readout.values(states)):

        @qml.qnode(qml.device("default.qubit", wires=2))
        def circuit(state=state):
            qml.StatePrep(state, [0, 1])
            return [qml.apply(measurement) for measurement in MEASUREMENTS]

        np.testing.assert_allclose(values, np.concatenate([np.ravel(v) for v in circuit()]), atol=1e-12)


def test_cotangent_is_the_derivative():
    readout = StateReadout(MEASUREMENTS, 2)
    states, direction = random_states(2, 2), random_states(2, 2, seed=9)
    weights = np.random.default_rng(2).normal(size=(2, readout.n_outputs))
    step = 1e-6
    ahead, behind = (readout.values(states + sign * step * direction) for sign in (1, -1))
    difference = (ahead - behind) / step
    slope = np.sum(readout.cotangents(states, weights).conj() * direction).real
    assert np.sum(weights * difference) / 2 == pytest.approx(slope, abs=1e-7)


def test_cotangent_of_the_state_itself():
    states, weight = random_states(2, 2), random_states(2, 2, seed=3)
    np.testing.assert_allclose(measurement_cotangents([qml.state()], states, [weight], 2), weight, atol=1e-14)


def test_no_rows():
    readout = StateReadout(MEASUREMENTS, 2)
    empty = np.zeros((0, 4), dtype=complex)
    assert readout.values(empty).shape == (0, 10)
    assert readout.cotangents(empty, np.zeros((0, 10))).shape == (0, 4)


@pytest.mark.parametrize("measurement", [qml.sample(), qml.counts(), qml.state()])
def test_measurements_without_a_real_value(measurement):
    with pytest.raises(CircuitError, match="no real value for a state"):
        StateReadout([measurement], 1)
