"""QNNLayer against PennyLane's own simulator and torch layer; arguments; shots, noise and seeds."""

from __future__ import annotations

import copy

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits import noise
from hybrid_opt.circuits.ansatz import BrickWall
from hybrid_opt.circuits.encodings import Amplitude, Angle, Chebyshev
from hybrid_opt.circuits.errors import CircuitError, DeviceUnavailableError
from hybrid_opt.circuits.readout import UnknownObservableError
from hybrid_opt.errors import OptionError
from hybrid_opt.layers import QNNLayer

ANSATZES = ["strongly_entangling", "basic_entangler", "hardware_efficient", "brick_wall", "separable"]
ENCODINGS = ["angle", "amplitude", "basis", "iqp", "chebyshev"]


def features(encoding: str, rows: int, width: int, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    if encoding == "basis":
        return torch.from_numpy(rng.integers(0, 2, (rows, width)).astype(float))
    return torch.from_numpy(rng.uniform(-0.9, 0.9, (rows, width)))


def reference(layer: QNNLayer, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The same circuit on PennyLane's simulator, differentiated by torch."""

    @qml.qnode(qml.device("default.qubit", wires=layer.circuit.n_qubits), diff_method="backprop")
    def circuit(inputs, weights):
        with qml.QueuingManager.stop_recording():
            operations = layer.circuit.operations(inputs, weights)
        for operation in operations:
            qml.apply(operation)
        return [qml.expval(observable) for observable in layer.observables]

    return torch.stack(circuit(inputs, weights), dim=-1)


def assert_equal_with_gradients(layer: QNNLayer, inputs: torch.Tensor) -> None:
    layer.double()
    ours, theirs = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    weights = layer.weights.detach().clone().requires_grad_()
    outputs, expected = layer(ours), reference(layer, theirs, weights)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-10)
    factors = torch.from_numpy(np.random.default_rng(5).normal(size=tuple(outputs.shape)))
    (outputs * factors).sum().backward()
    (expected * factors).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=1e-10)
    torch.testing.assert_close(layer.weights.grad, weights.grad, rtol=0, atol=1e-10)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("ansatz", ANSATZES)
def test_values_and_gradients_are_those_of_backpropagation(ansatz, encoding):
    layer = QNNLayer(3, 2, ansatz=ansatz, encoding=encoding, initial_weights="uniform", seed=1)
    assert_equal_with_gradients(layer, features(encoding, 4, layer.n_inputs))


@pytest.mark.parametrize("encoding", ["angle", "iqp", "chebyshev"])
def test_reuploading(encoding):
    layer = QNNLayer(2, 3, encoding=encoding, reupload=True, initial_weights="uniform", seed=1)
    assert_equal_with_gradients(layer, features(encoding, 3, 2))


@pytest.mark.parametrize("encoding", [Angle("Z"), Amplitude(width=3), Chebyshev(2, tower=True)])
def test_objects_in_place_of_names(encoding):
    layer = QNNLayer(2, 2, encoding=encoding, ansatz=BrickWall(), seed=1)
    assert_equal_with_gradients(layer, features("angle", 3, layer.n_inputs))


def test_observables_and_the_native_simulator():
    observables = [qml.X(0) @ qml.Y(1), 0.5 * qml.Z(0) - 2.0 * qml.X(1) @ qml.X(2) + 3 * qml.I(0), qml.Y(2)]
    layer = QNNLayer(3, 2, observables=observables, simulator="native", initial_weights="uniform", seed=1)
    assert layer.n_outputs == 3
    assert "native" in layer.label
    assert_equal_with_gradients(layer, features("angle", 4, 3))


def test_equals_pennylanes_torch_layer():
    @qml.qnode(qml.device("default.qubit", wires=4), diff_method="backprop")
    def circuit(inputs, weights):
        qml.AngleEmbedding(inputs, wires=range(4))
        qml.StronglyEntanglingLayers(weights, wires=range(4))
        return [qml.expval(qml.Z(wire)) for wire in range(4)]

    theirs = qml.qnn.TorchLayer(circuit, {"weights": (2, 4, 3)}).double()
    ours = QNNLayer(4, 2, initial_weights=theirs.weights.detach()).double()
    inputs = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 4)))
    torch.testing.assert_close(ours(inputs), theirs(inputs), rtol=0, atol=1e-10)


def test_one_run_forward_and_none_backward(monkeypatch):
    from qiskit_aer import AerSimulator

    runs = []
    original = AerSimulator.run
    monkeypatch.setattr(
        AerSimulator, "run", lambda *args, **kwargs: runs.append(1) or original(*args, **kwargs)
    )
    layer = QNNLayer(4, 2, seed=1)
    layer(torch.zeros(2, 4))  # whatever Aer is tried out for once per process
    runs.clear()
    inputs = torch.zeros(32, 4, requires_grad=True)
    outputs = layer(inputs)
    assert len(runs) == 1
    outputs.sum().backward()
    assert len(runs) == 1


