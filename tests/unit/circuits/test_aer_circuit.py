"""Every kind of gate on Aer, against dense matrices and PennyLane's own simulator, global phase included."""

import gc
import weakref
from itertools import permutations

import numpy as np
import pennylane as qml
import pytest
from scipy.stats import unitary_group

from hybrid_opt.circuits.aer_backend import open_backend
from hybrid_opt.circuits.aer_circuit import (
    ONE_QUBIT_GATES,
    TWO_QUBIT_GATES,
    VIRTUAL_GATES,
    row_phases,
    to_aer,
)
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import ANGLES, FIXED_MATRICES, Gate, gate_matrix
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.tape_reading import read_tape

N = 5
DIAGONAL = np.exp(1j * np.arange(8))
PAIRS = ("swap", "rxx", "ryy", "rzz")


def one_gate(kind, n_controls=0, seed=0):
    """A gate on random wires, its angles in the columns from 1 on."""
    wires = [int(wire) for wire in np.random.default_rng(seed).permutation(N)]
    n_targets = 2 if kind in PAIRS else 1
    controls, targets = wires[:n_controls], wires[n_controls : n_controls + n_targets]
    return Gate(kind, tuple(targets), tuple(controls), 1 if ANGLES[kind] else -1)


GATES = [one_gate(kind, k, seed=k) for kind in FIXED_MATRICES for k in range(4)]
GATES += [one_gate(kind, k, seed=k) for kind in ("rx", "ry", "rz", "p", "rot", "u") for k in range(4)]
GATES += [one_gate("swap", k, seed=k) for k in range(4)]
GATES += [one_gate(kind, seed=3) for kind in ("rxx", "ryy", "rzz")]
GATES += [
    Gate("unitary", wires, matrix=unitary_group.rvs(2 ** len(wires), random_state=5))
    for wires in ((3,), (4, 1), (2, 0, 3))
]
GATES += [Gate("diagonal", wires, matrix=DIAGONAL[: 2 ** len(wires)]) for wires in ((3,), (4, 1), (2, 0, 3))]
EACH_GATE = pytest.mark.parametrize("gate", GATES, ids=lambda gate: f"{len(gate.controls)}{gate.kind}")


def apply(gate, angles, states):
    """The gate as a dense matrix with its controls, on states of shape (B, 2**N), angles of shape (B, k)."""
    wires = [*gate.controls, *gate.targets]
    rows = []
    for row, state in zip(angles, states):
        matrix = gate_matrix(gate.kind, row) if gate.matrix is None else gate.matrix
        matrix = np.diag(matrix) if matrix.ndim == 1 else matrix
        full = np.eye(2 ** len(wires), dtype=complex)
        full[-len(matrix) :, -len(matrix) :] = matrix
        k = len(wires)
        tensor = np.tensordot(
            full.reshape((2,) * 2 * k), state.reshape((2,) * N), axes=(range(k, 2 * k), wires)
        )
        rows.append(np.moveaxis(tensor, range(k), wires).reshape(-1))
    return np.array(rows)


def random_states(n_rows, seed=1):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(n_rows, 2**N)) + 1j * rng.normal(size=(n_rows, 2**N))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


@EACH_GATE
def test_gate_equals_its_matrix(gate):
    program = Program(N, (gate,), 1 + gate.n_angles, prepared=True)
    table = np.random.default_rng(2).normal(size=(3, program.n_slots)) * 3
    initial = random_states(3)
    expected = apply(gate, table[:, 1:], initial)
    np.testing.assert_allclose(
        open_backend("cpu").states(program, table, initial), expected, atol=1e-12, rtol=0
    )
    projectors = expected[:, :, None] * expected[:, None, :].conj()
    nothing = depolarizing_noise(0, 0)
    for model in (None, nothing):
        densities = open_backend("cpu", noise_model=model).densities(program, table, initial)
        np.testing.assert_allclose(densities, projectors, atol=1e-12, rtol=0)


def test_every_kind_is_covered_above():
    assert {gate.kind for gate in GATES} == set(ANGLES) - {"kraus"}


@EACH_GATE
def test_names_are_known(gate):
    """A name that Aer does not know, or a noise model could not hit, would be found here."""
    from qiskit_aer import AerSimulator

    program = Program(N, (gate,), 1 + gate.n_angles)
    known = set(AerSimulator(method="statevector").configuration().basis_gates)
    assert {item.operation.name for item in to_aer(program).circuit.data} <= known
    known = set(AerSimulator(method="density_matrix").configuration().basis_gates)
    for dialect in ("channels", "noise"):
        data = to_aer(program, dialect).circuit.data
        assert {item.operation.name for item in data} <= known
    by_size = {1: (*ONE_QUBIT_GATES, "part"), 2: (*TWO_QUBIT_GATES, "part")}
    for item in data:
        assert (item.operation.label or item.operation.name) in by_size[len(item.qubits)]


def test_lists_of_names_hold_what_is_emitted():
    emitted = set()
    for gate in GATES:
        for item in to_aer(Program(N, (gate,), 1 + gate.n_angles), "noise").circuit.data:
            emitted.add(item.operation.label or item.operation.name)
    assert emitted == {*ONE_QUBIT_GATES, *TWO_QUBIT_GATES, "part"}
    assert set(VIRTUAL_GATES) < set(ONE_QUBIT_GATES)


