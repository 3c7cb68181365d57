"""Differentiable states against finite differences, default.qubit backprop and closed forms."""

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.tape_reading import read_tape
from hybrid_opt.circuits.torch_states import (
    bloch_vectors,
    differentiable_states,
    fidelity_matrix,
    projected_matrix,
)

AER = open_simulator("aer", compute="cpu")


def operations(a):
    """Parameters with a global phase, which differentiated states must carry."""
    return [
        qml.Hadamard(0),
        qml.Rot(a[..., 0], a[..., 1], a[..., 2], 0),
        qml.CRX(a[..., 3], [0, 1]),
        qml.IsingXX(a[..., 4], [1, 0]),
        qml.PhaseShift(a[..., 5], 1),
    ]


PROGRAM = read_tape(qml.tape.QuantumScript(operations(np.zeros(6)))).program


def angles(rows=3, seed=0):
    return torch.tensor(np.random.default_rng(seed).uniform(-2, 2, (rows, 6)), requires_grad=True)


def random_states(rows, n_qubits, seed=1):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(rows, 2**n_qubits)) + 1j * rng.normal(size=(rows, 2**n_qubits))
    return torch.tensor(states / np.linalg.norm(states, axis=1, keepdims=True))


@pytest.mark.parametrize("simulator", [AER, open_simulator("native")], ids=["aer", "native"])
def test_states_and_gradients_equal_backprop_phases_included(simulator):
    @qml.qnode(qml.device("default.qubit", wires=2), interface="torch", diff_method="backprop")
    def circuit(a):
        operations(a)  # made inside a QNode, they are queued
        return qml.state()

    mine, theirs = angles(), angles()
    states, expected = differentiable_states(PROGRAM, mine, simulator), circuit(theirs)
    torch.testing.assert_close(states, expected, rtol=0, atol=1e-12)
    weights = random_states(3, 2)
    for result in (states, expected):
        (result.real * weights.real + result.imag**2 * weights.imag).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=0, atol=1e-12)


def test_gradcheck_of_angles_and_initial_states():
    program = Program(2, PROGRAM.gates, PROGRAM.n_slots, (), prepared=True)
    start = random_states(2, 2).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda table, initial: differentiable_states(program, table, AER, initial), (angles(2), start)
    )


def test_one_initial_state_for_all_rows_gathers_their_gradients():
    program = Program(2, PROGRAM.gates, PROGRAM.n_slots, (), prepared=True)
    one = random_states(1, 2)[0].requires_grad_()
    many = one.detach().expand(3, -1).clone().requires_grad_()
    for initial in (one, many):
        states = differentiable_states(program, angles(), AER, initial)
        (states.real**3).sum().backward()
    torch.testing.assert_close(one.grad, many.grad.sum(dim=0))


def test_initial_states_can_be_the_only_thing_differentiated():
    program = Program(2, PROGRAM.gates, PROGRAM.n_slots, (), prepared=True)
    initial = random_states(3, 2).requires_grad_()
    states = differentiable_states(program, angles().detach(), AER, initial)
    # The norm is kept whatever the circuit: its gradient is 2 psi.
    (states.abs() ** 2).sum().backward()
    torch.testing.assert_close(initial.grad, 2 * initial.detach())


def test_columns_not_wanted_get_no_gradient():
    table, full = angles(), angles()
    wanted = np.array([True, False, True, False, True, False])
    (differentiable_states(PROGRAM, table, AER, wanted=wanted).real ** 3).sum().backward()
    (differentiable_states(PROGRAM, full, AER).real ** 3).sum().backward()
    torch.testing.assert_close(table.grad[:, wanted], full.grad[:, wanted])
    assert not table.grad[:, ~wanted].any()
    assert full.grad[:, ~wanted].any()


def test_no_rows():
    table = angles(0)
    states = differentiable_states(PROGRAM, table, AER)
    assert states.shape == (0, 4)
    states.abs().sum().backward()
    assert table.grad.shape == (0, 6)


def test_single_precision_angles_get_single_precision_gradients():
    table = angles().detach().float().requires_grad_()
    states = differentiable_states(PROGRAM, table, AER)
    assert states.dtype == torch.complex128
    (states.real**3).sum().backward()
    assert table.grad.dtype == torch.float32


