"""Circuits read once: against tapes built anew, and every way of not being affine."""

import copy
import pickle

import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane.devices.preprocess import decompose

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.slot_map import SlotMap
from hybrid_opt.circuits.tape_reading import is_native, read_tape
from hybrid_opt.circuits.tracing import NotAffineError, trace


def tape(*operations, measurements=()):
    return qml.tape.QuantumScript(operations, list(measurements))


def rich(inputs, weights):
    """Affine angles of all kinds: shared, scaled, shifted, constant, mixed, inside templates to decompose."""
    w, v = weights["w"], weights["v"]
    return tape(
        qml.RX(2 * inputs[..., 0] + 0.5, 0),
        qml.Rot(w[0], -w[0] + v, 0.25, 1),
        qml.PauliRot(inputs[..., 1] / 3 - w[1], "XZ", [0, 2]),
        qml.adjoint(qml.RY(w[1], 1)),
        qml.ctrl(qml.PhaseShift(inputs[..., 0], 2), 0),
        qml.CRY(inputs[..., 0] + inputs[..., 1] + w.sum(), [1, 2]),
        qml.QFT([0, 1, 2]),
        qml.GlobalPhase(inputs[..., 1], 0),
        qml.BasicEntanglerLayers(w[None, :] * 2, [0, 1]),
        measurements=[qml.expval(qml.Z(0)), qml.probs(wires=[2])],
    )


SHAPES = {"w": (2,), "v": ()}


def numbers(rows, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 2)), {"w": rng.normal(size=2), "v": rng.normal(size=())}


@pytest.mark.parametrize("broadcast", [False, True])
def test_the_table_is_that_of_a_tape_built_anew(broadcast):
    traced = trace(rich, 2, SHAPES, broadcast=broadcast)
    inputs, weights = numbers(4)
    table = traced.slots.table(inputs, traced.flat_weights(weights))
    for row, angles in zip(inputs, table):
        (native,), _ = decompose(rich(row, weights), stopping_condition=is_native)
        bound = read_tape(native, 3)
        assert bound.program is traced.program
        np.testing.assert_allclose(angles, bound.table[0], atol=1e-12)


def test_entries_are_exact_and_few():
    def build(inputs, weights):
        return tape(qml.RX(inputs[0] * np.pi, 0), qml.RY(weights["w"][1, 0] + 0.1, 1), qml.RZ(0.7, 0))

    traced = trace(build, 1, {"w": (2, 2)})
    assert traced.slots.input_entries == ((0, 0, np.pi),)
    assert traced.slots.weight_entries == ((2, 1, 1.0),)
    np.testing.assert_allclose(traced.slots.constant, [0, 0.1, 0.7], atol=1e-15)
    assert traced.slots.constant[0] == 0
    assert traced.slots.input_slots.tolist() == [True, False, False]
    assert traced.slots.weight_slots.tolist() == [False, True, False]


def test_measurements_and_wires_are_those_of_the_tape():
    def build(inputs, weights):
        return tape(
            qml.CNOT(["b", "a"]), qml.RX(inputs[0], "b"), measurements=[qml.expval(qml.Z("a") @ qml.X("b"))]
        )

    traced = trace(build, 1, {}, wires=["a", "b", "c"])
    assert traced.program.n_qubits == 3
    assert (traced.program.gates[0].controls, traced.program.gates[0].targets) == ((1,), (0,))
    assert traced.measurements[0].wires.tolist() == [0, 1]
    assert traced.initial is None
    assert trace(build, 1, {}).program.n_qubits == 2
    with pytest.raises(CircuitError, match=r"wires \['b'\], which are not among \['a'\]"):
        trace(build, 1, {}, wires=["a"])


def test_a_fixed_prepared_state():
    state = np.array([0.6, 0, 0, 0.8])
    traced = trace(lambda inputs, weights: tape(qml.StatePrep(state, [0, 1]), qml.RX(inputs[0], 0)), 1, {})
    assert traced.program.prepared
    np.testing.assert_array_equal(traced.initial, state)


def test_no_inputs_no_weights_no_angles():
    traced = trace(lambda inputs, weights: tape(qml.Hadamard(0)), 0, {})
    assert traced.slots.table(np.zeros((3, 0)), traced.flat_weights({})).shape == (3, 0)
    assert traced.slots.table(torch.zeros(3, 0), torch.zeros(0)).shape == (3, 0)


def build_of(make):
    return lambda inputs, weights: tape(*make(inputs, weights["w"]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x, w: [qml.RX(x[0], 0), qml.RY(x[1] ** 2, 1)], r"the angle of RY on wires \[1\]"),
        (lambda x, w: [qml.RX(x[0] * w[0], 0)], "no affine function"),
        (lambda x, w: [qml.RX(torch.sin(w[0]), 0)], "no affine function"),
        (lambda x, w: [qml.RX(torch.relu(x[0]), 0)], "no affine function"),
        (lambda x, w: [qml.RX(abs(w[1]), 0)], "no affine function"),
        (lambda x, w: [qml.RX(torch.clamp(x[0], -2, 2), 0)], "no affine function"),
        (lambda x, w: [qml.RX(torch.arccos(x[0]), 0)], "no affine function"),
        (lambda x, w: [qml.RX(float(x[0].detach()), 0)], "no affine function"),
        (lambda x, w: [qml.RX(x[0], 0)] if x[0] > 0 else [qml.RY(x[0], 0)], "gates of the circuit depend"),
        (
            lambda x, w: [qml.AmplitudeEmbedding(x, [0], normalize=True)],
            "AmplitudeEmbedding on wires .* state",
        ),
        (lambda x, w: [qml.DepolarizingChannel(w[0] / 10, 0)], "DepolarizingChannel .* strength"),
        (lambda x, w: [qml.QubitUnitary(qml.RX.compute_matrix(x[0]), 0)], "QubitUnitary .* matrix"),
    ],
)
def test_what_is_not_affine_is_named(make, message):
    with pytest.raises(NotAffineError, match=message):
        trace(build_of(make), 2, {"w": (2,)})


