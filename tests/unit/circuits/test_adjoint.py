from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from hybrid_opt.circuits import row_tasks, row_threads
from hybrid_opt.circuits.adjoint import adjoint_gradient
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError, DeviceUnavailableError
from hybrid_opt.circuits.gates import ANGLES, FIXED_MATRICES, Gate
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.statevector import simulate


def random_vectors(n_rows, n_qubits, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2**n_qubits)) + 1j * rng.normal(size=(n_rows, 2**n_qubits))


def slopes(program, table, cotangents, initial, step=1e-3):
    """Central differences of order six of Re(sum conj(c) psi), every column."""
    result = np.zeros(table.shape)
    for column in range(table.shape[1]):
        for distance, weight in ((1, 3 / 2), (2, -3 / 5), (3, 1 / 10)):
            for sign in (1, -1):
                moved = table.copy()
                moved[:, column] += sign * distance * step
                values = (cotangents.conj() * simulate(program, moved, initial)).sum(axis=1).real
                result[:, column] += sign * weight / (2 * distance * step) * values
    return result


CASES = [
    (kind, n_controls)
    for kind in ANGLES
    for n_controls in range(1 if kind in ("rxx", "ryy", "rzz") else 3)
    if ANGLES[kind]
]


@pytest.mark.parametrize(("kind", "n_controls"), CASES)
def test_every_kind_against_differences(kind, n_controls):
    n_targets = 2 if kind in ("rxx", "ryy", "rzz") else 1
    rng = np.random.default_rng(1)
    # nine rows of three qubits lie in lanes, two rows of seven qubits one by one
    for n_qubits, n_rows in ((3, 9), (7, 2)):
        for first in range(n_qubits):
            wires = tuple((first + step) % n_qubits for step in (0, 2, 1))
            gate = Gate(kind, wires[:n_targets], wires[n_targets : n_targets + n_controls], 1)
            program = Program(n_qubits, (gate,), 1 + ANGLES[kind], prepared=True)
            table = rng.uniform(-4, 4, (n_rows, program.n_slots))
            initial = random_vectors(n_rows, n_qubits, first)
            cotangents = random_vectors(n_rows, n_qubits, 99)
            gradient = adjoint_gradient(program, table, simulate(program, table, initial), cotangents)
            np.testing.assert_allclose(
                gradient, slopes(program, table, cotangents, initial), rtol=0, atol=1e-10
            )
            assert np.abs(gradient[:, 1:]).max() > 0.1


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(2, 1), (3, 9), (8, 2)])
@pytest.mark.parametrize("prepared", [False, True])
def test_random_circuits_against_backprop(n_qubits, n_rows, prepared, random_program, run_pennylane):
    program = random_program(n_qubits, 40, 7 * n_qubits, prepared=prepared)
    table = np.random.default_rng(2).uniform(-4, 4, (n_rows, program.n_slots))
    initial = None
    if prepared:
        initial = random_vectors(n_rows, n_qubits, 3)
        initial /= np.linalg.norm(initial, axis=1, keepdims=True)
    cotangents = random_vectors(n_rows, n_qubits, 4)
    states = simulate(program, table, initial)
    gradient = adjoint_gradient(program, table, states, cotangents)
    for row in {0, n_rows - 1}:
        angles = torch.tensor(table[row], requires_grad=True)
        state = run_pennylane(program, angles, None if initial is None else initial[row])
        (torch.tensor(cotangents[row]).conj() * state).sum().real.backward()
        np.testing.assert_allclose(gradient[row], angles.grad.numpy(), rtol=0, atol=1e-10)


def test_expectation_values_against_parameter_shift():
    gates = [Gate("ry", (wire,), (), wire) for wire in range(4)]
    gates += [Gate("x", (wire + 1,), (wire,)) for wire in range(3)]
    gates += [Gate("rxx", (0, 3), (), 4), Gate("rz", (2,), (), 5), Gate("rx", (3,), (), 6)]
    program = Program(4, tuple(gates), 7)
    table = np.random.default_rng(5).uniform(-3, 3, (3, 7))
    observable = np.kron(
        np.kron(FIXED_MATRICES["z"], FIXED_MATRICES["x"]), np.kron(FIXED_MATRICES["y"], np.eye(2))
    )

    def value(angles):
        states = simulate(program, angles)
        return np.einsum("bi,ij,bj->b", states.conj(), observable, states).real

    states = simulate(program, table)
    gradient = adjoint_gradient(program, table, states, 2 * states @ observable.T)
    for column in range(7):
        shift = np.zeros(7)
        shift[column] = np.pi / 2
        expected = (value(table + shift) - value(table - shift)) / 2
        np.testing.assert_allclose(gradient[:, column], expected, rtol=0, atol=1e-12)


