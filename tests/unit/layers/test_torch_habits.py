"""What torch users do with modules: the layers that are made of one circuit must take part in all of it."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch.nn.utils import parametrize

from hybrid_opt.circuits import noise
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.layers import QAOALayer, QNNLayer


class StackedQAOA(QAOALayer):
    """With both kinds of coefficients in one tensor, so that it is called as the other layers are."""

    @torch.compiler.disable
    def forward(self, stacked: torch.Tensor) -> torch.Tensor:
        return super().forward(stacked[..., : self.n_qubits], stacked[..., self.n_qubits :])


@dataclass(frozen=True)
class Kind:
    """One layer with two outputs: how it is made, how wide its inputs are, and a parameter to change."""

    make: Callable[..., Any]
    width: int
    weights: str
    start: Callable[[Any], dict[str, Any]]

    def of(self, layer: Any) -> torch.Tensor:
        return getattr(layer, self.weights)

    def others(self, layer: Any) -> torch.Tensor:
        return self.of(layer).detach() + 0.5

    def with_weights(self, values: torch.Tensor) -> Any:
        return self.make(**self.start(values))


def make_qnn(**options: Any) -> QNNLayer:
    return QNNLayer(2, 2, **{"seed": 1} | options)


def make_qaoa(**options: Any) -> QAOALayer:
    return StackedQAOA(2, depth=2, **{"seed": 1} | options)


KINDS = {
    "qnn": Kind(make_qnn, 2, "weights", lambda values: {"initial_weights": values}),
    "qaoa": Kind(
        make_qaoa, 3, "betas", lambda values: {"initial_angles": (make_qaoa().gammas.detach(), values)}
    ),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def layer(kind: Kind) -> Any:
    return kind.make()


@pytest.fixture
def inputs(kind: Kind) -> torch.Tensor:
    return torch.linspace(-1, 0.7, 3 * kind.width).reshape(3, kind.width)


# precision


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_outputs_have_the_inputs_dtype(kind, layer, inputs, dtype):
    rows = inputs.to(dtype).requires_grad_()
    outputs = layer(rows)
    assert outputs.dtype == dtype
    torch.testing.assert_close(outputs, layer(rows.double()).to(dtype), rtol=0, atol=0)
    outputs.sum().backward()
    assert (rows.grad.dtype, kind.of(layer).grad.dtype) == (dtype, torch.float32)


def test_a_module_cast_as_a_whole(kind, layer, inputs):
    model = torch.nn.Sequential(torch.nn.Linear(kind.width, kind.width), layer).to(torch.bfloat16)
    outputs = model(inputs.bfloat16())
    assert outputs.dtype == kind.of(layer).dtype == torch.bfloat16
    outputs.sum().backward()
    assert kind.of(layer).grad.dtype == torch.bfloat16


def test_autocast(kind, layer, inputs):
    front = torch.nn.Linear(kind.width, kind.width)
    model = torch.nn.Sequential(front, layer, torch.nn.Linear(2, 1))
    seen = []
    layer.register_forward_hook(lambda module, args, output: seen.append((args[0], output)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(inputs).sum().backward()
        (given, got), raw = seen[0], layer(inputs)
    assert given.dtype == got.dtype == torch.bfloat16
    assert raw.dtype == torch.float32
    torch.testing.assert_close(raw, layer(inputs), rtol=0, atol=0)  # float64 inside, autocast or not
    assert torch.isfinite(kind.of(layer).grad).all()


# gradients


@pytest.mark.parametrize("encoding", ["angle", "amplitude", "iqp", "chebyshev"])
def test_gradcheck(encoding):
    layer = QNNLayer(
        2, 1, encoding=encoding, input_scaling="trainable", output_scaling="trainable", seed=1
    ).double()
    rows = torch.linspace(-0.8, 0.7, 2 * layer.n_inputs, dtype=torch.float64).reshape(2, -1)
    names = list(dict(layer.named_parameters()))

    def outputs(rows, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters)), (rows,))

    parameters = [parameter.detach().clone().requires_grad_() for parameter in layer.parameters()]
    assert torch.autograd.gradcheck(outputs, (rows.requires_grad_(), *parameters))


def test_gradcheck_of_bits():
    layer = QNNLayer(2, 1, encoding="basis", seed=1).double()
    rows = torch.tensor([[0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    weights = layer.weights.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda weights: torch.func.functional_call(layer, {"weights": weights}, (rows,)), (weights,)
    )


def test_second_derivatives_are_refused_in_words(kind, layer, inputs):
    inputs.requires_grad_()
    (gradient,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
    torch.testing.assert_close(gradient, torch.autograd.grad(layer(inputs).sum(), inputs)[0])
    with pytest.raises(CircuitError, match="differentiated once, not twice"):
        gradient.sum().backward()
    (gradient,) = torch.autograd.grad(layer(inputs).square().sum(), kind.of(layer), create_graph=True)
    with pytest.raises(CircuitError, match="differentiated once, not twice"):
        gradient.sum().backward()


def test_second_derivatives_of_a_prepared_state_are_refused():
    layer = QNNLayer(1, 1, encoding="amplitude", seed=1)
    inputs = torch.linspace(-1, 1, 6).reshape(3, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
    with pytest.raises(CircuitError, match="differentiated once, not twice"):
        gradient.sum().backward()


def test_functional_transforms_are_refused_in_words(kind, layer, inputs):
    parameters = dict(layer.named_parameters())

    def loss(parameters, inputs):
        return torch.func.functional_call(layer, parameters, (inputs,)).sum()

    for attempt in (
        lambda: torch.func.grad(loss)(parameters, inputs),
        lambda: torch.func.grad(loss, argnums=1)(parameters, inputs),
        lambda: torch.func.vmap(layer)(inputs),
        lambda: torch.func.jacrev(layer)(inputs),
    ):
        with pytest.raises(CircuitError, match=r"transform of torch\.func"):
            attempt()
    jacobian = torch.autograd.functional.jacobian(layer, inputs)  # what the message names
    assert jacobian.shape == (3, 2, 3, kind.width)


def test_backward_twice_and_freed_states(kind, layer, inputs):
    outputs = layer(inputs).sum()
    outputs.backward(retain_graph=True)
    once = kind.of(layer).grad.clone()
    outputs.backward()
    torch.testing.assert_close(kind.of(layer).grad, 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        outputs.backward()


def test_no_grad_inference_mode_and_frozen_weights(kind, layer, inputs):
    expected = layer(inputs).detach()
    for context in (torch.no_grad, torch.inference_mode):
        fresh = copy.deepcopy(layer)  # whose circuit is read under the context
        with context():
            outputs = fresh(inputs)
        assert not outputs.requires_grad
        assert torch.equal(outputs, expected)
        fresh(inputs).sum().backward()
        assert kind.of(fresh).grad.abs().sum() > 0
    layer.requires_grad_(False)
    assert not layer(inputs).requires_grad
    leaf = inputs.clone().requires_grad_()
    layer(leaf).sum().backward()
    assert leaf.grad.abs().sum() > 0
    assert kind.of(layer).grad is None


def test_activation_checkpointing(kind, layer, inputs):
    inputs.requires_grad_()
    layer(inputs).sum().backward()
    expected = inputs.grad.clone(), kind.of(layer).grad.clone()
    inputs.grad = kind.of(layer).grad = None
    torch.utils.checkpoint.checkpoint(layer, inputs, use_reentrant=False).sum().backward()
    torch.testing.assert_close((inputs.grad, kind.of(layer).grad), expected)


# parameters that are replaced


def test_state_dict(kind, layer, inputs):
    other = kind.with_weights(kind.others(layer))
    assert not torch.allclose(other(inputs), layer(inputs))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(inputs), layer(inputs))
    assert list(layer.state_dict()) == {"weights": ["weights"], "betas": ["gammas", "betas"]}[kind.weights]


def test_state_dict_assigned(kind, layer, inputs):
    before = layer(inputs)
    other = kind.with_weights(kind.others(layer))
    layer.load_state_dict(layer.state_dict() | {kind.weights: kind.others(layer)}, assign=True)
    assert not torch.allclose(layer(inputs), before)
    assert torch.equal(layer(inputs), other(inputs))


def test_made_on_the_meta_device(kind, layer, inputs):
    with torch.device("meta"):
        empty = kind.make()
    assert all(parameter.is_meta for parameter in empty.parameters())
    assert empty(inputs.to("meta")).shape == (3, 2)
    with pytest.raises(CircuitError, match="meta device"):
        empty(inputs)
    empty.load_state_dict(layer.state_dict(), assign=True)
    assert torch.equal(empty(inputs), layer(inputs))


def test_a_scaled_layer_made_on_the_meta_device():
    layer, rows = QNNLayer(2, 2, seed=1), torch.rand(3, 2)
    with torch.device("meta"):
        empty = QNNLayer(2, 2, output_scaling="trainable", seed=1)
    state = layer.state_dict() | {"output_scale": torch.ones(2), "output_shift": torch.zeros(2)}
    empty.load_state_dict(state, assign=True)
    assert torch.equal(empty(rows), layer(rows))


def test_meta_device_to_empty_and_reset(kind, layer, inputs):
    with torch.device("meta"):
        empty = kind.make()
    empty.to_empty(device="cpu")
    empty.reset_parameters()
    assert torch.equal(empty(inputs), layer(inputs))


def test_meta_inputs_need_no_circuit(layer, inputs):
    outputs = layer(inputs.to("meta", torch.float64))
    assert (outputs.device.type, outputs.dtype, outputs.shape) == ("meta", torch.float64, (3, 2))


def test_functional_call(kind, layer, inputs):
    weights = kind.others(layer).requires_grad_()
    outputs = torch.func.functional_call(layer, {kind.weights: weights}, (inputs,))
    assert torch.equal(outputs, kind.with_weights(weights.detach())(inputs))
    outputs.sum().backward()
    assert weights.grad.abs().sum() > 0
    assert kind.of(layer).grad is None


def test_parametrize(kind, layer, inputs):
    class Half(torch.nn.Module):
        def forward(self, weights):
            return weights / 2

    halved = kind.with_weights(kind.of(layer).detach() / 2)
    parametrize.register_parametrization(layer, kind.weights, Half())
    torch.testing.assert_close(layer(inputs), halved(inputs))
    layer(inputs).sum().backward()
    assert layer.parametrizations[kind.weights].original.grad.abs().sum() > 0


def test_parameters_replaced_by_plain_tensors(kind, layer, inputs):
    """As fully sharded training does: views of one flat parameter stand where the parameters were."""
    weights = kind.others(layer).requires_grad_()
    delattr(layer, kind.weights)
    setattr(layer, kind.weights, weights * 1)
    layer(inputs).sum().backward()
    assert weights.grad.abs().sum() > 0


# copies


def test_deepcopy(kind, layer, inputs):
    layer(inputs)
    twin = copy.deepcopy(layer)
    assert torch.equal(twin(inputs), layer(inputs))
    assert kind.of(twin) is not kind.of(layer)
    assert twin.circuit == layer.circuit
    with torch.no_grad():
        kind.of(twin).add_(1)
    assert not torch.allclose(twin(inputs), layer(inputs))


def test_pickle_and_torch_save(layer, inputs):
    expected = layer(inputs)
    assert torch.equal(pickle.loads(pickle.dumps(layer))(inputs), expected)
    model = torch.nn.Sequential(layer, torch.nn.Linear(2, 1))
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(inputs), model(inputs))


@pytest.mark.parametrize("observables", [None, "sum"])
def test_copies_keep_seed_settings_and_noise(kind, inputs, observables):
    options = {"shots": 20, "noise_model": noise.depolarizing_noise(0.1, 0.1), "seed": 5}
    if observables is not None:
        if kind.weights == "betas":
            options |= {"correlations": False, "mixer": "xy", "weight": 1}
        else:
            options["observables"] = [qubit_sum()]
    layer = kind.make(**options)
    first = layer(inputs)
    second = layer(inputs)
    assert not torch.equal(first, second)
    for copied in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert copied.seed == layer.seed == 5
        assert repr(copied) == repr(layer)
        assert torch.equal(copied(inputs), first)
        assert torch.equal(copied(inputs), second)


def qubit_sum():
    import pennylane as qml

    return qml.X(0) + 0.5 * qml.Z(0) @ qml.Z(1)


def test_pickles_hold_no_simulator(layer, inputs):
    layer(inputs)
    assert b"qiskit" not in pickle.dumps(layer)
    assert len(pickle.dumps(layer)) < 10_000


# around


def test_threads(layer, inputs):
    expected = layer(inputs)
    layer = copy.deepcopy(layer)  # evaluators are made by whoever comes first
    with ThreadPoolExecutor(4) as pool:
        for outputs in pool.map(layer, [inputs] * 16):
            assert torch.equal(outputs, expected)


def test_torch_compile_of_the_model_around(kind, layer, inputs):
    front = torch.nn.Linear(kind.width, kind.width)
    model = torch.nn.Sequential(front, torch.nn.Tanh(), layer, torch.nn.Linear(2, 1))
    expected = model(inputs)
    expected.sum().backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    for backend in ("eager", "aot_eager"):
        model.zero_grad()
        torch.compiler.reset()
        compiled = torch.compile(model, backend=backend)
        outputs = compiled(inputs)
        torch.testing.assert_close(outputs, expected)
        outputs.sum().backward()
        for parameter, gradient in zip(model.parameters(), gradients):
            torch.testing.assert_close(parameter.grad, gradient)
    torch.compiler.reset()


def test_the_host_computes_whatever_the_device(layer, inputs):
    """The path of accelerator tensors, with the meta device in place of one."""
    assert layer.to("meta")(inputs.to("meta")).device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; none is here")
def test_cuda_tensors(kind, layer, inputs):
    expected = layer(inputs)
    rows = inputs.cuda().requires_grad_()
    for module in (layer, layer.cuda()):  # weights on the host, then beside the inputs
        outputs = module(rows)
        assert outputs.is_cuda
        torch.testing.assert_close(outputs.cpu(), expected)
        outputs.sum().backward()
        assert rows.grad.is_cuda
        assert kind.of(module).grad.device == kind.of(module).device


def test_reset_parameters_reaches_through_a_parametrization(kind):
    layer = kind.make(simulator="native")
    start = kind.of(layer).detach().clone()
    torch.nn.utils.parametrizations.weight_norm(layer, kind.weights)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(3.0)
    assert not torch.allclose(kind.of(layer), start)
    layer.reset_parameters()
    torch.testing.assert_close(kind.of(layer).detach(), start)


def test_vectorized_derivatives_are_refused_in_words(kind):
    layer = kind.make(simulator="native")
    inputs = torch.rand(kind.width, requires_grad=True)
    with pytest.raises(CircuitError, match="vectorize=False"):
        torch.autograd.functional.jacobian(layer, inputs, vectorize=True)
    assert torch.autograd.functional.jacobian(layer, inputs).shape == (2, kind.width)


def test_sparse_inputs_are_refused_in_words():
    with pytest.raises(CircuitError, match="must be dense"):
        QNNLayer(2, 1, seed=1, simulator="native")(torch.eye(2).to_sparse())
    with pytest.raises(CircuitError, match="linear coefficients of QAOALayer have the layout"):
        QAOALayer(2, [], seed=1, simulator="native")(torch.eye(2).to_sparse())


def test_export_is_refused_in_words(kind):
    layer = kind.make(simulator="native")
    with torch._subclasses.fake_tensor.FakeTensorMode(allow_non_fake_inputs=True):
        fake = torch.empty(3, kind.width)
        with pytest.raises(CircuitError, match="cannot be exported"):
            layer(fake)
