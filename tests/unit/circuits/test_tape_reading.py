"""Tapes taken apart, put together again by dense matrices, and compared with PennyLane."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pennylane as qml
import pytest
from pennylane.tape import QuantumScript

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import gate_matrix
from hybrid_opt.circuits.tape_reading import has_slots, is_native, native_gates, read_tape

ANGLES = np.random.default_rng(5).uniform(-3, 3, 40)
OPERATIONS = [
    qml.H(0),
    qml.X(1),
    qml.Y(2),
    qml.Z(0),
    qml.S(1),
    qml.T(2),
    qml.SX(0),
    qml.adjoint(qml.S(0)),
    qml.adjoint(qml.T(1)),
    qml.adjoint(qml.SX(2)),
    qml.RX(ANGLES[0], 0),
    qml.RY(ANGLES[1], 1),
    qml.RZ(ANGLES[2], 2),
    qml.PhaseShift(ANGLES[3], 0),
    qml.U1(ANGLES[4], 1),
    qml.Rot(*ANGLES[5:8], 2),
    qml.U3(*ANGLES[8:11], 0),
    qml.CNOT([0, 1]),
    qml.CY([2, 0]),
    qml.CZ([1, 2]),
    qml.CH([2, 1]),
    qml.CRX(ANGLES[11], [0, 2]),
    qml.CRY(ANGLES[12], [1, 0]),
    qml.CRZ(ANGLES[13], [2, 1]),
    qml.ControlledPhaseShift(ANGLES[14], [0, 1]),
    qml.SWAP([0, 2]),
    qml.CSWAP([1, 2, 0]),
    qml.CCZ([0, 1, 2]),
    qml.Toffoli([2, 0, 1]),
    qml.IsingXX(ANGLES[15], [0, 1]),
    qml.IsingYY(ANGLES[16], [2, 1]),
    qml.IsingZZ(ANGLES[17], [0, 2]),
    qml.ISWAP([2, 0]),
    qml.GlobalPhase(ANGLES[18]),
    qml.Identity(1),
    qml.QubitUnitary(qml.Rot(*ANGLES[19:22], 0).matrix(), 1),
    qml.DiagonalQubitUnitary(np.exp(1j * ANGLES[22:26]), [2, 0]),
    qml.MultiControlledX([0, 1, 2], control_values=[0, 1]),
    qml.DoubleExcitationPlus(ANGLES[26], [0, 1, 2, 3]),
]


def dense(bound, row=0):
    """The program's unitary from the definitions of its gates."""
    n = bound.program.n_qubits
    total = np.eye(2**n, dtype=complex)
    for gate in bound.program.gates:
        angles = bound.table[row, gate.slot : gate.slot + gate.n_angles]
        if gate.kind == "unitary":
            matrix = gate.matrix
        elif gate.kind == "diagonal":
            matrix = np.diag(gate.matrix)
        else:
            matrix = gate_matrix(gate.kind, angles)
        if gate.controls:
            size = len(matrix)
            controlled = np.eye(size << len(gate.controls), dtype=complex)
            controlled[-size:, -size:] = matrix
            matrix = controlled
        total = qml.math.expand_matrix(matrix, gate.controls + gate.targets, range(n)) @ total
    for slot, coefficient in bound.program.phases:
        total = total * np.exp(1j * coefficient * bound.table[row, slot])
    return total


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_native_operation(operation):
    assert is_native(operation)
    bound = read_tape(QuantumScript([operation]), n_qubits=4)
    np.testing.assert_allclose(dense(bound), qml.matrix(operation, wire_order=range(4)), atol=1e-12)


def test_a_circuit_of_all_of_them():
    tape = QuantumScript(OPERATIONS)
    bound = read_tape(tape)
    np.testing.assert_allclose(dense(bound), qml.matrix(tape, wire_order=range(4)), atol=1e-10)


