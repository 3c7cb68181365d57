"""Pieces of one or two qubits: their ground states, and gates that prepare them."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.ground_pieces import Piece, ground_pieces, prepare_pieces


def prepared(pieces, size):
    tape = qml.tape.QuantumScript(prepare_pieces(pieces, range(size)), [qml.state()])
    wires = range(size)
    return qml.execute([tape], qml.device("default.qubit", wires=wires), diff_method=None)[0]


FIELDS = [
    (((0, "X"),), 1.0),
    (((1, "Z"),), 2.0),
    (((2, "Y"),), -1.0),
    (((3, "X"),), -1.0),
    (((4, "Z"),), -3.0),
]
BONDS = [(((0, p), (1, p)), 1.0) for p in "XYZ"] + [(((2, p), (3, p)), -1.0) for p in "XY"]


@pytest.mark.parametrize(("terms", "size"), [(FIELDS, 5), (BONDS, 4), (FIELDS[:1] + BONDS[3:], 4)])
def test_prepared_states_are_ground_states(terms, size):
    words = [
        coefficient * qml.prod(*(getattr(qml, letter)(wire) for wire, letter in letters))
        for letters, coefficient in terms
    ]
    matrix = qml.matrix(qml.sum(*words, qml.I(0)), wire_order=range(size)) - np.eye(2**size)
    state = prepared(ground_pieces(terms), size)
    assert np.vdot(state, matrix @ state).real == pytest.approx(np.linalg.eigvalsh(matrix)[0])


@pytest.mark.parametrize(
    "terms",
    [
        [(((0, "Z"), (1, "Z")), 1.0)],  # 01 and 10
        [(((0, "Z"), (1, "Z")), 1.0), (((1, "Z"), (2, "Z")), 1.0), (((0, "Z"),), 1.0)],  # three qubits
        [*FIELDS, (((5, "Z"), (6, "Z")), 1.0)],
    ],
)
def test_degenerate_or_larger_pieces_are_none(terms):
    assert ground_pieces(terms) == ()


def test_any_state_of_two_qubits():
    rng = np.random.default_rng(5)
    for place in (None, 0, 1, 3):
        state = rng.normal(size=4) + 1j * rng.normal(size=4)
        if place is not None:
            state[:place] = 0
        state /= np.linalg.norm(state)
        made = prepared([Piece((0, 1), tuple(state))], 2)
        assert abs(np.vdot(made, state)) == pytest.approx(1.0)


def test_named_gates_where_there_are_some():
    assert prepare_pieces(ground_pieces(FIELDS[3:]), range(5)) == [qml.Hadamard(3)]
    assert [gate.name for gate in prepare_pieces(ground_pieces(BONDS[:3]), range(2))] == [
        "PauliX", "PauliX", "Hadamard", "CNOT",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_the_unit_of_energy_does_not_matter(unit):
    pieces = ground_pieces([(((0, "Z"),), unit), (((1, "X"),), -unit)])
    assert [piece.wires for piece in pieces] == [(0,), (1,)]
    assert ground_pieces([(((0, "Z"), (1, "Z")), unit)]) == ()
