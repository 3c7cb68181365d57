"""QNodeLayer against qml.qnn.TorchLayer of the same QNode on PennyLane's simulator."""

from __future__ import annotations

import copy
import pickle
import sys

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits import noise
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.tracing import NotAffineError
from hybrid_opt.layers import QNNLayer, QNodeLayer


def on(name, function, **options):
    """A QNode of a function on a device with two wires."""
    device = qml.device(name, wires=2)
    return qml.QNode(function, device, **options)


def gates(inputs, first, second):
    qml.AngleEmbedding(inputs, wires=[0, 1])
    qml.BasicEntanglerLayers(first, wires=[0, 1])
    qml.CRX(2 * second[0] - 0.3, wires=[0, 1])
    qml.RZ(second[1] + inputs[..., 0], wires=1)
    qml.Hadamard(1)


SHAPES = {"first": (2, 2), "second": 2}


def expectations(inputs, first, second):
    gates(inputs, first, second)
    return [qml.expval(qml.Z(0)), qml.expval(qml.X(0) @ qml.Z(1)), qml.expval(qml.Z(0) + 0.5 * qml.X(1))]


def one_expectation(inputs, first, second):
    gates(inputs, first, second)
    return qml.expval(qml.Z(0))


def probabilities(inputs, first, second):
    gates(inputs, first, second)
    return qml.probs(wires=[1, 0])


def mixture_of_measurements(inputs, first, second):
    gates(inputs, first, second)
    return [qml.probs(wires=[1]), qml.var(qml.X(0)), qml.expval(qml.Hermitian(np.diag([1.0, 3.0]), 1))]


def list_of_one(inputs, first, second):
    gates(inputs, first, second)
    return [qml.expval(qml.Z(0))]


def batches_only(inputs, first, second):
    qml.RX(inputs[:, 0], wires=0)
    qml.RY(inputs[:, 1], wires=1)
    qml.BasicEntanglerLayers(first, wires=[0, 1])
    qml.CRot(second[0], second[1], second[0] - second[1], wires=[1, 0])
    return [qml.expval(qml.Z(0)), qml.expval(qml.Y(1))]


def products(inputs, first, second):
    qml.IQPEmbedding(inputs, wires=[0, 1])
    qml.BasicEntanglerLayers(first * second[0], wires=[0, 1])
    return [qml.expval(qml.Z(0)), qml.expval(qml.X(1))]


def amplitudes(inputs, first, second):
    qml.AmplitudeEmbedding(inputs, wires=[0, 1], normalize=True, pad_with=0.0)
    qml.BasicEntanglerLayers(first, wires=[0, 1])
    qml.RY(second[0], wires=0)
    qml.RX(second[1], wires=1)
    return [qml.expval(qml.Z(0)), qml.expval(qml.X(1))]


def compare(function, direct, n_inputs=2, **options):
    theirs = qml.qnn.TorchLayer(on("default.qubit", function, diff_method="backprop"), SHAPES).double()
    ours = QNNLayer.from_qnode(
        on("hybrid.aer", function), SHAPES, initial_weights=dict(theirs.named_parameters())
    )
    ours.double()
    assert isinstance(ours, QNodeLayer)
    assert ours.direct is None
    inputs = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (2, 3, n_inputs)))
    leaves = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    outputs, expected = ours(leaves[0]), theirs(leaves[1])
    assert ours.direct is direct
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-10)
    factors = torch.from_numpy(np.random.default_rng(4).normal(size=tuple(outputs.shape)))
    (outputs * factors).sum().backward()
    (expected * factors).sum().backward()
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad, rtol=0, atol=1e-10)
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(getattr(ours, name).grad, parameter.grad, rtol=0, atol=1e-10)
    return ours


@pytest.mark.parametrize(
    "function",
    [
        expectations,
        one_expectation,
        probabilities,
        mixture_of_measurements,
        list_of_one,
        batches_only,
    ],
)
def test_affine_circuits_are_read_once(function):
    compare(function, direct=True)


