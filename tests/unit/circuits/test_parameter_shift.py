"""Parameter shift against backpropagation through PennyLane's own simulators, and its bookkeeping."""

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import ANGLES, Gate, gate_matrix
from hybrid_opt.circuits.parameter_shift import shift_rule, shifted_table, used_slots
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.tape_reading import read_tape

WIRES = range(3)
OBSERVABLES = [qml.Z(0), qml.X(1) @ qml.Y(2), qml.Hermitian(np.diag([1.0, -2.0, 0.5, 3.0]), [1, 2])]
MATRICES = np.stack([qml.matrix(observable, wire_order=WIRES) for observable in OBSERVABLES])

SMALL, LARGE = (np.sqrt(2) - 1) / (4 * np.sqrt(2)), (np.sqrt(2) + 1) / (4 * np.sqrt(2))
TWO_TERMS = {0.5: 0.5, -0.5: -0.5}
FOUR_TERMS = {0.5: LARGE, -0.5: -LARGE, 1.5: -SMALL, -1.5: SMALL}

# A gate as it stands in a program, PennyLane's operator, the terms of each angle's rule
KINDS = {
    "rx": (Gate("rx", (1,), (), 0), lambda t: qml.RX(t[0], 1), [2]),
    "ry": (Gate("ry", (2,), (), 0), lambda t: qml.RY(t[0], 2), [2]),
    "rz": (Gate("rz", (0,), (), 0), lambda t: qml.RZ(t[0], 0), [2]),
    "p": (Gate("p", (1,), (), 0), lambda t: qml.PhaseShift(t[0], 1), [2]),
    "rot": (Gate("rot", (1,), (), 0), lambda t: qml.Rot(*t, 1), [2, 2, 2]),
    "u": (Gate("u", (1,), (), 0), lambda t: qml.U3(*t, 1), [2, 2, 2]),
    "rxx": (Gate("rxx", (2, 0), (), 0), lambda t: qml.IsingXX(t[0], [2, 0]), [2]),
    "ryy": (Gate("ryy", (2, 0), (), 0), lambda t: qml.IsingYY(t[0], [2, 0]), [2]),
    "rzz": (Gate("rzz", (1, 2), (), 0), lambda t: qml.IsingZZ(t[0], [1, 2]), [2]),
    "controlled rx": (Gate("rx", (1,), (2,), 0), lambda t: qml.CRX(t[0], [2, 1]), [4]),
    "controlled ry": (Gate("ry", (2,), (0,), 0), lambda t: qml.CRY(t[0], [0, 2]), [4]),
    "controlled rz": (Gate("rz", (0,), (1,), 0), lambda t: qml.CRZ(t[0], [1, 0]), [4]),
    "controlled p": (Gate("p", (1,), (0,), 0), lambda t: qml.ControlledPhaseShift(t[0], [0, 1]), [2]),
    "controlled rot": (Gate("rot", (1,), (0,), 0), lambda t: qml.ctrl(qml.Rot(*t, 1), 0), [4, 4, 4]),
    "controlled u": (Gate("u", (1,), (0,), 0), lambda t: qml.ctrl(qml.U3(*t, 1), 0), [4, 2, 2]),
    "twice rx": (Gate("rx", (1,), (0, 2), 0), lambda t: qml.ctrl(qml.RX(t[0], 1), [0, 2]), [4]),
    "twice p": (Gate("p", (1,), (0, 2), 0), lambda t: qml.ctrl(qml.PhaseShift(t[0], 1), [0, 2]), [2]),
}


