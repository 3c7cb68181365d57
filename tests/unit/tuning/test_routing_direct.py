"""Assignment to slots, entropic transport, and the best expert."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, OptionError
from hybrid_opt.tuning.routing_direct import (
    DIRECT_METHODS,
    assignment_reason,
    by_slots,
    sinkhorn_plan,
    slots_of,
)
from hybrid_opt.tuning.routing_problem import RoutingProblem

AFFINITY = np.array([[5.0, 0.0], [4.0, 1.0], [3.0, 2.5]])


def test_slots_are_whole_clusters():
    assert slots_of(RoutingProblem(AFFINITY, [3, 3, 3], capacity=[5, 8])).tolist() == [1, 2]
    # 3 times 0.1 is above 0.3 by rounding; still three clusters fit.
    assert slots_of(RoutingProblem(AFFINITY, [0.1] * 3, capacity=0.3)).tolist() == [3, 3]


def test_assignment_gives_way_where_it_costs_least():
    answer = by_slots(RoutingProblem(AFFINITY, capacity=2))
    assert answer.assignment.tolist() == [0, 0, 1]
    assert answer.bound == pytest.approx(-(5 + 4 + 2.5) / 3)


def test_where_assignment_does_not_apply():
    pairs = RoutingProblem(AFFINITY, coactivation=np.ones((3, 3)), co_weight=1.0)
    sizes = RoutingProblem(AFFINITY, [1, 2, 1], capacity=3)
    assert "pairs" in assignment_reason(pairs)
    assert "sizes" in assignment_reason(sizes)
    for problem in (pairs, sizes):
        with pytest.raises(OptionError, match="take 'milp'"):
            by_slots(problem)
    with pytest.raises(InfeasibleModelError, match=r"hold \[1, 1\] whole clusters"):
        by_slots(RoutingProblem(AFFINITY, [2, 2, 2], capacity=3))


def test_the_plan_keeps_supply_and_capacity():
    plan = sinkhorn_plan(RoutingProblem(AFFINITY, [1, 2, 1], capacity=[2, 3]))
    np.testing.assert_allclose(plan.sum(1), [0.25, 0.5, 0.25], atol=1e-6)
    assert (plan.sum(0) <= np.array([2, 3]) / 4 + 1e-6).all()


def test_an_expert_without_room_gets_nothing():
    problem = RoutingProblem(AFFINITY, capacity=[0, 3])
    assert sinkhorn_plan(problem)[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert DIRECT_METHODS["sinkhorn"](problem).assignment.tolist() == [1, 1, 1]


def test_rounding_without_room_says_so():
    answer = DIRECT_METHODS["sinkhorn"](RoutingProblem(AFFINITY, [2, 2, 2], capacity=3))
    assert "1 clusters found no room" in answer.note


def test_argmax_bounds_linear_problems_only():
    assert DIRECT_METHODS["argmax"](RoutingProblem(AFFINITY)).bound == pytest.approx(-4.0)
    pairs = RoutingProblem(AFFINITY, coactivation=np.ones((3, 3)), co_weight=1.0)
    assert DIRECT_METHODS["argmax"](pairs).bound is None
