"""QuantumKernelLayer against closed forms and the NumPy kernels, and the habits a torch module must have."""

import copy
import pickle

import numpy as np
import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.projected_kernel import ProjectedKernel
from hybrid_opt.circuits.variational import VariationalCircuit
from hybrid_opt.layers.kernel import QuantumKernelLayer

TRAINABLE = VariationalCircuit(2, 2, reupload=True)


def doubles(*shape, seed=0, bound=1.0):
    return torch.from_numpy(np.random.default_rng(seed).uniform(-bound, bound, shape))


@pytest.fixture
def layer():
    return QuantumKernelLayer(TRAINABLE, 4, seed=3, compute="cpu").double()


def test_angle_encoding_has_the_closed_form():
    inputs, landmarks = doubles(5, 3), doubles(4, 3, seed=1)
    layer = QuantumKernelLayer(3, landmarks, encoding="angle", compute="cpu").double()
    layer.load_state_dict({"landmarks": landmarks})
    expected = torch.cos((inputs[:, None] - landmarks[None]) / 2).square().prod(dim=2)
    assert torch.allclose(layer(inputs), expected, atol=1e-12)


@pytest.mark.parametrize("simulator", ["aer", "native"])
@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_values_are_those_of_the_numpy_kernels(kernel, simulator):
    layer = QuantumKernelLayer(
        TRAINABLE, 4, kernel=kernel, gamma=0.7, seed=3, compute="cpu", simulator=simulator
    ).double()
    weights = layer.weights.detach().numpy()
    if kernel == "fidelity":
        exact = FidelityKernel(TRAINABLE, weights=weights, compute="cpu")
    else:
        exact = ProjectedKernel(TRAINABLE, weights=weights, gamma=0.7, compute="cpu")
    inputs = doubles(6, 2)
    expected = exact(inputs.numpy(), layer.landmarks.detach().numpy())
    assert np.abs(layer(inputs).detach().numpy() - expected).max() < 1e-12


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
@pytest.mark.parametrize("encoding", ["angle", "iqp", "chebyshev", "amplitude"])
def test_gradients_of_inputs_and_landmarks(kernel, encoding):
    layer = QuantumKernelLayer(2, 3, encoding=encoding, kernel=kernel, seed=1, simulator="native").double()
    inputs = (0.8 * doubles(2, layer.n_inputs)).requires_grad_()
    landmarks = layer.landmarks.detach().clone().requires_grad_()

    def call(inputs, landmarks):
        return torch.func.functional_call(layer, {"landmarks": landmarks}, inputs)

    assert torch.autograd.gradcheck(call, (inputs, landmarks), atol=1e-7)


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_gradients_of_weights(kernel):
    layer = QuantumKernelLayer(TRAINABLE, 2, kernel=kernel, seed=1, compute="cpu").double()
    weights = layer.weights.detach().clone().requires_grad_()

    def call(weights):
        return torch.func.functional_call(layer, {"weights": weights}, doubles(2, 2))

    assert torch.autograd.gradcheck(call, (weights,), atol=1e-7)


def test_a_forward_pass_is_one_run_of_aer(layer, monkeypatch):
    from qiskit_aer import AerSimulator

    runs = []
    original = AerSimulator.run

    def counted(*arguments, **options):
        runs.append(1)
        return original(*arguments, **options)

    monkeypatch.setattr(AerSimulator, "run", counted)
    values = layer(doubles(7, 2))
    assert len(runs) == 1
    values.sum().backward()
    assert len(runs) == 1
    assert layer.landmarks.grad.abs().sum() > 0
    assert layer.weights.grad[0].abs().sum() > 0
    assert layer.weights.grad[-1].abs().max() < 1e-12  # behind the last encoding


@pytest.mark.parametrize("shape", [(2,), (0, 2), (5, 2), (2, 3, 2), (2, 0, 2)])
def test_leading_axes_are_kept(layer, shape):
    values = layer(torch.zeros(shape, dtype=torch.float64, requires_grad=True))
    assert values.shape == (*shape[:-1], 4)
    values.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_dtype_follows_the_inputs(dtype):
    layer = QuantumKernelLayer(2, 3, seed=1, simulator="native")
    assert layer.landmarks.dtype == torch.float32
    inputs = doubles(4, 2).to(dtype).requires_grad_()
    values = layer(inputs)
    assert values.dtype == dtype
    values.sum().backward()
    assert inputs.grad.dtype == dtype
    assert torch.isfinite(inputs.grad).all()


