"""Gradients of QNodes on hybrid.aer against backprop on default.qubit."""

import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane import numpy as pnp
from pennylane.exceptions import QuantumFunctionError
from qiskit_aer import AerSimulator

from hybrid_opt.circuits import AerDevice
from hybrid_opt.circuits.device_gradients import pauli_readout
from hybrid_opt.circuits.errors import CircuitError

WIRES = ["a", 3, "c"]


def pair(wires):
    """Device and method: ours, and backprop on default.qubit."""
    return ((AerDevice(wires=wires, compute="cpu"), "best"), (qml.device("default.qubit"), "backprop"))


def body(inputs, weights):
    qml.AngleEmbedding(inputs, wires=WIRES)
    qml.StronglyEntanglingLayers(weights, wires=WIRES)
    qml.CRY(weights[0, 0, 0] * inputs[..., 0], [WIRES[0], WIRES[2]])
    qml.IsingXX(weights[1, 1, 1] ** 2, [WIRES[2], WIRES[1]])


RETURNS = {
    "one expval": lambda: qml.expval(qml.Z("a")),
    "expvals": lambda: [qml.expval(qml.Z("a")), qml.expval(qml.X(3) @ qml.Y("c"))],
    "hamiltonian": lambda: qml.expval(qml.Hamiltonian([0.4, -1.2], [qml.Z("c"), qml.X("a") @ qml.X(3)])),
    "probabilities": lambda: qml.probs(wires=["c", "a"]),
    "variance": lambda: qml.var(qml.X(3)),
    "projector": lambda: qml.expval(qml.Projector([1, 0], ["c", "a"])),
    "mixed": lambda: (qml.expval(qml.Y("c")), qml.probs(wires=[3]), qml.var(qml.Z("a"))),
    "purity": lambda: qml.purity(["a"]),
    "state": lambda: qml.state(),
}


def gradients(device, measure, batch, diff_method):
    rng = np.random.default_rng(2)
    shape = (3,) if batch is None else (batch, 3)
    inputs = torch.tensor(rng.uniform(-2, 2, shape), requires_grad=True)
    weights = torch.tensor(rng.uniform(-2, 2, (2, 3, 3)), requires_grad=True)

    @qml.qnode(device, interface="torch", diff_method=diff_method)
    def circuit(inputs, weights):
        body(inputs, weights)
        return measure()

    result = circuit(inputs, weights)
    parts = list(result) if isinstance(result, (list, tuple)) else [result]
    loss = torch.zeros((), dtype=torch.float64)
    for number, part in enumerate(parts):
        factor = torch.tensor(np.random.default_rng(number).normal(size=tuple(part.shape)))
        real = torch.view_as_real(part)[..., 0] if part.is_complex() else part
        loss = loss + (real * factor).sum()
    loss.backward()
    return [part.detach() for part in parts], inputs.grad, weights.grad


@pytest.mark.parametrize("batch", [None, 1, 5])
@pytest.mark.parametrize("name", RETURNS)
def test_torch_gradients(name, batch):
    ours = gradients(AerDevice(wires=WIRES, compute="cpu"), RETURNS[name], batch, "best")
    theirs = gradients(qml.device("default.qubit", wires=WIRES), RETURNS[name], batch, "backprop")
    for mine, other in zip(ours[0], theirs[0]):
        torch.testing.assert_close(mine, other, atol=1e-10, rtol=0)
    torch.testing.assert_close(ours[1], theirs[1], atol=1e-10, rtol=0)
    torch.testing.assert_close(ours[2], theirs[2], atol=1e-10, rtol=0)


def test_jacobian_in_autograd():
    weights = pnp.array(np.random.default_rng(0).uniform(-2, 2, (2, 3, 3)), requires_grad=True)
    results = []
    for device, method in pair(3):

        @qml.qnode(device, diff_method=method)
        def circuit(weights):
            qml.StronglyEntanglingLayers(weights, wires=range(3))
            return qml.probs(wires=[0, 1])

        results.append(qml.jacobian(circuit)(weights))
    np.testing.assert_allclose(*results, atol=1e-10)


def test_the_forward_run_serves_the_gradient(monkeypatch):
    runs = []
    original = AerSimulator.run
    monkeypatch.setattr(AerSimulator, "run", lambda self, *a, **k: runs.append(1) or original(self, *a, **k))
    gradients(AerDevice(wires=WIRES, compute="cpu"), RETURNS["expvals"], 4, "adjoint")
    assert runs == [1]


def test_shifted_circuits_are_one_run(monkeypatch):
    runs = []
    original = AerSimulator.run
    monkeypatch.setattr(AerSimulator, "run", lambda self, *a, **k: runs.append(1) or original(self, *a, **k))
    device = AerDevice(wires=2, compute="cpu", seed=0)

    @qml.set_shots(50)
    @qml.qnode(device, interface="torch", diff_method="parameter-shift")
    def circuit(weights):
        qml.BasicEntanglerLayers(weights, wires=range(2))
        return qml.expval(qml.Z(0))

    weights = torch.rand((3, 2), requires_grad=True, dtype=torch.float64)
    circuit(weights).backward()
    assert runs == [1, 1]
    assert weights.grad.abs().sum() > 0


