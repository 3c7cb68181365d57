"""Routing against brute force: 6 clusters to 3 experts, all methods; assignment, MILP and transport agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hybrid_opt.solvers import QAOA
from hybrid_opt.tuning.routing_assignment import assign_experts
from hybrid_opt.tuning.routing_blocks import block_problem, route_in_blocks
from hybrid_opt.tuning.routing_direct import sinkhorn_plan
from hybrid_opt.tuning.routing_problem import RoutingProblem, capacity_row
from hybrid_opt.tuning.routing_solvers import routing_solver


def made(seed, clusters=6, experts=3, equal=False, linear=False, factor=1.3):
    rng = np.random.default_rng(seed)
    co, alike = (rng.random((clusters, clusters)) for _ in range(2))
    sizes = None if equal else rng.integers(3, 9, clusters)
    weights = {} if linear else {"co_weight": 0.15, "sim_weight": 0.1}
    return RoutingProblem(
        rng.normal(size=(clusters, experts)), sizes, capacity_factor=factor, coactivation=co + co.T,
        similarity=alike + alike.T, **weights,
    )  # fmt: skip


def brute_force(problem):
    """The lowest objective of all feasible assignments, spelled out term by term."""
    clusters, experts = problem.shape
    best = np.inf
    for chosen in itertools.product(range(experts), repeat=clusters):
        loads = [sum(problem.sizes[m] for m in range(clusters) if chosen[m] == e) for e in range(experts)]
        if any(load > room + 1e-9 for load, room in zip(loads, problem.capacity, strict=True)):
            continue
        value = 0.0
        for m in range(clusters):
            value -= problem.sizes[m] / sum(problem.sizes) * problem.affinity[m, chosen[m]]
            for n in range(m + 1, clusters):
                if chosen[m] == chosen[n] and not problem.is_linear:
                    value += problem.co_weight * problem.coactivation[m, n]
                    value -= problem.sim_weight * problem.similarity[m, n]
        best = min(best, value)
    return best


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("equal", [False, True])
def test_every_method_beside_brute_force(seed, equal):
    problem = made(seed, equal=equal)
    optimum = brute_force(problem)
    routing = assign_experts(problem, "milp", compare=("exact", "greedy", "anneal", "sinkhorn"), seed=1)
    for row in routing.rows:
        assert row.objective == pytest.approx(optimum) or row.objective > optimum or not row.feasible
        if row.method in ("milp", "exact"):
            assert row.objective == pytest.approx(optimum)
            assert row.bound == pytest.approx(optimum)
            assert row.status == "optimal"
        if row.method in ("greedy", "anneal"):
            assert row.feasible
    assert routing.gap == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_on_linear_problems_of_one_size_assignment_is_milp_and_brute_force(seed, factor):
    problem = made(seed, equal=True, linear=True, factor=factor)
    routing = assign_experts(problem, compare=("milp", "argmax"), seed=1)
    assert routing.method == "assignment"
    assert routing.objective == pytest.approx(brute_force(problem))
    assert routing.rows[1].objective == pytest.approx(routing.objective)
    # Capacity ignored, nothing can be lower.
    assert routing.rows[2].objective <= routing.objective + 1e-12


def test_with_room_for_all_argmax_is_proven_optimal():
    problem = RoutingProblem(np.random.default_rng(0).normal(size=(5, 3)), [1, 2, 3, 1, 2], capacity=9)
    routing = assign_experts(problem, "argmax")
    assert routing.rows[0].status == "optimal"
    assert routing.objective == pytest.approx(brute_force(problem))


@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_qaoa_in_the_subspace_finds_the_optimum(factor):
    for seed in range(2):
        problem = made(seed, equal=True, factor=factor)
        row = assign_experts(problem, "qaoa", seed=1).rows[0]
        assert row.objective == pytest.approx(brute_force(problem))
        assert row.quantum.mixer == "xy-exact"
        assert 0.0 < row.feasible_share < 1.0
        # Every draw has one expert per cluster, so feasible draws are those that keep capacities.
        assert row.quantum.feasible_share == pytest.approx(row.feasible_share, abs=0.03)


def test_transport_keeps_its_marginals_and_ends_at_the_linear_optimum_where_that_is_clear():
    problem = made(0, clusters=9, equal=True, linear=True, factor=1.0)
    plan = sinkhorn_plan(problem)
    np.testing.assert_allclose(plan.sum(1), 1 / 9, atol=1e-6)
    np.testing.assert_allclose(plan.sum(0), 1 / 3, atol=1e-6)
    clear = RoutingProblem(np.kron(10 * np.eye(3), np.ones((3, 1))), capacity=3)
    np.testing.assert_array_equal(assign_experts(clear, "sinkhorn").assignment, np.repeat(range(3), 3))


@pytest.mark.parametrize("seed", range(3))
def test_a_block_differs_from_the_whole_by_a_constant(seed):
    problem = made(seed, clusters=7, factor=1.6)
    start = assign_experts(problem, "greedy", seed=1).assignment
    free = np.array([1, 3, 6])
    part = block_problem(problem, start, free)
    differences = set()
    for chosen in itertools.product(range(3), repeat=3):
        whole = start.copy()
        whole[free] = chosen
        differences.add(round(problem.objective(whole) - part.objective(chosen), 9))
        assert problem.feasible(whole) == part.feasible(chosen)
    assert len(differences) == 1


def test_blocks_never_end_above_where_they_began_and_are_called_blocks():
    problem = made(2, clusters=16, experts=4)
    begin = assign_experts(problem, "greedy", seed=0).objective
    answer = route_in_blocks(
        problem, lambda part: routing_solver("exact", part), guided=False, seed=0, time_limit=20,
        most_states=3**5,
    )
    assert problem.feasible(answer.assignment)
    assert problem.objective(answer.assignment) <= begin + 1e-12
    no_slack = {capacity_row(e): 0.0 for e in range(4)}
    quantum = QAOA(depth=1, shots=200, mixer="xy-exact", penalty=no_slack, circuit_qubits=0)
    row = assign_experts(problem, quantum, seed=0).rows[0]
    assert row.method == "qaoa (xy-exact) in blocks"
    assert row.feasible
    assert "4^16 states" in row.note
    assert "nothing is proven about the whole" in row.note
