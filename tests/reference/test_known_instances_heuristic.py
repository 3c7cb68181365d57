"""Heuristics on public benchmark files at their known values, and on generated twins against proofs.

Values: Beasley (bqp) and Glover, Kochenberger, Alidaee (gka) optima, Rudy max-cut optima (Biq Mac library),
and the best known cut of G1 from the Gset.
"""

import dimod
import networkx
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.qubo.files import read_maxcut_file, read_sparse_qubo
from hybrid_opt.solvers import Anneal, Tabu


@pytest.mark.parametrize("solver", [Anneal(reads=50), Tabu()], ids=lambda solver: solver.name)
@pytest.mark.parametrize(
    ("name", "optimum"),
    [("bqp50-1", -2098), ("bqp100-1", -7970), ("gka1b", -133), ("gka2b", -121)],
)
def test_qubo_files(reference_data, name, optimum, solver):
    model = read_sparse_qubo(reference_data / "qubo" / f"{name}.sparse")
    solution = ho.solve(model, solver, seed=1)
    assert solution.objective == optimum
    assert solution.deterministic


@pytest.mark.parametrize(("name", "cut"), [("g05_60.0", 536), ("pm1s_80.0", 79)])
def test_maxcut_files(reference_data, name, cut):
    graph = read_maxcut_file(reference_data / "maxcut" / f"{name}.txt")
    solution = ho.solve(ho.graphs.maxcut(graph), Anneal(), seed=1)
    assert -solution.objective == cut
    sides = solution.sample
    assert sum(weight for u, v, weight in graph.edges(data="weight") if sides[u] != sides[v]) == cut


def test_g1(reference_data):
    graph = read_maxcut_file(reference_data / "maxcut" / "G1.txt")
    solution = ho.solve(ho.graphs.maxcut(graph), Anneal(reads=20, sweeps=2000), seed=1)
    assert -solution.objective == 11624


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method", ["anneal", "tabu"])
def test_generated_qubo_like_beasley(seed, method):
    """Integers from -100 to 100 at density 0.1, as in the bqp files, but small enough to enumerate."""
    rng = np.random.default_rng(seed)
    entries = rng.integers(-100, 101, (18, 18)) * (rng.random((18, 18)) < 0.3)
    model = dimod.BinaryQuadraticModel(np.triu(entries).astype(float), "BINARY")
    solution = ho.solve(model, method, seed=seed, compare=["exact"])
    assert solution.status == "optimal"


@pytest.mark.parametrize("seed", range(2))
def test_generated_maxcut_against_a_proof(seed):
    graph = networkx.gnm_random_graph(24, 40, seed=seed)
    solution = ho.solve(ho.graphs.maxcut(graph), "anneal", seed=seed, compare=["milp"])
    assert (solution.status, solution.bound_source) == ("optimal", "milp")


def test_generated_knapsack_never_beats_its_bound():
    rng = np.random.default_rng(3)
    items = list(dimod.Binaries(range(16)))
    values, weights = rng.integers(1, 30, 16), rng.integers(1, 12, 16)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(-int(value) * item for value, item in zip(values, items)))
    load = dimod.quicksum(int(weight) * item for weight, item in zip(weights, items))
    cqm.add_constraint(load <= 40, label="capacity")
    solution = ho.solve(cqm, "anneal", compare=["exact", "tabu"], prove=True, seed=1)
    exact, tabu = solution.baselines
    assert solution.feasible
    assert tabu.feasible
    assert solution.objective >= exact.objective == solution.bound
    assert tabu.objective >= solution.bound
    # slack bits make a knapsack hard for annealing: a swap of two items needs several flips at once
    assert 0.0 <= solution.gap < 0.25
