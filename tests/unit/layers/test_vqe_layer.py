"""VQELayer against exact diagonalization and finite differences; modes, torch habits, wrong arguments."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits import noise
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.hamiltonian_variational import HamiltonianVariational
from hybrid_opt.circuits.readout import UnknownObservableError
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
from hybrid_opt.errors import OptionError
from hybrid_opt.layers.vqe import VQELayer

TERMS = VQELayer.ising_terms(3)
FIELD = 0.5


def layer(**settings) -> VQELayer:
    return VQELayer(settings.pop("terms", TERMS), 3, **{"simulator": "native", "seed": 1, **settings})


def coefficients(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(*shape, len(TERMS))))


def exact(row, terms=TERMS, field=FIELD):
    """Lowest energy and ground state by dense diagonalization."""
    matrix = sum(float(c) * qml.matrix(term, wire_order=range(3)) for c, term in zip(row, terms))
    matrix = matrix - field * sum(qml.matrix(qml.X(i), wire_order=range(3)) for i in range(3))
    energies, states = np.linalg.eigh(matrix)
    return energies[0], states[:, 0]


def expectations(row, observables, **more):
    state = exact(row, **more)[1]
    return [np.vdot(state, qml.matrix(o, wire_order=range(3)) @ state).real for o in observables]


def test_relaxed_outputs_are_those_of_the_ground_state():
    rows = coefficients(5)
    zs = [qml.Z(i) for i in range(3)]
    marginals = (1 - np.array([expectations(row, zs) for row in rows])) / 2
    np.testing.assert_allclose(layer()(rows), marginals, atol=1e-7)
    energies = layer(output="energy", transverse_field=FIELD)(rows)
    np.testing.assert_allclose(energies, [exact(row)[0] for row in rows], atol=1e-9)
    observables = [qml.X(0), qml.Y(1) @ qml.Y(2) + 2 * qml.Z(0)]
    values = layer(output="expectations", transverse_field=FIELD, observables=observables)(rows)
    np.testing.assert_allclose(values, [expectations(row, observables) for row in rows], atol=1e-6)
    own = layer(output="expectations", transverse_field=FIELD)(rows)
    np.testing.assert_allclose(own, [expectations(row, TERMS) for row in rows], atol=1e-6)


def test_terms_that_do_not_commute_and_the_hamiltonian_variational_ansatz():
    terms = [qml.Z(0) @ qml.Z(1) + qml.Z(1) @ qml.Z(2), qml.X(0) + qml.X(1) + qml.X(2)]
    rows = torch.tensor([[-1.0, -0.7], [-0.3, -1.0]], dtype=torch.float64)
    ansatz = HamiltonianVariational.of(read_hamiltonian(-1.0 * terms[0] - terms[1]))
    relaxed = layer(terms=terms, ansatz=ansatz, n_layers=3, output="energy")
    assert relaxed.transverse_field == 0.0
    np.testing.assert_allclose(relaxed(rows), [exact(row, terms, 0.0)[0] for row in rows], atol=1e-8)


@pytest.mark.parametrize("output", ["marginals", "expectations", "energy"])
@pytest.mark.parametrize("mode", ["relaxed", "shared", "amortized"])
def test_gradcheck(mode, output):
    made = layer(mode=mode, output=output, transverse_field=FIELD, n_layers=2, tolerance=1e-11).double()
    rows = coefficients(2).requires_grad_()
    names = list(dict(made.named_parameters()))

    def outputs(rows, *parameters):
        return torch.func.functional_call(made, dict(zip(names, parameters)), (rows,))

    parameters = [parameter.detach().clone().requires_grad_() for parameter in made.parameters()]
    assert len(parameters) == {"relaxed": 0, "shared": 1, "amortized": 2}[mode]
    assert torch.autograd.gradcheck(outputs, (rows, *parameters), eps=1e-4, atol=1e-5)


def test_derivatives_are_those_of_exact_diagonalization():
    rows = coefficients(1).requires_grad_()
    layer()(rows)[0, 1].backward()
    step, slopes = 1e-5, []
    for k in range(len(TERMS)):
        move = step * np.eye(len(TERMS))[k]
        above, below = (expectations(rows[0].detach().numpy() + s * move, [qml.Z(1)])[0] for s in (1, -1))
        slopes.append(-(above - below) / (4 * step))
    np.testing.assert_allclose(rows.grad[0], slopes, atol=1e-6)


def test_the_shared_energy_is_linear_in_the_coefficients_and_trains():
    shared = layer(mode="shared", output="energy")
    rows = coefficients(4)
    energies = shared(rows)
    values = layer(mode="shared", output="expectations")(rows)
    assert torch.equal(values[0], values[3])
    torch.testing.assert_close(energies, (rows * values).sum(dim=1))
    optimizer = torch.optim.Adam(shared.parameters(), lr=0.1)
    row, lowest = rows[:1], exact(rows[0], field=0.0)[0]
    for _ in range(200):
        optimizer.zero_grad()
        loss = shared(row).sum()
        loss.backward()
        optimizer.step()
    assert lowest - 1e-6 <= shared(row).item() < lowest + 0.05


def test_amortized_states_differ_between_instances_once_trained():
    amortized = layer(mode="amortized", output="energy")
    rows = coefficients(6)
    torch.testing.assert_close(amortized(rows), layer(mode="shared", output="energy")(rows))
    optimizer = torch.optim.Adam(amortized.parameters(), lr=0.05)
    before = amortized(rows).mean().item()
    for _ in range(60):
        optimizer.zero_grad()
        amortized(rows).mean().backward()
        optimizer.step()
    lowest = np.mean([exact(row, field=0.0)[0] for row in rows])
    assert lowest <= amortized(rows).mean().item() < before - 0.3 * (before - lowest)


def test_hard_marginals_pass_the_gradient_of_the_soft_ones():
    rows, same = coefficients(3).requires_grad_(), coefficients(3).requires_grad_()
    bits, marginals = layer(hard=True)(rows), layer()(same)
    assert torch.equal(bits, (marginals > 0.5).double())
    bits.sum().backward()
    marginals.sum().backward()
    torch.testing.assert_close(rows.grad, same.grad)
    assert rows.grad.abs().max() > 1e-3


def test_a_weak_field_gives_the_minimizer_of_the_model():
    rows = coefficients(8, seed=3)
    states = np.array([[1 - 2 * ((i >> (2 - k)) & 1) for k in range(3)] for i in range(8)], dtype=float)
    pairs = states[:, [0, 0, 1]] * states[:, [1, 2, 2]]
    energies = rows.numpy() @ np.concatenate([states, pairs], axis=1).T
    expected = (1 - states[energies.argmin(axis=1)]) / 2
    found = layer(hard=True, transverse_field=0.05)(rows).numpy()
    assert (found == expected).all(axis=1).mean() >= 7 / 8


@pytest.mark.parametrize("mode", ["relaxed", "shared", "amortized"])
@pytest.mark.parametrize(("output", "width"), [("marginals", (3,)), ("expectations", (6,)), ("energy", ())])
def test_any_leading_shape(mode, output, width):
    made = layer(mode=mode, output=output)
    for shape in ((), (0,), (2,), (2, 1, 3), (2, 0)):
        rows = coefficients(*shape).requires_grad_()
        values = made(rows)
        assert values.shape == (*shape, *width)
        if mode == "shared" and output != "energy":
            continue  # one state for all: the coefficients do not enter
        values.sum().backward()
        assert rows.grad.shape == rows.shape
    rows = coefficients(2, 3)
    torch.testing.assert_close(made(rows)[1, 2], made(rows[1, 2]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_outputs_have_the_inputs_dtype(dtype):
    rows = coefficients(2).to(dtype).requires_grad_()
    outputs = layer()(rows)
    assert outputs.dtype == dtype
    outputs.sum().backward()
    assert rows.grad.dtype == dtype


def test_meta_tensors_have_shapes_only():
    rows = torch.empty((4, 6), device="meta")
    assert layer()(rows).shape == (4, 3)
    assert layer(output="energy")(rows).shape == (4,)


@pytest.mark.parametrize("mode", ["relaxed", "shared", "amortized"])
def test_copies_pickles_and_state_dicts(mode):
    made, rows = layer(mode=mode), coefficients(2)
    expected = made(rows)
    assert torch.equal(copy.deepcopy(made)(rows), expected)
    assert torch.equal(pickle.loads(pickle.dumps(made))(rows), expected)
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    other = layer(mode=mode, seed=2)
    other.load_state_dict(torch.load(file))
    assert torch.equal(other(rows), expected)
    names = {"relaxed": ["starting_weights"], "shared": ["weights"], "amortized": ["weights", "response"]}
    assert list(made.state_dict()) == names[mode]


def test_seeds():
    rows = coefficients(2)
    same = [layer(mode="shared", seed=seed)(rows) for seed in (1, 1, 2)]
    assert torch.equal(same[0], same[1])
    assert not torch.equal(same[0], same[2])
    torch.manual_seed(3)
    first = layer(mode="shared", seed=None).weights.detach()
    torch.manual_seed(3)
    assert torch.equal(first, layer(mode="shared", seed=None).weights)


def test_reset_parameters():
    made = layer(mode="amortized")
    before = made.weights.detach().clone()
    with torch.no_grad():
        made.weights.add_(1.0)
        made.response.add_(1.0)
    made.reset_parameters()
    assert torch.equal(made.weights, before)
    assert not made.response.any()
    layer().reset_parameters()


def test_shots_in_training_exact_in_evaluation():
    made, rows = layer(mode="shared", output="energy", shots=50), coefficients(1)
    exactly = layer(mode="shared", output="energy")(rows)
    assert not torch.equal(made(rows), made(rows))
    torch.testing.assert_close(made.eval()(rows), exactly)
    assert made.gradient == "parameter_shift"
    made.train()(rows).sum().backward()
    assert made.weights.grad.abs().sum() > 0


def test_on_aer():
    rows = coefficients(2)
    torch.testing.assert_close(layer(simulator="aer")(rows), layer()(rows), atol=1e-7, rtol=0)


def test_unconverged_instances_are_counted():
    made = layer(steps=1)
    made(coefficients(4))
    assert made.converged < 1.0
    made = layer()
    made(coefficients(4))
    assert made.converged == 1.0


def test_no_gradient_without_a_field():
    """A bit string does not move with the coefficients; the docstring says so."""
    rows = coefficients(2).requires_grad_()
    layer(transverse_field=0.0)(rows).sum().backward()
    assert rows.grad.abs().max() < 1e-5


def test_second_derivatives_and_transforms_are_refused_in_words():
    made, rows = layer(), coefficients(2).requires_grad_()
    (gradient,) = torch.autograd.grad(made(rows).sum(), rows, create_graph=True)
    with pytest.raises(CircuitError, match="differentiated once, not twice"):
        gradient.sum().backward()
    with pytest.raises(CircuitError, match=r"transform of torch\.func"):
        torch.func.vmap(made)(rows)
    with torch.no_grad():
        assert not made(rows).requires_grad


def test_description():
    assert "mode='relaxed', output='marginals', transverse_field=0.5" in repr(layer())
    assert "RY" in layer().draw()
    assert layer().circuit.resources()["qubits"] == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"terms": []}, "at least one"),
        ({"terms": None}, "terms are None"),
        ({"terms": ["ZZ"]}, "no sum of Pauli words"),
        ({"terms": [qml.Z(3)]}, "acts on wire 3"),
        ({"terms": [1j * qml.Z(0)]}, "must be real"),
        ({"mode": "relax"}, "mode is 'relax'"),
        ({"output": "bits"}, "output is 'bits'"),
        ({"hard": True, "output": "energy"}, "hard rounds marginals"),
        ({"observables": [qml.Z(0)]}, "observables are for"),
        ({"observables": [qml.Z(5)], "output": "expectations"}, "acts on wire 5"),
        ({"transverse_field": -1.0}, "transverse_field is -1.0"),
        ({"transverse_field": np.nan}, "transverse_field is nan"),
        ({"shots": 10}, "needs exact gradients"),
        ({"noise_model": noise.depolarizing_noise(0.1, 0.1)}, "needs exact gradients"),
        ({"precision": "single"}, "needs exact gradients"),
        ({"initial_weights": np.zeros((2, 2, 2))}, "for a shared state"),
        ({"mode": "shared", "initial_weights": np.zeros(2)}, "initial_weights"),
        ({"steps": 0}, "steps is 0"),
        ({"starts": 0}, "starts is 0"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
        ({"ansatz": "magic"}, "legal names"),
        ({"ansatz": "hva"}, "signs of coefficients"),
        ({"compute": "tpu"}, "compute"),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises((CircuitError, UnknownObservableError), match=words):
        layer(**settings)


def test_bad_seed():
    with pytest.raises(OptionError, match="seed"):
        layer(seed=-1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (torch.zeros(2, 5), r"must be \(\.\.\., 6\)"),
        (torch.zeros(2, 6, dtype=torch.int64), "floating point"),
        (torch.full((2, 6), torch.nan), "NaN or infinite"),
        (np.zeros((2, 6)), "must be a torch tensor"),
    ],
)
def test_bad_coefficients(given, words):
    with pytest.raises(CircuitError, match=words):
        layer()(given)


def test_parameters_that_are_not_finite_are_named():
    made = layer(mode="shared")
    with torch.no_grad():
        made.weights[0, 0, 0] = torch.nan
    with pytest.raises(CircuitError, match="parameter 'weights'"):
        made(coefficients(1))


def test_marginals_stay_probabilities():
    made = layer(transverse_field=0.0).double()
    marginals = made(1e-9 * coefficients(20))
    assert marginals.min() >= 0
    assert marginals.max() <= 1
    torch.nn.functional.binary_cross_entropy(marginals, torch.ones_like(marginals))


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_the_unit_of_coefficients_does_not_matter(unit):
    made = layer(transverse_field=0.0, output="expectations").double()
    rows = coefficients(4)
    assert torch.allclose(made(unit * rows), made(rows), atol=1e-6)
