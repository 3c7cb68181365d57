"""Fourier series of circuits against closed forms, their bounds, and encodings without one."""

import numpy as np
import pennylane as qml
import pytest
from matplotlib.figure import Figure

from hybrid_opt.circuits.encodings import IQP, Angle
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fourier import fourier_coefficients, fourier_degree
from hybrid_opt.circuits.variational import VariationalCircuit


def series(circuit, weights=None, **options):
    weights = circuit.initial_weights("uniform", seed=4) if weights is None else weights
    return fourier_coefficients(circuit, weights, **{"simulator": "native", **options})


def degree(circuit, n_samples=6, **options):
    return fourier_degree(circuit, n_samples, **{"seed": 1, "simulator": "native", **options})


def test_one_rotation_is_a_cosine():
    found = series(VariationalCircuit(1, 0, encoding="angle"))
    assert found.coefficients[found.frequencies == 1] == pytest.approx(0.5, abs=1e-14)
    assert found.coefficients[found.frequencies == -1] == pytest.approx(0.5, abs=1e-14)
    others = found.coefficients[np.abs(found.frequencies) != 1]
    assert np.abs(others).max() < 1e-14
    assert (found.degree, found.bound, found.frequencies.tolist()) == (1, 1, list(range(-4, 5)))


def test_other_features_and_observables():
    circuit = VariationalCircuit(2, 0, encoding="angle")
    found = series(circuit, feature=1, observable=2 * qml.Z(0) @ qml.Y(1), inputs=[0.4, 9.0])
    # 2 cos(0.4) <Y> with <Y> = -sin x
    assert found.coefficients[found.frequencies == 1] == pytest.approx(1j * np.cos(0.4), abs=1e-14)
    assert series(circuit, feature=1).degree == 0  # Z on wire 0 does not see feature 1


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_coefficients_above_the_number_of_encodings_vanish(layers):
    circuit = VariationalCircuit(1, layers, encoding="angle", reupload=True)
    found = degree(circuit)
    half = found.coefficients.shape[1] // 2
    assert (found.bound, half) == (layers, layers + 3)
    assert np.abs(found.coefficients[:, : half - layers]).max() < 1e-12
    assert np.abs(found.coefficients[:, half + layers + 1 :]).max() < 1e-12
    assert found.degree == layers


def test_the_series_is_the_function():
    circuit = VariationalCircuit(2, 3, encoding="angle", reupload=True)
    weights = circuit.initial_weights("uniform", seed=2)
    found = series(circuit, weights, inputs=[0.0, 0.7])
    device = qml.device("default.qubit")
    points = np.random.default_rng(0).uniform(-9, 9, (3, 2))
    for x in points.ravel():
        tape = circuit.tape(np.array([x, 0.7]), weights, [qml.expval(qml.Z(0))])
        assert found.series(x) == pytest.approx(float(qml.execute([tape], device)[0]), abs=1e-12)
    assert found.series(points).shape == (3, 2)


def test_rotations_about_z_and_iqp():
    assert degree(VariationalCircuit(1, 2, encoding=Angle("Z"), reupload=True)).bound == 2
    circuit = VariationalCircuit(2, 1, encoding=IQP(n_repeats=2))
    parity = qml.Z(0) @ qml.Z(1)  # behind the CNOT gates, this sees wire 0
    found = degree(circuit, observable=parity)  # the products with the other feature, 0, do not count
    assert (found.bound, found.degree) == (2, 2)
    whole = degree(circuit, inputs=[0.0, 3.0], observable=parity)
    assert whole.bound == 2 * (1 + 3)
    half = whole.coefficients.shape[1] // 2
    assert np.abs(whole.coefficients[:, half + whole.bound + 1 :]).max() < 1e-12