def test_a_wrong_global_phase_of_the_states_does_no_harm(random_program):
    program = random_program(3, 40, 6)
    table = np.random.default_rng(6).normal(size=(4, program.n_slots))
    states = simulate(program, table)
    signs = np.array([1, 1, -1, 1, -1, 1, -1, -1])
    expected = adjoint_gradient(program, table, states, 2 * states * signs)
    turned = states * np.exp([[0.3j], [1j], [2j], [-1j]])
    gradient = adjoint_gradient(program, table, turned, 2 * turned * signs)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(3, 10), (8, 2)])
def test_initial_cotangents(n_qubits, n_rows, random_program):
    program = random_program(n_qubits, 40, 9, prepared=True)
    table = np.random.default_rng(7).normal(size=(n_rows, program.n_slots))
    initial, direction = random_vectors(n_rows, n_qubits, 8), random_vectors(n_rows, n_qubits, 9)
    cotangents = random_vectors(n_rows, n_qubits, 10)
    states = simulate(program, table, initial)
    gradient, start = adjoint_gradient(program, table, states, cotangents, with_initial=True)
    assert np.array_equal(gradient, adjoint_gradient(program, table, states, cotangents))
    # The circuit is linear in the state it starts from.
    change = simulate(program, table, direction)
    np.testing.assert_allclose(
        (start.conj() * direction).sum(axis=1), (cotangents.conj() * change).sum(axis=1), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(3, 10), (8, 3)])
def test_wanted_columns(n_qubits, n_rows, random_program):
    program = random_program(n_qubits, 40, 11)
    table = np.random.default_rng(8).normal(size=(n_rows, program.n_slots))
    states, cotangents = simulate(program, table), random_vectors(n_rows, n_qubits, 12)
    whole, start = adjoint_gradient(program, table, states, cotangents, with_initial=True)
    for share in (0.0, 0.1, 0.5, 1.0):
        wanted = np.random.default_rng(9).random(program.n_slots) < share
        gradient = adjoint_gradient(program, table, states, cotangents, wanted=wanted)
        assert np.array_equal(gradient, np.where(wanted, whole, 0))
        both = adjoint_gradient(program, table, states, cotangents, wanted=wanted, with_initial=True)
        assert np.array_equal(both[0], gradient)
        assert np.array_equal(both[1], start)


def test_one_by_one_as_side_by_side(random_program, monkeypatch):
    program = random_program(8, 60, 18)
    table = np.random.default_rng(19).normal(size=(21, program.n_slots))
    states, cotangents = simulate(program, table), random_vectors(21, 8, 20)
    expected = adjoint_gradient(program, table, states, cotangents, with_initial=True)
    monkeypatch.setattr(row_tasks, "_MOST_QUBITS_SIDE_BY_SIDE", 0)
    result = adjoint_gradient(program, table, states, cotangents, with_initial=True)
    for own, other in zip(result, expected):
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-12)


def test_arguments_are_left_alone(random_program):
    program = random_program(3, 30, 13)
    table = np.random.default_rng(10).normal(size=(9, program.n_slots))
    states, cotangents = simulate(program, table), random_vectors(9, 3, 14)
    kept = [array.copy() for array in (table, states, cotangents)]
    gradient = adjoint_gradient(program, table, states, cotangents)
    for array, copy in zip((table, states, cotangents), kept):
        assert np.array_equal(array, copy)
        array.flags.writeable = False
    assert np.array_equal(adjoint_gradient(program, table, states, np.asfortranarray(cotangents)), gradient)


def test_an_angle_used_twice_gets_both_parts():
    program = Program(1, (Gate("rx", (0,), (), 0), Gate("rx", (0,), (), 0)), 1)
    table = np.array([[0.4]])
    states = simulate(program, table)
    gradient = adjoint_gradient(program, table, states, 2 * states * [1, -1])
    np.testing.assert_allclose(gradient, [[-2 * np.sin(0.8)]])


def test_nothing_to_do():
    nothing = adjoint_gradient(Program(2, (), 0), np.empty((1, 0)), *[np.ones((1, 4), complex)] * 2)
    assert nothing.shape == (1, 0)
    program = Program(3, (Gate("rx", (0,), (), 0),), 1)
    empty = np.empty((0, 8), complex)
    gradient, start = adjoint_gradient(program, np.empty((0, 1)), empty, empty, with_initial=True)
    assert gradient.shape == (0, 1)
    assert start.shape == (0, 8)
    phase = Program(0, (), 1, ((0, 2.0),))
    gradient = adjoint_gradient(phase, np.array([[0.3]]), np.array([[np.exp(0.6j)]]), np.array([[1j]]))
    np.testing.assert_allclose(gradient, [[2 * np.cos(0.6)]])