def test_no_other_simulation_in_the_forward_pass(monkeypatch):
    from hybrid_opt.circuits import native_simulator, statevector

    layer = QNNLayer(3, 1, seed=1)
    for module in (native_simulator, statevector):
        monkeypatch.setattr(module, "simulate", lambda *args, **kwargs: pytest.fail("a second simulation"))
    assert layer(torch.zeros(2, 3)).shape == (2, 3)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (1, 3), (5, 3), (2, 4, 3), (2, 0, 3), (2, 1, 2, 3)])
def test_any_leading_shape(shape):
    layer = QNNLayer(3, 1, n_outputs=2, seed=1).double()
    inputs = torch.linspace(-1, 1, int(np.prod(shape)), dtype=torch.float64).reshape(shape).requires_grad_()
    outputs = layer(inputs)
    assert outputs.shape == (*shape[:-1], 2)
    outputs.sum().backward()
    assert inputs.grad.shape == shape
    assert layer.weights.grad.shape == layer.weights.shape
    rows = inputs.detach().reshape(-1, 3)
    for row, output in zip(rows, outputs.detach().reshape(-1, 2)):
        torch.testing.assert_close(layer(row).detach(), output, rtol=0, atol=1e-12)


def test_scalings_are_explicit_parameters():
    layer = QNNLayer(2, 1, input_scaling="trainable", output_scaling="trainable", seed=1).double()
    plain = QNNLayer(2, 1, seed=1).double()
    assert sorted(dict(plain.named_parameters())) == ["weights"]
    names = ["input_scale", "output_scale", "output_shift", "weights"]
    assert sorted(dict(layer.named_parameters())) == names
    inputs = features("angle", 3, 2)
    torch.testing.assert_close(layer(inputs), plain(inputs), rtol=0, atol=1e-14)
    with torch.no_grad():
        layer.input_scale.copy_(torch.tensor([0.5, -1.5]))
        layer.output_scale.copy_(torch.tensor([2.0, 3.0]))
        layer.output_shift.copy_(torch.tensor([-1.0, 0.25]))
    expected = plain(inputs * torch.tensor([0.5, -1.5])) * torch.tensor([2.0, 3.0]) + torch.tensor(
        [-1.0, 0.25]
    )
    torch.testing.assert_close(layer(inputs), expected, rtol=0, atol=1e-12)
    layer(inputs).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in layer.parameters())
    layer.reset_parameters()
    assert all(parameter.unique().tolist() in ([0.0], [1.0]) for parameter in list(layer.parameters())[1:])
    torch.testing.assert_close(layer.weights, plain.weights, rtol=0, atol=1e-7)  # plain's were float32


def test_initial_weights():
    given = np.arange(12.0).reshape(2, 2, 3)
    layer = QNNLayer(2, 2, initial_weights=given)
    assert layer.weights.dtype == torch.float32
    assert np.array_equal(layer.weights.detach(), given)
    assert torch.equal(QNNLayer(2, 2, seed=3).weights, QNNLayer(2, 2, seed=3).weights)
    assert not torch.equal(QNNLayer(2, 2, seed=3).weights, QNNLayer(2, 2, seed=4).weights)
    torch.manual_seed(1)
    first = QNNLayer(2, 2).weights
    torch.manual_seed(1)
    assert torch.equal(QNNLayer(2, 2).weights, first)
    assert not torch.equal(QNNLayer(2, 2).weights, first)


def test_parameters_have_torchs_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        assert QNNLayer(2, 1, output_scaling="trainable").output_scale.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_it_trains():
    model = torch.nn.Sequential(QNNLayer(2, 2, reupload=True, seed=1), torch.nn.Linear(2, 1))
    torch.manual_seed(0)
    inputs = torch.linspace(-2, 2, 24)[:, None].expand(-1, 2)
    targets = torch.sin(inputs[:, :1])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


# shots and noise


def test_shots_in_training_exact_in_evaluation():
    layer = QNNLayer(2, 1, shots=100, seed=7).double()
    exact = QNNLayer(2, 1, initial_weights=layer.weights.detach()).double()
    inputs = features("angle", 3, 2)
    sampled = layer(inputs)
    assert torch.allclose(sampled * 50, (sampled * 50).round())  # averages of 100 values +-1
    assert not torch.equal(layer(inputs), sampled)  # the stream goes on
    assert (sampled - exact(inputs)).abs().max() < 0.5
    layer.eval()
    torch.testing.assert_close(layer(inputs), exact(inputs), rtol=0, atol=1e-12)
    always = QNNLayer(2, 1, shots=100, exact_evaluation=False, seed=7).eval()
    assert not torch.equal(always(inputs), always(inputs))


