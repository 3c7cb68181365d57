"""OR-Library mknap1, first problem (Petersen 1967): six projects, ten budgets, optimum 3800."""

from __future__ import annotations

import dimod
import numpy as np
import pytest
from scipy.optimize import linprog

from hybrid_opt.qubo import read_model, to_qubo
from hybrid_opt.qubo.enumeration import count_and_minimize

PROFITS = [100, 600, 1200, 2400, 500, 2000]
BUDGETS = [
    ([8, 12, 13, 64, 22, 41], 80),
    ([8, 12, 13, 75, 22, 41], 96),
    ([3, 6, 4, 18, 6, 4], 20),
    ([5, 10, 8, 32, 6, 12], 36),
    ([5, 13, 8, 42, 6, 20], 44),
    ([5, 13, 8, 48, 6, 20], 48),
    ([0, 0, 0, 0, 8, 0], 10),
    ([3, 0, 4, 0, 8, 0], 18),
    ([3, 2, 4, 0, 8, 4], 22),
    ([3, 2, 4, 8, 8, 4], 24),
]


def petersen() -> dimod.ConstrainedQuadraticModel:
    x = [dimod.Binary(f"x{i}") for i in range(6)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(dimod.quicksum(-p * b for p, b in zip(PROFITS, x)))
    for k, (costs, limit) in enumerate(BUDGETS):
        cqm.add_constraint(dimod.quicksum(c * b for c, b in zip(costs, x)) <= limit, label=f"budget {k + 1}")
    return cqm


def test_the_instance_has_its_published_numbers():
    census = count_and_minimize(read_model(petersen()))
    assert (census.minimum, census.n_minimum) == (-3800, 1)
    assert census.n_feasible / census.n_states == pytest.approx(0.44, abs=0.005)
    matrix, limits = np.array([costs for costs, _ in BUDGETS]), [limit for _, limit in BUDGETS]
    relaxed = linprog([-p for p in PROFITS], A_ub=matrix, b_ub=limits, bounds=(0, 1))
    assert -relaxed.fun == pytest.approx(4134.07, abs=0.005)


def test_budgets_that_cannot_bind_are_dropped():
    qubo = to_qubo(petersen())
    assert {"budget 7", "budget 8", "budget 9"} <= set(qubo.certificate.dropped)
    assert qubo.certificate.proven


def test_five_rows_and_30_slack_bits_remain():
    # The literature's count is six rows and 35 slack bits, with budget 2 dropped because budget 1 implies it
    # (its left side is at most 11 larger, its limit 16). Budget 3 implies budget 10 as well (2 and 4).
    qubo = to_qubo(petersen())
    assert set(qubo.certificate.dropped) == {"budget 2", "budget 7", "budget 8", "budget 9", "budget 10"}
    assert (len(qubo.rows), qubo.n_slack_bits, qubo.n_bits) == (5, 30, 36)
    assert qubo.certificate.dropped["budget 10"] == "constraint 'budget 3' implies it"
