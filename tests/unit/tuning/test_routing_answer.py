"""Routing: loads and their figures, tables, JSON, words."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from hybrid_opt.tuning.routing_answer import dropped_share, load_variation, max_violation
from hybrid_opt.tuning.routing_assignment import assign_experts
from hybrid_opt.tuning.routing_problem import RoutingProblem

PROBLEM = RoutingProblem(np.zeros((4, 3)), [4, 3, 2, 1], capacity=[4, 4, 8])


def test_figures_of_loads():
    chosen = [0, 0, 1, 1]  # loads 7, 3, 0 of 10 tokens
    assert max_violation(PROBLEM, chosen) == pytest.approx(7 / (10 / 3) - 1)
    assert load_variation(PROBLEM, chosen) == pytest.approx(np.std([7, 3, 0]) / (10 / 3))
    assert dropped_share(PROBLEM, chosen) == pytest.approx(0.3)
    assert dropped_share(PROBLEM, [0, 1, 2, 2]) == 0.0


def test_loads_above_capacity_by_rounding_drop_nothing():
    problem = RoutingProblem(np.zeros((3, 1)), [0.1, 0.1, 0.1], capacity=0.3)
    assert problem.loads([0, 0, 0])[0] > 0.3
    assert problem.feasible([0, 0, 0])
    assert dropped_share(problem, [0, 0, 0]) == 0.0


def test_properties_are_those_of_the_first_row():
    routing = assign_experts(PROBLEM, "greedy", compare=("milp",), seed=1)
    assert routing.objective == PROBLEM.objective(routing.assignment)
    assert routing.feasible
    np.testing.assert_array_equal(routing.loads, PROBLEM.loads(routing.assignment))
    assert routing.max_violation == max_violation(PROBLEM, routing.assignment)
    assert routing.load_variation == load_variation(PROBLEM, routing.assignment)
    assert (routing.bound, routing.gap, routing.dropped_share) == (0.0, 0.0, 0.0)
    assert "greedy" in repr(routing)
    assert assign_experts(PROBLEM, "greedy", seed=1).gap is None


def test_json_holds_everything_and_no_nan():
    routing = assign_experts(PROBLEM, compare=("argmax", "assignment"), seed=1)
    read = json.loads(routing.to_json(indent=None), parse_constant=lambda name: pytest.fail(name))
    assert read == routing.to_dict()
    assert [row["method"] for row in read["rows"]] == ["milp", "argmax", "assignment"]
    assert read["loads"] == routing.loads.tolist()
    assert read["statement"] == routing.statement
    assert read["rows"][2]["objective"] is None


def test_the_table_has_one_row_per_method():
    table = assign_experts(PROBLEM, compare=("argmax",), seed=1).table()
    assert table["method"].tolist() == ["milp", "argmax"]
    assert table["dropped_share"].tolist() == [0.0, pytest.approx(0.6)]
    assert math.isnan(table["gap"][1])