def test_same_seed_same_samples():
    inputs = features("angle", 3, 2)
    first, second = (QNNLayer(2, 1, shots=50, seed=7) for _ in range(2))
    runs = [first(inputs) for _ in range(3)]
    assert torch.equal(torch.stack(runs), torch.stack([second(inputs) for _ in range(3)]))
    third = copy.deepcopy(QNNLayer(2, 1, shots=50, seed=7))  # without evaluators yet
    third.eval()(inputs)  # an exact value is no draw
    assert torch.equal(third.train()(inputs), runs[0])
    assert not torch.equal(QNNLayer(2, 1, shots=50, seed=8)(inputs), runs[0])


@pytest.mark.parametrize(
    ("gradient", "repeats", "tolerance"), [("parameter_shift", 1, 0.15), ("spsa", 200, 0.3)]
)
def test_inputs_are_trainable_with_shots(gradient, repeats, tolerance):
    layer = QNNLayer(2, 1, ansatz="basic_entangler", shots=2000, gradient=gradient, seed=7).double()
    exact = QNNLayer(2, 1, ansatz="basic_entangler", initial_weights=layer.weights.detach()).double()
    assert layer.gradient == gradient
    inputs = features("angle", 2, 2)
    of_inputs, of_weights = torch.zeros(2, 2, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64)
    for _ in range(repeats):
        leaf = inputs.clone().requires_grad_()
        grads = torch.autograd.grad(layer(leaf).sum(), [leaf, layer.weights])
        of_inputs += grads[0] / repeats
        of_weights += grads[1] / repeats
    leaf = inputs.clone().requires_grad_()
    expected = torch.autograd.grad(exact(leaf).sum(), [leaf, exact.weights])
    assert expected[0].abs().max() > 2 * tolerance
    assert (of_inputs - expected[0]).abs().max() < tolerance
    assert (of_weights - expected[1]).abs().max() < tolerance


def test_exact_parameter_shift_equals_adjoint():
    adjoint = QNNLayer(2, 2, seed=3).double()
    shifted = QNNLayer(2, 2, seed=3, gradient="parameter_shift").double()
    assert (adjoint.gradient, shifted.gradient) == ("adjoint", "parameter_shift")
    inputs = features("angle", 3, 2).requires_grad_()
    grads = [
        torch.autograd.grad(layer(inputs).square().sum(), [inputs, layer.weights])
        for layer in (adjoint, shifted)
    ]
    for ours, other in zip(*grads):
        torch.testing.assert_close(ours, other, rtol=0, atol=1e-10)


def test_frozen_inputs_save_shifted_circuits(monkeypatch):
    layer = QNNLayer(2, 1, ansatz="separable", gradient="parameter_shift", simulator="native", seed=3)
    simulator = layer._evaluators.get(layer.circuit.program, training=True).simulator
    rows = []
    original = type(simulator).states
    monkeypatch.setattr(
        type(simulator),
        "states",
        lambda self, program, table, *args, **kwargs: (
            rows.append(len(table)) or original(self, program, table, *args, **kwargs)
        ),
    )
    layer(torch.zeros(1, 2)).sum().backward()
    frozen = sum(rows)
    rows.clear()
    layer(torch.zeros(1, 2, requires_grad=True)).sum().backward()
    assert frozen < sum(rows) == 1 + 2 * layer.circuit.program.n_slots


def test_noise_in_training_only():
    model = noise.depolarizing_noise(0.2, 0.2)
    noisy = QNNLayer(2, 1, noise_model=model, seed=1).double()
    exact = QNNLayer(2, 1, seed=1).double()
    inputs = features("angle", 3, 2).requires_grad_()
    assert noisy.gradient == "parameter_shift"
    assert "noise" in noisy.label
    outputs = noisy(inputs)
    assert (outputs.abs() < exact(inputs).abs()).all()
    torch.testing.assert_close(noisy(inputs), outputs, rtol=0, atol=1e-12)  # the density matrix is exact
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
    step = 1e-4
    moved = [noisy(inputs.detach() + sign * step * torch.eye(3, 2, dtype=torch.float64)) for sign in (1, -1)]
    slope = (moved[0] - moved[1]).sum() / (2 * step)
    torch.testing.assert_close((gradient * torch.eye(3, 2)).sum(), slope, rtol=0, atol=1e-6)
    torch.testing.assert_close(noisy.eval()(inputs), exact(inputs), rtol=0, atol=1e-12)


