"""Costs over bits agree with costs of states; spans and step changes bound what they say they bound."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.errors import EncodingError
from hybrid_opt.qubo import Encoding, Pair, Problem, Variable
from hybrid_opt.qubo.encodings import ENCODING_NAMES
from hybrid_opt.qubo.objective_bits import cost_form, cost_span, pair_bits, pair_span, step_changes


def strings(n: int) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=n)), dtype=np.int64).reshape(2**n, n)


def values(form, bits: np.ndarray) -> np.ndarray:
    total = np.full(len(bits), form.offset)
    for k, weight in form.linear.items():
        total = total + weight * bits[:, k]
    for (i, j), weight in form.quadratic.items():
        total = total + weight * bits[:, i] * bits[:, j]
    return total


VARIABLES = {
    "binary": Variable("x", "binary", 2, linear=-3.0),
    "spin": Variable("x", "spin", 2, lower=-1, step=2, linear=1.5),
    "integer": Variable("x", "integer", 6, lower=-2, linear=1.0, square=0.5),
    "one state": Variable("x", "integer", 1, lower=3, linear=2.0, square=1.0),
    "level": Variable("x", "level", 4, table=np.array([4.0, 1.0, 0.0, 0.5])),
    "table on top": Variable(
        "x", "integer", 3, lower=1, linear=-2.0, square=1.0, table=np.array([0.0, 1.0, 5.0])
    ),
}


@pytest.mark.parametrize("name", ENCODING_NAMES)
@pytest.mark.parametrize("kind", VARIABLES)
def test_costs_of_every_valid_string(kind, name):
    variable = VARIABLES[kind]
    encoding = Encoding(name, variable.size, 0)
    bits = strings(encoding.n_bits)
    states, valid = encoding.decode(bits)
    energies = values(cost_form(variable, encoding), bits)
    expected = variable.costs()[states]
    if name == "increments":
        assert (energies >= expected - 1e-12).all()
        valid = np.array([(b == np.sort(b)[::-1]).all() for b in bits])
    assert energies[valid] == pytest.approx(expected[valid])


def test_wide_integers_need_no_table():
    variable = Variable("x", "integer", 2**53, lower=-5, linear=-1.0)
    form = cost_form(variable, Encoding("binary", variable.size, 0))
    assert len(form.linear) == 53
    assert form.offset == 5.0
    assert sum(form.linear.values()) == pytest.approx(-(2.0**53 - 1))


def test_inexact_encodings_are_refused():
    bent = Variable("x", "level", 5, table=np.array([0.0, 5.0, 1.0, 7.0, 3.0]))
    with pytest.raises(
        EncodingError, match=r"'x' cannot be encoded as 'binary': .*not quadratic.*'domain-wall'"
    ):
        cost_form(bent, Encoding("binary", 5, 0))
    with pytest.raises(EncodingError, match=r"'x' cannot .* as 'increments': .*not convex.*'one-hot'"):
        cost_form(bent, Encoding("increments", 5, 0))


PAIRS = [
    Pair(0, 1, -1.5),
    Pair(0, 1, table=np.array([[1.0, 5.0, -2.0, 0.0], [0.0, 2.0, 7.0, -3.0], [4.0, 4.0, 1.0, 2.0]])),
    Pair(0, 1, 2.0, table=np.arange(12.0).reshape(3, 4) ** 1.5),
]


def pair_problem(pair: Pair) -> Problem:
    return Problem([Variable("i", "integer", 3, lower=-1), Variable("j", "integer", 4, lower=2)], [pair])


@pytest.mark.parametrize("names", list(product(ENCODING_NAMES, repeat=2)))
@pytest.mark.parametrize("pair", PAIRS, ids=["product", "table", "both"])
def test_pair_costs_of_every_valid_string(pair, names):
    problem = pair_problem(pair)
    if pair.table is not None and not {"domain-wall", "one-hot"}.issuperset(names):
        return  # adding bits is exact for terms that are linear in the state; see the choice of encodings
    first, second = Encoding(names[0], 3, 0), Encoding(names[1], 4, 0)
    bits = pair_bits(problem, pair, [first, second])
    table = problem.pair_table(pair)
    energies = {}
    for x in strings(first.n_bits):
        for y in strings(second.n_bits):
            energy = bits.constant + bits.first @ x + bits.second @ y + x @ bits.products @ y
            energies[tuple(x), tuple(y)] = energy
            (i,), (valid_x,) = first.decode(x[None])
            (j,), (valid_y,) = second.decode(y[None])
            if valid_x and valid_y:
                assert energy == pytest.approx(table[i, j])
    widest = max(energies.values()) - min(energies.values())
    assert pair_span(problem, pair, [first, second], bits) >= widest - 1e-9
    assert bits.magnitude() >= widest - 1e-9


def test_tables_that_are_linear_in_a_state_may_use_added_bits():
    # linear in the first state for every second state, bent in the second
    table = np.outer(np.arange(3.0), [1.0, -2.0, 0.0, 5.0]) + np.array([4.0, 0.0, 1.0, 1.0])
    problem = pair_problem(Pair(0, 1, table=table))
    for name in ("binary", "increments"):
        first, second = Encoding(name, 3, 0), Encoding("one-hot", 4, 0)
        bits = pair_bits(problem, problem.pairs[0], [first, second])
        for x in strings(2):
            for j in range(4):
                y = second.encode(j)
                energy = bits.constant + bits.first @ x + bits.second @ y + x @ bits.products @ y
                assert energy == pytest.approx(table[x.sum(), j])


def test_spans_of_products_are_the_exact_range_where_all_strings_are_valid():
    problem = pair_problem(Pair(0, 1, -1.5))
    encodings = [Encoding("binary", 3, 0), Encoding("increments", 4, 2)]
    bits = pair_bits(problem, problem.pairs[0], encodings)
    # products of -1..1 and 2..5 lie between -5 and 5
    assert pair_span(problem, problem.pairs[0], encodings, bits) == pytest.approx(15.0)


@pytest.mark.parametrize("name", ENCODING_NAMES)
@pytest.mark.parametrize("kind", VARIABLES)
def test_cost_spans_cover_every_string(kind, name):
    variable = VARIABLES[kind]
    encoding = Encoding(name, variable.size, 0)
    lowest = values(cost_form(variable, encoding), strings(encoding.n_bits)).min()
    assert cost_span(variable, encoding) >= variable.costs().max() - lowest - 1e-12


def test_cost_spans_are_tight_where_every_string_is_a_state():
    assert cost_span(VARIABLES["level"], Encoding("one-hot", 4, 0)) == 4.0
    assert cost_span(VARIABLES["binary"], Encoding("binary", 2, 0)) == 3.0
    assert cost_span(VARIABLES["one state"], Encoding("binary", 1, 0)) == 0.0
    # 0.5 v^2 + v on -2..3: from -0.5 at v = -1 to 7.5 at v = 3
    assert cost_span(VARIABLES["integer"], Encoding("binary", 6, 0)) == 8.0
    # the wall may drop every increment that rises: 4 - 3 - 1 is below every state's cost
    falls = Variable("x", "level", 4, table=np.array([4.0, 1.0, 3.0, 2.0]))
    assert cost_span(falls, Encoding("domain-wall", 4, 0)) == 4.0


def brute_step_changes(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    sizes = [v.size for v in problem.variables]
    states = np.array(list(product(*(range(s) for s in sizes))))
    energy = dict(zip(map(tuple, states), problem.objective(states)))
    down, up = np.zeros(len(sizes)), np.zeros(len(sizes))
    for s in states:
        for i in range(len(sizes)):
            if s[i] + 1 < sizes[i]:
                higher = s.copy()
                higher[i] += 1
                rise = energy[tuple(higher)] - energy[tuple(s)]
                up[i], down[i] = max(up[i], rise), max(down[i], -rise)
    return down, up


def test_step_changes_of_one_variable_are_exact():
    for variable in VARIABLES.values():
        problem = Problem([variable])
        down, up = step_changes(problem)
        expected = brute_step_changes(problem)
        assert (down, up) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


def test_step_changes_are_never_below_the_truth_and_exact_for_one_pair_of_plain_variables():
    rng = np.random.default_rng(0)
    for _ in range(40):
        variables = [
            Variable("b", "binary", 2, linear=float(rng.normal())),
            Variable("s", "spin", 2, lower=-1, step=2, linear=float(rng.normal())),
            Variable("i", "integer", 3, lower=int(rng.integers(-2, 3)), linear=float(rng.normal())),
            Variable("u", "level", 4, table=rng.normal(size=4)),
        ]
        pairs = [
            Pair(0, 2, float(rng.normal())),
            Pair(1, 2, float(rng.normal())),
            Pair(2, 3, table=rng.normal(size=(3, 4))),
        ]
        for chosen in (pairs[:1], pairs):
            problem = Problem(variables, chosen)
            (down, up), (low, high) = step_changes(problem), brute_step_changes(problem)
            assert (down >= low - 1e-12).all()
            assert (up >= high - 1e-12).all()
            if len(chosen) == 1:
                assert (down, up) == (pytest.approx(low), pytest.approx(high))
