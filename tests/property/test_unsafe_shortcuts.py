"""Two shortcuts that look safe: one unit of gain as a weight, a slack of the largest item less one.

Where a precondition fails the compiler must not take them. The naive versions are computed here, to show that
the cases have teeth.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError
from hybrid_opt.qubo import LevelModel, Pair, Problem, Row, Variable, to_qubo


def every_state(problem: Problem) -> np.ndarray:
    return np.array(list(product(*(range(v.size) for v in problem.variables))))


# --- "one unit of gain" as the weight of a budget ---


def s_curves(rng: np.random.Generator, levels: list[int]) -> list[np.ndarray]:
    """Non-decreasing values of the levels 0..U, steep somewhere in the middle."""
    return [np.concatenate([[0.0], np.cumsum(rng.random(n - 1) ** 3 * 10)]) for n in levels]


def spend_exactly(curves: list[np.ndarray], units: list[list[int]], budget: int) -> LevelModel:
    model = LevelModel()
    for i, (curve, steps) in enumerate(zip(curves, units)):
        model.add_variable(f"c{i}", -curve, units=steps)
    model.add_constraint({f"c{i}": 1 for i in range(len(curves))}, "==", budget, label="budget")
    return model


def naive_weight_fails(curves: list[np.ndarray], units: list[list[int]], budget: int) -> bool:
    """Whether the largest gain of one level, plus two per cent, lets the minimum break the budget."""
    weight = 1.02 * max(float(np.diff(curve).max()) for curve in curves)
    lowest, spent_there = np.inf, 0
    for states in product(*(range(len(curve)) for curve in curves)):
        spent = sum(steps[s] for steps, s in zip(units, states))
        energy = weight * (spent - budget) ** 2 - sum(curve[s] for curve, s in zip(curves, states))
        if energy < lowest:
            lowest, spent_there = energy, spent
    return spent_there != budget


UNEQUAL_STEPS = ([[0, 3, 6, 9, 12, 15], [0, 5, 10, 15], [0, 5, 10, 15]], 15)
GAPS = ([[0, 4, 5, 6], [0, 3, 4, 5], [0, 5, 6, 7]], 8)  # off, or at least so much


@pytest.mark.parametrize(("units", "budget"), [UNEQUAL_STEPS, GAPS], ids=["unequal steps", "gaps"])
def test_budgets_whose_steps_differ_are_not_weighed_by_one_unit(units, budget):
    failures = 0
    for seed in range(200):
        curves = s_curves(np.random.default_rng(seed), [len(steps) for steps in units])
        model = spend_exactly(curves, units, budget)
        qubo = to_qubo(model)
        assert qubo.certificate.constraints["budget"].rule == "range"
        assert qubo.certificate.confirmed is True
        failures += naive_weight_fails(curves, units, budget)
    assert failures > 0


def test_budgets_of_equal_steps_are():
    units, budget = [[0, 1, 2, 3, 4], [0, 1, 2, 3], [0, 1, 2, 3]], 6
    for seed in range(60):
        curves = s_curves(np.random.default_rng(seed), [5, 4, 4])
        qubo = to_qubo(spend_exactly(curves, units, budget))
        proof = qubo.certificate.constraints["budget"]
        assert proof.rule == "unit step"
        assert proof.bound == pytest.approx(max(float(np.diff(curve).max()) for curve in curves))
        assert qubo.certificate.confirmed is True
        assert not naive_weight_fails(curves, units, budget)


def test_the_same_step_for_all_counts_as_one_unit():
    curves = s_curves(np.random.default_rng(0), [4, 4, 3])
    qubo = to_qubo(spend_exactly(curves, [[0, 500, 1000, 1500]] * 2 + [[200, 700, 1200]], 2200))
    assert qubo.certificate.constraints["budget"].rule == "unit step"
    assert qubo.certificate.confirmed is True


def test_a_channel_that_is_fixed_does_not_spoil_the_rule_for_the_others():
    curves = s_curves(np.random.default_rng(0), [4, 4, 1])
    qubo = to_qubo(spend_exactly(curves, [[0, 1, 2, 3]] * 2 + [[7]], 10))
    assert qubo.certificate.constraints["budget"].rule == "unit step"
    assert qubo.certificate.confirmed is True


# --- slack of only "the largest item less one" ---


def knapsack(rng: np.random.Generator, n_rows: int, pairs: bool) -> Problem:
    n = 4
    variables = [Variable(f"x{i}", "binary", 2, linear=-float(rng.integers(1, 10))) for i in range(n)]
    rows = []
    for r in range(n_rows):
        costs = rng.integers(1, 6, n)
        rows.append(
            Row(
                f"r{r}",
                "<=",
                float(rng.integers(costs.max(), costs.sum())),
                dict(enumerate(costs.astype(float))),
            )
        )
    terms = [Pair(i, j, float(rng.integers(1, 12))) for j in range(n) for i in range(j) if rng.random() < 0.5]
    return Problem(variables, terms if pairs else (), rows)


def short_slack_cuts_off_the_optimum(problem: Problem) -> bool:
    states = every_state(problem)
    states = states[problem.feasible(states)]
    kept = np.ones(len(states), dtype=bool)
    for row in problem.rows:
        costs = np.array([row.terms[i] for i in range(len(problem.variables))])
        kept &= row.rhs - states @ costs <= costs.max() - 1
    objective = problem.objective(states)
    return not kept.any() or objective[kept].min() > objective.min() + 1e-9


@pytest.mark.parametrize(("n_rows", "pairs"), [(2, False), (1, True)], ids=["two rows", "pairs that cost"])
def test_slack_is_not_cut_short_where_items_may_be_left_out_for_another_reason(n_rows, pairs):
    failures = 0
    for seed in range(200):
        problem = knapsack(np.random.default_rng(seed), n_rows, pairs)
        if pairs and not problem.pairs:
            continue
        qubo = to_qubo(problem)
        assert qubo.certificate.confirmed is True
        if len(qubo.rows) == n_rows:
            for row, form in zip(qubo.rows, qubo.forms):
                assert "no slack" in form.kind or form.slack.sum() == row.slack_range
        failures += short_slack_cuts_off_the_optimum(problem)
    assert failures > 0


def test_slack_is_cut_short_for_the_single_row_of_items_that_always_gain():
    shorter = 0
    for seed in range(100):
        problem = knapsack(np.random.default_rng(seed), 1, pairs=False)
        assert not short_slack_cuts_off_the_optimum(problem)
        qubo = to_qubo(problem)
        assert qubo.certificate.confirmed is True
        shorter += sum(int(form.slack.sum()) < row.slack_range for row, form in zip(qubo.rows, qubo.forms))
    assert shorter > 50


# --- one-hot groups under a budget, as in the reference table ---


@pytest.mark.parametrize("synergy", [False, True])
def test_one_hot_channels_under_a_budget(synergy):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        curves = s_curves(rng, [4, 4, 4])
        model = spend_exactly(curves, [[0, 1, 2, 3]] * 3, 5)
        if synergy:
            for i, j in ((0, 1), (1, 2)):
                model.add_pair(f"c{i}", f"c{j}", per_unit=float(rng.normal()))
        qubo = to_qubo(model, encoding="one-hot")
        assert qubo.n_bits == 12
        assert qubo.certificate.confirmed is True


# --- weights rounded up to a coarser unit ---


def test_coarse_units_never_let_an_infeasible_answer_win():
    saved = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        variables = [
            Variable(
                f"x{i}",
                "integer",
                int(rng.integers(2, 4)),
                int(rng.integers(-1, 2)),
                1,
                float(rng.integers(-6, 3)),
            )
            for i in range(rng.integers(2, 5))
        ]
        low, high = sum(v.lower for v in variables), sum(v.upper for v in variables)
        rows = []
        for r in range(rng.integers(1, 3)):
            factor = int(rng.integers(1, 9))
            costs = {i: float(factor + rng.integers(0, 9)) for i in range(len(variables))}
            rows.append(Row(f"r{r}", "<=", float(rng.integers(factor * low, (factor + 8) * high + 1)), costs))
        problem = Problem(variables, (), rows)
        try:
            qubo = to_qubo(problem, units={row.label: float(rng.integers(2, 9)) for row in rows})
            saved += to_qubo(problem).n_slack_bits > qubo.n_slack_bits
        except InfeasibleModelError:
            continue
        if qubo.n_bits > 14:
            continue
        bits = np.array(list(product((0, 1), repeat=qubo.n_bits)), dtype=np.int8)
        energies = qubo.bqm.energies((bits, list(qubo.bqm.variables)))
        states, valid = qubo.decode_bits(bits[energies <= energies.min() + 1e-9])
        assert valid.all()
        assert problem.feasible(states).all()
    assert saved > 20
