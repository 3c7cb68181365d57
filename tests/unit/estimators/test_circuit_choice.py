"""Which circuit a table gets, and how its values become angles."""

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.encodings import IQP, Amplitude, Angle, Basis, Chebyshev
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.estimators.circuit_choice import choose_circuit, fit_scaler, scaled
from hybrid_opt.estimators.folded_encoding import Folded


def chosen(n_features, **changes):
    options = {"encoding": "angle", "n_layers": 0, "ansatz": "separable", "reupload": "auto", "max_qubits": 8}
    return choose_circuit(n_features, **(options | changes))


@pytest.mark.parametrize(
    ("n_features", "encoding", "n_qubits", "blocks"),
    [
        (1, "angle", 1, 1),
        (8, "iqp", 8, 1),
        (9, "iqp", 5, 2),
        (30, "angle", 8, 4),
        (64, Chebyshev(2), 8, 8),
        (1, "amplitude", 1, 1),
        (2, "amplitude", 1, 1),
        (5, "amplitude", 3, 1),
        (64, Amplitude(), 6, 1),
    ],
)
def test_the_width_follows_the_features(n_features, encoding, n_qubits, blocks):
    circuit = chosen(n_features, encoding=encoding)
    assert (circuit.n_qubits, circuit.n_inputs) == (n_qubits, n_features)
    assert getattr(circuit.encoding, "n_blocks", 1) == blocks


@pytest.mark.parametrize(
    ("reupload", "encoding", "n_layers", "expected"),
    [
        ("auto", "angle", 2, True),
        ("auto", "angle", 0, False),
        ("auto", "amplitude", 2, False),
        (False, "angle", 2, False),
        (True, "angle", 2, True),
    ],
)
def test_auto_repeats_what_can_be_repeated(reupload, encoding, n_layers, expected):
    assert chosen(3, reupload=reupload, encoding=encoding, n_layers=n_layers).reupload is expected


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"encoding": 3}, OptionError, "Encoding object"),
        ({"encoding": None}, OptionError, "Encoding object"),
        ({"encoding": "angel"}, CircuitError, "legal names"),
        ({"reupload": "yes"}, OptionError, "reupload"),
        ({"max_qubits": 0}, OptionError, "max_qubits"),
        ({"max_qubits": True}, OptionError, "max_qubits"),
        ({"encoding": Amplitude(), "max_qubits": 1}, ModelTooLargeError, "PCA"),
        ({"encoding": "amplitude", "reupload": True, "n_layers": 1}, CircuitError, "reupload"),
        ({"ansatz": "other"}, CircuitError, "other"),
        ({"n_layers": -1}, CircuitError, "n_layers"),
    ],
)
def test_wrong_settings_are_refused(changes, error, words):
    with pytest.raises(error, match=words):
        chosen(5, **changes)


def test_too_many_qubits_name_the_ways_out():
    with pytest.raises(ModelTooLargeError, match=r"max_qubits.*PCA.*amplitude.*6 qubits"):
        chosen(60, max_qubits=60)


@pytest.mark.parametrize("inner", [Angle("X"), Angle("Y"), Angle("Z"), IQP(), Chebyshev()])
def test_every_feature_of_every_block_counts(inner):
    circuit = chosen(7, encoding=inner, max_qubits=3)
    kernel = FidelityKernel(circuit, simulator="native")
    X = np.random.default_rng(0).uniform(0.2, 0.9, (4, 7))
    for feature in range(7):
        changed = X.copy()
        changed[:, feature] *= -1
        assert (np.diag(kernel(X, changed)) < 0.999).all(), feature
    # Nor can a feature be traded for the one on the same wire of the next block.
    traded = X.copy()
    traded[:, 0] += 0.1
    traded[:, 3] -= 0.1
    assert (np.diag(kernel(X, traded)) < 0.99999).all()


def test_blocks_are_the_gates_they_are_said_to_be():
    folded = chosen(3, encoding="angle", max_qubits=2).operations(np.array([0.3, -0.5, 0.9]))
    by_hand = [qml.RX(0.3, 0), qml.RX(-0.5, 1), qml.CZ([0, 1])]
    by_hand += [gate(wire) for wire in range(2) for gate in (qml.Hadamard, qml.S)]
    by_hand += [qml.RX(0.9, 0), qml.RX(0.0, 1)]
    state, expected = (
        qml.device("default.qubit", wires=2).execute(qml.tape.QuantumScript(operations, [qml.state()]))
        for operations in (folded, by_hand)
    )
    assert np.abs(state - expected).max() < 1e-12


def test_folded_angles_are_the_same_in_torch_and_differentiable():
    encoding = Folded(IQP(), 5, 3)
    features = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(2, 5).requires_grad_()
    angles = encoding.angles(features)
    assert np.abs(angles.detach().numpy() - encoding.angles(features.detach().numpy())).max() < 1e-15
    assert torch.autograd.gradcheck(encoding.angles, (features,))
    assert len(encoding.angle_names(3)) == encoding.n_angles(3) == 12


def test_folded_refuses_what_has_no_blocks():
    with pytest.raises(OptionError, match="blocks"):
        Folded(Amplitude(), 5, 2)
    with pytest.raises(OptionError, match="last axis"):
        Folded(Angle(), 5, 3).check(np.zeros((1, 4)), 3)
    with pytest.raises(CircuitError, match="0 and 1"):
        Folded(Basis(), 5, 3).check(np.full((1, 5), 0.5), 3)


def test_auto_ranges_belong_to_encodings():
    X = np.array([[0.0], [10.0]])
    assert scaled(fit_scaler(X, "auto", Angle()), X)[:, 0].tolist() == [-np.pi / 2, np.pi / 2]
    assert scaled(fit_scaler(X, "auto", Folded(IQP(), 2, 1)), X)[:, 0].tolist() == [-1.0, 1.0]
    assert scaled(fit_scaler(X, "auto", Chebyshev()), X)[:, 0].tolist() == [-0.95, 0.95]
    assert fit_scaler(X, "auto", Amplitude()) is None
    assert fit_scaler(X, "auto", Basis()) is None
    assert scaled(None, X) is X


def test_samples_outside_are_clipped_and_constants_stay_inside():
    scaler = fit_scaler(np.array([[0.0, 3.0], [1.0, 3.0]]), (-1, 1), Angle())
    assert scaled(scaler, np.array([[5.0, 3.0], [-5.0, 9.0]])).tolist() == [[1.0, -1.0], [-1.0, 1.0]]


@pytest.mark.parametrize("given", ["wide", (1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (0.0,), 3.0, ("a", "b")])
def test_wrong_ranges_are_refused(given):
    with pytest.raises(OptionError, match="feature_range"):
        fit_scaler(np.zeros((2, 1)), given, Angle())