def apply_gate(states, gate, table):
    """States of shape (rows, 2, 2, 2) after a gate, by plain index work."""
    columns = slice(gate.slot, gate.slot + gate.n_angles)
    matrix = gate.matrix if gate.matrix is not None else gate_matrix(gate.kind, table[:, columns])
    matrix = np.broadcast_to(matrix, (len(states), *matrix.shape[-2:]))
    axes = [1 + wire for wire in (*gate.controls, *gate.targets)]
    front = np.moveaxis(states, axes, range(1, 1 + len(axes)))
    flat = front.reshape(len(states), 2 ** len(axes), -1).copy()
    acted = slice(2 ** len(axes) - matrix.shape[-1], None)  # the last block: all controls 1
    flat[:, acted] = matrix @ flat[:, acted]
    return np.moveaxis(flat.reshape(front.shape), range(1, 1 + len(axes)), axes)


def evaluate(program, table, matrices=MATRICES):
    """Expectation values for every row of a table, shape (rows, O)."""
    states = np.zeros((len(table), *[2] * program.n_qubits), dtype=complex)
    states[(slice(None), *[0] * program.n_qubits)] = 1
    for gate in program.gates:
        states = apply_gate(states, gate, table)
    flat = states.reshape(len(table), -1)
    return np.einsum("bi,oij,bj->bo", flat.conj(), matrices, flat).real


def surrounded(gate, n_slots):
    """The gate between fixed ones, so that its angles show all their frequencies."""
    matrix = gate_matrix("rot", np.array([0.3, 1.1, -0.7]))
    fixed = [Gate("unitary", (wire,), matrix=matrix) for wire in WIRES]
    fixed += [Gate("x", (1,), (0,)), Gate("x", (2,), (1,))]
    return Program(3, (*fixed, gate, *fixed), n_slots)


def surround(operator):
    for turn in range(2):
        for wire in WIRES:
            qml.Rot(0.3, 1.1, -0.7, wire)
        qml.CNOT([0, 1])
        qml.CNOT([1, 2])
        if turn == 0:
            operator()


def backpropagated(circuit, table, observables=OBSERVABLES, device="default.qubit"):
    """Jacobian of every row by torch, shape (B, O, S)."""

    @qml.qnode(qml.device(device, wires=3), interface="torch", diff_method="backprop")
    def node(angles):
        circuit(angles)
        return [qml.expval(observable) for observable in observables]

    def values(angles):
        return torch.stack([value.real for value in node(angles)])

    rows = [torch.autograd.functional.jacobian(values, torch.tensor(row)) for row in table]
    return torch.stack(rows).numpy()


def random_circuit(seed, n_operations=14):
    """Angles, and a circuit on three wires that uses every gate with angles PennyLane has."""
    rng = np.random.default_rng(seed)
    classes = [qml.RX, qml.RY, qml.RZ, qml.PhaseShift, qml.Rot, qml.U3, qml.CRX, qml.CRY, qml.CRZ]
    classes += [qml.ControlledPhaseShift, qml.IsingXX, qml.IsingYY, qml.IsingZZ]
    chosen = [classes[i % len(classes)] for i in rng.permutation(n_operations)]
    wires = [rng.permutation(3)[: kind.num_wires].tolist() for kind in chosen]

    def circuit(angles):
        qml.Hadamard(0)
        qml.CNOT([0, 2])
        first = 0
        for kind, on in zip(chosen, wires):
            kind(*angles[first : first + kind.num_params], wires=on)
            first += kind.num_params

    return rng.uniform(-np.pi, np.pi, sum(kind.num_params for kind in chosen)), circuit


def random_program(seed):
    angles, circuit = random_circuit(seed)
    return read_tape(qml.tape.make_qscript(circuit)(angles), 3)


@pytest.mark.parametrize("kind", KINDS)
def test_rule_of_each_kind_has_the_known_terms(kind):
    gate, _, terms = KINDS[kind]
    rules = shift_rule(gate)
    assert [len(coefficients) for coefficients, _ in rules] == terms
    for (coefficients, shifts), size in zip(rules, terms):
        expected = TWO_TERMS if size == 2 else FOUR_TERMS
        got = {round(shift / np.pi, 12): value for shift, value in zip(shifts, coefficients)}
        assert got == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_exact(kind):
    gate, operator, terms = KINDS[kind]
    program = surrounded(gate, len(terms))
    table = np.random.default_rng(4).uniform(-np.pi, np.pi, (2, len(terms)))
    plan = shifted_table(program, table)
    assert plan.n_rows == 2 * sum(terms)
    expected = backpropagated(lambda angles: surround(lambda: operator(angles)), table)
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(plan.jacobian(evaluate(program, plan.table())), expected, rtol=0, atol=1e-10)


