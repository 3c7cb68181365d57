"""Published optima, and twins on generated data that run without the files."""

import itertools

import dimod
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from hybrid_opt import graphs
from hybrid_opt.qubo.files import (
    read_maxcut_file,
    read_model_file,
    read_quadratic_knapsack,
    read_sparse_qubo,
    write_sparse_qubo,
)
from hybrid_opt.qubo.reading import read_model
from hybrid_opt.solvers.base import Request
from hybrid_opt.solvers.exact import Exact
from hybrid_opt.solvers.milp import MILP


def run(solver, model, seconds=60.0):
    """Problem, best feasible objective (infinity if none) and outcome."""
    problem = read_model(model)
    outcome = solver.solve(Request(problem, seed=0, time_limit=seconds))
    objectives = problem.objective(outcome.states)[problem.feasible(outcome.states)]
    return float(objectives.min(initial=np.inf)), outcome


# --- QUBO ----------------------------------------------------------------------------------------------


def test_gka1b_by_enumeration(reference_data):
    """Glover, Kochenberger and Alidaee, instance 1b: 20 variables, optimum -133."""
    best, outcome = run(Exact(), read_model_file(reference_data / "qubo" / "gka1b.sparse"))
    assert (best, outcome.bound, outcome.proof) == (-133, -133, "optimal")


@pytest.mark.parametrize(
    ("name", "optimum", "seconds"), [("gka1b", -133, 20), ("gka2b", -121, 20), ("bqp50-1", -2098, 20)]
)
def test_small_public_qubos_are_proven_by_milp(reference_data, name, optimum, seconds):
    best, outcome = run(MILP(), read_model_file(reference_data / "qubo" / f"{name}.sparse"), seconds)
    assert (best, outcome.bound, outcome.proof) == (optimum, optimum, "optimal")


@pytest.mark.parametrize(
    ("folder", "name", "optimum"), [("qubo", "bqp100-1.sparse", -7970), ("maxcut", "pm1s_80.0.txt", -79)]
)
def test_the_bound_on_larger_instances_is_valid(reference_data, folder, name, optimum):
    path = reference_data / folder / name
    model = read_model_file(path) if folder == "qubo" else graphs.maxcut(read_maxcut_file(path))
    best, outcome = run(MILP(), model, 1.0)
    assert best >= optimum
    assert outcome.bound is None or outcome.bound <= optimum
    assert outcome.proof != "optimal" or best == optimum


@pytest.mark.parametrize("seed", range(3))
def test_generated_qubos_in_the_public_format(tmp_path, seed):
    """Twin of the above: like family b (few negative diagonal entries, positive pairs), by both methods."""
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.integers(0, 101, (12, 12)), 1) - np.diag(rng.integers(0, 64, 12))
    path = tmp_path / "generated.sparse"
    write_sparse_qubo(dimod.BinaryQuadraticModel(matrix, "BINARY"), path)
    model = read_sparse_qubo(path)
    states = np.array(list(itertools.product((0, 1), repeat=12)))
    optimum = np.einsum("si,ij,sj->s", states, matrix, states).min()
    for solver in (Exact(), MILP()):
        best, outcome = run(solver, model)
        assert (best, outcome.bound, outcome.proof) == (optimum, optimum, "optimal")


# --- knapsack ------------------------------------------------------------------------------------------


def test_quadratic_knapsack_jeu_100_25_1(reference_data):
    """Billionnet and Soutif: optimum 18558, never exceeded; the bound never falls below it."""
    model = read_quadratic_knapsack(reference_data / "knapsack" / "jeu_100_25_1.txt")
    best, outcome = run(MILP(), model, 5.0)
    assert best >= -18558
    assert outcome.bound <= -18558
    assert outcome.bound >= -19125  # the linear relaxation
    assert outcome.proof != "optimal" or best == -18558


