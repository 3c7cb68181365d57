"""Expectation values and cotangents against dense matrices."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.readout import PauliReadout, UnknownObservableError

OBSERVABLES = [
    qml.Z(0),
    qml.X(2),
    qml.Y(1) @ qml.Y(2),
    0.5 * qml.Z(0) - 1.5 * qml.X(0) @ qml.Y(1) @ qml.Z(2) + 2 * qml.I(),
    qml.Hamiltonian([0.3, 0.7], [qml.Z(1) @ qml.Z(2), qml.X(1)]),
    qml.I(0),
]
DIAGONAL = [qml.Z(0), qml.Z(1) @ qml.Z(2), 0.5 * qml.Z(2) + qml.I()]


def random_states(rows, n, seed=0):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(rows, 2**n)) + 1j * rng.normal(size=(rows, 2**n))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


@pytest.mark.parametrize("matrix_entries", [2**22, 0], ids=["as a matrix", "word by word"])
@pytest.mark.parametrize("observables", [OBSERVABLES, DIAGONAL], ids=["general", "diagonal"])
def test_values_and_cotangents(monkeypatch, observables, matrix_entries):
    monkeypatch.setattr("hybrid_opt.circuits.readout._MATRIX_ENTRIES", matrix_entries)
    readout = PauliReadout(observables, 3)
    states = random_states(4, 3)
    weights = np.random.default_rng(1).normal(size=(4, len(observables)))
    matrices = np.array([qml.matrix(observable, wire_order=range(3)) for observable in observables])
    applied = np.einsum("oij,bj->boi", matrices, states)
    np.testing.assert_allclose(
        readout.values(states), np.einsum("bi,boi->bo", states.conj(), applied).real, atol=1e-14
    )
    np.testing.assert_allclose(
        readout.cotangents(states, weights), 2 * np.einsum("bo,boi->bi", weights, applied), atol=1e-14
    )
    densities = np.einsum("bi,bj->bij", states, states.conj())
    np.testing.assert_allclose(readout.density_values(densities), readout.values(states), atol=1e-14)
    assert readout.n_outputs == len(observables)


def test_cotangent_is_the_derivative():
    """dL = Re(sum conj(c) dpsi), by a difference quotient in a random direction."""
    readout = PauliReadout(OBSERVABLES, 3)
    states, direction = random_states(2, 3), random_states(2, 3, seed=9)
    weights = np.random.default_rng(2).normal(size=(2, len(OBSERVABLES)))
    step = 1e-6
    ahead, behind = (readout.values(states + sign * step * direction) for sign in (1, -1))
    difference = (ahead - behind) / step
    slope = np.sum(readout.cotangents(states, weights).conj() * direction).real
    assert np.sum(weights * difference) / 2 == pytest.approx(slope, abs=1e-8)


def test_mixed_states():
    noise = np.array([np.diag([0.7, 0.1, 0.1, 0.1])], dtype=complex)
    assert PauliReadout([qml.Z(0), qml.Z(1)], 2).density_values(noise).round(12).tolist() == [[0.6, 0.6]]


def test_no_rows():
    readout = PauliReadout(OBSERVABLES, 3)
    empty = np.zeros((0, 8), dtype=complex)
    assert readout.values(empty).shape == (0, 6)
    assert readout.cotangents(empty, np.zeros((0, 6))).shape == (0, 8)


@pytest.mark.parametrize(
    ("observables", "message"),
    [
        ([], "no observable"),
        ([qml.Hermitian(np.eye(2), 0)], "no sum of Pauli words"),
        ([qml.Z(3)], "acts on wire 3; the circuit has the wires 0 to 2"),
        ([qml.Z("a")], "acts on wire 'a'"),
        ([1j * qml.Z(0)], "must be real"),
        ([float("nan") * qml.Z(0)], "must be real"),
        (["Z"], "no sum of Pauli words"),
    ],
)
def test_unknown_observables(observables, message):
    with pytest.raises(UnknownObservableError, match=message):
        PauliReadout(observables, 3)
    assert issubclass(UnknownObservableError, CircuitError)
