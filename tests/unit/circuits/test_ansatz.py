"""Ansatz layers against PennyLane's templates and dense matrices."""

import pickle

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.ansatz import (
    Ansatz,
    BasicEntangler,
    BrickWall,
    HardwareEfficient,
    Separable,
    StronglyEntangling,
    ansatz_named,
    ansatz_names,
)
from hybrid_opt.circuits.errors import CircuitError

PLAIN = [
    StronglyEntangling(),
    BasicEntangler(),
    BasicEntangler("Y"),
    HardwareEfficient(),
    HardwareEfficient("CZ"),
    BrickWall(),
    Separable(),
]
MIRRORED = [
    StronglyEntangling(mirror=2),
    BasicEntangler("Y", mirror=2),
    HardwareEfficient(mirror=3),
    HardwareEfficient("CZ", mirror=2),
    BrickWall(mirror=2),
]


def layers(ansatz, weights, wires):
    return [gate for number, layer in enumerate(weights) for gate in ansatz.layer(layer, wires, number)]


def dense(operations, n_qubits):
    return qml.matrix(qml.tape.QuantumScript(operations), wire_order=range(n_qubits))


def random_weights(ansatz, n_layers, n_qubits, seed=0):
    return np.random.default_rng(seed).normal(size=ansatz.weight_shape(n_layers, n_qubits))


def assert_same_gates(ours, template):
    theirs = template.decomposition()
    assert [(gate.name, gate.wires) for gate in ours] == [(gate.name, gate.wires) for gate in theirs]
    for left, right in zip(ours, theirs):
        np.testing.assert_array_equal(left.data, right.data)


@pytest.mark.parametrize("n_qubits", [1, 2, 3, 5])
def test_strongly_entangling_is_the_template(n_qubits):
    # Six layers: the range of the CNOTs has come round.
    weights = random_weights(StronglyEntangling(), 6, n_qubits)
    assert weights.shape == qml.StronglyEntanglingLayers.shape(6, n_qubits)
    template = qml.StronglyEntanglingLayers(weights, range(n_qubits))
    assert_same_gates(layers(StronglyEntangling(), weights, range(n_qubits)), template)


@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4])
@pytest.mark.parametrize("rotation", "XYZ")
def test_basic_entangler_is_the_template(n_qubits, rotation):
    ansatz = BasicEntangler(rotation)
    weights = random_weights(ansatz, 3, n_qubits)
    assert weights.shape == qml.BasicEntanglerLayers.shape(3, n_qubits)
    gate = {"X": qml.RX, "Y": qml.RY, "Z": qml.RZ}[rotation]
    template = qml.BasicEntanglerLayers(weights, range(n_qubits), rotation=gate)
    assert_same_gates(layers(ansatz, weights, range(n_qubits)), template)


@pytest.mark.parametrize("n_qubits", [2, 3, 4, 5])
def test_brick_wall_is_the_simplified_two_design_without_its_first_rotations(n_qubits):
    weights = random_weights(BrickWall(), 2, n_qubits)
    template = qml.SimplifiedTwoDesign(np.zeros(n_qubits), weights, range(n_qubits))
    assert weights.shape == qml.SimplifiedTwoDesign.shape(2, n_qubits)[1]
    ours = dense(layers(BrickWall(), weights, range(n_qubits)), n_qubits)
    np.testing.assert_allclose(ours, dense([template], n_qubits), atol=1e-12)


@pytest.mark.parametrize(("entangler", "gate"), [("CX", qml.CNOT), ("CZ", qml.CZ)])
def test_hardware_efficient_matrix(entangler, gate):
    weights = random_weights(HardwareEfficient(), 1, 3)
    rotations = np.eye(1)
    for first, second in weights[0]:
        rotations = np.kron(rotations, qml.RZ.compute_matrix(second) @ qml.RY.compute_matrix(first))
    one, two = gate.compute_matrix(), np.eye(2)
    expected = np.kron(two, one) @ np.kron(one, two) @ rotations
    ours = dense(layers(HardwareEfficient(entangler), weights, range(3)), 3)
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_separable_is_a_product():
    weights = random_weights(Separable(), 2, 2)
    wires = [
        qml.Rot.compute_matrix(*weights[1, wire]) @ qml.Rot.compute_matrix(*weights[0, wire])
        for wire in range(2)
    ]
    np.testing.assert_allclose(dense(layers(Separable(), weights, range(2)), 2), np.kron(*wires), atol=1e-12)