@pytest.mark.parametrize(("function", "n_inputs"), [(products, 2), (amplitudes, 3)])
def test_other_circuits_are_built_at_every_pass(function, n_inputs):
    compare(function, direct=False, n_inputs=n_inputs)
    with pytest.raises(NotAffineError):
        QNodeLayer(on("hybrid.aer", function), SHAPES, direct=True, n_inputs=n_inputs)


def test_nothing_is_built_after_the_first_pass(monkeypatch):
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, n_inputs=2)
    assert layer.direct
    monkeypatch.setattr(layer.qnode, "func", lambda *args, **kwargs: pytest.fail("called again"))
    layer(torch.zeros(3, 2)).sum().backward()


def test_circuits_for_single_samples():
    """inputs[i] is a feature, as for one sample; TorchLayer would take the i-th row of a batch."""

    def single(inputs, weights):
        for wire in range(2):
            qml.RX(inputs[wire] * (wire + 1), wires=wire)
        qml.CRY(weights, wires=[0, 1])
        return qml.expval(qml.Z(1))

    def by_value(inputs, weights):
        if inputs[0] > 0:
            qml.Hadamard(0)
        qml.RX(inputs[0] * inputs[1], wires=0)
        qml.CRY(weights, wires=[0, 1])
        return qml.expval(qml.Z(1))

    inputs = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (5, 2)))
    for function, direct in ((single, True), (by_value, False)):
        ours = QNodeLayer(
            on("hybrid.aer", function), {"weights": ()}, initial_weights={"weights": 0.7}
        ).double()
        plain = on("default.qubit", function, diff_method="backprop")
        leaf, other = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
        weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        outputs, expected = ours(leaf), torch.stack([plain(row, weight) for row in other])
        torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-7)  # 0.7 came as float32
        outputs.sum().backward()
        expected.sum().backward()
        torch.testing.assert_close(leaf.grad, other.grad, rtol=0, atol=1e-7)
        torch.testing.assert_close(ours.weights.grad, weight.grad, rtol=0, atol=1e-7)
        assert ours.direct is direct


def test_direct_can_be_declined():
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, direct=False, seed=1)
    inputs = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (3, 2)))
    torch.testing.assert_close(
        layer(inputs), QNodeLayer(layer.qnode, SHAPES, seed=1)(inputs), rtol=0, atol=1e-12
    )
    assert layer.direct is False


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("shape", [(2,), (0, 2), (2, 3, 2), (2, 0, 2)])
def test_any_leading_shape(shape, direct):
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, direct=direct)
    inputs = torch.zeros(shape, requires_grad=True)
    outputs = layer(inputs)
    assert outputs.shape == (*shape[:-1], 3)
    outputs.sum().backward()
    assert inputs.grad.shape == shape
    single = QNodeLayer(on("hybrid.aer", one_expectation), SHAPES, direct=direct)
    assert single(inputs).shape == shape[:-1]
    assert single(inputs.to("meta")).shape == shape[:-1]


def test_a_first_pass_in_any_context():
    """The QNode is read by differentiation, on the host, whatever the context of the first pass."""
    inputs = torch.linspace(-1, 1, 6).reshape(3, 2)
    for function, direct in ((expectations, True), (products, False)):
        with torch.device("meta"):
            empty = QNodeLayer(on("hybrid.aer", function), SHAPES, n_inputs=2, seed=1)
        assert empty.direct is direct
        assert empty._plans.value[2].broadcast is not direct
        for context in (torch.no_grad, torch.inference_mode):
            layer = QNodeLayer(on("hybrid.aer", function), SHAPES, seed=1)
            with context():
                before = layer(inputs)
            assert layer.direct is direct
            outputs = layer(inputs)
            torch.testing.assert_close(outputs, before)
            outputs.sum().backward()
            assert layer.first.grad.abs().sum() > 0


