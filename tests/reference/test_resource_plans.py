"""Resource plans with known optima: OR-Library mknap1 (Petersen 1967), and random plans by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business import ResourcePlanner

# The first problem of mknap1: profits, use of each budget, budgets, published optimum.
PETERSEN = [
    (
        [100, 600, 1200, 2400, 500, 2000],
        [
            [8, 12, 13, 64, 22, 41],
            [8, 12, 13, 75, 22, 41],
            [3, 6, 4, 18, 6, 4],
            [5, 10, 8, 32, 6, 12],
            [5, 13, 8, 42, 6, 20],
            [5, 13, 8, 48, 6, 20],
            [0, 0, 0, 0, 8, 0],
            [3, 0, 4, 0, 8, 0],
            [3, 2, 4, 0, 8, 4],
            [3, 2, 4, 8, 8, 4],
        ],
        [80, 96, 20, 36, 44, 48, 10, 18, 22, 24],
        3800,
    ),
]


@pytest.mark.parametrize(("profits", "use", "budgets", "optimum"), PETERSEN)
def test_projects_as_departments_with_two_levels_and_ten_resources(profits, use, budgets, optimum):
    names = [f"project {i}" for i in range(len(profits))]
    table = pd.DataFrame({"department": names, "current": 0, "min": 0, "max": 1, "step": 1})
    for k, row in enumerate(use):
        table[f"budget {k}"] = row
    curves = pd.DataFrame(
        [(name, level, level * profit) for name, profit in zip(names, profits) for level in (0, 1)],
        columns=["department", "level", "value"],
    )
    resources = {f"budget {k}": limit for k, limit in enumerate(budgets)}
    planner = ResourcePlanner.from_tables(table, curves, resources=resources)
    plan = planner.solve(seed=1)
    assert (plan.value, plan.status) == (optimum, "optimal")
    plans = np.array(list(itertools.product((0, 1), repeat=len(profits))))
    fits = (plans @ np.array(use).T <= budgets).all(axis=1)
    values = plans @ np.array(profits)
    assert plan.near.count == (fits & (values >= 0.99 * optimum)).sum()


@pytest.mark.parametrize("seed", range(6))
def test_random_tables_with_everything_at_once(seed: int):
    random = np.random.default_rng(seed)
    names = ["a", "b", "c", "d"]
    table = pd.DataFrame(
        {
            "department": names,
            "current": 1,
            "min": random.integers(0, 2, 4),
            "max": random.integers(2, 5, 4),
            "step": 1,
            "need": random.integers(2, 6, 4),
            "pay": random.integers(1, 9, 4) / 2,
            "rooms": random.integers(0, 3, 4),
        }
    )
    levels = np.arange(5)
    tables = {name: np.round(np.cumsum(random.uniform(-2, 20, 5)), 2) for name in names}
    curves = pd.DataFrame(
        [(name, level, value) for name in names for level, value in zip(levels, tables[name])],
        columns=["department", "level", "value"],
    )
    resources = {"staff": 9, "pay": 22.5, "rooms": 8}
    delta, strength = 0.8, round(float(random.uniform(-2, 2)), 2)
    planner = ResourcePlanner.from_tables(
        table,
        curves,
        resources=resources,
        fairness=pd.DataFrame({"department": ["a"], "other": ["c"], "delta": [delta]}),
        synergies=pd.DataFrame({"department": ["b"], "other": ["d"], "strength": [strength]}),
    )
    best = -np.inf
    ranges = [range(low, high + 1) for low, high in zip(table["min"], table["max"])]
    need, pay, rooms = (table[name].to_numpy() for name in ("need", "pay", "rooms"))
    for plan in itertools.product(*ranges):
        fits = sum(plan) <= 9 and plan @ pay <= 22.5 and plan @ rooms <= 8
        if fits and abs(plan[0] / need[0] - plan[2] / need[2]) <= delta + 1e-12:
            value = sum(tables[name][level] for name, level in zip(names, plan))
            best = max(best, value + strength * plan[1] * plan[3])
    answer = planner.solve(seed=seed)
    assert answer.status == "optimal"
    assert answer.value == pytest.approx(best)


@pytest.mark.parametrize("seed", range(4))
def test_greedy_equals_the_proof_for_one_resource_and_concave_curves(seed: int):
    random = np.random.default_rng(seed)
    names = [f"d{i}" for i in range(8)]
    table = pd.DataFrame({"department": names, "current": 5, "min": 0, "max": 20, "step": 1})
    rows = []
    for name in names:
        values = np.cumsum(np.concatenate([[0], np.sort(random.integers(0, 1000, 20))[::-1]]))
        rows += [(name, level, value) for level, value in enumerate(values)]
    curves = pd.DataFrame(rows, columns=["department", "level", "value"])
    plan = ResourcePlanner.from_tables(table, curves, resources={"staff": 40}).solve(seed=seed)
    program, milp, greedy = plan.baselines
    assert greedy.proven
    assert program.value == milp.value == greedy.value == plan.value