def test_every_kind_with_angles_is_among_the_tested_ones():
    tested = {gate.kind for gate, _, _ in KINDS.values()}
    assert tested == {kind for kind, angles in ANGLES.items() if angles}


@pytest.mark.parametrize("kind", ["x", "swap", "unitary", "kraus"])
def test_gates_without_angles_have_no_rule(kind):
    assert shift_rule(Gate(kind, (0, 1))) == ()


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_are_exact(seed):
    angles, circuit = random_circuit(seed)
    bound = random_program(seed)
    np.testing.assert_array_equal(bound.table, angles[None])
    rng = np.random.default_rng(seed)
    table = bound.table + rng.normal(size=(4, bound.program.n_slots))
    plan = shifted_table(bound.program, table)
    values = evaluate(bound.program, plan.table())
    expected = backpropagated(circuit, table)
    np.testing.assert_allclose(plan.jacobian(values), expected, rtol=0, atol=1e-10)
    cotangents = rng.normal(size=(4, len(OBSERVABLES)))
    np.testing.assert_allclose(
        plan.gradient(values, cotangents), np.einsum("bo,bos->bs", cotangents, expected), rtol=0, atol=1e-10
    )


def test_channels_between_the_gates_leave_the_rule_exact():
    def circuit(angles):
        qml.RY(angles[0], 0)
        qml.AmplitudeDamping(0.3, 0)
        qml.CRX(angles[1], [0, 1])
        qml.DepolarizingChannel(0.2, 1)
        qml.IsingXX(angles[2], [1, 2])
        qml.RY(angles[3], 1)

    table = np.array([[0.4, -1.3, 0.9, 2.2]])
    program = read_tape(qml.tape.make_qscript(circuit)(table[0]), 3).program
    plan = shifted_table(program, table)
    observables = [qml.Z(0), qml.Z(1) @ qml.Z(2), qml.X(1)]

    @qml.qnode(qml.device("default.mixed", wires=3))
    def node(angles):
        circuit(angles)
        return [qml.expval(observable) for observable in observables]

    values = np.array([node(row) for row in plan.table()])
    expected = backpropagated(circuit, table, observables, "default.mixed")
    np.testing.assert_allclose(plan.jacobian(values), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("kinds", "per_row"),
    [(["rx", "controlled p"], 4), (["rx", "controlled rx"], 8), (["rx", "rzz", "controlled ry"], 12)],
)
def test_gates_that_share_a_slot_turn_together(kinds, per_row):
    parts = [surrounded(KINDS[kind][0], 1) for kind in kinds]
    program = Program(3, tuple(gate for part in parts for gate in part.gates), 1)

    def circuit(angles):
        for kind in kinds:
            surround(lambda kind=kind: KINDS[kind][1](angles))

    table = np.array([[0.7], [-2.0]])
    plan = shifted_table(program, table)
    assert plan.n_rows == 2 * per_row
    jacobian = plan.jacobian(evaluate(program, plan.table()))
    np.testing.assert_allclose(jacobian, backpropagated(circuit, table), rtol=0, atol=1e-10)


