"""Noise models against closed forms, for every gate name that is emitted."""

import numpy as np
import pennylane as qml
import pytest
from scipy.stats import unitary_group

from hybrid_opt.circuits.aer_backend import open_backend
from hybrid_opt.circuits.aer_circuit import ONE_QUBIT_GATES, TWO_QUBIT_GATES, VIRTUAL_GATES
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.noise import depolarizing_noise, readout_noise, thermal_noise
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.tape_reading import read_tape

P1, P2 = 0.03, 0.11
NO_ANGLES = np.empty((1, 0))
Z = np.array([1.0, -1.0])
ONE_QUBIT = [
    *(Gate(kind, (1,)) for kind in ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg")),
    *(Gate(kind, (1,), (), 0) for kind in ("rx", "ry", "rz", "p", "rot", "u")),
    Gate("unitary", (1,), matrix=unitary_group.rvs(2, random_state=1)),
    Gate("diagonal", (1,), matrix=np.array([1, 1j])),
]
TWO_QUBITS = [
    *(Gate(kind, (1,), (0,)) for kind in ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg")),
    *(Gate(kind, (1,), (0,), 0) for kind in ("rx", "ry", "rz", "p", "rot", "u")),
    *(Gate(kind, (1, 0), (), 0) for kind in ("rxx", "ryy", "rzz")),
    Gate("swap", (0, 1)),
    Gate("unitary", (1, 0), matrix=unitary_group.rvs(4, random_state=1)),
    Gate("diagonal", (1, 0), matrix=np.array([1, 1j, -1, -1j])),
]
NAMES = {"rot": "u", "unitary": "unitary_1", "diagonal": "diagonal_1"}


def density(backend, gates, table=None, initial=None):
    n_slots = 3
    table = np.array([[0.7, 1.9, -0.4]]) if table is None else table
    program = Program(2, tuple(gates), n_slots, prepared=initial is not None)
    return backend.densities(program, table, initial)[0]


def random_state(seed=1):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=4) + 1j * rng.normal(size=4)
    return state / np.linalg.norm(state)


@pytest.mark.parametrize("gate", ONE_QUBIT, ids=lambda gate: gate.kind)
def test_depolarizing_after_one_qubit_gates(gate):
    ideal = density(open_backend("cpu"), [gate], initial=random_state())
    noisy = density(
        open_backend("cpu", noise_model=depolarizing_noise(P1, P2)), [gate], initial=random_state()
    )
    name = NAMES.get(gate.kind, gate.kind)
    assert name in ONE_QUBIT_GATES
    strength = 0 if name in VIRTUAL_GATES else P1
    other = np.einsum("abcb->ac", ideal.reshape(2, 2, 2, 2))  # wire 1 traced out
    expected = (1 - strength) * ideal + strength * np.kron(other, np.eye(2) / 2)
    np.testing.assert_allclose(noisy, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("gate", TWO_QUBITS, ids=lambda gate: f"{len(gate.controls)}{gate.kind}")
def test_depolarizing_after_two_qubit_gates(gate):
    """Once per gate, even where the gate is a network of others."""
    ideal = density(open_backend("cpu"), [gate], initial=random_state())
    noisy = density(
        open_backend("cpu", noise_model=depolarizing_noise(P1, P2)), [gate], initial=random_state()
    )
    np.testing.assert_allclose(noisy, (1 - P2) * ideal + P2 * np.eye(4) / 4, atol=1e-12, rtol=0)


def test_expectation_decays_with_depth():
    """<Z> of a flipped qubit after d flips is (-1)**d (1 - p)**d."""
    backend = open_backend("cpu", noise_model=depolarizing_noise(P1, 0))
    for depth in (1, 4, 9):
        program = Program(1, (Gate("x", (0,)),) * depth, 0)
        diagonal = np.real(np.diagonal(backend.densities(program, NO_ANGLES)[0]))
        assert diagonal @ Z == pytest.approx((-1) ** depth * (1 - P1) ** depth, abs=1e-12)


def test_same_as_pennylane_channel():
    channel = qml.DepolarizingChannel(0.75 * P1, 0)
    tape = qml.tape.QuantumScript(
        [qml.RY(0.4, 0), channel, qml.RX(1.1, 0), channel], [qml.density_matrix([0])]
    )
    theirs = qml.execute([tape], qml.device("default.mixed", wires=1))[0]
    plain = read_tape(qml.tape.QuantumScript([qml.RY(0.4, 0), qml.RX(1.1, 0)]))
    ours = open_backend("cpu", noise_model=depolarizing_noise(P1, 0)).densities(plain.program, plain.table)[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-12, rtol=0)


def test_larger_gates_are_networks_with_noise():
    """A Toffoli gate is five two-qubit gates and two Hadamards: on |000> nothing but their noise is seen."""
    program = Program(3, (Gate("x", (2,), (0, 1)),), 0)
    backend = open_backend("cpu", noise_model=depolarizing_noise(0, P2))
    noisy = backend.densities(program, NO_ANGLES)[0]
    fidelity = np.real(noisy[0, 0])
    assert (1 - P2) ** 5 < fidelity < 1 - P2
    big = Program(3, (Gate("unitary", (0, 1, 2), matrix=unitary_group.rvs(8, random_state=1)),), 0)
    purity = np.real(np.trace(np.linalg.matrix_power(backend.densities(big, NO_ANGLES)[0], 2)))
    assert purity < (1 - P2) ** 2


def test_thermal_relaxation():
    t1, t2, short, long = 50.0, 70.0, 3.0, 8.0
    backend = open_backend("cpu", noise_model=thermal_noise(t1, t2, short, long))
    flipped = backend.densities(Program(1, (Gate("x", (0,)),), 0), NO_ANGLES)[0]
    assert np.real(flipped[1, 1]) == pytest.approx(np.exp(-short / t1), abs=1e-12)
    rotated = backend.densities(Program(1, (Gate("h", (0,)), Gate("z", (0,))), 0), NO_ANGLES)[0]
    assert np.real(rotated[0, 1]) == pytest.approx(-0.5 * np.exp(-short / t2), abs=1e-12)
    # Both qubits of a two-qubit gate decay, also the one that does not change.
    bell = backend.densities(Program(2, (Gate("x", (0,)), Gate("swap", (0, 1))), 0), NO_ANGLES)[0]
    assert np.real(bell[1, 1]) == pytest.approx(np.exp(-(short + long) / t1), abs=1e-12)
    assert np.real(np.trace(bell)) == pytest.approx(1, abs=1e-12)


def test_thermal_without_relaxation():
    backend = open_backend("cpu", noise_model=thermal_noise(float("inf"), 10.0, 2.0, 0))
    density = backend.densities(Program(1, (Gate("h", (0,)),), 0), NO_ANGLES)[0]
    np.testing.assert_allclose(np.diagonal(density), 0.5, atol=1e-12)
    assert np.real(density[0, 1]) == pytest.approx(0.5 * np.exp(-0.2), abs=1e-9)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (readout_noise(0.2), [0.2, 0.8]),
        (readout_noise(0.2, 0.05), [0.05, 0.95]),
        (depolarizing_noise(0, 0, readout=0.3), [0.3, 0.7]),
        (thermal_noise(1e9, 1e9, 0, 0, readout=0.3), [0.3, 0.7]),
    ],
)
def test_readout(model, expected):
    program, shots = Program(1, (Gate("x", (0,)),), 0), 20_000
    outcomes, multiplicities = open_backend("cpu", noise_model=model).counts(
        program, NO_ANGLES, [0], shots, 1
    )[0]
    assert outcomes.tolist() == [0, 1]
    deviation = np.sqrt(expected[0] * expected[1] / shots)
    assert abs(multiplicities[1] / shots - expected[1]) < 4.5 * deviation


