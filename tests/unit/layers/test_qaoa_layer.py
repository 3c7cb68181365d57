"""QAOALayer against the circuit of single models; gradients; masks, samples, shots; wrong arguments."""

from __future__ import annotations

import copy
import pickle
from itertools import combinations

import dimod
import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits import noise
from hybrid_opt.circuits.angle_tables import initial_angles
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.qaoa import CircuitQAOA
from hybrid_opt.circuits.qaoa_program import mixer_pairs
from hybrid_opt.errors import OptionError
from hybrid_opt.layers import QAOALayer

PAIRS = [(1, 2), (0, 1), (3, 0)]  # neither sorted nor oriented


def coefficients(*leading: int, n: int = 4, k: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(*leading, n))), torch.from_numpy(rng.normal(size=(*leading, k)))


def model(linear: torch.Tensor, quadratic: torch.Tensor, pairs=PAIRS) -> dimod.BinaryQuadraticModel:
    built = dimod.BinaryQuadraticModel("BINARY")
    for variable, value in enumerate(linear.tolist()):
        built.add_linear(variable, value)
    for pair, value in zip(pairs, quadratic.tolist()):
        built.add_quadratic(*pair, value)
    return built


def all_bits(n: int) -> np.ndarray:
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1]) & 1


# against the circuit of one model


@pytest.mark.parametrize("simulator", ["aer", "native"])
def test_marginals_and_correlations_are_those_of_the_circuit_of_each_instance(simulator):
    layer = QAOALayer(4, PAIRS, depth=2, correlations=True, simulator=simulator, seed=1).double()
    layer.reset_parameters()  # in float64
    linear, quadratic = coefficients(5)
    marginals, joint = layer(linear, quadratic)
    assert (marginals.shape, joint.shape) == ((5, 4), (5, 3))
    bits = all_bits(4)
    for row in range(5):
        instance = model(linear[row], quadratic[row])
        angles = initial_angles(instance, 2, rule="spin_glass")
        weights = CircuitQAOA(instance, compute="cpu").probabilities(*angles)
        np.testing.assert_allclose(marginals[row].detach(), weights @ bits, atol=1e-10)
        products = np.stack([bits[:, i] * bits[:, j] for i, j in PAIRS], axis=1)
        np.testing.assert_allclose(joint[row].detach(), weights @ products, atol=1e-10)
        energy = (linear[row] * marginals[row]).sum() + (quadratic[row] * joint[row]).sum()
        assert energy.item() == pytest.approx(
            CircuitQAOA(instance, compute="cpu").value(*angles), abs=1e-10
        )


def test_without_rescaling_gammas_are_taken_as_they_are():
    angles = ([0.3, -0.2], [0.5, 0.1])
    layer = QAOALayer(4, PAIRS, depth=2, rescale=False, initial_angles=angles, seed=1).double()
    linear, quadratic = coefficients()
    layer.load_state_dict(
        {"gammas": torch.tensor(angles[0]).double(), "betas": torch.tensor(angles[1]).double()}
    )
    angles = (layer.gammas.detach().numpy(), layer.betas.detach().numpy())
    weights = CircuitQAOA(model(linear, quadratic), compute="cpu").probabilities(*angles)
    np.testing.assert_allclose(layer(linear, quadratic).detach(), weights @ all_bits(4), atol=1e-10)


def reference_xy(layer: QAOALayer, linear: torch.Tensor, quadratic: torch.Tensor) -> torch.Tensor:
    """The circuit of one instance on PennyLane's simulator, written down anew, without rescaling."""
    n, weight = layer.n_qubits, layer.circuit.weight
    start = (all_bits(n).sum(axis=1) == weight).astype(float)
    start /= np.linalg.norm(start)

    @qml.qnode(qml.device("default.qubit", wires=n), diff_method="backprop")
    def circuit(linear, quadratic, gammas, betas):
        qml.StatePrep(start, wires=range(n))
        for gamma, beta in zip(gammas, betas):
            for wire in range(n):
                field = -linear[wire] / 2 - sum(quadratic[k] / 4 for k, p in enumerate(PAIRS) if wire in p)
                qml.RZ(2 * gamma * field, wires=wire)
            for k, pair in enumerate(PAIRS):
                qml.IsingZZ(gamma * quadratic[k] / 2, wires=pair)
            for pair in mixer_pairs(n):
                qml.IsingXX(beta, wires=pair)
                qml.IsingYY(beta, wires=pair)
                qml.IsingZZ(beta, wires=pair)
        return [qml.expval(qml.Z(wire)) for wire in range(n)]

    return (1 - torch.stack(circuit(linear, quadratic, layer.gammas, layer.betas))) / 2