@pytest.mark.parametrize(("n_qubits", "n_rows"), [(5, 40), (9, 3)])
def test_threads_change_nothing(n_qubits, n_rows, random_program, monkeypatch):
    monkeypatch.setattr(row_threads, "_WORTH_A_THREAD", 1)
    program = random_program(n_qubits, 40, 15)
    table = np.random.default_rng(11).normal(size=(n_rows, program.n_slots))
    arrays = simulate(program, table, threads=1), random_vectors(n_rows, n_qubits, 16)
    alone = adjoint_gradient(program, table, *arrays, with_initial=True, threads=1)
    for threads in (2, 3, 0, None):
        shared = adjoint_gradient(program, table, *arrays, with_initial=True, threads=threads)
        assert np.array_equal(shared[0], alone[0])
        assert np.array_equal(shared[1], alone[1])


def test_four_callers_at_once(random_program, monkeypatch):
    monkeypatch.setattr(row_threads, "_WORTH_A_THREAD", 1)
    jobs = []
    for n_qubits in (3, 4, 7, 8):
        program = random_program(n_qubits, 40, n_qubits)
        table = np.random.default_rng(12).normal(size=(21, program.n_slots))
        states, cotangents = simulate(program, table), random_vectors(21, n_qubits, 17)
        jobs.append((program, table, states, cotangents))
    expected = [adjoint_gradient(*job, threads=1) for job in jobs]

    def repeat(number):
        return all(
            np.array_equal(adjoint_gradient(*jobs[number], threads=3), expected[number]) for _ in range(20)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(repeat, range(4)))


PROGRAM = Program(2, (Gate("rx", (0,), (), 0),), 1)
GOOD = {"table": np.zeros((3, 1)), "states": np.ones((3, 4), complex), "cotangents": np.ones((3, 4), complex)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": np.zeros((3, 2))}, r"shape \(3, 2\)"),
        ({"table": np.full((3, 1), np.inf)}, "infinite"),
        ({"states": np.ones((2, 4), complex)}, r"states have shape \(2, 4\)"),
        ({"states": np.ones((3, 4))}, "states have .* float64; they must be complex128"),
        ({"cotangents": np.ones((3, 8), complex)}, r"cotangents have shape \(3, 8\)"),
        ({"cotangents": np.ones((3, 4), np.complex64)}, "cotangents have .* complex64"),
        ({"wanted": np.ones(2, bool)}, r"wanted has shape \(2,\)"),
        ({"wanted": np.ones(1)}, "wanted has .* float64"),
        ({"compute": "tpu"}, "compute is 'tpu'"),
        ({"threads": -2}, "threads is -2"),
    ],
)
def test_wrong_arguments(change, words):
    with pytest.raises(CircuitError, match=words):
        adjoint_gradient(PROGRAM, **(GOOD | change))


def test_channels_are_refused():
    kraus = np.stack([FIXED_MATRICES["x"], FIXED_MATRICES["z"]]) / np.sqrt(2)
    program = Program(2, (Gate("kraus", (0,), matrix=kraus), Gate("rx", (0,), (), 0)), 1)
    with pytest.raises(CircuitError, match="no pure final state"):
        adjoint_gradient(program, **GOOD)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_asked_for_and_absent():
    with pytest.raises(DeviceUnavailableError, match="no CUDA here"):
        adjoint_gradient(PROGRAM, **GOOD, compute="gpu")


def test_too_large(monkeypatch):
    monkeypatch.setattr("hybrid_opt.circuits.memory.free_memory", lambda: 1000)
    monkeypatch.setattr("hybrid_opt.circuits.row_tasks._CHECKED_ABOVE", 0)
    with pytest.raises(CircuitTooLargeError, match="2 qubits need"):
        adjoint_gradient(PROGRAM, **GOOD)


def test_a_gpu_is_taken_for_large_states_only(monkeypatch):
    """compute="auto" with a pretended GPU that writes down what it gets."""
    import torch

    from hybrid_opt.circuits import adjoint_torch

    seen = []

    def sweep(program, table, states, cotangents, wanted, with_initial):
        seen.append((states.shape, with_initial))
        return np.zeros(table.shape), states

    monkeypatch.setattr(adjoint_torch, "sweep_on_gpu", sweep)
    states = np.ones((2, 2), complex)
    table = np.zeros((2, 1))
    program = Program(1, (Gate("ry", (0,), (), 0),), 1)
    for available, most, expected in ((False, 1, 0), (True, 5, 0), (True, 4, 1)):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: available)  # noqa: B023
        monkeypatch.setattr("hybrid_opt.circuits.adjoint._WORTH_GPU", most)
        adjoint_gradient(program, table, states, states, compute="auto")
        assert len(seen) == expected
    assert seen == [((2, 2), False)]