@pytest.mark.parametrize(
    "gate",
    [gate for gate in GATES if len(gate.controls) + len(gate.targets) == 2],
    ids=lambda gate: f"{len(gate.controls)}{gate.kind}",
)
def test_last_gate_of_a_network_has_the_name(gate):
    """Noise comes after the gate, once, and on both of its wires."""
    data = to_aer(Program(N, (gate,), 1 + gate.n_angles), "noise").circuit.data
    labels = [item.operation.label or item.operation.name for item in data]
    assert set(labels[:-1]) <= {"part"}
    assert labels[-1] in TWO_QUBIT_GATES


def random_tape(seed, batch=None):
    rng = np.random.default_rng(seed)
    operations = []
    for _ in range(25):
        name = rng.choice(["RX", "RY", "RZ", "Rot", "U3", "CRX", "CRY", "IsingXX", "CNOT", "Toffoli", "CH"])
        kind = getattr(qml, name)
        wires = [int(wire) for wire in rng.permutation(4)[: kind.num_wires]]
        angles = [rng.normal(size=batch) * 2 for _ in range(kind.num_params or 0)]
        operations.append(kind(*angles, wires=wires))
    return qml.tape.QuantumScript(
        [*operations, qml.GlobalPhase(rng.normal(size=batch)), qml.Rot(0.1, 0.2, 0.3, 0)], [qml.state()]
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batch", [None, 3])
def test_random_circuits_equal_default_qubit(seed, batch):
    tape = random_tape(seed, batch)
    bound = read_tape(tape, 4)
    ours = open_backend("cpu").states(bound.program, bound.table)
    theirs = qml.execute([tape], qml.device("default.qubit", wires=4))[0]
    np.testing.assert_allclose(ours, np.reshape(theirs, ours.shape), atol=1e-12, rtol=0)


def test_parameters_are_plain():
    """An expression would be evaluated in Python per row, a global phase be that of the row before."""
    from qiskit.circuit import Parameter

    source = to_aer(read_tape(random_tape(1)).program)
    angles = [angle for item in source.circuit.data for angle in item.operation.params]
    assert {type(angle) for angle in angles} <= {Parameter, float}
    assert source.circuit.global_phase == 0
    gate = Gate("rot", (1,), (0,), 0)
    columns = to_aer(Program(2, (gate,), 3)).binds(np.array([[0.2, 0.5, 0.6], [1.0, 2.0, 3.0]]))
    assert sorted(columns.values()) == [[-0.4, -2.0], [0.2, 1.0], [0.5, 2.0], [0.6, 3.0]]


def test_a_shared_slot_is_one_parameter():
    program = Program(2, (Gate("rx", (0,), (), 0), Gate("rx", (1,), (), 0)), 1)
    assert len(to_aer(program).binds(np.array([[0.1]]))) == 1
    state = open_backend("cpu").states(program, np.array([[np.pi]]))
    np.testing.assert_allclose(state, [[0, 0, 0, -1]], atol=1e-12)


def test_row_phases():
    tape = qml.tape.QuantumScript([qml.Rot(0.1, 0.2, 0.3, 0), qml.GlobalPhase(0.5), qml.RX(0.1, 0)])
    bound = read_tape(tape)
    factors = row_phases(bound.program, bound.table)
    np.testing.assert_allclose(np.angle(factors), [-0.7], atol=1e-12)
    assert row_phases(Program(1, (Gate("rx", (0,), (), 0),), 1), np.zeros((2, 1))) is None


def test_circuit_is_made_once_and_dies_with_its_program():
    program = Program(1, (Gate("rx", (0,), (), 0),), 1)
    source = to_aer(program)
    assert to_aer(program) is source
    assert to_aer(program, "noise") is not source
    assert source.saving("statevector") is source.saving("statevector")
    watched = weakref.ref(source)
    del program, source
    gc.collect()
    assert watched() is None


def test_cached_endings_are_bounded():
    source = to_aer(Program(6, (Gate("h", (0,)),), 0))
    first = source.measuring((0,))
    for wires in list(permutations(range(6), 3))[:40]:
        source.measuring(wires)
    assert source.measuring((0,)) is not first


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate("rxx", (0, 1), (2,), 0), "rxx.*controls"),
        (Gate("unitary", (0,), (1,), matrix=np.eye(2)), "unitary.*controls"),
        (Gate("unitary", (0,), matrix=np.diag([1.0, 2.0])), "not unitary"),
        (Gate("diagonal", (0,), matrix=np.array([1.0, 2.0])), "modulus"),
        (Gate("kraus", (0,), matrix=np.array([np.eye(2), np.eye(2)])), "trace"),
    ],
)
@pytest.mark.parametrize("dialect", ["pure", "channels", "noise"])
def test_gates_that_cannot_be_written(gate, words, dialect):
    with pytest.raises(CircuitError, match=words):
        to_aer(Program(3, (gate,), 1), dialect)
