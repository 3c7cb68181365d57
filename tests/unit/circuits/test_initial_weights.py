"""Initial weights: their laws, and what they do to gradients."""

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.ansatz import (
    BasicEntangler,
    BrickWall,
    HardwareEfficient,
    Separable,
    StronglyEntangling,
)
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.initial_weights import STRATEGIES, initial_weights
from hybrid_opt.circuits.variational import VariationalCircuit

BLOCKS = [
    StronglyEntangling(mirror=2),
    BasicEntangler(mirror=2),
    HardwareEfficient(mirror=2),
    BrickWall(mirror=2),
    Separable(),
]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_seeded_and_shaped(strategy):
    circuit = VariationalCircuit(3, 4, ansatz=StronglyEntangling(mirror=2))
    first, again = (initial_weights(circuit, strategy, seed=5) for _ in range(2))
    assert first.shape == circuit.weight_shape
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, circuit.initial_weights(strategy, seed=5))
    if strategy != "zeros":
        assert not np.array_equal(first, initial_weights(circuit, strategy, seed=6))
        assert not np.array_equal(initial_weights(circuit, strategy), initial_weights(circuit, strategy))


@pytest.mark.parametrize("locality", [1, 4])
def test_gaussian_variance(locality):
    circuit = VariationalCircuit(10, 100, ansatz="strongly_entangling")
    weights = initial_weights(circuit, "gaussian", locality=locality, seed=0)
    # 300 rotations on every qubit; the sample variance of 3,000 normal numbers is known to 2.6 percent
    assert weights.var() == pytest.approx(1 / (4 * locality * 302), rel=0.1)
    assert abs(weights.mean()) < 4 * weights.std() / np.sqrt(weights.size)


def test_uniform_covers_the_circle():
    weights = initial_weights(VariationalCircuit(10, 100), "uniform", seed=0)
    assert 0 <= weights.min() < 0.01
    assert 6.27 < weights.max() <= 2 * np.pi


def test_zeros():
    assert not initial_weights(VariationalCircuit(2, 1), "zeros").any()


@pytest.mark.parametrize("ansatz", BLOCKS, ids=repr)
@pytest.mark.parametrize("n_qubits", [1, 4])
def test_identity_blocks_are_the_identity(ansatz, n_qubits):
    circuit = VariationalCircuit(n_qubits, 4, encoding=None, ansatz=ansatz)
    weights = circuit.initial_weights("identity", seed=1)
    assert abs(weights).min() > 0
    matrix = qml.matrix(circuit.tape(None, weights), wire_order=range(n_qubits))
    np.testing.assert_allclose(matrix, np.eye(2**n_qubits), atol=1e-12)


def gradient_variance(circuit, strategy, samples=30):
    """Variance over seeds of the derivatives of <Z0 Z1>, averaged over all weights."""
    weights = np.stack([circuit.initial_weights(strategy, seed=seed) for seed in range(samples)])
    tensor = torch.tensor(weights, requires_grad=True)
    inputs = torch.tensor(np.random.default_rng(0).uniform(0, np.pi, (samples, circuit.n_qubits)))
    tape = circuit.tape(inputs, tensor, [qml.expval(qml.Z(0) @ qml.Z(1))])
    qml.device("default.qubit").execute(tape).sum().backward()
    return float(tensor.grad.numpy().var(axis=0).mean())


@pytest.mark.parametrize(
    ("ansatz", "strategy"),
    [
        (StronglyEntangling(mirror=2), "identity"),
        (HardwareEfficient(mirror=2), "identity"),
        (BrickWall(), "gaussian"),
    ],
    ids=repr,
)
def test_deep_circuits_start_with_larger_gradients_than_uniform(ansatz, strategy):
    # Uniform: about 1/(2 * 256), the value of a random circuit on 8 qubits
    deep = VariationalCircuit(8, 16, ansatz=ansatz)
    uniform = gradient_variance(deep, "uniform")
    assert uniform < 0.004
    assert gradient_variance(deep, strategy) > 3 * uniform


@pytest.mark.parametrize(
    ("circuit", "settings", "message"),
    [
        (VariationalCircuit(2, 2), {"strategy": "xavier"}, "legal strategies are 'gaussian', 'identity'"),
        (VariationalCircuit(2, 2), {"locality": 0}, "locality is 0"),
        (VariationalCircuit(2, 2), {"strategy": "identity"}, "make it with mirror=2"),
        (
            VariationalCircuit(2, 3, ansatz="separable"),
            {"strategy": "identity"},
            "there are 3; use a multiple of 2",
        ),
        (
            VariationalCircuit(2, 2, ansatz="separable", reupload=True),
            {"strategy": "identity"},
            "with reupload=True an encoding",
        ),
    ],
)
def test_illegal_settings(circuit, settings, message):
    with pytest.raises(CircuitError, match=message):
        initial_weights(circuit, **settings)
