from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import native_simulator
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.native_simulator import NativeSimulator
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.statevector import simulate

TURN = Program(3, (Gate("ry", (0,), (), 0), Gate("x", (2,), (0,))), 1)
TABLE = np.array([[0.0], [np.pi], [np.pi / 3]])


def test_labels():
    simulator = NativeSimulator(threads=2)
    assert simulator.label == open_simulator("native").label == "native statevector (CPU)"
    assert simulator.compute == "cpu"
    assert repr(simulator) == "NativeSimulator(threads=2)"


def test_states(random_program):
    program = random_program(4, 40, 1, prepared=True)
    table = np.random.default_rng(0).normal(size=(5, program.n_slots))
    initial = np.eye(16, dtype=complex)[3]
    expected = simulate(program, table, initial)
    for phases in (True, False):
        assert np.array_equal(NativeSimulator().states(program, table, initial, phases=phases), expected)


def test_counts_of_certain_outcomes():
    first, second, third = NativeSimulator().counts(TURN, TABLE, [0, 1, 2], shots=50, seed=0)
    assert [part.tolist() for part in first] == [[0], [50]]
    assert [part.tolist() for part in second] == [[5], [50]]
    assert third[0].tolist() == [0, 5]
    assert third[1].sum() == 50
    assert third[0].dtype == third[1].dtype == np.int64


def test_the_first_wire_is_the_most_significant_bit():
    program = Program(3, (Gate("x", (1,)), Gate("x", (2,))), 0)
    table = np.empty((1, 0))
    for wires, outcome in (([0, 1, 2], 3), ([1, 0, 2], 5), ([2, 1], 3), ([0], 0), ([1], 1), ([1, 0], 2)):
        ((outcomes, multiplicities),) = NativeSimulator().counts(program, table, wires, shots=3, seed=1)
        assert (outcomes.tolist(), multiplicities.tolist()) == ([outcome], [3])
        bits = NativeSimulator().samples(program, table, wires, shots=2, seed=1)
        assert bits.shape == (1, 2, len(wires))
        assert bits.dtype == np.uint8
        assert {int("".join(map(str, shot)), 2) for shot in bits[0].tolist()} == {outcome}


def test_frequencies_follow_the_probabilities(random_program):
    program = random_program(3, 40, 2)
    table = np.random.default_rng(3).normal(size=(2, program.n_slots))
    shots = 20_000
    expected = (
        (np.abs(simulate(program, table)) ** 2).reshape(2, 2, 2, 2).sum(axis=2).swapaxes(1, 2).reshape(2, 4)
    )
    counts = NativeSimulator().counts(program, table, [2, 0], shots, seed=4)
    bits = NativeSimulator().samples(program, table, [2, 0], shots, seed=4)
    for row in range(2):
        drawn = np.zeros(4)
        drawn[counts[row][0]] = counts[row][1]
        sampled = np.bincount(2 * bits[row, :, 0].astype(int) + bits[row, :, 1], minlength=4)
        bound = 5 * np.sqrt(expected[row] * (1 - expected[row]) / shots) + 1e-12
        assert (np.abs(drawn / shots - expected[row]) < bound).all()
        assert (np.abs(sampled / shots - expected[row]) < bound).all()


def test_seeds_and_independent_rows():
    table = np.full((2, 1), np.pi / 2)
    simulator = NativeSimulator()
    first = simulator.samples(TURN, table, [0], shots=64, seed=5)
    assert np.array_equal(first, simulator.samples(TURN, table, [0], shots=64, seed=5))
    assert not np.array_equal(first, simulator.samples(TURN, table, [0], shots=64, seed=6))
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("own", [False, True])
def test_large_tables_in_parts(own, monkeypatch):
    program = Program(3, (Gate("ry", (0,), (), 0), Gate("rx", (2,), (), 0)), 1, prepared=True)
    table = np.random.default_rng(7).normal(size=(11, 1))
    initial = np.random.default_rng(8).normal(size=(11, 8) if own else 8) + 0j
    initial /= np.linalg.norm(initial, axis=-1, keepdims=True)
    whole = (
        NativeSimulator().counts(program, table, [2, 0], 30, 9, initial),
        NativeSimulator().samples(program, table, [2, 0], 30, 9, initial),
    )
    monkeypatch.setattr(native_simulator, "_AMPLITUDES_AT_A_TIME", 16)
    parts = NativeSimulator().counts(program, table, [2, 0], 30, 9, initial)
    assert [[a.tolist() for a in pair] for pair in parts] == [[a.tolist() for a in pair] for pair in whole[0]]
    assert np.array_equal(NativeSimulator().samples(program, table, [2, 0], 30, 9, initial), whole[1])
    with pytest.raises(CircuitError, match="initial has shape"):
        NativeSimulator().counts(program, table, [0], 1, 0, np.ones((12, 8)) / np.sqrt(8))
    with pytest.raises(CircuitError, match="initial state 0 has norm 3"):
        NativeSimulator().states(program, table, 3 * initial)


def test_no_rows():
    assert NativeSimulator().counts(TURN, np.empty((0, 1)), [0], 5, 0) == []
    assert NativeSimulator().samples(TURN, np.empty((0, 1)), [0, 1], 5, 0).shape == (0, 5, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shots": 0}, "shots is 0"),
        ({"shots": 1.5}, "shots is 1.5"),
        ({"shots": True}, "shots is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"wires": [0, 0]}, r"the wires to measure are \[0, 0\]"),
        ({"wires": [3]}, "from 0 to 2"),
        ({"table": np.zeros((1, 2))}, r"shape \(1, 2\)"),
        ({"initial": np.ones(8)}, "only if it is prepared"),
    ],
)
def test_wrong_arguments(change, words):
    arguments = {"table": TABLE, "wires": [0], "shots": 5, "seed": 0} | change
    for method in (NativeSimulator().counts, NativeSimulator().samples):
        with pytest.raises(CircuitError, match=words):
            method(TURN, **arguments)


def test_illegal_threads():
    with pytest.raises(CircuitError, match="threads is -1"):
        NativeSimulator(threads=-1)
