from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.cost_diagonal import diagonal_from_costs
from hybrid_opt.circuits.diagonal_evolution import DiagonalEvolution
from hybrid_opt.circuits.row_evolution import layer_tables


def test_rows_do_not_depend_on_threads_or_neighbors():
    diagonal = diagonal_from_costs(np.random.default_rng(1).normal(size=2**10))
    rng = np.random.default_rng(2)
    gammas, betas = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    one = DiagonalEvolution(diagonal, threads=1).values_and_grads(gammas, betas)
    many = DiagonalEvolution(diagonal, threads=4).values_and_grads(gammas, betas)
    alone = DiagonalEvolution(diagonal).values_and_grads(gammas[7:8], betas[7:8])
    for a, b, c in zip(one, many, alone):
        assert np.array_equal(a, b)
        assert np.array_equal(a[7:8], c)


def test_whole_evolutions_equal_passes():
    """An objective that is the expectation takes the way of the large states."""
    diagonal = diagonal_from_costs(np.arange(2.0**9) % 7)
    engine = DiagonalEvolution(diagonal)
    rng = np.random.default_rng(3)
    gammas, betas = rng.normal(size=3), rng.normal(scale=2, size=(3, 9))
    whole = engine.value_and_grad(gammas, betas)
    passes = engine.value_and_grad(gammas, betas, lambda e, p: (float(p @ e), e))
    for a, b in zip(whole, passes):
        assert np.allclose(a, b, atol=1e-12)


def test_tables_outside_of_a_kernel():
    with pytest.raises(NotImplementedError):
        layer_tables(np.zeros(1), np.zeros(1), np.zeros(3), 0.0, 2, np.zeros(4), np.zeros(3))
