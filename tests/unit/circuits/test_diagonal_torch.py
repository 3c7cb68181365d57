from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.cost_diagonal import diagonal_from_costs
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.diagonal_torch import TorchDiagonal
from hybrid_opt.circuits.errors import CircuitError


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "numbers"])
@pytest.mark.parametrize("n", [1, 2, 5, 6, 11])
def test_equals_the_compiled_engine(n, kind, precision):
    rng = np.random.default_rng(n)
    costs = (
        rng.normal(size=2**n)
        if kind == "numbers"
        else rng.integers(0, 200 if kind == "uint8" else 60_000, 2**n)
    )
    diagonal = diagonal_from_costs(costs)
    compiled = DiagonalEvolution(diagonal)
    engine = TorchDiagonal(diagonal, device="cpu", precision=precision)
    gammas, betas = rng.normal(size=3) / np.abs(costs).max(), rng.normal(size=(3, n))
    tolerance = 1e-12 if precision == "double" else 2e-5
    exact, state = compiled.run(gammas, betas), engine.run(gammas, betas)
    assert np.allclose(state.amplitudes(), exact.amplitudes(), atol=tolerance)
    assert np.allclose(state.probabilities(), exact.probabilities(), atol=tolerance)
    assert np.allclose(state.level_probabilities(), exact.level_probabilities(), atol=tolerance)
    assert state.norm() == pytest.approx(1.0, abs=tolerance)
    largest = np.abs(costs).max()
    pairs = zip(engine.value_and_grad(gammas, betas), compiled.value_and_grad(gammas, betas))
    for (one, other), scale in zip(pairs, (largest, largest**2, largest)):
        assert np.allclose(one, other, atol=10 * tolerance * scale)
    values = engine.values(gammas[None], betas[None])
    assert values[0] == pytest.approx(exact.expectation(), abs=tolerance * np.abs(costs).max())


def test_what_cannot_be_evolved():
    diagonal = diagonal_from_costs([0.0, 1.0])
    with pytest.raises(CircuitError, match="precision"):
        TorchDiagonal(diagonal, device="cpu", precision="half")
    with pytest.raises(CircuitError, match="shape"):
        TorchDiagonal(diagonal, device="cpu").run([1.0], [1.0, 2.0])
