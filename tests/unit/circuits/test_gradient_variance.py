"""Gradient variances against closed forms and default.qubit; the fitted rate; wrong arguments."""

import numpy as np
import pennylane as qml
import pytest
import torch
from matplotlib.figure import Figure

from hybrid_opt.circuits.ansatz import HardwareEfficient
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gradient_variance import decay_rate, gradient_variance
from hybrid_opt.circuits.random_states import draw_weights, generator
from hybrid_opt.circuits.variational import VariationalCircuit

SHALLOW = {"circuits": HardwareEfficient("CZ"), "n_layers": 1}


def scan(**options):
    standard = {"n_qubits": (2, 3), "n_layers": 1, "n_samples": 10, "seed": 1, "simulator": "native"}
    if callable(options.get("circuits")):
        del standard["n_layers"]
    return gradient_variance(**{**standard, **options})


@pytest.mark.parametrize("observable", ["local", "global", lambda n: qml.X(n - 1) @ qml.Y(0), qml.Y(1)])
def test_against_backprop_of_default_qubit(observable):
    circuit = VariationalCircuit(2, 2, encoding=None)
    words = {"local": qml.Z(0), "global": qml.Z(0) @ qml.Z(1)}
    operator = words[observable] if isinstance(observable, str) else observable
    operator = operator if isinstance(operator, qml.operation.Operator) else operator(2)

    @qml.qnode(qml.device("default.qubit"), diff_method="backprop")
    def value(weights):
        circuit.operations(None, weights)  # the QNode records them
        return qml.expval(operator)

    weights = draw_weights(circuit, "uniform", 6, generator(1, "gradient variance 2"))
    gradients = []
    for row in weights:
        leaf = torch.tensor(row.reshape(circuit.weight_shape), requires_grad=True)
        (gradient,) = torch.autograd.grad(value(leaf), leaf)
        gradients.append(gradient.numpy().reshape(-1))
    variances = np.var(gradients, axis=0, ddof=1)
    (row,) = scan(n_qubits=(2,), n_layers=2, n_samples=6, observable=observable).rows
    assert row.variance == pytest.approx(variances.mean(), rel=1e-6)
    assert row.mean_square == pytest.approx(np.mean(np.square(gradients)), rel=1e-6)
    place = int(np.ravel_multi_index(row.parameter, circuit.weight_shape))
    assert row.parameter_variance == pytest.approx(variances[place], rel=1e-6)


def test_shallow_circuits_in_closed_form():
    # RY on every wire, then diagonal gates: <Z> = cos(t), <Z...Z> = product of cos(t_j).
    local = scan(**SHALLOW, n_qubits=(2, 4, 6), n_samples=500)
    everywhere = scan(**SHALLOW, n_qubits=(2, 4, 6), n_samples=500, observable="global")
    for one, other in zip(local.rows, everywhere.rows):
        assert one.parameter == (0, 0, 0)
        assert abs(one.parameter_variance - 0.5) < 4 * one.parameter_error
        assert abs(one.variance - 0.5 / one.n_weights) < 4 * one.variance_error
        assert abs(other.parameter_variance - 0.5**other.n_qubits) < 5 * other.parameter_error
    assert abs(local.parameter_rates["uniform"].slope) < 0.1
    assert -1.3 < everywhere.parameter_rates["uniform"].slope < -0.7
    assert everywhere.rates["uniform"].slope < local.rates["uniform"].slope - 0.3


def test_a_parameter_without_influence_is_passed_over():
    # The first angle of Rot turns |0> about Z.
    (row,) = scan(circuits="strongly_entangling", n_qubits=(2,), observable="global").rows
    assert row.parameter == (0, 0, 1)
    (chosen,) = scan(circuits="strongly_entangling", n_qubits=(2,), parameter=(0, 1, 0)).rows
    assert (chosen.parameter, chosen.parameter_variance, chosen.parameter_error) == ((0, 1, 0), 0, 0)
    (flat,) = scan(circuits="strongly_entangling", n_qubits=(2,), parameter=3).rows
    assert flat.parameter == (0, 1, 0)


def test_gaussian_weights_beat_uniform_ones():
    found = scan(**SHALLOW | {"n_layers": 6}, n_qubits=(6,), n_samples=40, observable="global",
                 strategies=("uniform", "gaussian"))  # fmt: skip
    uniform, gaussian = found.rows
    assert (uniform.strategy, gaussian.strategy) == ("uniform", "gaussian")
    assert gaussian.variance - 4 * gaussian.variance_error > uniform.variance + 4 * uniform.variance_error


def test_weights_of_zero_have_a_gradient_without_variance():
    found = scan(**SHALLOW, strategies="zeros", observable=qml.X(0))
    for row in found.rows:
        assert (row.variance, row.variance_error) == (0, 0)
        assert row.mean_square == pytest.approx(1 / row.n_weights)  # d<X>/dt = cos(0) for one of the weights
    assert np.isnan(found.rates["zeros"].slope)
    assert isinstance(found.plot(), Figure)


def test_layers_grow_with_the_width_unless_told():
    assert [row.n_layers for row in scan(n_layers=None).rows] == [2, 3]
    assert [row.n_layers for row in scan(n_layers=lambda width: 2 * width).rows] == [4, 6]
    made = scan(circuits=lambda width: VariationalCircuit(width, 3, ansatz="basic_entangler"))
    assert [(row.n_layers, row.n_weights) for row in made.rows] == [(3, 6), (3, 9)]


