"""The linear form has the same optimum as the model: MILP and enumeration agree on random problems."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hybrid_opt.qubo.problem import Pair, Problem, Row, Variable
from hybrid_opt.solvers import milp
from hybrid_opt.solvers.base import Request
from hybrid_opt.solvers.exact import Exact

halves = st.integers(-8, 8).map(lambda n: n / 2)
MOST_STATES = 3000


def tables(*shape):
    size = int(np.prod(shape))
    return st.lists(halves, min_size=size, max_size=size).map(lambda entries: np.reshape(entries, shape))


@st.composite
def variables(draw, label):
    kind = draw(st.sampled_from(["binary", "binary", "spin", "integer", "level"]))
    linear = draw(halves)
    if kind == "binary":
        return Variable(label, "binary", 2, linear=linear)
    if kind == "spin":
        return Variable(label, "spin", 2, lower=-1, step=2, linear=linear)
    size = draw(st.integers(1, 5))
    if kind == "level":
        return Variable(label, "level", size, table=draw(tables(size)))
    square = draw(st.sampled_from([0.0, 0.0, 1.0, -0.5]))
    return Variable(label, "integer", size, lower=draw(st.integers(-3, 2)), linear=linear, square=square)


@st.composite
def rows(draw, label, problem_variables):
    singles = [i for i, variable in enumerate(problem_variables) if variable.kind == "binary"]
    if len(singles) > 1 and draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(singles), min_size=2, unique=True))
        scale = draw(st.sampled_from([1.0, 3.0, -2.0]))
        senses = {True: ["<=", "=="], False: [">=", "=="]}[scale > 0]
        return Row(label, draw(st.sampled_from(senses)), scale, dict.fromkeys(chosen, scale))
    terms = {}
    for i in draw(st.lists(st.sampled_from(range(len(problem_variables))), min_size=1, unique=True)):
        size = problem_variables[i].size
        terms[i] = draw(st.one_of(halves.filter(bool), st.integers(1, 4).map(float), tables(size)))
    return Row(label, draw(st.sampled_from(["<=", ">=", "=="])), draw(halves), terms)


@st.composite
def problems(draw):
    chosen = []
    for label in range(draw(st.integers(0, 8))):
        variable = draw(variables(label))
        if np.prod([v.size for v in chosen]) * variable.size <= MOST_STATES:
            chosen.append(variable)
    corners = [(i, j) for j in range(len(chosen)) for i in range(j)]
    pairs = []
    for i, j in draw(st.lists(st.sampled_from(corners), unique=True)) if corners else []:
        table = draw(st.none() | tables(chosen[i].size, chosen[j].size))
        pairs.append(Pair(i, j, draw(halves), table))
    count = draw(st.integers(0, 3)) if chosen else 0
    return Problem(chosen, pairs, [draw(rows(f"r{r}", chosen)) for r in range(count)], draw(halves))


def assert_agreement(problem):
    exact = Exact().solve(Request(problem, seed=0))
    linear = milp.MILP(time_limit=60).solve(Request(problem, seed=0))
    assert linear.proof == exact.proof
    assert linear.deterministic
    assert not linear.notes
    if exact.proof == "infeasible":
        assert linear.bound is None
        return
    best = problem.objective(linear.states[problem.feasible(linear.states)]).min()
    assert best == pytest.approx(exact.bound, abs=1e-9)
    assert linear.bound == pytest.approx(best, abs=1e-9)
    assert linear.bound <= best


@settings(max_examples=150)
@given(problems())
def test_same_optimum_and_same_verdict(problem):
    assert_agreement(problem)


@settings(max_examples=50)
@given(problems())
def test_same_optimum_with_every_fallback_form(problem):
    """Products one by one instead of blocks, and the reduced form for products of values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hybrid_opt.solvers.linear_pairs.BLOCK_PRODUCTS", 0)
        patch.setattr("hybrid_opt.solvers.linear_products.BLOCK_PRODUCTS", 0)
        assert_agreement(problem)
