"""Random models with "exactly k" rows: enumeration inside them agrees with plain enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.qubo import Pair, Problem, Row, Variable
from hybrid_opt.qubo.enumeration import Tally, count_and_minimize
from hybrid_opt.qubo.grouped_enumeration import grouped_states

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_problem(rng: np.random.Generator) -> Problem:
    """Up to nine variables, one to three groups, up to two rows besides, all in any order."""
    n = int(rng.integers(3, 10))
    variables = []
    for i, kind in enumerate(rng.choice(["binary", "binary", "spin", "integer"], n)):
        size = int(rng.integers(1, 4)) if kind == "integer" else 2
        lower = {"binary": 0, "spin": -1, "integer": int(rng.integers(-2, 2))}[kind]
        variables.append(Variable(i, kind, size, lower, 2 if kind == "spin" else 1, float(rng.normal())))
    pairs = [Pair(i, j, float(rng.normal())) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.5]
    rows = []
    two = rng.permutation([i for i, v in enumerate(variables) if v.size == 2])
    for g, members in enumerate(np.array_split(two, rng.integers(1, 4))):
        factor = float(rng.choice([1.0, -1.0, 0.1, 3.0]))
        terms = {int(i): factor / variables[i].step for i in members}
        least = sum(term * variables[i].lower for i, term in terms.items())
        rows.append(Row(f"g{g}", "==", least + factor * int(rng.integers(0, len(members) + 1)), terms))
    for r in range(rng.integers(0, 3)):
        members = rng.permutation(n)[: rng.integers(1, n + 1)].tolist()
        sense = str(rng.choice(["<=", ">=", "=="]))
        rows.append(Row(f"r{r}", sense, float(rng.integers(-1, 3)), dict.fromkeys(members, 1.0)))
    return Problem(variables, pairs, [rows[k] for k in rng.permutation(len(rows))], offset=-3.0)


@settings(max_examples=200)
@given(generators, st.integers(1, 40))
def test_the_census_is_the_same(rng, block_size):
    problem = random_problem(rng)
    expected = count_and_minimize(problem)
    grouped = grouped_states(problem, limit=10**6)
    if grouped is None:
        assert not any(row.sense == "==" and len(row.terms) for row in problem.rows)
        return
    tally = Tally(problem)
    for block in grouped.blocks(block_size):
        tally.add(block)
    census = tally.census()
    assert census.n_states == grouped.n_states
    assert census.n_feasible == expected.n_feasible
    assert census.n_minimum == expected.n_minimum
    np.testing.assert_array_equal(census.minimizers, expected.minimizers)
    if expected.minimum is not None:
        assert census.minimum == pytest.approx(expected.minimum, abs=1e-9)
        assert census.mean == pytest.approx(expected.mean, abs=1e-9)