def test_rows_are_the_table_with_one_angle_shifted():
    program = Program(1, (Gate("rx", (0,), slot=0), Gate("ry", (0,), slot=1)), 2)
    plan = shifted_table(program, np.array([[1.0, 2.0], [3.0, 4.0]]))
    quarter = np.pi / 2
    expected = [[1 + quarter, 2], [1 - quarter, 2], [1, 2 + quarter], [1, 2 - quarter]]
    np.testing.assert_allclose(plan.table()[:4], expected)
    np.testing.assert_allclose(plan.table()[4:], np.array(expected) + 2)
    assert plan.origins().tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_plan_keeps_its_own_copy_of_the_table():
    table = np.array([[0.2]])
    plan = shifted_table(Program(1, (Gate("rx", (0,), slot=0),), 1), table)
    before = plan.table()
    table[:] = 9.0
    np.testing.assert_array_equal(plan.table(), before)


def test_wanted_saves_rows_and_leaves_the_others_zero():
    bound = random_program(1)
    wanted = np.zeros(bound.program.n_slots, dtype=bool)
    wanted[[0, 3, 7]] = True
    cotangents = np.array([[0.3, -1.0, 0.5]])
    whole, part = (shifted_table(bound.program, bound.table, mask) for mask in (None, wanted))
    assert part.n_rows < whole.n_rows
    full = whole.gradient(evaluate(bound.program, whole.table()), cotangents)
    some = part.gradient(evaluate(bound.program, part.table()), cotangents)
    np.testing.assert_array_equal(some, np.where(wanted, full, 0))
    assert np.count_nonzero(some) == 3


def test_nothing_wanted_costs_nothing():
    plan = shifted_table(Program(1, (Gate("rx", (0,), slot=0),), 1), np.ones((2, 1)), np.array([False]))
    assert plan.n_rows == 0
    assert plan.table().shape == (0, 1)
    assert list(plan.chunks(4)) == []
    assert plan.gradient(np.empty((0, 3)), np.ones((2, 3))).tolist() == [[0.0], [0.0]]
    assert plan.jacobian(np.empty((0, 3))).shape == (2, 3, 1)


def test_empty_table_gives_an_empty_gradient():
    plan = shifted_table(Program(1, (Gate("rx", (0,), slot=0),), 1), np.empty((0, 1)))
    assert plan.table().shape == (0, 1)
    assert plan.gradient(np.empty((0, 2)), np.empty((0, 2))).shape == (0, 1)
    assert plan.jacobian(np.empty((0, 2))).shape == (0, 2, 1)


def test_phases_and_unused_slots_have_no_rows_and_no_gradient():
    tape = qml.tape.QuantumScript([qml.GlobalPhase(0.4), qml.RX(0.5, 0), qml.GlobalPhase(0.1)])
    bound = read_tape(tape, 1)
    assert used_slots(bound.program).tolist() == [False, True, False]
    plan = shifted_table(bound.program, bound.table)
    assert plan.n_rows == 2
    values = np.cos(plan.table()[:, 1:2])
    np.testing.assert_allclose(plan.gradient(values, np.ones((1, 1))), [[0, -np.sin(0.5), 0]], atol=1e-15)
    only_a_phase = read_tape(qml.tape.QuantumScript([qml.GlobalPhase(0.4)]), 1)
    assert shifted_table(only_a_phase.program, only_a_phase.table).n_rows == 0


@pytest.mark.parametrize("size", [1, 7, 16, 1000])
def test_chunks_give_the_same_rows_in_order(size):
    bound = random_program(2)
    plan = shifted_table(bound.program, bound.table + np.arange(3)[:, None])
    pieces = list(plan.chunks(size))
    assert [piece.start for piece in pieces] == list(range(0, plan.n_rows, size))
    assert all(piece.stop - piece.start <= size for piece in pieces)
    np.testing.assert_array_equal(np.concatenate([plan.table(piece) for piece in pieces]), plan.table())
    np.testing.assert_array_equal(np.concatenate([plan.origins(piece) for piece in pieces]), plan.origins())