@pytest.mark.parametrize(
    ("encoding", "inputs", "words"),
    [
        ("chebyshev", None, "chebyshev encoding has no Fourier series"),
        ("basis", None, "basis encoding has no Fourier series"),
        ("amplitude", None, "amplitude encoding has no Fourier series"),
        ("amplitude", [0, 1.0, 0, 0], "amplitude encoding prepares a state"),
        ("iqp", [0.0, 0.5], "iqp encoding gives feature 0 the frequency 0.5, which is no whole number"),
    ],
)
def test_encodings_without_a_series_name_the_legal_ones(encoding, inputs, words):
    circuit = VariationalCircuit(2, 1, encoding=encoding)
    for call in (series, degree):
        with pytest.raises(CircuitError, match=words) as caught:
            call(circuit, inputs=inputs)
        message = str(caught.value)
        assert 'legal are encodings whose angles are whole multiples of the feature: "angle"' in message


class Bent(Angle):
    """Angles that are no linear function of the features."""

    name = "bent"

    def angles(self, features):
        """Squares."""
        return features**2


def test_a_nonlinear_encoding():
    with pytest.raises(CircuitError, match="bent encoding does not turn the feature linearly into angles"):
        series(VariationalCircuit(1, 1, encoding=Bent()))


class Controlled(Angle):
    """The feature as the angle of a controlled rotation."""

    name = "controlled"
    scale = 1.0

    def operations(self, angles, wires):
        """One CRX per wire, controlled by wire 0 after a Hadamard."""
        return [qml.Hadamard(0), qml.CRX(self.scale * angles[..., 1], [0, 1])]


class Doubled(Controlled):
    """Twice the angle."""

    scale = 2.0


def test_controlled_rotations_bring_in_half_the_frequency():
    with pytest.raises(CircuitError, match=r"frequency 0\.5"):
        series(VariationalCircuit(2, 1, encoding=Controlled()), feature=1)
    found = series(VariationalCircuit(2, 1, encoding=Doubled()), feature=1)
    assert found.bound == 2
    assert np.abs(found.coefficients[np.abs(found.frequencies) > 2]).max() < 1e-12


def test_same_seed_same_answer():
    circuit = VariationalCircuit(2, 2, reupload=True)
    first, again, other = (degree(circuit, seed=seed).coefficients for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_tables_and_plots():
    circuit = VariationalCircuit(2, 2, reupload=True)
    found = series(circuit)
    table = found.table()
    assert table["frequency"].tolist() == list(range(-5, 6))
    assert table["magnitude"].to_numpy() == pytest.approx(np.hypot(table["real"], table["imaginary"]))
    assert isinstance(found.plot(), Figure)
    many = degree(circuit)
    table = many.table()
    assert table["frequency"].tolist() == list(range(6))
    assert (table["largest"] >= table["mean"]).all()
    assert isinstance(many.plot(), Figure)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"circuit": 3}, "circuit is 3"),
        ({"circuit": VariationalCircuit(2, 1, encoding=None)}, "no inputs"),
        ({"feature": 2}, "feature is 2"),
        ({"feature": -1}, "feature is -1"),
        ({"feature": 0.5}, "feature is 0.5"),
        ({"inputs": [1.0]}, "inputs has shape"),
        ({"inputs": np.zeros((2, 2))}, "inputs holds 2 samples"),
        ({"observable": 3}, "Pauli"),
        ({"observable": qml.Z(2)}, "wire 2"),
        ({"simulator": "nonsense"}, "simulator is 'nonsense'"),
    ],
)
def test_wrong_arguments(change, words):
    circuit = VariationalCircuit(2, 1)
    arguments = {"circuit": circuit, "simulator": "native", **change}
    with pytest.raises(CircuitError, match=words):
        fourier_degree(n_samples=2, seed=1, **arguments)
    with pytest.raises(CircuitError, match=words):
        fourier_coefficients(weights=np.zeros(circuit.weight_shape), **arguments)


@pytest.mark.parametrize(
    ("weights", "words"),
    [(np.zeros(3), r"shape \(3,\)"), (np.full((1, 2, 3), np.nan), "finite"), ("nonsense", "array of")],
)
def test_wrong_weights(weights, words):
    with pytest.raises(CircuitError, match=words):
        series(VariationalCircuit(2, 1), weights)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"n_samples": 1}, "n_samples is 1"), ({"seed": -1}, "seed is -1"), ({"strategy": "no"}, "strategy is")],
)
def test_wrong_samples(change, words):
    with pytest.raises(CircuitError, match=words):
        degree(VariationalCircuit(2, 1), **change)
