"""The internal form: states, values, objective, violations, and the way to and from the user's labels."""

from __future__ import annotations

from itertools import product

import dimod
import numpy as np
import pytest

from hybrid_opt.errors import ModelError, ModelTooLargeError
from hybrid_opt.qubo import Pair, Problem, Row, Variable, read_model


def mixed() -> Problem:
    """A binary, a spin, an integer -2..1 and a level, with pair terms of both kinds and all three senses."""
    variables = [
        Variable("b", "binary", 2, linear=3.0),
        Variable("s", "spin", 2, lower=-1, step=2, linear=-1.0),
        Variable("i", "integer", 4, lower=-2, linear=0.5, square=2.0),
        Variable("v", "level", 3, table=np.array([0.0, 7.0, -4.0])),
    ]
    pairs = [
        Pair(0, 2, 1.5),
        Pair(1, 3, 2.0, table=np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])),
    ]
    rows = [
        Row("at most", "<=", 1.0, {0: 1.0, 2: 1.0}),
        Row("at least", ">=", 0.0, {1: 1.0, 2: 2.0, 3: 1.0}),
        Row("equal", "==", 2.5, {2: 1.0, 3: np.array([0.0, 2.5, 4.5])}),
    ]
    return Problem(variables, pairs, rows, offset=10.0)


def every_state(problem: Problem) -> np.ndarray:
    return np.array(list(product(*(range(v.size) for v in problem.variables))))


def test_values_and_upper_bound_of_every_kind():
    b, s, i, v = mixed().variables
    assert b.values().tolist() == [0, 1]
    assert s.values().tolist() == [-1, 1]
    assert i.values().tolist() == [-2, -1, 0, 1]
    assert v.values().tolist() == [0, 1, 2]
    assert [x.upper for x in (b, s, i, v)] == [1, 1, 1, 2]


def test_costs_add_linear_square_and_table():
    variable = Variable(
        "x", "integer", 3, lower=1, linear=2.0, square=-1.0, table=np.array([0.0, 10.0, 20.0])
    )
    assert variable.costs().tolist() == [2 - 1 + 0, 4 - 4 + 10, 6 - 9 + 20]


def test_too_many_states_to_write_out_name_the_variable_and_a_way_out():
    with pytest.raises(ModelTooLargeError, match=r"'wide' has 65537 states; at most 65536.*milp"):
        Variable("wide", "integer", 2**16 + 1).values()
    assert len(Variable("widest", "integer", 2**16).values()) == 2**16


def test_objective_agrees_with_the_formula_written_out():
    problem = mixed()
    states = every_state(problem)
    table = [[0, 1, 2], [3, 4, 5]]
    expected = []
    for b, s_state, i_state, v in states:
        s, i = 2 * s_state - 1, i_state - 2
        own = 3 * b - s + 0.5 * i + 2 * i * i + [0, 7, -4][v]
        expected.append(10 + own + 1.5 * b * i + 2 * s * v + table[s_state][v])
    assert problem.objective(states) == pytest.approx(np.array(expected))


def test_objective_of_a_dense_model_in_several_blocks_agrees_with_dimod():
    rng = np.random.default_rng(0)
    bqm = dimod.BinaryQuadraticModel(np.triu(rng.normal(size=(60, 60))), "BINARY")
    states = rng.integers(0, 2, size=(6000, 60))  # more rows than one block holds at 1,770 pairs
    assert read_model(bqm).objective(states) == pytest.approx(bqm.energies((states, list(bqm.variables))))


def test_excess_is_the_amount_in_the_rows_unit():
    problem = mixed()
    # b = 1, s = -1, i = 1, level 0: 2 <= 1 by 1; -1 + 2 + 0 >= 0 holds; 1 + 0 == 2.5 by 1.5
    assert problem.excess(np.array([[1, 0, 3, 0]])).tolist() == [[1.0, 0.0, 1.5]]
    # b = 0, s = -1, i = -2, level 2: -2 <= 1; -1 - 4 + 2 >= 0 by 3; -2 + 4.5 == 2.5
    assert problem.excess(np.array([[0, 0, 0, 2]])).tolist() == [[0.0, 3.0, 0.0]]


def test_feasible_means_no_excess_anywhere():
    problem = mixed()
    states = every_state(problem)
    feasible = problem.feasible(states)
    assert feasible.tolist() == (problem.excess(states) == 0).all(axis=1).tolist()
    assert 0 < feasible.sum() < len(states)