def test_chunks_keep_to_the_memory_they_are_given():
    program = Program(1, tuple(Gate("rx", (0,), slot=slot) for slot in range(10)), 10)
    plan = shifted_table(program, np.zeros((5, 10)))
    sizes = [len(plan.table(piece)) for piece in plan.chunks(bytes_per_row=20, max_bytes=1000)]
    assert sizes == [10] * 10  # 8 bytes for each of 10 angles, and 20
    assert len(list(plan.chunks(4, bytes_per_row=20, max_bytes=1000))) == 25
    assert len(list(plan.chunks(max_bytes=1))) == plan.n_rows


def test_a_huge_plan_is_never_whole_in_memory():
    n_slots = 1000
    program = Program(4, tuple(Gate("ry", (slot % 4,), slot=slot) for slot in range(n_slots)), n_slots)
    plan = shifted_table(program, np.zeros((1024, n_slots)))
    assert plan.n_rows == 1024 * 2000  # 16 GB of angles
    piece = next(iter(plan.chunks(bytes_per_row=16 * 2**4)))
    assert 10_000 < piece.stop <= 2**28 // (8 * n_slots)
    last = list(plan.chunks(5000))[-1]
    assert last.stop == plan.n_rows
    rows = plan.table(last)
    assert rows.nbytes < 2**26
    assert np.count_nonzero(rows) == len(rows)


def test_integer_and_single_precision_tables_are_read_as_double():
    program = Program(1, (Gate("rx", (0,), slot=0),), 1)
    for table in (np.array([[1]]), np.array([[1]], dtype=np.float32), [[1]]):
        assert shifted_table(program, table).table().dtype == np.float64


PROGRAM = Program(1, (Gate("rx", (0,), slot=0),), 1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shift_rule(Gate("fsim", (0, 1), slot=0)), "no shift rule for the kind 'fsim'"),
        (lambda: shifted_table(Program(1, (), 0), np.empty((2, 0))), "has no angles"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 3))), r"shape \(2, 3\)"),
        (lambda: shifted_table(PROGRAM, np.zeros(1)), r"shape \(1,\)"),
        (lambda: shifted_table(PROGRAM, np.array([[np.nan]])), "NaN"),
        (lambda: shifted_table(PROGRAM, np.array([[1j]])), "table holds complex128"),
        (lambda: shifted_table(PROGRAM, [[1.0], [2.0, 3.0]]), "no array of numbers"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 1)), np.array([1])), "wanted is int64"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 1)), np.array([True, False])), r"bool of shape \(1,\)"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 1))).chunks(0), "max_rows is 0"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 1))).chunks(2.5), "max_rows is 2.5"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 1))).chunks(bytes_per_row=-1), "bytes_per_row is -1"),
        (lambda: shifted_table(PROGRAM, np.zeros((2, 1))).chunks(max_bytes=0), "max_bytes is 0"),
    ],
)
def test_bad_plans_are_refused(call, words):
    with pytest.raises(CircuitError, match=words):
        call()


@pytest.mark.parametrize(
    ("values", "cotangents", "words"),
    [
        (np.zeros((3, 1)), np.zeros((2, 1)), r"values has shape \(3, 1\); it must be \(4 rows, outputs\)"),
        (np.zeros(4), np.zeros((2, 1)), r"values has shape \(4,\)"),
        (np.zeros((4, 1)), np.zeros((2, 2)), r"cotangents has shape \(2, 2\); it must be \(2, 1\)"),
        (np.zeros((4, 1)), np.zeros((4, 1)), r"cotangents has shape \(4, 1\)"),
        (np.zeros((4, 1), dtype=complex), np.zeros((2, 1)), "values holds complex128"),
        (np.zeros((4, 1)), np.zeros((2, 1), dtype=complex), "cotangents holds complex128"),
    ],
)
def test_values_and_cotangents_that_do_not_fit_are_refused(values, cotangents, words):
    plan = shifted_table(PROGRAM, np.zeros((2, 1)))
    with pytest.raises(CircuitError, match=words):
        plan.gradient(values, cotangents)
    if "values" in words:
        with pytest.raises(CircuitError, match=words):
            plan.jacobian(values)