def test_the_mixer_of_one_weight_with_gradients():
    layer = QAOALayer(4, PAIRS, depth=2, mixer="xy", weight=2, rescale=False, seed=1).double()
    linear, quadratic = (part.requires_grad_() for part in coefficients())
    sources = [linear, quadratic, layer.gammas, layer.betas]
    factors = torch.tensor([1.0, -2.0, 0.5, 3.0])
    ours, expected = layer(linear, quadratic), reference_xy(layer, linear, quadratic)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-12)
    for mine, theirs in zip(
        torch.autograd.grad((ours * factors).sum(), sources),
        torch.autograd.grad((expected * factors).sum(), sources),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)
    assert ours.sum().item() == pytest.approx(2, abs=1e-12)


def test_a_constant_objective_prefers_nothing():
    zero = torch.zeros(3, 4, requires_grad=True)
    for options, share in (({}, 0.5), ({"mixer": "xy", "weight": 1}, 0.25)):
        layer = QAOALayer(4, PAIRS, seed=1, **options)
        outputs = layer(zero, torch.zeros(3))
        torch.testing.assert_close(outputs, torch.full((3, 4), share))
        outputs.square().sum().backward()
        assert torch.isfinite(zero.grad).all()


@pytest.mark.parametrize("options", [{}, {"mixer": "xy", "weight": 5}])
def test_the_start_is_better_than_chance(options):
    pairs = list(combinations(range(10), 2))
    linear, quadratic = coefficients(8, n=10, k=len(pairs), seed=3)
    layer = QAOALayer(10, depth=3, correlations=True, seed=1, simulator="native", **options)
    marginals, joint = layer(linear, quadratic)
    reached = (linear * marginals).sum(-1) + (quadratic * joint).sum(-1)
    bits = all_bits(10)
    bits = bits[bits.sum(axis=1) == 5] if options else bits
    products = np.stack([bits[:, i] * bits[:, j] for i, j in pairs], axis=1)
    energies = linear.numpy() @ bits.T + quadratic.numpy() @ products.T
    ratio = (energies.mean(axis=1) - reached.detach().numpy()) / (
        energies.mean(axis=1) - energies.min(axis=1)
    )
    assert ratio.mean() > 0.55
    assert ratio.min() > 0.4


# gradients


@pytest.mark.parametrize("options", [{}, {"mixer": "xy", "weight": 2}, {"rescale": False}])
def test_gradcheck(options):
    layer = QAOALayer(4, PAIRS, depth=2, correlations=True, seed=1, **options).double()
    inputs = [part.requires_grad_() for part in coefficients(2)]
    angles = [layer.gammas.detach().clone().requires_grad_(), layer.betas.detach().clone().requires_grad_()]

    def outputs(linear, quadratic, gammas, betas):
        return torch.func.functional_call(layer, {"gammas": gammas, "betas": betas}, (linear, quadratic))

    assert torch.autograd.gradcheck(outputs, (*inputs, *angles))


def test_broadcast_coefficients_get_summed_gradients():
    layer = QAOALayer(4, PAIRS, depth=2, seed=1).double()
    linear, _ = coefficients(3)
    _, quadratic = coefficients()
    quadratic.requires_grad_()
    outputs = layer(linear, quadratic)
    torch.testing.assert_close(outputs, layer(linear, quadratic.expand(3, 3)))
    (together,) = torch.autograd.grad(outputs.square().sum(), quadratic)
    single = sum(torch.autograd.grad(layer(row, quadratic).square().sum(), quadratic)[0] for row in linear)
    torch.testing.assert_close(together, single)


