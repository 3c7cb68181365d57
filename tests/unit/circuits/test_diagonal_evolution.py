from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.cost_diagonal import CostDiagonal, diagonal_from_costs
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError

PETERSEN = [(i, (i + 1) % 5) for i in range(5)]
PETERSEN += [(i, i + 5) for i in range(5)] + [(5 + i, 5 + (i + 2) % 5) for i in range(5)]


def cuts() -> np.ndarray:
    bits = np.arange(1024)[:, None] >> np.arange(9, -1, -1) & 1
    return -sum((bits[:, a] ^ bits[:, b]).astype(float) for a, b in PETERSEN)


def test_signs_of_the_angles_on_the_petersen_graph():
    engine = DiagonalEvolution(diagonal_from_costs(cuts()))
    gamma = np.arctan(1 / np.sqrt(2))
    values = engine.values([[gamma], [gamma]], [[-np.pi / 8], [np.pi / 8]])
    assert np.allclose(-values / 15, [0.69245, 0.30755], atol=5e-6)


@pytest.mark.parametrize("n", [4, 14])
def test_batches_are_rows(n):
    engine = DiagonalEvolution(diagonal_from_costs(np.arange(2.0**n) % 11))
    rng = np.random.default_rng(1)
    gammas, betas = rng.normal(size=(3, 2)), rng.normal(size=(3, 2, n))
    values, by_gamma, by_beta = engine.values_and_grads(gammas, betas)
    assert np.allclose(engine.values(gammas, betas), values, atol=1e-12)
    for row in range(3):
        one = engine.value_and_grad(gammas[row], betas[row])
        assert one[0] == values[row]
        assert np.array_equal(one[1], by_gamma[row])
        assert np.array_equal(one[2], by_beta[row])
        assert engine.run(gammas[row], betas[row]).expectation() == pytest.approx(values[row], abs=1e-12)
    shared = engine.values(gammas, betas[:, :, 0])
    assert np.allclose(shared, engine.values(gammas, np.repeat(betas[:, :, :1], n, axis=2)), atol=1e-13)


def test_more_levels_than_states():
    costs = np.array([0.0, 40_000.0, 1.0, 2.0])
    engine = DiagonalEvolution(diagonal_from_costs(costs))
    state = engine.run([0.3], [0.4])
    probabilities = np.zeros(40_001)
    probabilities[costs.astype(int)] = state.probabilities()
    assert np.allclose(state.level_probabilities(), probabilities, atol=1e-15)
    assert state.expectation() == pytest.approx(state.probabilities() @ costs)


def test_memory_is_asked_for_first(monkeypatch):
    diagonal = CostDiagonal(30, np.zeros(64, np.uint8), np.zeros(1), None, symmetric=False)
    engine = DiagonalEvolution(diagonal)
    assert engine.bytes_gradient == 2 * engine.bytes_forward > 2**35
    monkeypatch.setattr(memory, "free_memory", lambda: 2**20)
    for task in (engine.run, engine.value_and_grad):
        with pytest.raises(CircuitTooLargeError, match="30 qubits"):
            task([1.0], [1.0])


def test_what_cannot_be_evolved():
    diagonal = diagonal_from_costs([0.0, 1.0])
    with pytest.raises(CircuitError, match="precision"):
        DiagonalEvolution(diagonal, precision="half")
    with pytest.raises(CircuitError, match="codes"):
        DiagonalEvolution(CostDiagonal(1, None, None, None, symmetric=False))
    engine = DiagonalEvolution(diagonal)
    for task in (engine.run, engine.value_and_grad):
        with pytest.raises(CircuitError, match="shape"):
            task([1.0], [1.0, 2.0])
    for task in (engine.values, engine.values_and_grads):
        with pytest.raises(CircuitError, match="shape"):
            task([1.0], [1.0])