def test_wire_labels_and_transforms():
    def labelled(inputs, weights):
        qml.RX(inputs[..., 0], wires="b")
        qml.CRY(weights, wires=["b", "a"])
        qml.CRX(0.3, wires=["a", "c"])
        return qml.probs(wires=["a", "b"])

    def build(name):
        device = qml.device(name, wires=["a", "b", "c"])
        return qml.transforms.merge_rotations(qml.QNode(labelled, device))

    theirs = qml.qnn.TorchLayer(build("default.qubit"), {"weights": 1})
    ours = QNodeLayer(build("hybrid.aer"), {"weights": 1}, initial_weights=dict(theirs.named_parameters()))
    inputs = torch.linspace(-1, 1, 4)[:, None]
    torch.testing.assert_close(ours(inputs), theirs(inputs))
    any_wires = QNodeLayer(
        qml.QNode(labelled, qml.device("hybrid.aer")),
        {"weights": 1},
        initial_weights=dict(theirs.named_parameters()),
    )
    torch.testing.assert_close(any_wires(inputs), theirs(inputs))


def test_a_constant_state_and_a_channel():
    def prepared(inputs, weights):
        qml.StatePrep(np.array([0.6, 0.8j]), wires=0)
        qml.RX(inputs[..., 0] + weights, wires=0)
        return qml.expval(qml.Z(0))

    def noisy(inputs, weights):
        qml.RX(inputs[..., 0] + weights, wires=0)
        qml.DepolarizingChannel(0.25, wires=0)
        return qml.expval(qml.Z(0))

    inputs = torch.linspace(-1, 1, 4, dtype=torch.float64)[:, None].requires_grad_()
    for function, name in ((prepared, "default.qubit"), (noisy, "default.mixed")):
        start = {"weights": 0.5}
        ours = QNodeLayer(on("hybrid.aer", function), {"weights": ()}, initial_weights=start)
        plain = on(name, function)
        outputs, expected = ours(inputs), plain(inputs, torch.tensor(0.5, dtype=torch.float64))
        torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-10)
        for ours_, theirs in zip(*(torch.autograd.grad(o.sum(), [inputs]) for o in (outputs, expected))):
            torch.testing.assert_close(ours_, theirs, rtol=0, atol=1e-10)


def test_shots_of_the_qnode():
    qnode = qml.set_shots(on("hybrid.aer", expectations), 50)
    layer = QNodeLayer(qnode, SHAPES, seed=1)
    exact = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    assert (layer.shots, exact.shots) == (50, None)
    inputs = torch.zeros(3, 2, requires_grad=True)
    outputs = layer(inputs)
    assert torch.allclose(outputs[:, :2] * 25, (outputs[:, :2] * 25).round(), atol=1e-4)
    outputs.sum().backward()
    assert inputs.grad.abs().sum() > 0
    assert torch.equal(QNodeLayer(qnode, SHAPES, seed=1)(inputs), outputs)
    torch.testing.assert_close(layer.eval()(inputs), exact(inputs))
    with pytest.raises(CircuitError, match="Pauli"):
        QNodeLayer(qml.set_shots(on("hybrid.aer", probabilities), 50), SHAPES)(inputs)


def test_noise_model_of_the_device():
    device = qml.device("hybrid.aer", wires=2, noise_model=noise.depolarizing_noise(0.1, 0.1))
    layer = QNodeLayer(qml.QNode(expectations, device), SHAPES, seed=1)
    exact = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    inputs = torch.full((1, 2), 0.3, dtype=torch.float64)
    assert not torch.allclose(layer(inputs), exact(inputs), atol=1e-3)
    torch.testing.assert_close(layer.eval()(inputs), exact(inputs), rtol=0, atol=1e-10)


def test_parameters_that_are_replaced():
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    other = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=2)
    inputs = torch.linspace(-1, 1, 6).reshape(3, 2)
    assert sorted(layer.state_dict()) == ["first", "second"]
    expected = other(inputs)
    assert not torch.allclose(layer(inputs), expected)
    assert torch.equal(torch.func.functional_call(layer, dict(other.named_parameters()), (inputs,)), expected)
    layer.load_state_dict({name: value.clone() for name, value in other.state_dict().items()}, assign=True)
    assert torch.equal(layer(inputs), expected)
    layer.reset_parameters()
    assert not torch.allclose(layer(inputs), expected)


GLOBAL_QNODE = qml.QNode(expectations, qml.device("hybrid.aer", wires=2))