@pytest.mark.parametrize("ansatz", [*MIRRORED, Separable()], ids=repr)
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4])
def test_identity_weights_undo_every_block(ansatz, n_qubits):
    random = random_weights(ansatz, 12, n_qubits)
    weights = ansatz.identity_weights(random)
    size = 2 * getattr(ansatz, "mirror", 1)
    assert np.array_equal(weights[: size // 2], random[: size // 2])
    assert abs(weights).min() > 0
    for start in range(0, 12, size):
        gates = [
            gate for i in range(start, start + size) for gate in ansatz.layer(weights[i], range(n_qubits), i)
        ]
        np.testing.assert_allclose(dense(gates, n_qubits), np.eye(2**n_qubits), atol=1e-12)


def schmidt_rank(operations, n_qubits):
    """Of the unitary between wire 0 and the others; 1 for a product."""
    rest = 2 ** (n_qubits - 1)
    matrix = dense(operations, n_qubits).reshape(2, rest, 2, rest).transpose(0, 2, 1, 3).reshape(4, -1)
    return np.linalg.matrix_rank(matrix, tol=1e-6)


@pytest.mark.parametrize("ansatz", MIRRORED + PLAIN[:-1], ids=repr)
def test_random_weights_entangle(ansatz):
    # A layer and its image cancel their fixed gates, so this is not obvious with mirror images.
    weights = random_weights(ansatz, 2 * (ansatz.mirror or 1), 3)
    assert schmidt_rank(layers(ansatz, weights, range(3)), 3) > 1
    separable = random_weights(Separable(), 2, 3)
    assert schmidt_rank(layers(Separable(), separable, range(3)), 3) == 1


def test_a_layer_and_its_image_have_the_same_range():
    ansatz = StronglyEntangling(mirror=2)
    weights = random_weights(ansatz, 8, 5)
    cnots = [
        [tuple(gate.wires) for gate in ansatz.layer(layer, range(5), number) if gate.name == "CNOT"]
        for number, layer in enumerate(weights)
    ]
    assert [layer[::-1] for layer in cnots[2:4]] == cnots[1::-1]
    assert [layer[0] for layer in cnots[:2] + cnots[4:6]] == [(0, 1), (0, 2), (0, 3), (0, 4)]


@pytest.mark.parametrize("ansatz", PLAIN + MIRRORED, ids=repr)
@pytest.mark.parametrize("n_qubits", [1, 3])
def test_broadcast_weights_in_torch(ansatz, n_qubits):
    weights = torch.tensor(np.stack([random_weights(ansatz, 2, n_qubits, seed) for seed in (1, 2, 3)]))
    gates = [gate for i in (0, 1) for gate in ansatz.layer(weights[:, i], range(n_qubits), i)]
    matrices = dense(gates, n_qubits)
    for matrix, single in zip(matrices, weights.numpy()):
        np.testing.assert_allclose(
            matrix, dense(layers(ansatz, single, range(n_qubits)), n_qubits), atol=1e-12
        )


@pytest.mark.parametrize("ansatz", PLAIN + MIRRORED, ids=repr)
def test_equal_by_settings_picklable_hashable(ansatz):
    again = pickle.loads(pickle.dumps(ansatz))
    assert again == ansatz
    assert hash(again) == hash(ansatz)
    assert isinstance(ansatz, Ansatz)
    assert ansatz.weight_shape(0, 2)[0] == 0


def test_names():
    assert [ansatz_named(name).name for name in ansatz_names()] == list(ansatz_names())
    with pytest.raises(CircuitError, match=r"ansatz is 'strong'.*'strongly_entangling'"):
        ansatz_named("strong")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BasicEntangler("H"), "rotation of basic_entangler is 'H'"),
        (lambda: BasicEntangler(mirror=1), "mirror of basic_entangler is 1; it must be 0"),
        (lambda: HardwareEfficient(mirror=-2), "mirror of hardware_efficient is -2"),
        (lambda: BrickWall(mirror=2.0), "mirror of brick_wall is 2.0"),
        (lambda: StronglyEntangling(mirror=True), "mirror of strongly_entangling is True"),
        (lambda: BrickWall().identity_weights(np.zeros((4, 2, 2))), "make it with mirror=2"),
        (lambda: BrickWall(mirror=2).identity_weights(np.zeros((6, 2, 2))), "a multiple of 4"),
        (lambda: Separable().identity_weights(np.zeros((3, 2, 3))), "there are 3; use a multiple of 2"),
        (lambda: HardwareEfficient("CY"), "entangler of hardware_efficient is 'CY'; it must be 'CX' or 'CZ'"),
    ],
)
def test_illegal_settings(make, message):
    with pytest.raises(CircuitError, match=message):
        make()
