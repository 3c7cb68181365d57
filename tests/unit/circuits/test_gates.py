"""Matrices of all kinds against PennyLane's."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.gates import ANGLES, FIXED_MATRICES, Gate, gate_matrix

OPERATIONS = {
    "x": qml.X,
    "y": qml.Y,
    "z": qml.Z,
    "h": qml.Hadamard,
    "s": qml.S,
    "sdg": lambda wires: qml.adjoint(qml.S(wires)),
    "t": qml.T,
    "tdg": lambda wires: qml.adjoint(qml.T(wires)),
    "sx": qml.SX,
    "sxdg": lambda wires: qml.adjoint(qml.SX(wires)),
    "rx": qml.RX,
    "ry": qml.RY,
    "rz": qml.RZ,
    "p": qml.PhaseShift,
    "rot": qml.Rot,
    "u": qml.U3,
    "swap": qml.SWAP,
    "rxx": qml.IsingXX,
    "ryy": qml.IsingYY,
    "rzz": qml.IsingZZ,
}


def test_every_kind_without_a_matrix_of_its_own_is_listed():
    assert set(OPERATIONS) == set(ANGLES) - {"unitary", "diagonal", "kraus"}
    assert set(FIXED_MATRICES) < set(ANGLES)


@pytest.mark.parametrize("kind", sorted(OPERATIONS))
def test_matrix_is_pennylanes(kind):
    angles = np.random.default_rng(1).uniform(-7, 7, (3, ANGLES[kind]))
    wires = [0, 1] if kind in ("swap", "rxx", "ryy", "rzz") else 0
    for row, matrix in zip(angles, gate_matrix(kind, angles)):
        np.testing.assert_allclose(matrix, OPERATIONS[kind](*row, wires=wires).matrix(), atol=1e-14)


def test_number_of_angles():
    assert Gate("rot", (0,), slot=0).n_angles == 3
    assert Gate("x", (0,), (1,)).n_angles == 0


def test_unknown_kind():
    with pytest.raises(KeyError, match="qft"):
        gate_matrix("qft", np.zeros(1))