@pytest.mark.parametrize("options", [{}, {"mixer": "xy", "weight": 2}])
def test_only_ratios_count_unless_the_scale_is_asked_for(options):
    linear, quadratic = (part.requires_grad_() for part in coefficients(2))
    factors = torch.tensor([1.0, -1.0, 2.0, 0.5])
    for rescale in (True, False):
        layer = QAOALayer(4, PAIRS, depth=2, rescale=rescale, seed=1, **options).double()
        outputs = layer(linear, quadratic)
        assert torch.allclose(layer(10 * linear, 10 * quadratic), outputs, atol=1e-10) == rescale
        grads = torch.autograd.grad((outputs * factors).sum(), [linear, quadratic])
        radial = (grads[0] * linear).sum(-1) + (grads[1] * quadratic).sum(-1)
        assert bool((radial.abs() < 1e-12).all()) == rescale


def test_only_what_is_wanted_is_differentiated():
    linear, quadratic = coefficients(2)
    layer = QAOALayer(4, PAIRS, depth=2, seed=1).double()
    full = torch.autograd.grad(layer(linear, quadratic)[:, 0].sum(), [layer.gammas, layer.betas])
    for name, expected in zip(("gammas", "betas"), full):
        layer.requires_grad_(False)
        getattr(layer, name).requires_grad_()
        (alone,) = torch.autograd.grad(layer(linear, quadratic)[:, 0].sum(), [getattr(layer, name)])
        torch.testing.assert_close(alone, expected)
    fixed = QAOALayer(4, PAIRS, depth=2, trainable=False, seed=1)
    assert list(fixed.parameters()) == []
    assert sorted(fixed.state_dict()) == ["betas", "gammas"]
    linear.requires_grad_()
    fixed(linear, quadratic)[:, 0].sum().backward()
    assert linear.grad.abs().sum() > 0


def test_the_angles_train():
    linear, quadratic = (part.float() for part in coefficients(6))
    layer = QAOALayer(4, PAIRS, depth=2, correlations=True, seed=1)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    energies = []
    for _ in range(30):
        marginals, joint = layer(linear, quadratic)
        energy = ((linear * marginals).sum(-1) + (quadratic * joint).sum(-1)).mean()
        optimizer.zero_grad()
        energy.backward()
        optimizer.step()
        energies.append(energy.item())
    assert energies[-1] < energies[0] - 0.1


# masks


def test_top_k_is_straight_through():
    linear, quadratic = coefficients(7)
    plain = QAOALayer(4, PAIRS, depth=2, seed=1).double()
    hard = QAOALayer(4, PAIRS, depth=2, top_k=2, seed=1).double()
    linear.requires_grad_()
    mask, marginals = hard(linear, quadratic), plain(linear, quadratic)
    assert (mask.sum(-1) == 2).all()
    assert mask.unique().tolist() == [0.0, 1.0]
    chosen = torch.where(mask == 1, marginals, 1).amin(-1)
    assert (chosen >= torch.where(mask == 0, marginals, 0).amax(-1)).all()
    factors = torch.tensor([1.0, -1.0, 2.0, 0.5])
    grads = [torch.autograd.grad((out * factors).sum(), linear)[0] for out in (mask, marginals)]
    torch.testing.assert_close(*grads)
    assert grads[0].abs().sum() > 0


def test_ties_go_to_the_lower_index():
    for simulator in ("aer", "native"):
        layer = QAOALayer(5, [], top_k=2, seed=1, simulator=simulator)
        assert layer(torch.zeros(5)).tolist() == [1, 1, 0, 0, 0]


# shapes


@pytest.mark.parametrize("leading", [(), (0,), (1,), (2, 3), (2, 0, 3)])
def test_any_leading_shape(leading):
    layer = QAOALayer(4, PAIRS, depth=1, correlations=True, seed=1).double()
    linear, quadratic = (part.requires_grad_() for part in coefficients(*leading))
    marginals, joint = layer(linear, quadratic)
    assert (marginals.shape, joint.shape) == ((*leading, 4), (*leading, 3))
    (marginals.sum() + joint.sum()).backward()
    assert (linear.grad.shape, quadratic.grad.shape) == (linear.shape, quadratic.shape)
    assert layer.sample(linear, quadratic, shots=5).shape == (*leading, 5, 4)
    rows = zip(linear.reshape(-1, 4), quadratic.reshape(-1, 3), marginals.reshape(-1, 4), strict=True)
    for one, other, expected in rows:
        torch.testing.assert_close(layer(one, other)[0], expected, rtol=0, atol=1e-12)