@qml.qnode(qml.device("hybrid.aer", wires=2))
def decorated(inputs, first, second):
    return expectations(inputs, first, second)


@pytest.mark.parametrize("qnode", [GLOBAL_QNODE, decorated])
def test_pickle_of_a_global_qnode(qnode):
    layer = QNodeLayer(qnode, SHAPES, seed=1)
    inputs = torch.linspace(-1, 1, 6).reshape(3, 2)
    expected = layer(inputs)
    copied = pickle.loads(pickle.dumps(layer))
    assert copied.qnode is qnode
    assert torch.equal(copied(inputs), expected)
    assert torch.equal(copy.deepcopy(layer)(inputs), expected)


def test_pickle_of_a_local_qnode_is_refused_in_words():
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    with pytest.raises(CircuitError, match="top level of a module"):
        pickle.dumps(layer)
    assert torch.equal(copy.deepcopy(layer)(torch.zeros(2)), layer(torch.zeros(2)))


def test_second_derivatives_and_compile():
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    inputs = torch.zeros(2, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
    with pytest.raises(CircuitError, match="once, not twice"):
        gradient.sum().backward()
    torch.compiler.reset()
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), layer)
    torch.testing.assert_close(torch.compile(model, backend="eager")(inputs), model(inputs))
    torch.compiler.reset()


def test_drawing_and_description():
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    assert "RX" in layer.draw(torch.zeros(2)) or "AngleEmbedding" in layer.draw(torch.zeros(2))
    for part in (
        "expectations(inputs, first=(2, 2), second=(2,))",
        "Aer statevector",
        "shots=None",
        "direct=None",
    ):
        assert part in repr(layer)


# wrong arguments


def test_wrong_qnodes():
    with pytest.raises(CircuitError, match="must be a PennyLane QNode"):
        QNodeLayer(expectations, SHAPES)
    with pytest.raises(CircuitError, match=r"default\.qubit.*TorchLayer"):
        QNodeLayer(on("default.qubit", expectations), SHAPES)
    with pytest.raises(CircuitError, match="one number of shots"):
        QNodeLayer(qml.set_shots(on("hybrid.aer", expectations), (10, 20)), SHAPES)


def test_wrong_names_and_shapes():
    qnode = on("hybrid.aer", expectations)
    for arguments, message in (
        (({"first": (2, 2)},), "lack .*second"),
        ((SHAPES | {"third": 1},), "third"),
        ((SHAPES | {"inputs": 2},), "name of the inputs"),
        (({"first": "ab", "second": 2},), "tuple of integers"),
    ):
        with pytest.raises(CircuitError, match=message):
            QNodeLayer(qnode, *arguments)
    with pytest.raises(CircuitError, match="no argument 'x'"):
        QNodeLayer(qnode, SHAPES, input_name="x")
    with pytest.raises(CircuitError, match="'third'"):
        QNodeLayer(qnode, SHAPES, initial_weights={"third": 1.0})
    with pytest.raises(CircuitError, match=r"must be \(2, 2\)"):
        QNodeLayer(qnode, SHAPES, initial_weights={"first": np.zeros(3)})
    with pytest.raises(CircuitError, match=r"\*args"):
        QNodeLayer(on("hybrid.aer", lambda *args: qml.expval(qml.Z(0))), {})
    with pytest.raises(CircuitError, match="'training'"):
        QNodeLayer(on("hybrid.aer", lambda inputs, training: qml.expval(qml.Z(0))), {"training": 1})