def test_rounding_noise_is_no_violation():
    x = [Variable(k, "binary", 2) for k in "ab"]
    problem = Problem(
        x, (), [Row("tenths", "<=", 0.3, {0: 0.1, 1: 0.2}), Row("same", "==", 0.3, {0: 0.1, 1: 0.2})]
    )
    assert 0.1 + 0.2 > 0.3
    assert problem.excess(np.array([[1, 1]])).tolist() == [[0.0, 0.0]]


def test_whole_numbers_have_no_tolerance_and_decimals_only_rounding():
    large = [Row("r", "<=", 1e10, {0: 1e10, 1: 1.0})]
    large = Problem([Variable("x", "integer", 3), Variable("y", "binary", 2)], (), large)
    assert large.excess(np.array([[1, 0], [1, 1]]))[:, 0].tolist() == [0.0, 1.0]
    decimals = [Row("r", "<=", 0.3, {0: 0.1, 1: 0.2, 2: 1e-9})]
    decimals = Problem([Variable(k, "binary", 2) for k in "abc"], (), decimals)
    assert decimals.feasible(np.array([[1, 1, 0], [1, 1, 1]])).tolist() == [True, False]
    tiny = [Row("r", "<=", 1e-10, {0: 1e-10, 1: 1e-10})]
    tiny = Problem([Variable(k, "binary", 2) for k in "ab"], (), tiny)
    assert tiny.feasible(np.array([[1, 0], [1, 1]])).tolist() == [True, False]


def test_proofs_are_relative_to_what_the_objective_varies_by():
    small = Problem([Variable(k, "binary", 2, linear=-1e-10) for k in "ab"], offset=0.0)
    assert small.proof_tolerance < 1e-15
    shifted = Problem([Variable(k, "binary", 2, linear=-1.0) for k in "ab"], offset=1e10)
    assert shifted.proof_tolerance < 1e-4


def test_weights_of_plain_and_tabled_terms():
    problem = mixed()
    assert problem.weights(problem.rows[1], 2).tolist() == [-4, -2, 0, 2]
    assert problem.weights(problem.rows[2], 3).tolist() == [0, 2.5, 4.5]


def test_pair_table_adds_coefficient_and_table():
    problem = mixed()
    assert problem.pair_table(problem.pairs[0]).tolist() == [[0, 0, 0, 0], [-3, -1.5, 0, 1.5]]
    assert problem.pair_table(problem.pairs[1]).tolist() == [[0, -1, -2], [3, 6, 9]]


def test_counts_and_positions():
    problem = mixed()
    assert problem.n_states == 2 * 2 * 4 * 3
    assert problem.index == {"b": 0, "s": 1, "i": 2, "v": 3}
    assert Problem([]).n_states == 1
    assert Problem([]).objective(np.zeros((1, 0), dtype=int)).tolist() == [0.0]


def test_samples_and_states_are_inverse():
    problem = mixed()
    for states in every_state(problem):
        sample = problem.to_sample(states)
        assert problem.to_states(sample).tolist() == states.tolist()
    assert problem.to_sample(np.array([1, 0, 0, 2])) == {"b": 1, "s": -1, "i": -2, "v": 2}
    assert all(type(value) is int for value in problem.to_sample(np.array([1, 0, 0, 2])).values())


GOOD = {"b": 1, "s": -1, "i": -2, "v": 2}


def test_a_missing_variable_is_named():
    with pytest.raises(ModelError, match="no value for variable 'i'"):
        mixed().to_states({"b": 1, "s": -1, "v": 2})


@pytest.mark.parametrize(
    ("label", "value", "legal"),
    [
        ("b", 2, "0 to 1 in steps of 1"),
        ("s", 0, "-1 to 1 in steps of 2"),
        ("i", -3, "-2 to 1 in steps of 1"),
        ("i", 0.5, "-2 to 1 in steps of 1"),
        ("v", float("nan"), "0 to 2 in steps of 1"),
        ("v", float("inf"), "0 to 2 in steps of 1"),
        ("v", "two", "0 to 2 in steps of 1"),
    ],
)
def test_a_value_that_is_no_state_is_shown_with_the_legal_ones(label, value, legal):
    with pytest.raises(ModelError, match=f"variable '{label}' is .*{value!r}.*{legal}"):
        mixed().to_states({**GOOD, label: value})
