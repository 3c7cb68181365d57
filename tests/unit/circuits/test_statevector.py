from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from hybrid_opt.circuits import row_tasks, row_threads
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.gate_encoding import encode_program
from hybrid_opt.circuits.gates import ANGLES, FIXED_MATRICES, Gate, gate_matrix
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.statevector import simulate


def random_states(n_rows, n_qubits, rng):
    states = rng.normal(size=(n_rows, 2**n_qubits)) + 1j * rng.normal(size=(n_rows, 2**n_qubits))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def dense(gate, angles, n_qubits):
    """The matrix on all qubits, by its definition."""
    matrix = gate.matrix if gate.matrix is not None else gate_matrix(gate.kind, angles)
    if matrix.ndim == 1:
        matrix = np.diag(matrix)
    result = np.zeros((2**n_qubits, 2**n_qubits), dtype=complex)
    places = [n_qubits - 1 - wire for wire in gate.targets]
    controls = sum(1 << (n_qubits - 1 - wire) for wire in gate.controls)
    for column in range(2**n_qubits):
        if column & controls != controls:
            result[column, column] = 1
            continue
        rest = column & ~sum(1 << place for place in places)
        own = sum((column >> place & 1) << k for k, place in enumerate(reversed(places)))
        for row in range(len(matrix)):
            spread = sum((row >> k & 1) << place for k, place in enumerate(reversed(places)))
            result[rest | spread, column] = matrix[row, own]
    return result


@pytest.mark.parametrize("kind", [kind for kind in ANGLES if kind != "kraus"])
@pytest.mark.parametrize("n_qubits", [3, 7])
def test_every_kind_is_its_dense_matrix_on_every_wire(kind, n_qubits):
    # seven qubits and three rows: lanes are bits of the index; nine rows: lanes are rows
    rng = np.random.default_rng(5)
    n_targets = 2 if kind in ("swap", "rxx", "ryy", "rzz", "unitary", "diagonal") else 1
    matrix = None
    if kind == "unitary":
        matrix = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
    elif kind == "diagonal":
        matrix = np.exp(1j * rng.normal(size=4))
    controlled = kind not in ("rxx", "ryy", "rzz", "unitary", "diagonal")
    for first in range(n_qubits):
        wires = tuple((first + step) % n_qubits for step in (0, 2, 1))
        for n_controls in range(2 if controlled else 1):
            targets, controls = wires[:n_targets], wires[n_targets : n_targets + n_controls]
            gate = Gate(kind, targets, controls, 0 if ANGLES[kind] else -1, matrix)
            program = Program(n_qubits, (gate,), ANGLES[kind], prepared=True)
            for n_rows in (3, 9):
                table = rng.uniform(-7, 7, (n_rows, ANGLES[kind]))
                initial = random_states(n_rows, n_qubits, rng)
                states = simulate(program, table, initial)
                for row in range(0, n_rows, 4):
                    expected = dense(gate, table[row], n_qubits) @ initial[row]
                    np.testing.assert_allclose(states[row], expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(1, 1), (2, 9), (3, 3), (8, 3), (9, 10)])
@pytest.mark.parametrize("prepared", [False, True])
def test_random_circuits_equal_default_qubit(n_qubits, n_rows, prepared, random_program, run_pennylane):
    program = random_program(n_qubits, 44, 10 * n_qubits, prepared=prepared)
    rng = np.random.default_rng(n_rows)
    table = rng.uniform(-4, 4, (n_rows, program.n_slots))
    initial = random_states(n_rows, n_qubits, rng) if prepared else None
    states = simulate(program, table, initial)
    # from eight qubits on rows that fill no vector are simulated one by one
    assert (encode_program(program, by_rows=True) is not None) == (n_qubits >= 8)
    assert states.shape == (n_rows, 2**n_qubits)
    assert states.dtype == np.complex128
    for row in {0, n_rows - 1}:
        expected = run_pennylane(program, table[row], None if initial is None else initial[row])
        np.testing.assert_allclose(states[row], expected, rtol=0, atol=1e-13)


def test_one_initial_state_serves_all_rows(random_program):
    for n_qubits, n_rows in ((3, 11), (8, 3)):
        program = random_program(n_qubits, 30, 4, prepared=True)
        rng = np.random.default_rng(0)
        table = rng.normal(size=(n_rows, program.n_slots))
        initial = random_states(1, n_qubits, rng)[0]
        expected = simulate(program, table, np.tile(initial, (n_rows, 1)))
        assert np.array_equal(simulate(program, table, initial), expected)


def test_the_order_of_memory_and_real_numbers_do_not_matter():
    program = Program(2, (Gate("ry", (0,), (), 0), Gate("rx", (1,), (), 1)), 2, prepared=True)
    table = np.random.default_rng(1).normal(size=(9, 2))
    initial = np.eye(4)[np.arange(9) % 4]
    expected = simulate(program, table, initial.astype(complex))
    assert np.array_equal(simulate(program, np.asfortranarray(table), np.asfortranarray(initial)), expected)
    assert np.array_equal(simulate(program, np.repeat(table, 2, axis=1)[:, ::2], initial), expected)


@pytest.mark.parametrize("n_rows", [1, 4, 5, 8, 13])
def test_a_row_is_the_same_in_every_batch(n_rows, random_program):
    program = random_program(8, 60, 8)
    table = np.random.default_rng(2).normal(size=(13, program.n_slots))
    alone = np.concatenate([simulate(program, row[None]) for row in table])
    np.testing.assert_allclose(simulate(program, table[:n_rows]), alone[:n_rows], rtol=0, atol=1e-14)


