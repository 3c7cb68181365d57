"""Rows: what is recomputed, and what a method that cannot be used leaves."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.routing_rows import attempt, run_row

PROBLEM = RoutingProblem([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], [1, 1, 2], capacity=3)


def test_bounds_come_back_in_the_users_scale():
    large = RoutingProblem(1000 * PROBLEM.affinity, PROBLEM.sizes, capacity=3)
    row = run_row(large, "milp", seed=0, time_limit=5.0)
    assert large.unit > 100
    assert row.status == "optimal"
    assert row.bound == pytest.approx(row.objective) == pytest.approx(-1000 * (2 + 6) / 4)


def test_objective_and_feasibility_are_those_of_the_problem():
    row = run_row(PROBLEM, "argmax", seed=0, time_limit=5.0)
    assert (row.feasible, row.status) == (False, "over capacity")
    assert row.objective == PROBLEM.objective([0, 0, 0])


def test_a_solver_that_proves_that_nothing_fits():
    packed = RoutingProblem(np.zeros((3, 2)), [2, 2, 2], capacity=3)
    with pytest.raises(InfeasibleModelError, match="exact proved"):
        run_row(packed, "exact", seed=0, time_limit=5.0)
    row = attempt(packed, "exact", seed=0, time_limit=5.0)
    assert (row.status, row.method) == ("not run", "exact")
    assert "do not fit" in row.note