def knapsack_text(seed, n=14):
    rng = np.random.default_rng(seed)
    profits = np.triu(rng.integers(1, 101, (n, n)) * (rng.random((n, n)) < 0.25))
    weights = rng.integers(1, 51, n)
    capacity = int(weights.sum() // 3)
    lines = ["generated", str(n), " ".join(map(str, profits.diagonal()))]
    lines += [" ".join(map(str, profits[i, i + 1 :])) for i in range(n - 1)]
    lines += ["", "0", str(capacity), " ".join(map(str, weights)), "", "Comments"]
    return "\n".join(lines), profits, weights, capacity


@pytest.mark.parametrize("seed", range(4))
def test_generated_quadratic_knapsacks(tmp_path, seed):
    """Twin of the above, against brute force."""
    text, profits, weights, capacity = knapsack_text(seed)
    path = tmp_path / "generated.txt"
    path.write_text(text)
    states = np.array(list(itertools.product((0, 1), repeat=len(weights))))
    states = states[states @ weights <= capacity]
    optimum = -np.einsum("si,ij,sj->s", states, profits, states).max()
    for solver in (Exact(), MILP()):
        best, outcome = run(solver, read_quadratic_knapsack(path))
        assert (best, outcome.bound, outcome.proof) == (optimum, optimum, "optimal")


def test_textbook_capital_budgeting():
    """Budget 14; costs 5, 7, 4, 3; values 8, 11, 6, 4: all but the first, worth 21."""
    x = dimod.BinaryArray([f"project {i}" for i in range(1, 5)])
    model = dimod.ConstrainedQuadraticModel()
    model.set_objective(-sum(value * x_i for value, x_i in zip((8, 11, 6, 4), x)))
    model.add_constraint(sum(cost * x_i for cost, x_i in zip((5, 7, 4, 3), x)) <= 14, label="budget")
    for solver in (Exact(), MILP()):
        best, outcome = run(solver, model)
        assert (best, outcome.bound, outcome.proof) == (-21, -21, "optimal")
        assert outcome.states.tolist() == [[0, 1, 1, 1]]


@pytest.mark.parametrize("seed", range(3))
def test_generated_bounded_knapsacks_by_dynamic_programming(seed):
    """Integer quantities up to 9 of 8 goods: 10**8 states, so the reference is a table over capacities."""
    rng = np.random.default_rng(seed)
    values, weights = rng.integers(1, 60, 8), rng.integers(3, 30, 8)
    capacity = int(weights.sum() * 3)
    table = np.zeros(capacity + 1)
    for value, weight in zip(values, weights):
        table = np.max(
            [np.concatenate([np.full(k * weight, -np.inf), table[: capacity + 1 - k * weight]]) + k * value
             for k in range(min(9, capacity // weight) + 1)],
            axis=0,
        )  # fmt: skip
    model = dimod.ConstrainedQuadraticModel()
    quantities = [dimod.Integer(i, upper_bound=9) for i in range(8)]
    model.set_objective(-sum(int(value) * q for value, q in zip(values, quantities)))
    model.add_constraint(sum(int(weight) * q for weight, q in zip(weights, quantities)) <= capacity)
    best, outcome = run(MILP(), model)
    assert (best, outcome.bound, outcome.proof) == (-table.max(), -table.max(), "optimal")


# --- assignment ----------------------------------------------------------------------------------------


def assignment(n, linear, pairs=()):
    variables = {(i, j): dimod.Binary((i, j)) for i in range(n) for j in range(n)}
    model = dimod.ConstrainedQuadraticModel()
    objective = sum(float(linear[i, j]) * x for (i, j), x in variables.items())
    model.set_objective(objective + sum(cost * variables[a] * variables[b] for a, b, cost in pairs))
    for i in range(n):
        model.add_constraint(sum(variables[i, j] for j in range(n)) == 1, label=f"row {i}")
        model.add_constraint(sum(variables[j, i] for j in range(n)) == 1, label=f"column {i}")
    return model


@pytest.mark.parametrize(("n", "seed"), [(4, 0), (12, 1), (20, 2)])
def test_generated_assignments(n, seed):
    costs = np.random.default_rng(seed).integers(0, 1000, (n, n))
    optimum = costs[linear_sum_assignment(costs)].sum()
    for solver in (Exact(), MILP()) if n == 4 else (MILP(),):
        best, outcome = run(solver, assignment(n, costs))
        assert (best, outcome.bound, outcome.proof) == (optimum, optimum, "optimal")


def test_generated_quadratic_assignment():
    """Five facilities on five sites against all 120 permutations."""
    n, rng = 5, np.random.default_rng(7)
    flow, distance = rng.integers(0, 9, (n, n)), rng.integers(0, 9, (n, n))
    pairs = [
        ((a, s), (b, t), int(flow[a, b] * distance[s, t] + flow[b, a] * distance[t, s]))
        for a, b in itertools.combinations(range(n), 2)
        for s, t in itertools.permutations(range(n), 2)
    ]
    off_diagonal = ~np.eye(n, dtype=bool)
    optimum = min(
        (flow * distance[np.ix_(sites, sites)])[off_diagonal].sum()
        for sites in itertools.permutations(range(n))
    )
    best, outcome = run(MILP(), assignment(n, np.zeros((n, n)), pairs))
    assert (best, outcome.bound, outcome.proof) == (optimum, optimum, "optimal")
