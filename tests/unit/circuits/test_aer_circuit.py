"""Every supported PennyLane gate through Aer, against PennyLane's own simulator, global phase included."""

import numpy as np
import pennylane as qml
import pytest
from scipy.stats import unitary_group

from hybrid_opt.circuits import AerDevice
from hybrid_opt.circuits.aer_circuit import NATIVE_GATES, is_native, reverse_bits, to_aer
from hybrid_opt.circuits.errors import CircuitError

GATES = [
    qml.Identity(1),
    qml.X(2),
    qml.Y(1),
    qml.Z(1),
    qml.Hadamard(2),
    qml.S(1),
    qml.T(1),
    qml.SX(1),
    qml.adjoint(qml.S(1)),
    qml.adjoint(qml.T(1)),
    qml.adjoint(qml.SX(1)),
    qml.RX(0.3, 1),
    qml.RY(0.4, 2),
    qml.RZ(0.5, 0),
    qml.PhaseShift(0.6, 1),
    qml.U1(0.7, 1),
    qml.U2(0.8, -0.3, 1),
    qml.U3(0.9, 0.2, -0.4, 1),
    qml.Rot(0.1, 0.7, -0.5, 1),
    qml.GlobalPhase(0.7),
    qml.CNOT([2, 0]),
    qml.CY([2, 0]),
    qml.CZ([2, 0]),
    qml.CH([2, 0]),
    qml.CRX(0.3, [2, 0]),
    qml.CRY(0.4, [2, 0]),
    qml.CRZ(0.5, [2, 0]),
    qml.ControlledPhaseShift(0.6, [2, 0]),
    qml.SWAP([0, 2]),
    qml.ISWAP([0, 2]),
    qml.CSWAP([1, 2, 0]),
    qml.CCZ([1, 2, 0]),
    qml.Toffoli([2, 0, 1]),
    qml.MultiControlledX([2, 0, 3, 1], control_values=[1, 0, 1]),
    qml.IsingXX(0.3, [2, 0]),
    qml.IsingYY(0.4, [2, 0]),
    qml.IsingZZ(0.5, [2, 0]),
    qml.QubitUnitary(unitary_group.rvs(2, random_state=1), 2),
    qml.QubitUnitary(unitary_group.rvs(4, random_state=2), [2, 0]),
    qml.QubitUnitary(unitary_group.rvs(8, random_state=3), [1, 3, 0]),
    qml.DiagonalQubitUnitary(np.exp(1j * np.arange(4)), [2, 1]),
]
DECOMPOSED = [
    qml.IsingXY(0.3, [2, 0]),
    qml.CRot(0.1, 0.2, 0.3, [2, 0]),
    qml.MultiRZ(0.4, [0, 2, 3]),
    qml.PauliRot(0.5, "XYZ", [3, 0, 1]),
    qml.QFT([0, 1, 2]),
    qml.ctrl(qml.RX(0.3, 1), control=[0, 3], control_values=[0, 1]),
    qml.adjoint(qml.RX(0.3, 1)),
    qml.pow(qml.T(1), 3, lazy=True),
    qml.DoubleExcitation(0.3, [0, 1, 2, 3]),
    qml.DoubleExcitationPlus(0.3, [0, 1, 2, 3]),
    qml.ECR([2, 0]),
    qml.Barrier([0, 1]),
    qml.StronglyEntanglingLayers(np.random.default_rng(5).normal(size=(2, 4, 3)), wires=range(4)),
]


def states(operations, wires=4):
    """Final state on Aer and on default.qubit, behind a random product state that no gate leaves alone."""
    angles = np.random.default_rng(9).uniform(0.5, 2.5, (wires, 2))
    front = [gate for i in range(wires) for gate in (qml.RY(angles[i, 0], i), qml.RZ(angles[i, 1], i))]
    tape = qml.tape.QuantumScript([*front, *operations], [qml.state()])
    devices = (AerDevice(wires=wires, compute="cpu"), qml.device("default.qubit", wires=wires))
    return [qml.execute([tape], device)[0] for device in devices]


@pytest.mark.parametrize("gate", GATES + DECOMPOSED, ids=lambda gate: gate.name)
def test_gate_equals_default_qubit(gate):
    ours, theirs = states([gate])
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_every_native_name_is_covered_above():
    assert {gate.name for gate in GATES} == NATIVE_GATES
    assert all(is_native(gate) for gate in GATES)


def test_only_aer_gates_are_emitted():
    from qiskit_aer import AerSimulator

    known = set(AerSimulator(method="statevector").configuration().basis_gates)
    circuit = to_aer(qml.tape.QuantumScript(GATES), 4)
    assert {item.operation.name for item in circuit.data} <= known
    assert not circuit.parameters


@pytest.mark.parametrize("seed", range(5))
def test_random_circuits(seed):
    rng = np.random.default_rng(seed)
    chosen = [(GATES + DECOMPOSED)[k] for k in rng.integers(len(GATES + DECOMPOSED), size=25)]
    ours, theirs = states(chosen)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(
    "preparation",
    [
        qml.BasisState([1, 0, 1], wires=[2, 0, 3]),
        qml.StatePrep(unitary_group.rvs(8, random_state=4)[0], wires=[3, 0, 2]),
        qml.AmplitudeEmbedding([1.0, 2.0, 3.0], wires=[1, 2], pad_with=0.5, normalize=True),
        qml.BasisEmbedding([0, 1], wires=[1, 3]),
    ],
    ids=lambda operation: operation.name,
)
@pytest.mark.parametrize("first", [True, False])
def test_state_preparation(preparation, first):
    operations = [preparation] if first else [qml.Identity(0), preparation]
    tape = qml.tape.QuantumScript([*operations, qml.CRY(0.4, [3, 0])], [qml.state()])
    ours = qml.execute([tape], AerDevice(wires=4, compute="cpu"))[0]
    theirs = qml.execute([tape], qml.device("default.qubit", wires=4))[0]
    # A preparation in the middle is decomposed, by PennyLane's rule up to a global phase.
    assert abs(np.vdot(ours, theirs)) == pytest.approx(1, abs=1e-12)
    if first:
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_wire_zero_is_the_most_significant_bit():
    tape = qml.tape.QuantumScript([qml.X(0)], [qml.probs(wires=[0, 1, 2])])
    assert qml.execute([tape], AerDevice(wires=3, compute="cpu"))[0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("n", range(7))
def test_reverse_bits(n):
    expected = [int(format(k, f"0{n}b")[::-1], 2) if n else 0 for k in range(2**n)]
    assert reverse_bits(np.arange(2**n)).tolist() == expected


def test_matrix_that_is_not_unitary_is_refused():
    tape = qml.tape.QuantumScript([qml.QubitUnitary(np.diag([1.0, 2.0]), 0)], [qml.state()])
    with pytest.raises(CircuitError, match="QubitUnitary"):
        qml.execute([tape], AerDevice(wires=1, compute="cpu"))


def test_unknown_operation_without_preprocessing_is_refused():
    with pytest.raises(CircuitError, match="QFT"):
        to_aer(qml.tape.QuantumScript([qml.QFT([0, 1])]), 2)
