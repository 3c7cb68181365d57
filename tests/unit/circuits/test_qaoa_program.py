"""QAOA programs: the right circuit, one object per structure, exact mixing within one weight."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pennylane as qml
import pytest
import scipy.linalg

from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.qaoa_program import dicke_state, mixer_pairs, qaoa_operations, qaoa_program
from hybrid_opt.circuits.simulators import open_simulator

PAIRS = ((1, 2), (0, 1), (0, 3))


def angles(program, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, (1, program.n_slots))


def paulis(letter, wires, n_qubits):
    return qml.matrix(qml.prod(*(getattr(qml, letter)(wire) for wire in wires)), wire_order=range(n_qubits))


def test_columns_are_fields_pairs_and_the_mixer():
    program = qaoa_program(4, PAIRS, 2)
    assert program.n_slots == 2 * (4 + 3 + 1)
    table = angles(program)
    state = np.full(16, 0.25, dtype=complex)
    for layer in table.reshape(2, 8):
        cost = sum(angle * paulis("Z", [wire], 4) for wire, angle in enumerate(layer[:4]))
        cost = cost + sum(angle * paulis("Z", pair, 4) for pair, angle in zip(PAIRS, layer[4:7]))
        mixer = layer[7] * sum(paulis("X", [wire], 4) for wire in range(4))
        state = scipy.linalg.expm(-0.5j * mixer) @ scipy.linalg.expm(-0.5j * cost) @ state
    for name in ("aer", "native"):
        ours = open_simulator(name, compute="cpu").states(program, table)[0]
        assert abs(np.vdot(ours, state)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("mixer", "weight"), [("x", 0), ("xy", 2)])
def test_operations_are_the_program(mixer, weight):
    program = qaoa_program(4, PAIRS, 2, mixer)
    table = angles(program)
    start = dicke_state(4, weight) if mixer == "xy" else None
    ours = open_simulator("native").states(program, table, start)[0]
    device = qml.device("default.qubit", wires=4)
    tape = qml.tape.QuantumScript(qaoa_operations(program, table[0], weight), [qml.state()])
    theirs = qml.execute([tape], device, diff_method=None)[0]
    assert abs(np.vdot(ours, theirs)) == pytest.approx(1, abs=1e-12)


def test_one_object_per_structure():
    assert qaoa_program(3, ((0, 1),), 1) is qaoa_program(3, ((0, 1),), 1)
    assert qaoa_program(3, ((0, 1),), 1) is not qaoa_program(3, ((0, 1),), 2)


def test_the_weight_is_kept_and_a_constant_objective_changes_nothing():
    program = qaoa_program(4, PAIRS, 2, "xy")
    start = dicke_state(4, 1)
    state = open_simulator("native").states(program, angles(program), start)[0]
    allowed = abs(start) > 0
    assert (abs(state[~allowed]) < 1e-14).all()
    assert abs(state[allowed]).std() > 0.05
    mixing = np.zeros((1, program.n_slots))
    mixing[0, [7, 15]] = 0.7, -1.3
    state = open_simulator("native").states(program, mixing, start)[0]
    assert abs(np.vdot(state, start)) == pytest.approx(1, abs=1e-12)


def test_the_mixer_of_one_weight_is_that_of_the_johnson_graph():
    """For small beta the product of the gates is the exponential of the sum of (XX + YY) / 2."""
    program = qaoa_program(4, (), 1, "xy")
    beta, graph = 1e-4, np.zeros((16, 16), dtype=complex)
    for pair in combinations(range(4), 2):
        graph += (paulis("X", pair, 4) + paulis("Y", pair, 4)) / 2
    start = np.zeros(16, dtype=complex)
    start[0b0011] = 1
    state = open_simulator("native").states(program, np.array([[0, 0, 0, 0, beta]]), start)[0]
    change = (state / (state[0b0011] / abs(state[0b0011])) - start) / beta
    np.testing.assert_allclose(change, -1j * graph @ start, atol=5e-3)


@pytest.mark.parametrize("n_qubits", [1, 2, 5, 6])
def test_mixer_pairs(n_qubits):
    pairs = mixer_pairs(n_qubits)
    assert sorted(pairs) == list(combinations(range(n_qubits), 2))
    if n_qubits > 3:
        assert not set(pairs[0]) & set(pairs[1])


def test_dicke_states():
    state = dicke_state(4, 2)
    assert np.linalg.norm(state) == pytest.approx(1)
    assert np.flatnonzero(state).tolist() == [3, 5, 6, 9, 10, 12]
    assert len(set(state[state != 0])) == 1
    with pytest.raises(ValueError, match="read-only"):
        state[0] = 1
    with pytest.raises(CircuitError, match="from 0 to 4"):
        dicke_state(4, 5)
    with pytest.raises(CircuitTooLargeError):
        dicke_state(60, 2)


def test_an_unknown_mixer():
    with pytest.raises(CircuitError, match="'ring'"):
        qaoa_program(3, (), 1, "ring")
