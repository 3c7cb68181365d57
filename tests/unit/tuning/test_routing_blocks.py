"""Blocks of clusters; what they cost and what is proven stands in tests/reference/test_routing_exact.py."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import SolverError
from hybrid_opt.solvers.base import Outcome
from hybrid_opt.tuning.routing_blocks import block_problem, route_in_blocks
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.routing_solvers import routing_solver


def made(clusters=8):
    rng = np.random.default_rng(0)
    pairs = rng.random((clusters, clusters))
    return RoutingProblem(
        rng.normal(size=(clusters, 3)), capacity=4, coactivation=pairs + pairs.T, co_weight=0.2
    )


def exactly(part):
    return routing_solver("exact", part)


def test_what_is_left_of_capacities():
    part = block_problem(made(), np.array([0, 0, 1, 1, 1, 2, 2, 2]), np.array([0, 4, 7]))
    assert part.capacity.tolist() == [3.0, 2.0, 2.0]
    assert part.shape == (3, 3)


def test_every_cluster_gets_its_turn():
    sizes = []

    def make(part):
        sizes.append(part.shape[0])
        return routing_solver("exact", part)

    answer = route_in_blocks(made(), make, guided=False, seed=0, time_limit=20, most_states=81)
    assert sizes == [4] * 4
    assert "in 4 blocks of 4 clusters" in answer.note
    assert not answer.interrupted
    assert answer.quantum is None


def test_the_same_seed_gives_the_same_answer():
    def answer():
        return route_in_blocks(made(), exactly, guided=False, seed=4, time_limit=20, most_states=9)

    first, again = answer(), answer()
    np.testing.assert_array_equal(first.assignment, again.assignment)


class Interrupted:
    name = "interrupted"

    def solve(self, request):
        states = np.zeros((0, len(request.problem.variables)), dtype=np.int64)
        return Outcome(states, np.zeros(0, dtype=np.int64), interrupted=True)


def test_ctrl_c_ends_the_blocks_with_the_incumbent():
    solver = Interrupted()
    answer = route_in_blocks(
        made(), lambda part: solver, guided=False, seed=0, time_limit=20, most_states=81
    )
    assert answer.interrupted
    assert made().feasible(answer.assignment)
    assert "1 blocks" in answer.note


def test_nothing_to_begin_at():
    packed = RoutingProblem(np.zeros((3, 2)), [2, 2, 2], capacity=3)
    with pytest.raises(SolverError, match="no feasible assignment for blocks"):
        route_in_blocks(packed, lambda part: Interrupted(), guided=False, seed=0, time_limit=5)