def test_same_seed_same_answer():
    first, again, other = (scan(seed=seed).rows for seed in (3, 3, 4))
    assert first == again != other


def test_a_width_does_not_depend_on_the_others():
    assert scan(n_qubits=(2, 3)).rows[1] == scan(n_qubits=(3,)).rows[0]


def test_pieces_do_not_change_the_answer(monkeypatch):
    whole = scan().rows
    monkeypatch.setattr("hybrid_opt.circuits.random_states._CHUNK_AMPLITUDES", 16)
    for one, other in zip(scan().rows, whole):
        assert one.variance == pytest.approx(other.variance, rel=1e-9)


def test_table_and_plot():
    found = scan(strategies=("uniform", "gaussian"))
    table = found.table()
    assert len(table) == 4
    assert table["strategy"].tolist() == ["uniform", "uniform", "gaussian", "gaussian"]
    assert table["rate"].iloc[0] == found.rates["uniform"].slope
    assert table["parameter_rate_error"].iloc[-1] == found.parameter_rates["gaussian"].error
    assert isinstance(found.plot(), Figure)
    assert found.observable == "local"
    assert scan(observable=qml.Z(0)).observable == "given by the caller"


def test_decay_rate_of_a_line():
    rate = decay_rate([2, 4, 6, 8], [2.0**-3, 2.0**-4, 2.0**-5, 2.0**-6], [1e-3] * 4)
    assert (rate.slope, rate.intercept) == pytest.approx((-0.5, -2))
    # Two points of relative error 0.1: the slope's error is sqrt(2) 0.1 / ln 2 over the distance.
    two = decay_rate([2, 4], [1.0, 0.5], [0.1, 0.05])
    assert two.slope == pytest.approx(-0.5)
    assert two.error == pytest.approx(np.sqrt(2) * 0.1 / np.log(2) / 2)


def test_decay_rate_weighs_and_admits_scatter():
    scattered = decay_rate([1, 2, 3], [1.0, 0.1, 0.25], [0.01, 0.001, 0.0025])
    calm = decay_rate([1, 2, 3], [1.0, 0.5, 0.25], [0.01, 0.005, 0.0025])
    assert scattered.error > 10 * calm.error
    loose = decay_rate([1, 2, 3], [1.0, 0.1, 0.25], [0.01, 0.1, 0.0025])
    assert abs(loose.slope + 1) < abs(decay_rate([1, 2, 3], [1.0, 0.1, 0.3], [0.0, 0.1, 0.1]).slope + 1)


@pytest.mark.parametrize(
    ("widths", "variances"), [([2], [0.1]), ([2, 2], [0.1, 0.2]), ([2, 4], [0.1, 0.0]), ([], [])]
)
def test_no_rate(widths, variances):
    assert np.isnan(decay_rate(widths, variances, variances).slope)


def test_unequal_lists():
    with pytest.raises(CircuitError, match="2 widths, 1 variances"):
        decay_rate([1, 2], [0.1], [0.1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_samples": 1}, "n_samples is 1"),
        ({"n_qubits": ()}, r"n_qubits is \(\)"),
        ({"n_qubits": 4}, "n_qubits is 4"),
        ({"n_qubits": "24"}, "n_qubits is '24'"),
        ({"n_qubits": (2, 0)}, "n_qubits is 0"),
        ({"n_qubits": (2, 2)}, "names a width twice"),
        ({"n_layers": 0}, "n_layers is 0"),
        ({"n_layers": lambda width: 0.5}, "n_layers is 0.5"),
        ({"circuits": "nonsense"}, "'nonsense'"),
        ({"circuits": 3}, "ansatz is 3"),
        ({"circuits": lambda width: 3}, r"circuits\(2\) gave 3"),
        ({"circuits": lambda width: VariationalCircuit(5, 1)}, "must be a VariationalCircuit on 2 qubits"),
        ({"circuits": lambda width: VariationalCircuit(width, 0)}, "no weights"),
        ({"circuits": lambda width: VariationalCircuit(width, 1), "n_layers": 1}, "n_layers was given"),
        ({"observable": "nonsense"}, "observable is 'nonsense'"),
        ({"observable": 3}, "observable is 3"),
        ({"observable": qml.Z(2)}, "wire 2"),
        ({"observable": lambda width: qml.Projector([0], wires=[0])}, "Pauli"),
        ({"strategies": ()}, r"strategies is \(\)"),
        ({"strategies": 3}, "strategies is 3"),
        ({"strategies": (3,)}, r"strategies is \(3,\)"),
        ({"strategies": ("uniform", "uniform")}, "different words"),
        ({"strategies": ("nonsense",)}, "strategy is 'nonsense'"),
        ({"parameter": 6}, "parameter is 6"),
        ({"parameter": -1}, "parameter is -1"),
        ({"parameter": (0, 0)}, r"parameter is \(0, 0\)"),
        ({"parameter": (0, 2, 0)}, r"parameter is \(0, 2, 0\)"),
        ({"parameter": "first"}, "parameter is 'first'"),
        ({"seed": -1}, "seed is -1"),
        ({"simulator": "nonsense"}, "simulator is 'nonsense'"),
    ],
)
def test_wrong_arguments(change, words):
    with pytest.raises(CircuitError, match=words):
        scan(**change)
