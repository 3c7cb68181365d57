"""Probabilities of metrics against the exact ground state of the Hamiltonian, written out in full."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.layers.vqe_metric import VQEMetricChoice

X, Z, ONE = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1.0]), np.eye(2)


def exact(coefficients: np.ndarray, field: float) -> np.ndarray:
    """Probabilities of the metrics, in the order of the list, of one layer."""
    if len(coefficients) == 1:
        hamiltonian, order = coefficients[0] * Z - field * X, [0, 1]
    else:
        terms = [np.kron(Z, ONE), np.kron(ONE, Z), np.kron(Z, Z)]
        hamiltonian = np.tensordot(coefficients, terms, 1) - field * (np.kron(X, ONE) + np.kron(ONE, X))
        order = [0, 1, 3, 2]  # 00, 01, 11, 10: neighbors in the list differ in one bit
    energies, states = np.linalg.eigh(hamiltonian)
    assert energies[1] - energies[0] > 1e-3
    return (states[:, 0] ** 2)[order]


@pytest.mark.parametrize(("num_metrics", "field"), [(2, 1.0), (2, 0.1), (4, 1.0), (4, 0.25), (4, 5.0)])
def test_marginals_are_those_of_the_exact_ground_state(num_metrics: int, field: float):
    generator = torch.Generator().manual_seed(7)
    choice = VQEMetricChoice(
        [0] * 12, num_metrics, transverse_field=field, simulator="native", seed=3
    ).double()
    with torch.no_grad():
        choice.coefficients.copy_(torch.randn(12, num_metrics - 1, generator=generator) * 1.5)
    found = choice().detach().numpy()
    assert choice.choice.converged == 1.0
    rows = choice.coefficients.detach().numpy()
    np.testing.assert_allclose(found, [exact(row, field) for row in rows], atol=1e-7)
    assert len(set(found.argmax(1))) == num_metrics


def test_one_qubit_in_closed_form():
    # c Z - f X: <Z> = -c / sqrt(c^2 + f^2).
    choice = VQEMetricChoice([0, 0], 2, transverse_field=0.5, simulator="native", seed=3).double()
    with torch.no_grad():
        choice.coefficients.copy_(torch.tensor([[1.2], [-0.3]]))
    wanted = [(1.0 - c / np.hypot(c, 0.5)) / 2 for c in (1.2, -0.3)]
    np.testing.assert_allclose(choice().detach().numpy()[:, 0], wanted, atol=1e-9)