def test_pairs():
    assert QAOALayer(3, seed=1).pairs == ((0, 1), (0, 2), (1, 2))
    assert QAOALayer(4, torch.tensor(PAIRS), seed=1).pairs == ((1, 2), (0, 1), (0, 3))
    alone = QAOALayer(1, seed=1)
    assert alone.pairs == ()
    torch.testing.assert_close(alone(torch.ones(2, 1)), alone(torch.ones(2, 1), torch.zeros(2, 0)))


def test_mixed_precision_of_the_two_inputs():
    linear, quadratic = coefficients(2)
    outputs = QAOALayer(4, PAIRS, seed=1)(linear.float(), quadratic)
    assert outputs.dtype == torch.float64


def test_one_run_of_aer_for_the_batch(monkeypatch):
    from qiskit_aer import AerSimulator

    layer = QAOALayer(4, PAIRS, correlations=True, seed=1)
    inputs = [part.requires_grad_() for part in coefficients(32)]
    layer(*inputs)
    runs = []
    original = AerSimulator.run
    monkeypatch.setattr(
        AerSimulator, "run", lambda *args, **named: runs.append(1) or original(*args, **named)
    )
    marginals, joint = layer(*inputs)
    (marginals.sum() + joint.sum()).backward()
    assert len(runs) == 1


# models


def test_from_model():
    chain = dimod.BinaryQuadraticModel({"c": 0.5}, {("a", "b"): 1.0, ("b", "c"): -2.0}, 3.0, "SPIN")
    layer = QAOALayer.from_model(chain, depth=2, correlations=True, seed=1).double()
    layer.reset_parameters()
    linear, quadratic = layer.coefficients(chain, torch.float64)
    marginals, joint = layer(linear, quadratic)
    constant = chain.change_vartype("BINARY", inplace=False).offset
    energy = (linear * marginals).sum() + (quadratic * joint).sum() + constant
    expected = CircuitQAOA(chain, compute="cpu").value(*initial_angles(chain, 2, rule="spin_glass"))
    assert energy.item() == pytest.approx(expected, abs=1e-10)
    assert copy.deepcopy(layer).variables == layer.variables == tuple(chain.variables)
    assert layer.coefficients(chain)[0].dtype == torch.float32
    with pytest.raises(CircuitError, match="variables"):
        layer.coefficients(dimod.BinaryQuadraticModel({"a": 1.0}, {}, 0.0, "SPIN"))
    with pytest.raises(CircuitError, match="ConstrainedQuadraticModel"):
        QAOALayer.from_model(dimod.ConstrainedQuadraticModel())


# samples, shots, noise


@pytest.mark.parametrize("options", [{}, {"mixer": "xy", "weight": 2}, {"simulator": "native"}])
def test_samples(options):
    layer = QAOALayer(4, PAIRS, seed=1, **options)
    linear, quadratic = (part.float() for part in coefficients(2))
    bits = layer.sample(linear.requires_grad_(), quadratic, 4000, seed=3)
    assert (bits.dtype, bits.shape, bits.requires_grad) == (torch.uint8, (2, 4000, 4), False)
    assert (bits.float().mean(1) - layer(linear, quadratic)).abs().max() < 0.05
    assert torch.equal(layer.sample(linear, quadratic, 4000, seed=3), bits)
    assert not torch.equal(layer.sample(linear, quadratic, 4000, seed=4), bits)
    if "weight" in options:
        assert (bits.sum(-1) == 2).all()