def test_rows_that_mix_samples_are_not_affine():
    def build(inputs, weights):
        return tape(qml.RX(inputs[:, 0] - inputs[:, 0].mean(), 0))

    with pytest.raises(NotAffineError):
        trace(build, 1, {}, broadcast=True)


def test_an_observable_that_depends_on_weights():
    def build(inputs, weights):
        observable = qml.Hamiltonian(weights["w"], [qml.Z(0), qml.X(0)])
        return tape(qml.RX(inputs[0], 0), measurements=[qml.expval(observable)])

    with pytest.raises(NotAffineError, match="depends on inputs or weights"):
        trace(build, 1, {"w": (2,)})


def test_what_is_no_tape_or_has_no_gates():
    with pytest.raises(CircuitError, match="build returned int; it must return a PennyLane tape"):
        trace(lambda inputs, weights: 1, 0, {})
    with pytest.raises(CircuitError, match="not supported"):
        trace(lambda inputs, weights: tape(qml.measurements.MidMeasureMP(0)), 0, {})


def test_flat_weights():
    traced = trace(rich, 2, SHAPES)
    flat = traced.flat_weights({"v": 3.0, "w": [1, 2]})
    np.testing.assert_array_equal(flat, [1.0, 2.0, 3.0])
    weights = {"v": torch.tensor(3.0, requires_grad=True), "w": torch.tensor([1.0, 2.0], dtype=torch.float64)}
    tensor = traced.flat_weights(weights)
    assert tensor.dtype == torch.float64
    tensor[2].backward()
    assert weights["v"].grad == 1
    with pytest.raises(CircuitError, match=r"named \['w'\]; the circuit needs \['v', 'w'\]"):
        traced.flat_weights({"w": np.zeros(2)})
    with pytest.raises(CircuitError, match=r"'w' has shape \(3,\); it must be \(2,\)"):
        traced.flat_weights({"w": np.zeros(3), "v": np.zeros(())})


def random_map(n_inputs, n_weights, n_slots, seed=0):
    rng = np.random.default_rng(seed)
    entries = [
        [
            (int(rng.integers(size)), int(rng.integers(n_slots)), float(rng.normal()))
            for _ in range(3 * n_slots)
        ]
        for size in (n_inputs, n_weights)
    ]
    return SlotMap(n_inputs, n_weights, entries[0], entries[1], rng.normal(size=n_slots))


@pytest.mark.parametrize("shape", [(3, 4, 5), (40, 300, 600)], ids=["dense", "picked"])
@pytest.mark.parametrize(("rows", "weight_rows"), [(4, None), (4, 4), (1, 4), (4, 1), (0, None)])
def test_numpy_and_torch_agree_dense_and_picked(shape, rows, weight_rows):
    slots = random_map(*shape)
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(rows, shape[0]))
    weights = rng.normal(size=shape[1] if weight_rows is None else (weight_rows, shape[1]))
    matrices = [np.zeros((size, shape[2])) for size in shape[:2]]
    for matrix, entries in zip(matrices, (slots.input_entries, slots.weight_entries)):
        for source, slot, coefficient in entries:
            matrix[source, slot] += coefficient
    expected = inputs @ matrices[0] + weights @ matrices[1] + slots.constant
    table = slots.table(inputs, weights)
    assert type(table) is np.ndarray
    np.testing.assert_allclose(table, expected, atol=1e-12)
    tensors = [torch.tensor(array, requires_grad=True) for array in (inputs, weights)]
    found = slots.table(*tensors)
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-12)
    cotangent = rng.normal(size=expected.shape)
    found.backward(torch.tensor(cotangent))
    for tensor, matrix in zip(tensors, matrices):
        gradient = cotangent @ matrix.T
        if tensor.ndim == 1:
            gradient = gradient.sum(axis=0)
        elif len(tensor) == 1:
            gradient = gradient.sum(axis=0, keepdims=True)
        np.testing.assert_allclose(tensor.grad.numpy(), gradient, atol=1e-10)


def test_slot_maps_copy_and_pickle():
    slots = random_map(2, 3, 4)
    inputs, weights = torch.ones(2, 2, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    table = slots.table(inputs, weights)
    for again in (copy.deepcopy(slots), pickle.loads(pickle.dumps(slots))):
        torch.testing.assert_close(again.table(inputs, weights), table, rtol=0, atol=0)
    assert repr(slots) == "SlotMap(n_inputs=2, n_weights=3, n_slots=4)"


@pytest.mark.parametrize(
    ("inputs", "weights", "message"),
    [
        (np.zeros((1, 3)), np.zeros(3), r"inputs have shape \(1, 3\); it must be \(B, 2\)"),
        (np.zeros(2), np.zeros(3), r"inputs have shape \(2,\)"),
        (np.zeros((1, 2)), np.zeros(2), r"weights have shape \(2,\); it must be \(3,\)"),
        (np.zeros((1, 2)), np.zeros((1, 1, 3)), r"weights have shape \(1, 1, 3\)"),
        (np.zeros((2, 2)), np.zeros((3, 3)), "2 rows of inputs do not go with 3 rows of weights"),
        (torch.zeros(1, 2), np.zeros(3), "give one kind"),
        (np.zeros((1, 2)), torch.zeros(3), "give one kind"),
    ],
)
def test_illegal_tables(inputs, weights, message):
    with pytest.raises(CircuitError, match=message):
        random_map(2, 3, 4).table(inputs, weights)