def test_meta_inputs_get_meta_outputs(layer):
    assert layer(torch.zeros(5, 2, device="meta")).shape == (5, 4)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (torch.zeros(3, 2, dtype=torch.int64), "int64"),
        (torch.zeros(3, 2, dtype=torch.complex64), "complex64"),
        (torch.zeros(3, 5), "must be"),
        (torch.tensor(1.0), "must be"),
        (torch.full((1, 2), float("nan")), "nan"),
        (np.zeros((3, 2)), "ndarray"),
    ],
)
def test_wrong_inputs_are_refused(layer, inputs, words):
    with pytest.raises(CircuitError, match=words):
        layer(inputs)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((2, 3), {"kernel": "gaussian"}, "fidelity"),
        ((2, 3), {"kernel": "projected", "gamma": 0.0}, "gamma"),
        ((2, 3), {"gamma": "scale"}, "gamma"),
        (("two", 3), {}, "VariationalCircuit"),
        ((True, 3), {}, "VariationalCircuit"),
        ((VariationalCircuit(2, 1, encoding=None), 3), {}, "no encoding"),
        ((VariationalCircuit(2, 1), 3), {}, "cancel"),
        ((VariationalCircuit(2, 2), 3), {}, "cancel"),
        ((2, 0), {}, "landmarks"),
        ((2, "many"), {}, "landmarks"),
        ((2, [["a", "b"]]), {}, "landmarks"),
        ((2, np.zeros((3, 4))), {}, "shape"),
        ((2, np.zeros((0, 2))), {}, "shape"),
        ((2, [[np.nan, 0.0]]), {}, "landmarks.*nan"),
        ((2, [[2.0, 0.0]]), {"encoding": "chebyshev"}, "clamp"),
        ((2, 3), {"simulator": "other"}, "simulator"),
    ],
)
def test_wrong_arguments_are_refused(arguments, options, words):
    with pytest.raises(CircuitError, match=words):
        QuantumKernelLayer(*arguments, **options)


def test_a_noisy_simulator_is_refused():
    from qiskit_aer.noise import NoiseModel

    from hybrid_opt.circuits.simulators import open_simulator

    simulator = open_simulator("aer", compute="cpu", noise_model=NoiseModel())
    with pytest.raises(CircuitError, match="noise"):
        QuantumKernelLayer(2, 3, simulator=simulator)


def test_idle_weights_are_accepted_as_a_buffer():
    layer = QuantumKernelLayer(VariationalCircuit(2, 1), 3, trainable_weights=False, simulator="native")
    assert [name for name, _ in layer.named_parameters()] == ["landmarks"]
    assert set(layer.state_dict()) == {"landmarks", "weights"}


def test_fixed_landmarks_are_a_buffer():
    given = doubles(3, 2).numpy()
    layer = QuantumKernelLayer(2, given, trainable_landmarks=False, simulator="native")
    assert list(layer.parameters()) == []
    assert np.abs(layer.landmarks.numpy() - given).max() < 1e-7
    inputs = doubles(1, 2).requires_grad_()
    layer(inputs).sum().backward()
    assert inputs.grad.abs().sum() > 0


def test_basis_and_amplitude_draw_landmarks_that_they_can_encode():
    settings = {"encoding": "basis", "seed": 1, "simulator": "native"}
    bits = QuantumKernelLayer(3, 6, trainable_landmarks=False, **settings).landmarks
    assert set(bits.unique().tolist()) == {0.0, 1.0}
    with pytest.raises(CircuitError, match="bits, which cannot be trained"):
        QuantumKernelLayer(3, 6, **settings)
    vectors = QuantumKernelLayer(2, 6, encoding="amplitude", seed=1, simulator="native").landmarks
    assert vectors.shape == (6, 4)


def test_landmarks_that_left_the_domain_are_named():
    layer = QuantumKernelLayer(2, 3, encoding="chebyshev", seed=1, simulator="native")
    with torch.no_grad():
        layer.landmarks[1, 0] = 1.5
    with pytest.raises(CircuitError, match=r"landmarks.*feature 0 of row 1"):
        layer(torch.zeros(1, 2))
    with torch.no_grad():
        layer.landmarks[1, 0] = float("nan")
    with pytest.raises(CircuitError, match="'landmarks' holds a NaN"):
        layer(torch.zeros(1, 2))
    layer.reset_parameters()
    assert torch.isfinite(layer(torch.zeros(1, 2))).all()