def test_wrong_inputs():
    layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1)
    with pytest.raises(CircuitError, match=r"torch\.int64"):
        layer(torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(CircuitError, match="fails for inputs of shape"):
        layer(torch.zeros(3, 5))
    for direct in (True, False):
        layer = QNodeLayer(on("hybrid.aer", expectations), SHAPES, seed=1, direct=direct)
        with pytest.raises(CircuitError, match="feature 1 of row 0 of the inputs is nan"):
            layer(torch.tensor([[0.0, torch.nan]]))
        with torch.no_grad():
            layer.second.fill_(torch.inf)
        with pytest.raises(CircuitError, match="parameter 'second'"):
            layer(torch.zeros(1, 2))


def test_circuits_no_layer_can_be_made_of():
    def matrix(inputs, weights):
        cosine, sine = torch.cos(weights), torch.sin(weights)
        rotation = torch.stack([torch.stack([cosine, -sine]), torch.stack([sine, cosine])])
        qml.QubitUnitary(rotation, wires=0)
        return qml.expval(qml.Z(0))

    def measured_inside(inputs, weights):
        qml.RX(weights, wires=0)
        qml.measure(0)
        return qml.expval(qml.Z(1))

    def samples(inputs, weights):
        qml.RX(weights, wires=0)
        return qml.state()

    def weighted_observable(inputs, weights):
        qml.RX(inputs[0], wires=0)
        return qml.expval(weights * qml.Z(0))

    for function, message in (
        (weighted_observable, "depends on inputs or weights; qml"),
        (matrix, "TorchLayer"),
        (measured_inside, "inside its circuit"),
        (samples, "real value"),
    ):
        with pytest.raises(CircuitError, match=message):
            QNodeLayer(on("hybrid.aer", function), {"weights": ()})(torch.zeros(1))


def test_a_circuit_that_ignores_its_inputs():
    """A batch gives one circuit then, not one per sample."""

    def ignoring(inputs, weights):
        qml.RX(weights, wires=0)
        return qml.expval(qml.Z(0))

    for direct in (True, False):
        layer = QNodeLayer(
            on("hybrid.aer", ignoring), {"weights": ()}, initial_weights={"weights": 0.5}, direct=direct
        )
        outputs = layer(torch.zeros(3, 2, requires_grad=True))
        torch.testing.assert_close(outputs, torch.full((3,), 0.5).cos())
        outputs.sum().backward()
        torch.testing.assert_close(layer.weights.grad, -3 * torch.tensor(0.5).sin())


@qml.qnode(qml.device("hybrid.aer", wires=1, compute="cpu"))
def squared(inputs, weight):
    qml.RX(inputs[0] ** 2 + weight, wires=0)
    return qml.expval(qml.Z(0))


def test_a_circuit_built_anew_does_not_follow_torchs_default_device():
    layer = QNNLayer.from_qnode(squared, {"weight": ()}, seed=1)
    inputs = torch.tensor([[0.3], [0.7]])
    expected = layer(inputs)
    assert layer.direct is False
    with torch.device("meta"):
        torch.testing.assert_close(layer(inputs), expected)


def test_an_empty_batch_of_a_circuit_built_anew_has_gradients():
    layer = QNNLayer.from_qnode(squared, {"weight": ()}, n_inputs=1, seed=1)
    layer(torch.zeros(0, 1)).sum().backward()
    assert layer.weight.grad.item() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_inputs": 0}, "n_inputs is 0"),
        ({"n_inputs": "a"}, "n_inputs is 'a'"),
        ({"gradient": "x"}, "gradient is 'x'"),
        ({"direct": "yes"}, "direct is 'yes'"),
    ],
)
def test_arguments_are_checked_at_once(options, message):
    with pytest.raises(CircuitError, match=message):
        QNNLayer.from_qnode(squared, {"weight": ()}, **options)


def test_weight_shapes_must_be_a_dict():
    with pytest.raises(CircuitError, match="must be a dict"):
        QNNLayer.from_qnode(squared, None)


def test_the_number_of_inputs_is_kept():
    layer = QNNLayer.from_qnode(squared, {"weight": ()}, n_inputs=1)
    with pytest.raises(CircuitError, match="shape"):
        layer(torch.zeros(2, 3))


def test_a_pickle_whose_qnode_is_gone(monkeypatch):
    layer = QNNLayer.from_qnode(global_qnode_for_pickles, {"weight": ()}, n_inputs=1)
    data = pickle.dumps(layer)
    monkeypatch.delattr(sys.modules[__name__], "global_qnode_for_pickles")
    with pytest.raises(CircuitError, match="which is not there"):
        pickle.loads(data)


global_qnode_for_pickles = qml.QNode(squared.func, squared.device)