def test_no_noise():
    assert depolarizing_noise(0, 0).is_ideal()
    assert readout_noise(0).is_ideal()
    assert thermal_noise(1.0, 1.0, 0, 0).is_ideal()


def test_names_with_noise():
    names = set(depolarizing_noise(P1, P2, 0.1).noise_instructions)
    assert names == {*ONE_QUBIT_GATES, *TWO_QUBIT_GATES, "measure"} - set(VIRTUAL_GATES)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: depolarizing_noise(-0.1, 0), "one_qubit is -0.1.*0 to 1"),
        (lambda: depolarizing_noise(0, 1.1), "two_qubit is 1.1"),
        (lambda: depolarizing_noise(0, 0, float("nan")), "readout is nan"),
        (lambda: depolarizing_noise("0.1", 0), "one_qubit is '0.1'.*number"),
        (lambda: depolarizing_noise(True, 0), "one_qubit is True"),
        (lambda: readout_noise(2), "p01 is 2"),
        (lambda: readout_noise(0.1, -1), "p10 is -1"),
        (lambda: thermal_noise(0, 1, 1, 1), "t1 is 0.*positive"),
        (lambda: thermal_noise(1, -1, 1, 1), "t2 is -1.*positive"),
        (lambda: thermal_noise(1, 2.1, 1, 1), r"t2 is 2\.1 and t1 is 1.*at most 2 \* t1"),
        (lambda: thermal_noise(1, 1, -1, 1), "one_qubit_time is -1.*at least 0"),
        (lambda: thermal_noise(1, 1, 1, float("inf")), "two_qubit_time is inf.*finite"),
        (lambda: thermal_noise(1, 1, 1, 1, 1.5), "readout is 1.5"),
    ],
)
def test_wrong_arguments(make, words):
    with pytest.raises(CircuitError, match=words):
        make()