def test_the_same_seed_gives_the_same_layer():
    first, second, third = (QuantumKernelLayer(TRAINABLE, 4, seed=s, simulator="native") for s in (1, 1, 2))
    assert torch.equal(first.landmarks, second.landmarks)
    assert torch.equal(first.weights, second.weights)
    assert not torch.equal(first.landmarks, third.landmarks)
    torch.manual_seed(5)
    fourth = QuantumKernelLayer(2, 4, simulator="native")
    torch.manual_seed(5)
    assert QuantumKernelLayer(2, 4, simulator="native").seed == fourth.seed


def test_state_dict_assigns_and_loads_to_meta(layer):
    inputs = doubles(3, 2)
    other = QuantumKernelLayer(TRAINABLE, 4, seed=9, compute="cpu").double()
    assert not torch.allclose(other(inputs), layer(inputs))
    other.load_state_dict(layer.state_dict(), assign=True)
    assert torch.equal(other(inputs), layer(inputs))
    empty = copy.deepcopy(layer).to("meta")
    with pytest.raises(CircuitError, match="meta"):
        empty(inputs)
    empty.load_state_dict(layer.state_dict(), assign=True)
    assert torch.equal(empty(inputs), layer(inputs))


def test_parametrized_weights_are_used(layer):
    class Zero(torch.nn.Module):
        def forward(self, weights):
            return weights * 0

    inputs = doubles(3, 2)
    before = layer(inputs)
    torch.nn.utils.parametrize.register_parametrization(layer, "weights", Zero())
    assert not torch.allclose(layer(inputs), before)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_are_independent(layer, duplicate):
    inputs = doubles(3, 2)
    before = layer(inputs).detach()
    other = duplicate(layer)
    assert torch.equal(other(inputs), before)
    with torch.no_grad():
        other.landmarks += 0.3
    assert not torch.allclose(other(inputs), before)
    assert torch.equal(layer(inputs), before)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_the_first_pass_after_a_copy_may_come_under_any_context(layer, context):
    inputs = doubles(3, 2)
    before = layer(inputs).detach()
    other = pickle.loads(pickle.dumps(layer))
    with context():
        assert torch.equal(other(inputs), before)
    other(inputs).sum().backward()
    assert other.landmarks.grad.abs().sum() > 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_tensors_come_back_to_their_device(layer):
    inputs = doubles(3, 2)
    expected = layer(inputs).detach()
    there = inputs.cuda().requires_grad_()
    values = layer.cuda()(there)
    assert values.device == there.device
    assert torch.allclose(values.detach().cpu(), expected)
    values.sum().backward()
    assert there.grad.device == there.device


def test_a_compiled_model_gives_the_same(layer):
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), layer, torch.nn.Linear(4, 1)).double()
    inputs = doubles(5, 3)
    compiled = torch.compile(model, backend="eager")
    assert torch.allclose(compiled(inputs), model(inputs))


def test_a_second_derivative_is_refused(layer):
    inputs = doubles(2, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(layer(inputs).sum(), inputs, create_graph=True)
    with pytest.raises(CircuitError, match="once, not twice"):
        gradient.sum().backward()


def test_repr_and_label(layer):
    assert "n_landmarks=4" in repr(layer)
    assert layer.label in repr(layer)
    assert (layer.shots, layer.gradient) == (None, "adjoint")
    projected = QuantumKernelLayer(2, 3, kernel="projected", gamma=0.5, simulator="native")
    assert "gamma=0.5" in repr(projected)


def test_it_learns_a_circle():
    inputs = doubles(60, 2, seed=4)
    labels = (inputs.square().sum(dim=1) < 0.6).double()
    layer = QuantumKernelLayer(2, 5, encoding="angle", seed=0, simulator="native")
    readout = torch.nn.Linear(5, 1)
    with torch.no_grad():
        readout.weight.zero_()
        readout.bias.zero_()
    model = torch.nn.Sequential(layer, readout).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.2)
    start = layer.landmarks.detach().clone()
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(inputs)[:, 0], labels)
        loss.backward()
        optimizer.step()
    assert ((model(inputs)[:, 0] > 0) == labels.bool()).double().mean() > 0.9
    assert (layer.landmarks - start).abs().max() > 0.1