def test_prepared_states_are_differentiated():
    results = []
    for device, method in pair(2):
        features = torch.tensor([[0.1, 0.7, -0.3, 0.4], [0.5, 0.5, 0.1, 0.9]], dtype=torch.float64)
        features.requires_grad_()

        @qml.qnode(device, interface="torch", diff_method=method)
        def circuit(features):
            qml.AmplitudeEmbedding(features, wires=[1, 0], normalize=True)
            qml.CRX(0.4, [0, 1])
            return qml.expval(qml.Z(0)), qml.expval(qml.X(1))

        first, second = circuit(features)
        (first.sum() + 2 * second.sum()).backward()
        results.append(features.grad)
    torch.testing.assert_close(*results, atol=1e-10, rtol=0)


def test_full_jacobians():
    device = AerDevice(wires=2, compute="cpu")
    tape = qml.tape.QuantumScript(
        [qml.RX(0.4, 0), qml.RY(0.9, 1), qml.CNOT([0, 1])],
        [qml.expval(qml.Z(1)), qml.probs(wires=[0])],
        trainable_params=[0, 1],
    )
    results, (jacobian,) = device.execute_and_compute_derivatives([tape])
    assert jacobian[0][0].shape == ()
    expected = [-np.sin(0.4) * np.cos(0.9), -np.cos(0.4) * np.sin(0.9)]
    np.testing.assert_allclose(jacobian[0], expected, atol=1e-12)
    np.testing.assert_allclose(jacobian[1][0], [-np.sin(0.4) / 2, np.sin(0.4) / 2], atol=1e-12)
    np.testing.assert_allclose(jacobian[1][1], [0, 0], atol=1e-12)
    np.testing.assert_allclose(results[0][0], np.cos(0.4) * np.cos(0.9))
    assert len(device.compute_derivatives([tape])) == 1


def test_second_derivatives_come_from_parameter_shift():
    @qml.qnode(AerDevice(wires=1, compute="cpu"), interface="torch", max_diff=2)
    def circuit(angle):
        qml.RX(angle, 0)
        return qml.expval(qml.Z(0))

    angle = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(circuit(angle), angle, create_graph=True)
    (second,) = torch.autograd.grad(first, angle)
    assert second.item() == pytest.approx(-np.cos(0.4))


def test_adjoint_with_shots_is_refused():
    @qml.set_shots(10)
    @qml.qnode(AerDevice(wires=1, compute="cpu"), diff_method="adjoint")
    def circuit(angle):
        qml.RX(angle, 0)
        return qml.expval(qml.Z(0))

    with pytest.raises(QuantumFunctionError, match="does not support adjoint"):
        circuit(pnp.array(0.1, requires_grad=True))


def test_trainable_coefficients_fall_back_to_parameter_shift():
    @qml.qnode(AerDevice(wires=1, compute="cpu"))
    def circuit(coefficient, angle):
        qml.RX(angle, 0)
        return qml.expval(qml.Hamiltonian([coefficient, 1.0], [qml.Z(0), qml.Y(0)]))

    slopes = qml.grad(circuit)(pnp.array(2.0), pnp.array(0.3))
    np.testing.assert_allclose(slopes, [np.cos(0.3), -2 * np.sin(0.3) - np.cos(0.3)], atol=1e-12)


def test_trainable_matrices_are_refused():
    @qml.qnode(AerDevice(wires=1, compute="cpu"), interface="torch", diff_method="adjoint")
    def circuit(matrix):
        qml.QubitUnitary(matrix, 0)
        return qml.expval(qml.Z(0))

    matrix = torch.eye(2, dtype=torch.complex128, requires_grad=True)
    with pytest.raises(QuantumFunctionError, match="does not support adjoint"):
        circuit(matrix)
    tape = qml.tape.QuantumScript(
        [qml.QubitUnitary(np.eye(2), 0)], [qml.expval(qml.Z(0))], trainable_params=[0]
    )
    with pytest.raises(CircuitError, match="a parameter of QubitUnitary is trainable"):
        AerDevice(wires=1, compute="cpu").compute_vjp([tape], [1.0])


def test_batched_jacobians_are_refused():
    gate = qml.RX(np.array([0.1, 0.2]), 0)
    tape = qml.tape.QuantumScript([gate], [qml.expval(qml.Z(0))], trainable_params=[0])
    with pytest.raises(CircuitError, match="parameter broadcasting"):
        AerDevice(wires=1, compute="cpu").compute_derivatives([tape])


def test_readouts_are_kept_by_what_they_measure():
    first = pauli_readout([qml.expval(qml.Z(0) @ qml.X(1))], 2)
    assert pauli_readout([qml.expval(qml.Z(0) @ qml.X(1))], 2) is first
    assert pauli_readout([qml.expval(qml.Z(0) @ qml.Y(1))], 2) is not first
    assert pauli_readout([qml.expval(qml.Z(0))], 2) is not pauli_readout([qml.expval(qml.Z(1))], 2)
    assert pauli_readout([qml.expval(qml.Hermitian(np.eye(2), 0))], 1) is None
    assert pauli_readout([qml.var(qml.Z(0))], 1) is None


def test_readouts_are_told_apart_by_all_digits_of_torch():
    def value(coefficient):
        tensor = torch.tensor(coefficient, dtype=torch.float64)
        tape = qml.tape.QuantumScript([qml.RY(0.3, 0)], [qml.expval(qml.s_prod(tensor, qml.Z(0)))])
        return float(AerDevice(wires=1, compute="cpu").execute([tape])[0])

    assert value(0.123411) == pytest.approx(0.123411 * np.cos(0.3), abs=1e-12)
    assert value(0.123444) == pytest.approx(0.123444 * np.cos(0.3), abs=1e-12)
