from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.cost_diagonal import diagonal_from_costs
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.errors import CircuitTooLargeError


@pytest.mark.parametrize("n", [2, 8, 14])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_readings_agree_with_each_other(n, precision):
    half = np.random.default_rng(n).integers(0, 5, 2 ** (n - 1))
    costs = np.concatenate([half, half[::-1]]).astype(float)
    state = DiagonalEvolution(diagonal_from_costs(costs), precision=precision).run([0.4, 1.3], [0.2, 2.0])
    amplitudes = state.amplitudes()
    assert amplitudes.dtype == (np.complex128 if precision == "double" else np.complex64)
    tolerance = 1e-13 if precision == "double" else 1e-6
    probabilities = state.probabilities()
    assert np.allclose(probabilities, np.abs(amplitudes) ** 2, rtol=0, atol=tolerance)
    assert state.norm() == pytest.approx(probabilities.sum(), abs=tolerance)
    assert state.norm_and_expectation() == (state.norm(), state.expectation())
    assert state.expectation() == pytest.approx(probabilities @ costs, abs=10 * tolerance)
    expected = [probabilities[costs == level].sum() for level in state.diagonal.level_energies]
    assert np.allclose(state.level_probabilities(), expected, rtol=0, atol=tolerance)


def test_expanding_asks_for_memory(monkeypatch):
    state = DiagonalEvolution(diagonal_from_costs(np.zeros(2**8))).run([0.4], [0.2])
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    for read in (state.amplitudes, state.probabilities):
        with pytest.raises(CircuitTooLargeError, match="8 qubits"):
            read()