# wrong arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoding": None}, "a layer needs inputs"),
        ({"encoding": "fourier"}, "fourier"),
        ({"ansatz": "none"}, "none"),
        ({"n_outputs": 3}, "n_outputs is 3, but 2 qubits"),
        ({"n_outputs": 0}, "n_outputs is 0"),
        ({"n_outputs": True}, "n_outputs is True"),
        ({"n_outputs": 2, "observables": [qml.Z(0)]}, "1 observables"),
        ({"observables": "Z"}, "sequence of PennyLane operators"),
        ({"observables": 3}, "sequence of PennyLane operators"),
        ({"simulator": "qasm"}, "qasm"),
        ({"gradient": "backprop"}, "backprop"),
        ({"gradient": "adjoint", "shots": 10}, "adjoint"),
        ({"shots": 0}, "shots is 0"),
        ({"precision": "half"}, "half"),
        ({"compute": "tpu"}, "tpu"),
        ({"threads": -1}, "threads is -1"),
        ({"noise_model": "loud"}, "loud"),
        ({"initial_weights": "ones"}, "ones"),
        ({"initial_weights": np.zeros((1, 2))}, r"initial_weights: the shape is \(1, 2\)"),
        ({"initial_weights": np.full((1, 2, 3), np.nan)}, "NaN"),
        ({"initial_weights": object()}, "numbers"),
        ({"input_scaling": True}, "input_scaling is True"),
        ({"output_scaling": "fixed"}, "output_scaling is 'fixed'"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(CircuitError, match=message):
        QNNLayer(2, 1, **arguments)


def test_wrong_observables():
    for observable in (qml.Z(2), qml.Hermitian(np.eye(2), 0), 1j * qml.Z(0), "Z"):
        with pytest.raises(UnknownObservableError):
            QNNLayer(2, 1, observables=[observable])


def test_wrong_seed():
    with pytest.raises(OptionError, match="seed"):
        QNNLayer(2, 1, seed=-1)


def test_gpu_asked_and_absent(monkeypatch):
    from hybrid_opt.circuits import aer_backend

    monkeypatch.setattr(aer_backend, "_gpu_problem", lambda precision: "there is none")
    monkeypatch.setattr(aer_backend, "_open", aer_backend._open.__wrapped__)
    with pytest.raises(DeviceUnavailableError, match="there is none"):
        QNNLayer(2, 1, compute="gpu")


def test_noise_model_with_a_simulator_opened_before():
    from hybrid_opt.circuits.simulators import open_simulator

    with pytest.raises(CircuitError, match="opened before"):
        QNNLayer(2, 1, simulator=open_simulator("aer"), noise_model=noise.readout_noise(0.1))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(3, 2, dtype=torch.int64), "dtype torch.int64"),
        (torch.zeros(3, 2, dtype=torch.bool), "dtype torch.bool"),
        (torch.zeros(3, 2, dtype=torch.complex64), "dtype torch.complex64"),
        (torch.zeros(3, 4), r"\(3, 4\)"),
        (torch.zeros(()), r"\(\)"),
        (np.zeros((3, 2)), "ndarray"),
        (torch.tensor([[0.0, 1.0], [0.0, torch.nan]]), "feature 1 of row 1 is nan"),
        (torch.tensor([[torch.inf, 1.0]]), "feature 0 of row 0 is inf"),
    ],
)
def test_wrong_inputs(inputs, message):
    with pytest.raises(CircuitError, match=message):
        QNNLayer(2, 1)(inputs)


@pytest.mark.parametrize("name", ["weights", "input_scale", "output_scale"])
def test_diverged_parameters_are_named(name):
    layer = QNNLayer(2, 1, input_scaling="trainable", output_scaling="trainable", seed=1)
    with torch.no_grad():
        getattr(layer, name).fill_(torch.nan)
    if name == "output_scale":
        assert layer(torch.zeros(1, 2)).isnan().all()  # plain torch arithmetic
        return
    with pytest.raises(CircuitError, match=f"parameter '{name}' holds a NaN"):
        layer(torch.zeros(1, 2))


def test_description():
    layer = QNNLayer(2, 1, shots=10, n_outputs=1)
    text = repr(layer)
    for part in (
        "VariationalCircuit(2, 1",
        "Aer statevector (CPU)",
        "shots=10",
        "parameter_shift",
        "n_outputs=1",
    ):
        assert part in text
    assert layer.resources() == layer.circuit.resources()
    assert "x0" in layer.draw()
    assert "0.50" in layer.draw(torch.tensor([0.5, 0.25]), weights=True)
    with pytest.raises(CircuitError):
        layer.draw([0.5])