def test_the_stream_of_samples_begins_anew_in_copies():
    layer = QAOALayer(4, PAIRS, seed=1)
    inputs = coefficients()
    first, second = layer.sample(*inputs, 20), layer.sample(*inputs, 20)
    assert not torch.equal(first, second)
    assert torch.equal(pickle.loads(pickle.dumps(layer)).sample(*inputs, 20), first)
    assert torch.equal(QAOALayer(4, PAIRS, seed=1).sample(*inputs, 20), first)
    assert not torch.equal(QAOALayer(4, PAIRS, seed=2).sample(*inputs, 20), first)


def test_shots_in_training_exact_in_evaluation():
    layer = QAOALayer(4, PAIRS, shots=100, correlations=True, seed=7)
    exact = QAOALayer(4, PAIRS, correlations=True, seed=7)
    inputs = coefficients(3)
    marginals, joint = layer(*inputs)
    for estimate in (marginals, joint):
        assert torch.allclose(estimate * 100, (estimate * 100).round())
        assert ((estimate >= 0) & (estimate <= 1)).all()
    assert not torch.equal(layer(*inputs)[0], marginals)
    assert (marginals - exact(*inputs)[0]).abs().max() < 0.3
    torch.testing.assert_close(layer.eval()(*inputs), exact(*inputs), rtol=0, atol=1e-12)
    assert torch.equal(QAOALayer(4, PAIRS, shots=100, correlations=True, seed=7)(*inputs)[0], marginals)


@pytest.mark.parametrize("options", [{}, {"mixer": "xy", "weight": 2}])
@pytest.mark.parametrize(("gradient", "tolerance"), [("parameter_shift", 1e-10), ("shots", 0.15)])
def test_gradients_by_parameter_shift(options, gradient, tolerance):
    settings = {"gradient": "parameter_shift"} if gradient == "parameter_shift" else {"shots": 20_000}
    layers = [
        QAOALayer(4, PAIRS, depth=1, seed=1, simulator="native", **options, **more) for more in ({}, settings)
    ]
    assert [layer.gradient for layer in layers] == ["adjoint", "parameter_shift"]
    inputs = [part.requires_grad_() for part in coefficients(2)]
    grads = [
        torch.autograd.grad(layer(*inputs)[:, 1].sum(), [*inputs, layer.gammas, layer.betas])
        for layer in layers
    ]
    for exact, shifted in zip(*grads):
        assert exact.abs().max() > 0.01
        torch.testing.assert_close(shifted, exact, rtol=1e-5, atol=tolerance)


@pytest.mark.parametrize("options", [{}, {"mixer": "xy", "weight": 2}])
def test_noise_in_training_only(options):
    model = noise.depolarizing_noise(0.05, 0.05)
    noisy = QAOALayer(4, PAIRS, depth=1, noise_model=model, seed=1, **options)
    exact = QAOALayer(4, PAIRS, depth=1, seed=1, **options)
    inputs = coefficients(2)
    assert (noisy(*inputs) - exact(*inputs)).abs().max() > 0.01
    torch.testing.assert_close(noisy.eval()(*inputs), exact(*inputs), rtol=0, atol=1e-12)
    if options:
        assert (noisy.sample(*inputs, 200).sum(-1) == 2).all()
        assert (noisy.train().sample(*inputs, 200).sum(-1) != 2).any()


# description


def test_description():
    layer = QAOALayer(4, PAIRS, mixer="xy", weight=2, top_k=2, shots=10, seed=1)
    for part in ("4, pairs=3", "depth=3", "weight=2", "top_k=2", "Aer statevector (CPU)", "shots=10"):
        assert part in repr(layer)
    assert layer.resources() == layer.circuit.resources()
    plain = QAOALayer(4, PAIRS, depth=1, initial_angles=([0.5], [0.25]), rescale=False, seed=1)
    assert "RZ" in plain.draw()
    assert "RX(0.50)" in plain.draw(*coefficients())
    with pytest.raises(CircuitError, match="one instance"):
        plain.draw(*coefficients(2))


