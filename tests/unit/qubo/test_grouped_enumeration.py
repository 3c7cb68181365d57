"""Enumeration inside "exactly k" rows: the same census as looking at everything, for every kind of row."""

from math import comb

import numpy as np
import pytest

from hybrid_opt.qubo import grouped_enumeration as module
from hybrid_opt.qubo.enumeration import Tally, blocks, count_and_minimize
from hybrid_opt.qubo.grouped_enumeration import automatic_census, grouped_states
from hybrid_opt.qubo.problem import Pair, Problem, Row, Variable


def exactly(label: str, members, count: float, factor: float = 1.0) -> Row:
    return Row(label, "==", factor * count, dict.fromkeys(members, factor))


def mixed(seed: int, *, groups: bool = True) -> Problem:
    """Two groups, spins among them, free variables between them, rows inside and between the parts."""
    rng = np.random.default_rng(seed)
    variables = [Variable(f"x{i}", "binary", 2, linear=float(rng.normal())) for i in range(5)]
    variables += [Variable("n", "integer", 3, lower=-1, linear=1.0, square=-0.5)]
    variables += [Variable(f"s{i}", "spin", 2, lower=-1, step=2, linear=0.5 - i) for i in range(4)]
    variables += [Variable("t", "level", 3, table=rng.normal(size=3)), Variable("y", "binary", 2)]
    n = len(variables)
    pairs = [Pair(i, j, float(rng.normal())) for j in range(n) for i in range(j) if rng.random() < 0.7]
    rows = [
        exactly("two", (0, 1, 2, 4, 11), 2),
        Row("balance", "==", 0.0, dict.fromkeys(range(6, 10), 0.5)),
        Row("inside", ">=", 0.0, {0: 1.0, 1: 1.0, 5: 1.0}),
        Row("between", "<=", 2.0, {1: 1.0, 5: 1.0, 10: np.array([0.0, 1.0, 3.0]), 11: 0.3}),
        Row("late", "<=", 2.0, {7: 1.0, 8: 1.0, 10: 1.0}),
    ]
    return Problem(variables, pairs, rows if groups else rows[2:], offset=2.5)


def census_of(problem, found):
    tally = Tally(problem)
    for block in found:
        tally.add(block)
    return tally.census()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("block_size", [1, 7, 2**18])
def test_the_census_is_that_of_all_assignments(seed, block_size):
    problem = mixed(seed)
    grouped = grouped_states(problem, limit=10**6)
    census = census_of(problem, grouped.blocks(block_size))
    expected = count_and_minimize(problem)
    assert census.n_states == grouped.n_states <= comb(5, 2) * comb(4, 2) * 2 * 9
    assert 0 < census.n_feasible == expected.n_feasible < census.n_states
    assert census.minimum == pytest.approx(expected.minimum, abs=1e-12)
    assert census.mean == pytest.approx(expected.mean, abs=1e-12)
    np.testing.assert_array_equal(census.minimizers, expected.minimizers)


@pytest.mark.parametrize("split", range(13))
def test_any_split_gives_every_assignment_once(split):
    problem = mixed(1)
    grouped = module.GroupedStates(problem, grouped_states(problem, limit=10**6).groups, split)
    found = list(grouped.blocks())
    starts = np.cumsum([0] + [len(block.energies) for block in found])
    assert [block.start for block in found] == starts[:-1].tolist()
    numbers = np.concatenate([block.numbers[block.feasible] for block in found])
    energies = np.concatenate([block.energies[block.feasible] for block in found])
    whole = next(blocks(problem))
    expected = np.flatnonzero(whole.feasible)
    order = np.argsort(numbers)
    np.testing.assert_array_equal(numbers[order], expected)
    np.testing.assert_allclose(energies[order], whole.energies[expected], atol=1e-12)


def test_ties_are_listed_in_the_order_of_their_numbers():
    variables = [Variable(i, "binary", 2) for i in range(8)]
    problem = Problem(variables, (), [exactly("three", range(8), 3)])
    census = census_of(problem, grouped_states(problem, limit=100).blocks(4))
    np.testing.assert_array_equal(census.minimizers, count_and_minimize(problem).minimizers)
    assert census.n_minimum == len(census.minimizers) == 56


def test_only_disjoint_rows_of_equal_steps_are_groups():
    variables = [Variable(i, "binary", 2) for i in range(6)]
    one = exactly("one", (0, 1, 2), 1)
    others = [
        exactly("overlaps", (2, 3), 1),
        Row("weighted", "==", 2.0, {3: 1.0, 4: 2.0}),
        Row("at most", "<=", 1.0, {3: 1.0, 4: 1.0}),
        Row("by state", "==", 1.0, {4: np.array([0.0, 1.0]), 5: np.array([0.0, 1.0])}),
    ]
    grouped = grouped_states(Problem(variables, (), [one, *others]), limit=10**6)
    assert [group.row.label for group in grouped.groups] == ["one"]
    assert grouped_states(Problem(variables, (), others[1:]), limit=10**6) is None


def test_a_count_that_cannot_be_is_left_to_plain_enumeration():
    variables = [Variable(i, "binary", 2) for i in range(4)]
    for count in (1.5, 5.0, -1.0):
        problem = Problem(variables, (), [exactly("k", range(4), count)])
        assert grouped_states(problem, limit=100) is None
        assert automatic_census(problem).minimum is None


def test_what_is_not_treated_in_groups(monkeypatch):
    variables = [Variable(i, "binary", 2) for i in range(8)]
    row = exactly("k", range(8), 4)
    assert grouped_states(Problem(variables, (), [row]), limit=70) is not None
    assert grouped_states(Problem(variables, (), [row]), limit=69) is None
    tables = [Pair(0, 1, table=np.ones((2, 2)))]
    assert grouped_states(Problem(variables, tables, [row]), limit=70) is None
    wide = [*variables, Variable("wide", "integer", 2**16 + 1)]
    assert grouped_states(Problem(wide, (), [row]), limit=10**9) is None
    many = [Variable(i, "binary", 2) for i in range(62)]
    assert grouped_states(Problem(many, (), [exactly("k", range(62), 2)]), limit=10**6) is None
    monkeypatch.setattr(module, "MOST_OF_A_PART", 8)
    assert grouped_states(Problem(variables, (), [row]), limit=70) is None


def test_automatic_enumeration_of_a_few_of_many():
    costs = np.random.default_rng(0).normal(size=50)
    variables = [Variable(i, "binary", 2, linear=float(cost)) for i, cost in enumerate(costs)]
    census = automatic_census(Problem(variables, (), [exactly("k", range(50), 4)]))
    assert census.n_feasible == comb(50, 4)
    assert census.minimum == pytest.approx(np.sort(costs)[:4].sum())
    assert census.mean == pytest.approx(4 * costs.mean())
    assert automatic_census(Problem(variables, (), [exactly("k", range(50), 25)])) is None
    assert automatic_census(Problem(variables)) is None
    small = Problem(variables[:6], (), [exactly("k", range(6), 2)])
    assert automatic_census(small).n_states == 64


def test_nothing_left_to_look_at():
    variables = [Variable(i, "binary", 2) for i in range(8)]
    rows = [exactly("k", range(8), 6), Row("none", "<=", 0.0, dict.fromkeys(range(4), 1.0))]
    grouped = grouped_states(Problem(variables, (), rows), limit=100)
    assert grouped.n_states == 0
    assert list(grouped.blocks()) == []
    never = Row("never", ">=", 1.0, {})
    assert grouped_states(Problem(variables, (), [rows[0], never]), limit=100).n_states == 0
