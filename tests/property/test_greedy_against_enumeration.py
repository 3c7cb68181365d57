"""Greedy on random models of every kind: feasible wherever anything is, and no better than the optimum."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import InfeasibleModelError
from hybrid_opt.qubo import Pair, Problem, Row, Variable
from hybrid_opt.qubo.enumeration import count_and_minimize
from hybrid_opt.solvers import Greedy, Request

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_problem(rng: np.random.Generator) -> Problem:
    """Binaries, spins, integers and levels with pair costs and tables, rows of all senses with decimals."""
    kinds = rng.choice(["binary", "binary", "spin", "integer", "level"], rng.integers(1, 7))
    variables = []
    for i, kind in enumerate(kinds):
        size = 2 if kind in ("binary", "spin") else int(rng.integers(1, 5))
        lower = {"binary": 0, "spin": -1, "integer": int(rng.integers(-3, 3)), "level": 0}[kind]
        table = rng.normal(size=size) if kind == "level" else None
        linear, square = float(rng.normal()), float(rng.integers(-1, 2)) if kind == "integer" else 0.0
        variables.append(Variable(i, kind, size, lower, 2 if kind == "spin" else 1, linear, square, table))
    n = len(variables)
    pairs = []
    for i in range(n):
        for j in range(i + 1, n):
            if rng.random() < 0.6:
                table = rng.normal(size=(variables[i].size, variables[j].size))
                pairs.append(Pair(i, j, float(rng.normal()), table if rng.random() < 0.3 else None))
    rows = []
    blank = Problem(variables, pairs)
    for r in range(rng.integers(0, 4)):
        terms = {}
        for i in rng.permutation(n)[: rng.integers(1, n + 1)].tolist():
            tabled = rng.random() < 0.3
            terms[i] = rng.integers(-2, 4, variables[i].size) / 10 if tabled else rng.integers(1, 4) / 10
        row = Row(f"r{r}", "<=", 0.0, terms)
        # What one random assignment reaches, or a step beside it.
        reached = sum(float(rng.choice(blank.weights(row, i))) for i in terms) + rng.choice([0, 0, 0.1])
        rows.append(Row(row.label, str(rng.choice(["<=", ">=", "=="])), reached, terms))
    return Problem(variables, pairs, rows, offset=1.0)


@settings(max_examples=120)
@given(generators, st.booleans())
def test_greedy_is_feasible_wherever_something_is(rng, swaps):
    problem = random_problem(rng)
    census = count_and_minimize(problem)
    try:
        outcome = Greedy(restarts=3, swaps=swaps).solve(Request(problem, seed=1))
    except InfeasibleModelError:
        assert census.minimum is None
        return
    feasible = problem.feasible(outcome.states)
    if census.minimum is None:
        assert not feasible.any()
        return
    # HiGHS finds a feasible assignment where no run does, so there always is one.
    assert feasible.all()
    assert len(feasible) >= 1
    assert (problem.objective(outcome.states) >= census.minimum - 1e-9).all()


@settings(max_examples=60)
@given(generators)
def test_ends_are_local_optima_of_single_changes(rng):
    problem = random_problem(rng)
    try:
        outcome = Greedy(restarts=3).solve(Request(problem, seed=1))
    except InfeasibleModelError:
        return
    for end in outcome.states[problem.feasible(outcome.states)]:
        others = []
        for i, variable in enumerate(problem.variables):
            for state in range(variable.size):
                others.append(end.copy())
                others[-1][i] = state
        nearby = np.array(others)
        nearby = nearby[problem.feasible(nearby)]
        assert problem.objective(end[None])[0] <= problem.objective(nearby).min() + 1e-9