def test_a_batch_of_angles_becomes_rows():
    batch = np.array([0.1, 0.2, 0.3])
    bound = read_tape(QuantumScript([qml.RX(batch, 0), qml.Rot(0.4, batch, 0.6, 1), qml.CRZ(batch, [0, 1])]))
    np.testing.assert_array_equal(bound.table[:, [0, 2, 4]], np.stack([batch] * 3, axis=1))
    np.testing.assert_array_equal(bound.table[:, [1, 3]], [[0.4, 0.6]] * 3)
    assert bound.slots == (0, 1, 2, 3, 4)


def test_parameters_that_are_no_angles_have_no_slot():
    matrix = qml.RX(0.3, 0).matrix()
    tape = QuantumScript([qml.StatePrep([0, 1], 0), qml.QubitUnitary(matrix, 0), qml.RX(1.0, 0)])
    assert read_tape(tape).slots == (-1, -1, 0)


def test_equal_structures_are_one_object():
    def program(angle, matrix_angle=0.3, values=(0, 1)):
        return read_tape(
            QuantumScript(
                [
                    qml.RX(angle, 0),
                    qml.QubitUnitary(qml.RX(matrix_angle, 0).matrix(), 1),
                    qml.MultiControlledX([0, 1, 2], control_values=values),
                ]
            )
        ).program

    assert program(0.1) is program(0.7)
    assert program(0.1) is not program(0.1, matrix_angle=0.4)
    assert program(0.1) is not program(0.1, values=(1, 1))
    assert read_tape(QuantumScript([qml.RX(0.1, 0)]), 1).program is not (
        read_tape(QuantumScript([qml.RX(0.1, 0)]), 2).program
    )


def test_threads_get_the_same_object():
    def program(_):
        return read_tape(QuantumScript([qml.RY(0.1, k) for k in range(7)] + [qml.CY([3, 5])])).program

    with ThreadPoolExecutor(4) as pool:
        assert len({id(found) for found in pool.map(program, range(40))}) == 1


def test_prepared_states():
    state = np.array([[0.6, 0.8], [1.0, 0.0]])
    bound = read_tape(QuantumScript([qml.StatePrep(state, 1), qml.H(0)]), n_qubits=2)
    assert bound.program.prepared
    np.testing.assert_allclose(bound.initial, [[0.6, 0.8, 0, 0], [1, 0, 0, 0]])
    assert bound.table.shape == (2, 0)
    single = read_tape(QuantumScript([qml.BasisState([1, 0], [0, 1])]))
    np.testing.assert_array_equal(single.initial, [0, 0, 1, 0])


def test_channels():
    bound = read_tape(QuantumScript([qml.H(0), qml.AmplitudeDamping(0.2, 0)]))
    assert bound.program.noisy
    assert bound.program.gates[1].matrix.shape == (2, 2, 2)
    assert not read_tape(QuantumScript([qml.H(0)])).program.noisy


def test_names():
    assert {"RX", "GlobalPhase", "Toffoli"} <= native_gates()
    assert not is_native(qml.QFT([0, 1]))
    assert has_slots(qml.GlobalPhase(0.1))
    assert not has_slots(qml.QubitUnitary(np.eye(2), 0))


def test_copies_and_pickles_keep_the_structure():
    program = read_tape(QuantumScript(OPERATIONS)).program
    for twin in (copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert [gate.kind for gate in twin.gates] == [gate.kind for gate in program.gates]
        assert twin.n_slots == program.n_slots


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ([qml.QFT([0, 1])], "operation 0 is QFT"),
        ([qml.H(0), qml.StatePrep([1, 0], 0)], "operation 1 is StatePrep"),
        ([qml.QubitUnitary(np.array([[1, 0], [0, 2]]), 0)], "no unitary matrix"),
        ([qml.RX(np.array([0.1, 0.2]), 0), qml.RX(np.array([0.1, 0.2, 0.3]), 1)], "unequal size"),
        ([qml.QubitUnitary(np.stack([np.eye(2)] * 2), 0)], "batch of matrices"),
        ([qml.DiagonalQubitUnitary(np.ones((2, 2)), 0)], "batch of diagonals"),
    ],
)
def test_illegal_tapes(operations, message):
    with pytest.raises(CircuitError, match=message):
        read_tape(QuantumScript(operations))
