"""Trial circuits by name, object and function, and the states they start from."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.ansatz import BrickWall
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.excitations import Excitations
from hybrid_opt.circuits.vqe_ansatz import start_weights, trial_circuit, trial_names
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian

READ = read_hamiltonian(qml.Z(0) @ qml.Z(1) + qml.Z(2) @ qml.Z(3) + qml.X(0) + qml.X(1) + qml.X(2) + qml.X(3))
BITS = read_hamiltonian(dimod.BinaryQuadraticModel({"a": 1.0}, {"ab": 1.0}, 0.0, "BINARY"))


def rows(weights, wires):
    return [qml.RY(2 * weights[0, i], wire) for i, wire in enumerate(wires)] + [qml.CNOT(wires[:2])]


@pytest.mark.parametrize("name", trial_names())
def test_every_name(name):
    electrons = 2 if name in ("all_singles_doubles", "uccsd") else None
    circuit = trial_circuit(READ, name, electrons=electrons)
    weights = start_weights(circuit, 1)
    assert weights.shape == circuit.weight_shape
    assert np.array_equal(weights, start_weights(circuit, 1))
    assert circuit.program.n_qubits == 4
    assert circuit.ansatz.name == {"hva": "hamiltonian_variational"}.get(name, name)


def test_seeds_differ_where_numbers_are_random():
    circuit = trial_circuit(READ, "brick_wall")
    assert not np.array_equal(start_weights(circuit, 1), start_weights(circuit, 2))


def test_default_layers():
    assert trial_circuit(READ, "brick_wall").n_layers == 2
    assert trial_circuit(READ, "uccsd", electrons=2).n_layers == 1
    assert trial_circuit(READ, "hva").n_layers == 2
    wide = read_hamiltonian(sum(qml.Z(i) @ qml.Z(i + 1) + qml.X(i) for i in range(8)))
    assert trial_circuit(wide, "hva").n_layers == 5
    assert trial_circuit(READ, "hva", n_layers=3).weight_shape[0] == 3


def test_objects_and_functions():
    assert trial_circuit(READ, BrickWall(mirror=2), n_layers=4).ansatz == BrickWall(mirror=2)
    assert trial_circuit(READ, Excitations(2)).operations(None, np.zeros((1, 3)))[:2] == [qml.X(0), qml.X(1)]
    circuit = trial_circuit(READ, rows, weight_shape=(2, 4))
    assert circuit.weight_shape == (1, 2, 4)
    assert circuit.ansatz.name == "rows"
    weights = np.arange(8.0).reshape(1, 2, 4)
    assert circuit.table(np.zeros((1, 0)), weights).tolist() == [[0.0, 2.0, 4.0, 6.0]]

    def queued(weights, wires):
        rows(weights, wires)

    assert trial_circuit(READ, queued, weight_shape=(2, 4)).program is circuit.program


@pytest.mark.parametrize(
    ("given", "gates"),
    [
        ("plus", [qml.Hadamard(0), qml.Hadamard(1), qml.Hadamard(2), qml.Hadamard(3)]),
        ("hartree_fock", [qml.X(0), qml.X(1), qml.X(2)]),
        ([0, 1, 0, 1], [qml.X(1), qml.X(3)]),
        (np.array([1, 0, 0, 0]), [qml.X(0)]),
        (None, []),
    ],
)
def test_initial_states(given, gates):
    electrons = 3 if isinstance(given, str) and given == "hartree_fock" else None
    circuit = trial_circuit(READ, "separable", initial_state=given, electrons=electrons, n_layers=2)
    made = circuit.operations(None, np.zeros(circuit.weight_shape))
    assert made[: len(gates)] == gates
    assert len(made) == len(gates) + 8  # in front of the first layer only


def test_models_of_bits_start_from_plus():
    assert trial_circuit(BITS, "brick_wall").ansatz.bits == "plus"
    assert trial_circuit(BITS, "basic_entangler").ansatz.name == "basic_entangler"
    assert trial_circuit(BITS, "brick_wall", initial_state=[0, 0]).ansatz.bits == (0, 0)


@pytest.mark.parametrize(
    ("ansatz", "more", "words"),
    [
        ("uccs", {}, "legal names are"),
        ("uccsd", {}, "say how many"),
        (BrickWall, {}, "must be a name, an Ansatz object or a function"),
        (7, {}, "must be a name, an Ansatz object or a function"),
        ("brick_wall", {"n_layers": 0}, "n_layers is 0"),
        ("brick_wall", {"weight_shape": (2,)}, "is for functions"),
        ("brick_wall", {"initial_state": [0, 1]}, "must be 4 bits"),
        ("brick_wall", {"initial_state": [0, 1, 2, 0]}, "must be 4 bits"),
        ("brick_wall", {"initial_state": "minus"}, "must be 4 bits"),
        ("brick_wall", {"initial_state": "hartree_fock"}, "needs the number of electrons"),
        ("brick_wall", {"initial_state": "hartree_fock", "electrons": 5}, "4 qubits for them"),
        ("brick_wall", {"initial_state": [[0], [1, 2], 0, 0]}, "must be 4 bits"),
        ("brick_wall", {"initial_state": 3}, "must be 4 bits"),
        ("brick_wall", {"electrons": 2}, "counts electrons"),
        (Excitations(2), {"electrons": 3}, "the ansatz excites 2"),
        (rows, {"weight_shape": 2.5}, "weight_shape is 2.5"),
        (rows, {}, "give weight_shape"),
        (rows, {"weight_shape": (2, 0)}, "weight_shape"),
        (rows, {"weight_shape": (2, 4), "n_layers": 2}, "a function is one layer"),
    ],
)
def test_bad_arguments(ansatz, more, words):
    with pytest.raises(CircuitError, match=words):
        trial_circuit(READ, ansatz, **more)


def test_functions_that_do_not_fit():
    with pytest.raises(CircuitError, match=r"fails for weights of shape \(3,\)"):
        _ = trial_circuit(READ, rows, weight_shape=3).program
    with pytest.raises(CircuitError, match="must return a list"):
        _ = trial_circuit(READ, lambda weights, wires: None, weight_shape=1).program
    with pytest.raises(CircuitError, match="affine"):
        _ = trial_circuit(READ, lambda w, wires: [qml.RX(w[0] ** 2, wires[0])], weight_shape=1).program
    with pytest.raises(CircuitError, match="not known which weights"):
        trial_circuit(READ, rows, weight_shape=(2, 4)).initial_weights("identity")