# wrong arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_qubits": 0}, "n_qubits is 0"),
        ({"depth": 0}, "depth is 0"),
        ({"depth": 2.0}, "depth is 2.0"),
        ({"pairs": [(0, 4)]}, r"pair \(0, 4\)"),
        ({"pairs": [(1, 1)]}, r"pair \(1, 1\)"),
        ({"pairs": [(-1, 1)]}, r"pair \(-1, 1\)"),
        ({"pairs": [(0, 1), (1, 0)]}, "given twice"),
        ({"pairs": [(0, 1, 2)]}, "pairs of integers"),
        ({"pairs": [(0.0, 1.0)]}, "pairs of integers"),
        ({"pairs": [(0, 1), (2,)]}, "pairs of integers"),
        ({"pairs": "ab"}, "pairs of integers"),
        ({"pairs": 3}, "pairs of integers"),
        ({"mixer": "ring"}, "mixer is 'ring'"),
        ({"mixer": "xy"}, "weight=k"),
        ({"mixer": "xy", "weight": 4}, "smaller than their number"),
        ({"weight": 2}, 'mixer="x" keeps'),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_k": 5}, "only 4 variables"),
        ({"top_k": True}, "top_k is True"),
        ({"initial_angles": [1.0]}, "pair"),
        ({"initial_angles": ([1.0], [1.0])}, r"gammas: the shape is \(1,\)"),
        ({"initial_angles": ([1.0] * 3, [np.nan] * 3)}, "betas: a NaN"),
        ({"simulator": "qasm"}, "qasm"),
        ({"gradient": "adjoint", "shots": 10}, "adjoint"),
        ({"shots": 0}, "shots is 0"),
        ({"compute": "tpu"}, "tpu"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(CircuitError, match=message):
        QAOALayer(**{"n_qubits": 4} | arguments)


def test_wrong_seed_and_too_many_qubits():
    with pytest.raises(OptionError, match="seed"):
        QAOALayer(4, seed=-1)
    with pytest.raises(OptionError, match="seed"):
        QAOALayer(4, PAIRS).sample(*coefficients(), 10, seed=-1)
    with pytest.raises(CircuitTooLargeError):
        QAOALayer(60, [], mixer="xy", weight=2)


@pytest.mark.parametrize(
    ("linear", "quadratic", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(2, 3), r"linear coefficients of QAOALayer have shape \(2, 3\)"),
        (torch.zeros(2, 4), torch.zeros(2, 4), r"quadratic coefficients of QAOALayer have shape \(2, 4\)"),
        (torch.zeros(2, 4), None, "are missing; the layer has 3 pairs"),
        (torch.zeros(2, 4), torch.zeros(3, 3), "all axes but the last"),
        (torch.zeros(2, 4, dtype=torch.int64), torch.zeros(2, 3), "linear .* dtype torch.int64"),
        (torch.zeros(2, 4), torch.zeros(2, 3, dtype=torch.bool), "quadratic .* dtype torch.bool"),
        (np.zeros((2, 4)), torch.zeros(2, 3), "ndarray"),
        (torch.zeros(2, 4), [0.0, 0.0, 0.0], "list"),
        (torch.full((2, 4), torch.nan), torch.zeros(2, 3), r"linear .* at \[0, 0\] is nan"),
        (torch.zeros(4), torch.tensor([0.0, torch.inf, 0.0]), r"quadratic .* at \[1\] is inf"),
        (torch.zeros(2, 4, device="meta"), torch.zeros(2, 3), "one device"),
    ],
)
def test_wrong_coefficients(linear, quadratic, message):
    layer = QAOALayer(4, PAIRS, simulator="native", seed=1)
    for use in (layer, layer.sample, layer.draw):
        with pytest.raises(CircuitError, match=message):
            use(linear, quadratic)


def test_wrong_samples():
    layer = QAOALayer(4, PAIRS, simulator="native", seed=1)
    with pytest.raises(CircuitError, match="shots is 0"):
        layer.sample(*coefficients(), 0)
    with pytest.raises(CircuitError, match="meta device"):
        layer.sample(torch.zeros(4, device="meta"), torch.zeros(3, device="meta"))


@pytest.mark.parametrize("name", ["gammas", "betas"])
def test_diverged_angles_are_named(name):
    layer = QAOALayer(4, PAIRS, seed=1)
    with torch.no_grad():
        getattr(layer, name).fill_(torch.nan)
    with pytest.raises(CircuitError, match=f"parameter '{name}' holds a NaN"):
        layer(*coefficients())
