"""Words and tables of a routing."""

from __future__ import annotations

import numpy as np

from hybrid_opt.tuning.routing_assignment import assign_experts
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.routing_rows import RoutingRow
from hybrid_opt.tuning.routing_tables import (
    describe_routing,
    routing_sentences,
    routing_statement,
    routing_table,
)

PAIRS = np.ones((3, 3))
QUADRATIC = RoutingProblem(np.eye(3)[:, :2], capacity=2, coactivation=PAIRS, co_weight=1.0)
LINEAR = RoutingProblem(np.eye(3)[:, :2], [1, 1, 2], capacity=2)


def row(method, objective, bound=None, feasible=True):
    return RoutingRow(method, np.zeros(3, dtype=np.int64), objective, feasible, bound=bound)


def test_statements():
    equal = RoutingProblem(np.eye(3)[:, :2], capacity=2)
    assert "assignment is optimal, no QUBO is needed" in routing_statement(equal, [row("qaoa", 1.0)])
    assert routing_statement(QUADRATIC, [row("greedy", 1.0)]).startswith("No method that ran proves")
    proven = routing_statement(QUADRATIC, [row("qaoa", 1.0), row("milp", 1.0, bound=1.0)])
    assert proven == "The answer is optimal (proven by milp, a classical method): nothing can be better."
    both = [row("milp", 1.0, bound=1.0 - 1e-13), row("exact", 1.0, bound=1.0)]
    assert "its own proof" in routing_statement(QUADRATIC, both)
    assert "within 10.00 % of the bound +2" in routing_statement(QUADRATIC, [row("milp", 2.2, bound=2.0)])
    broken = [row("argmax", 1.0, feasible=False), row("milp", 2.0, bound=2.0)]
    assert "over capacity" in routing_statement(LINEAR, broken)
    assert routing_statement(LINEAR, [row("greedy", 1.0)]).startswith("The problem is linear: no QUBO is")


def test_the_table_marks_what_is_missing():
    routing = assign_experts(QUADRATIC, compare=("argmax", "assignment"), seed=1)
    rows = routing_table(routing).rows
    assert [cells[0] for cells in rows] == ["milp", "argmax", "assignment"]
    assert rows[0][3] == "0.00 %"
    assert rows[2][2:7] == ("n/a",) * 5


def test_everything_is_told():
    routing = assign_experts(QUADRATIC, compare=("assignment",), seed=1)
    text = describe_routing(routing)
    assert text == str(routing)
    assert "expert 1:" in text
    assert routing.statement in text
    assert any("'assignment' cannot be used" in sentence for sentence in routing_sentences(routing))
