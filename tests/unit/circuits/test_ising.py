"""Bits to spins: the one conversion, and the vector of all energies."""

import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.ising import energy_vector, ising_from_bqm


def random_model(n, seed, vartype="BINARY"):
    rng = np.random.default_rng(seed)
    names = [f"v{i}" for i in rng.permutation(n)]
    model = dimod.BinaryQuadraticModel({name: rng.normal() for name in names}, {}, rng.normal(), vartype)
    for a, b in itertools.combinations(names, 2):
        if rng.random() < 0.7:
            # Some pairs are named backwards, as a user may.
            model.add_quadratic(*((a, b) if rng.random() < 0.5 else (b, a)), rng.normal())
    return model


def brute_energies(model):
    values = (0, 1) if model.vartype is dimod.BINARY else (-1, 1)
    names = list(model.variables)
    rows = itertools.product(values, repeat=len(names))
    return np.array([model.energy(dict(zip(names, row))) for row in rows])


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_energy_vector_is_the_models_energy(n, vartype):
    model = random_model(n, seed=n, vartype=vartype)
    np.testing.assert_allclose(energy_vector(model), brute_energies(model), atol=1e-12)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_operator_has_the_energies_as_eigenvalues(vartype):
    model = random_model(5, seed=3, vartype=vartype)
    operator = ising_from_bqm(model)
    z = 1 - 2 * np.array(list(itertools.product((0, 1), repeat=5)))
    values = z @ operator.fields + operator.constant
    for (a, b), coupling in zip(operator.pairs, operator.couplings):
        values = values + coupling * z[:, a] * z[:, b]
    np.testing.assert_allclose(values, brute_energies(model), atol=1e-12)
    assert operator.variables == tuple(model.variables)
    assert operator.n_qubits == 5
    assert (operator.pairs[:, 0] < operator.pairs[:, 1]).all()


def test_spin_is_minus_z():
    field = ising_from_bqm(dimod.BinaryQuadraticModel({"s": 3.0}, {}, 0.0, "SPIN"))
    assert field.fields.tolist() == [-3.0]
    assert field.constant == 0.0


def test_binary_and_spin_forms_give_the_same_operator():
    binary = random_model(6, seed=11)
    spin = binary.change_vartype("SPIN", inplace=False)
    first, second = ising_from_bqm(binary), ising_from_bqm(spin)
    np.testing.assert_allclose(first.fields, second.fields, atol=1e-12)
    np.testing.assert_allclose(first.couplings, second.couplings, atol=1e-12)
    assert first.constant == pytest.approx(second.constant)


def test_input_is_untouched():
    model = random_model(4, seed=1, vartype="SPIN")
    before = model.copy()
    ising_from_bqm(model)
    energy_vector(model)
    assert model == before
    assert model.vartype is dimod.SPIN


def test_zero_couplings_make_no_pair():
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": 1.0}, {("a", "b"): 0.0}, 0.0, "BINARY")
    assert ising_from_bqm(model).pairs.shape == (0, 2)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (dimod.BinaryQuadraticModel("BINARY"), "no variables"),
        (dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"), "'a'"),
        (dimod.BinaryQuadraticModel({"a": np.inf}, {}, 0.0, "SPIN"), "NaN or infinite"),
        (dimod.BinaryQuadraticModel({}, {("a", "b"): np.nan}, 0.0, "BINARY"), "pair"),
        (dimod.BinaryQuadraticModel({"a": 1.0}, {}, np.nan, "BINARY"), "offset"),
        (dimod.ConstrainedQuadraticModel(), "to_qubo"),
        (np.eye(2), "ndarray"),
    ],
)
def test_bad_models_are_refused(model, words):
    with pytest.raises(CircuitError, match=words):
        ising_from_bqm(model)
    with pytest.raises(CircuitError, match=words):
        energy_vector(model)


def test_energies_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    energy_vector(random_model(5, seed=1))
    with pytest.raises(CircuitTooLargeError, match="enough for 5"):
        energy_vector(random_model(6, seed=1))
