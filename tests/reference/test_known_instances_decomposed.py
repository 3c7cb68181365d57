"""Decomposition on public benchmark files at their known optima, and on generated twins against proofs.

Values: Beasley (bqp) and Glover, Kochenberger, Alidaee (gka) optima, Biq Mac library.
"""

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.qubo.files import read_sparse_qubo
from hybrid_opt.solvers import QAOA, Decomposed


def test_bqp50_1_is_proven_by_fixing_alone(reference_data):
    model = read_sparse_qubo(reference_data / "qubo" / "bqp50-1.sparse")
    solution = ho.solve(model, "decomposed", seed=1)
    assert (solution.objective, solution.bound, solution.status) == (-2098, -2098, "optimal")
    assert solution.effort["fixed"] == 50


@pytest.mark.parametrize("seed", [1, 2])
def test_bqp100_1_in_blocks_of_16(reference_data, seed):
    model = read_sparse_qubo(reference_data / "qubo" / "bqp100-1.sparse")
    solution = ho.solve(model, "decomposed", seed=seed)
    assert -7970 <= solution.objective <= -7900
    assert solution.bound is None
    assert solution.effort["fixed"] == 4


@pytest.mark.parametrize("solver", ["exact", QAOA(depth=2, shots=100)], ids=lambda solver: str(solver)[:5])
def test_gka2b_in_blocks_of_10(reference_data, solver):
    model = read_sparse_qubo(reference_data / "qubo" / "gka2b.sparse")
    solution = ho.solve(model, Decomposed(solver, max_bits=10, rounds=1), seed=1)
    assert solution.objective == -121
    assert solution.status == "feasible"
    assert (solution.quantum is None) == (solver == "exact")


@pytest.mark.parametrize("seed", range(3))
def test_generated_sparse_model_against_enumeration(seed):
    """Integers from -100 to 100 at density 0.1, as in the bqp files, small enough to enumerate."""
    rng = np.random.default_rng(seed)
    entries = np.triu(rng.integers(-100, 101, (20, 20)) * (rng.random((20, 20)) < 0.3))
    model = dimod.BinaryQuadraticModel(entries.astype(float), "BINARY")
    solution = ho.solve(model, Decomposed(max_bits=8), seed=seed, compare=["exact"])
    assert solution.own_row.status == "optimal"
    assert solution.objective == solution.baselines[0].objective
    assert solution.effort["fixed"] >= 10


@pytest.mark.parametrize("seed", range(2))
def test_generated_dense_model_against_enumeration(seed):
    """As in the gka b series: one sign on the diagonal, the other off it, every pair present."""
    rng = np.random.default_rng(seed)
    entries = np.triu(rng.integers(1, 101, (18, 18)), 1) - np.diag(rng.integers(1, 64, 18))
    model = dimod.BinaryQuadraticModel(entries.astype(float), "BINARY")
    solution = ho.solve(model, Decomposed(max_bits=8, fix=False), seed=seed, compare=["exact"])
    assert solution.objective == solution.baselines[0].objective