def test_the_first_derivative_of_create_graph_is_right_and_the_second_refused():
    table = angles()
    first = torch.autograd.grad((differentiable_states(PROGRAM, table, AER).real ** 3).sum(), table)[0]
    table = angles()
    loss = (differentiable_states(PROGRAM, table, AER).real ** 3).sum()
    (gradient,) = torch.autograd.grad(loss, table, create_graph=True)
    torch.testing.assert_close(gradient, first)
    with pytest.raises(CircuitError, match="once, not twice"):
        gradient.sum().backward()


def test_wrong_arguments():
    with pytest.raises(CircuitError, match="real torch tensor"):
        differentiable_states(PROGRAM, np.zeros((1, 6)), AER)
    with pytest.raises(CircuitError, match="real torch tensor"):
        differentiable_states(PROGRAM, torch.zeros((1, 6), dtype=torch.complex128), AER)
    with pytest.raises(CircuitError, match="shape"):
        differentiable_states(PROGRAM, torch.zeros((1, 5)), AER)
    with pytest.raises(CircuitError, match="NaN"):
        differentiable_states(PROGRAM, torch.full((1, 6), float("nan")), AER)
    noisy = open_simulator("aer", compute="cpu", noise_model=depolarizing_noise(0.1, 0.1))
    with pytest.raises(CircuitError, match="without noise"):
        differentiable_states(PROGRAM, torch.zeros((1, 6)), noisy)
    channel = Program(1, (Gate("kraus", (0,), matrix=np.eye(2, dtype=complex)[None]),), 0)
    with pytest.raises(CircuitError, match="noise"):
        differentiable_states(channel, torch.zeros((1, 0)), AER)


def test_fidelities_of_bell_states_and_their_gradient():
    root = 0.5**0.5
    bell = torch.tensor([[root, 0, 0, root], [0, root, root, 0]], dtype=torch.complex128)
    torch.testing.assert_close(fidelity_matrix(bell, bell), torch.eye(2, dtype=torch.float64))
    a, b = random_states(3, 2, 5).requires_grad_(), random_states(2, 2, 6).requires_grad_()
    assert torch.autograd.gradcheck(fidelity_matrix, (a, b))
    overlaps = np.abs(a.detach().numpy().conj() @ b.detach().numpy().T) ** 2
    np.testing.assert_allclose(fidelity_matrix(a, b).detach(), overlaps, atol=1e-14)


def test_bloch_vectors_equal_expectation_values_of_paulis():
    states = random_states(2, 3)
    paulis = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
    for wire in range(3):
        for axis, pauli in enumerate(paulis):
            operator = np.kron(np.kron(np.eye(2**wire), pauli), np.eye(2 ** (2 - wire)))
            expected = np.einsum("bi,ij,bj->b", states.numpy().conj(), operator, states.numpy()).real
            np.testing.assert_allclose(bloch_vectors(states)[:, wire, axis], expected, atol=1e-14)


def test_projected_matrix_equals_frobenius_distances_and_passes_gradcheck():
    a, b = random_states(3, 2, 5), random_states(2, 2, 6)

    def reduced(states):
        tensor = states.numpy().reshape(-1, 2, 2)
        first = np.einsum("bij,bkj->bik", tensor, tensor.conj())
        return first, np.einsum("bij,bik->bjk", tensor, tensor.conj())

    distances = sum(
        np.linalg.norm(x[:, None] - y[None], axis=(2, 3)) ** 2 for x, y in zip(reduced(a), reduced(b))
    )
    np.testing.assert_allclose(projected_matrix(a, b, 0.7), np.exp(-0.7 * distances), atol=1e-14)
    gamma = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(projected_matrix, (a.requires_grad_(), b.requires_grad_(), gamma))


def test_matrices_of_states_that_do_not_fit():
    for matrix in (fidelity_matrix, projected_matrix):
        with pytest.raises(CircuitError, match="no overlaps"):
            matrix(random_states(1, 1), random_states(1, 2))
    with pytest.raises(CircuitError, match="2\\*\\*N"):
        bloch_vectors(torch.zeros((1, 3), dtype=torch.complex128))