def test_one_by_one_as_side_by_side(random_program, monkeypatch):
    program = random_program(8, 60, 12, prepared=True)
    rng = np.random.default_rng(13)
    table, initial = rng.normal(size=(21, program.n_slots)), random_states(21, 8, rng)
    expected = simulate(program, table, initial)
    monkeypatch.setattr(row_tasks, "_MOST_QUBITS_SIDE_BY_SIDE", 0)
    np.testing.assert_allclose(simulate(program, table, initial), expected, rtol=0, atol=1e-14)


def test_large_and_tiny_angles():
    program = Program(1, (Gate("rx", (0,), (), 0),), 1)
    table = np.array([[0.0], [-0.0], [1e-9], [3e6], [-1e9], [1e300]])
    expected = np.stack([np.cos(table[:, 0] / 2), -1j * np.sin(table[:, 0] / 2)], axis=1)
    np.testing.assert_allclose(simulate(program, table), expected, rtol=0, atol=4e-16)


def test_nothing_to_do():
    assert simulate(Program(0, (), 0), np.empty((2, 0))).tolist() == [[1], [1]]
    assert simulate(Program(2, (), 0), np.empty((1, 0))).tolist() == [[1, 0, 0, 0]]
    assert simulate(Program(3, (Gate("rx", (0,), (), 0),), 1), np.empty((0, 1))).shape == (0, 8)
    assert simulate(Program(1, (), 0, prepared=True), np.empty((0, 0)), np.empty((0, 2))).shape == (0, 2)
    phase = Program(0, (), 1, ((0, 2.0),))
    np.testing.assert_allclose(simulate(phase, np.array([[0.25]])), [[np.exp(0.5j)]])


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(5, 40), (9, 3)])
def test_threads_change_nothing(n_qubits, n_rows, random_program, monkeypatch):
    monkeypatch.setattr(row_threads, "_WORTH_A_THREAD", 1)
    program = random_program(n_qubits, 40, 3)
    table = np.random.default_rng(3).normal(size=(n_rows, program.n_slots))
    alone = simulate(program, table, threads=1)
    for threads in (2, 3, 0, None):
        assert np.array_equal(simulate(program, table, threads=threads), alone)


def test_four_callers_at_once(random_program, monkeypatch):
    monkeypatch.setattr(row_threads, "_WORTH_A_THREAD", 1)
    programs = [random_program(n_qubits, 40, n_qubits) for n_qubits in (3, 4, 7, 8)]
    tables = [np.random.default_rng(4).normal(size=(21, program.n_slots)) for program in programs]
    expected = [simulate(program, table, threads=1) for program, table in zip(programs, tables)]

    def repeat(number):
        return all(
            np.array_equal(simulate(programs[number], tables[number], threads=3), expected[number])
            for _ in range(20)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(repeat, range(4)))


def test_a_spawned_process():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        states = pool.submit(
            simulate, Program(1, (Gate("h", (0,)),), 0), np.empty((20, 0)), threads=2
        ).result()
    np.testing.assert_allclose(states, np.full((20, 2), np.sqrt(0.5)))


@pytest.mark.parametrize("n_qubits", [2, 6])
def test_channels_are_refused(n_qubits):
    kraus = np.stack([FIXED_MATRICES["x"], FIXED_MATRICES["z"]]) / np.sqrt(2)
    program = Program(n_qubits, (Gate("kraus", (0,), matrix=kraus),), 0)
    with pytest.raises(CircuitError, match="no pure final state"):
        simulate(program, np.empty((1, 0)))


PLAIN = Program(2, (Gate("rx", (0,), (), 0),), 1)
PREPARED = Program(2, (), 0, prepared=True)


@pytest.mark.parametrize(
    ("program", "table", "initial", "words"),
    [
        (PLAIN, np.zeros(1), None, r"shape \(1,\)"),
        (PLAIN, np.zeros((2, 3)), None, r"\(executions, 1\)"),
        (PLAIN, np.array([[np.nan]]), None, "NaN"),
        (PLAIN, np.array([[1j]]), None, "complex128"),
        (PLAIN, np.array([["a"]]), None, "real numbers"),
        (PLAIN, np.zeros((1, 1)), np.ones(4), "only if it is prepared"),
        (PREPARED, np.zeros((3, 0)), None, r"hand over initial, shape \(4,\) or \(3, 4\)"),
        (PREPARED, np.zeros((3, 0)), np.ones((2, 4)), r"shape \(2, 4\)"),
        (PREPARED, np.zeros((3, 0)), np.ones((1, 4)), r"shape \(1, 4\)"),
        (PREPARED, np.zeros((3, 0)), np.ones(8), r"shape \(8,\)"),
        (PREPARED, np.zeros((3, 0)), np.array(["a"] * 4), "numbers"),
    ],
)
def test_wrong_arguments(program, table, initial, words):
    with pytest.raises(CircuitError, match=words):
        simulate(program, table, initial)


@pytest.mark.parametrize("threads", [-1, 1.5, True, "2"])
def test_illegal_threads(threads):
    with pytest.raises(CircuitError, match="threads is"):
        simulate(PLAIN, np.zeros((1, 1)), threads=threads)


def test_too_large():
    with pytest.raises(CircuitTooLargeError, match="50 qubits need"):
        simulate(Program(50, (Gate("h", (0,)),), 0), np.empty((1, 0)))


def test_memory_is_asked_for_results_and_working_states(monkeypatch):
    asked = []
    monkeypatch.setattr(row_tasks, "_CHECKED_ABOVE", 0)
    monkeypatch.setattr(row_tasks, "require_memory", lambda *arguments: asked.append(arguments))
    simulate(Program(3, (), 0), np.empty((24, 0)), threads=1)
    # 24 states of 16 bytes per amplitude, and eight rows at a time
    assert asked == [(3, 16, 32)]
