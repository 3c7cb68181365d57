"""Penalties of rows on every string: 0 where a row holds and the slack is right, else at least 1."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.qubo import Encoding, Problem, Row, Variable
from hybrid_opt.qubo.encodings import ENCODING_NAMES
from hybrid_opt.qubo.integer_rows import integer_row
from hybrid_opt.qubo.row_forms import RowForm, row_bits, row_form


def strings(n: int) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=n)), dtype=np.int64).reshape(2**n, n)


def values(form, bits: np.ndarray) -> np.ndarray:
    total = np.full(len(bits), form.offset)
    for k, weight in form.linear.items():
        total = total + weight * bits[:, k]
    for (i, j), weight in form.quadratic.items():
        total = total + weight * bits[:, i] * bits[:, j]
    return total


def build(sense, rhs, terms, sizes, encodings, slack_range=None):
    variables = [Variable(f"x{i}", "integer", size) for i, size in enumerate(sizes)]
    problem = Problem(variables, (), [Row("r", sense, float(rhs), terms)])
    chosen, position = [], 0
    for name, size in zip(encodings, sizes):
        chosen.append(Encoding(name, size, position))
        position += chosen[-1].n_bits
    row = integer_row(problem, problem.rows[0])
    return problem, chosen, position, row, row_form(row, chosen, position, slack_range)


def penalty_table(sense, rhs, terms, sizes, encodings) -> tuple[RowForm, np.ndarray, np.ndarray]:
    """The form, and for every valid string its least penalty over the slack and whether the row holds."""
    problem, chosen, position, _, form = build(sense, rhs, terms, sizes, encodings)
    bits = strings(position)
    states = np.zeros((len(bits), len(sizes)), dtype=np.int64)
    valid = np.ones(len(bits), dtype=bool)
    for i, encoding in enumerate(chosen):
        states[:, i], own = encoding.decode(bits)
        valid &= own
    slack = strings(len(form.slack))
    everything = np.hstack([np.repeat(bits, len(slack), axis=0), np.tile(slack, (len(bits), 1))])
    least = values(form.form, everything).reshape(len(bits), len(slack)).min(axis=1)
    return form, least[valid], problem.feasible(states[valid])


CASES = {
    "exactly one": ("==", 1, {0: 1.0, 1: 1.0, 2: 1.0}, [2, 2, 2], "square, no slack", 0),
    "exactly k": ("==", 2, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, [2] * 4, "square, no slack", 0),
    "spend exactly": ("==", 9, {0: 3.0, 1: 5.0, 2: 1.0}, [3, 2, 3], "square, no slack", 0),
    "at most one": ("<=", 1, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, [2] * 4, "at most one, no slack", 0),
    "precedence": ("<=", 0, {0: 1.0, 1: -1.0}, [2, 2], "forbidden corners, no slack", 0),
    "exclusive": ("<=", 1, {0: 1.0, 1: 1.0}, [2, 2], "forbidden corners, no slack", 0),
    "one of two": (">=", 1, {0: 1.0, 1: 1.0}, [2, 2], "forbidden corners, no slack", 0),
    "two bits, any weights": ("<=", 6, {0: 4.0, 1: 5.0}, [2, 2], "forbidden corners, no slack", 0),
    "one variable of two bits": ("<=", 1, {0: np.array([0.0, 2.0, 1.0])}, [3], None, None),
    "knapsack": ("<=", 7, {0: 3.0, 1: 5.0, 2: 4.0}, [2, 2, 2], "square with slack 0..7 in 3 bits", 3),
    "knapsack of eight": (
        "<=",
        8,
        {0: 3.0, 1: 5.0, 2: 4.0},
        [2, 2, 2],
        "square with slack 0..8 in 4 bits",
        4,
    ),
    "at least": (">=", 4, {0: 3.0, 1: 5.0, 2: 4.0}, [2, 2, 2], "square with slack 0..8 in 4 bits", 4),
    "signs": ("<=", 1, {0: 3.0, 1: -2.0, 2: 1.0}, [2, 2, 3], "square with slack 0..3 in 2 bits", 2),
    "no room": ("<=", 0, {0: 3.0, 1: 2.0, 2: 1.0}, [2, 2, 2], "square, slack range 0", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_forms_in_binary_on_every_string(case):
    sense, rhs, terms, sizes, kind, n_slack = CASES[case]
    name = "one-hot" if kind is None else "binary"
    form, penalty, holds = penalty_table(sense, rhs, terms, sizes, [name] * len(sizes))
    assert (penalty[holds] == 0).all()
    assert (penalty[~holds] >= 1).all()
    assert holds.any()
    assert not holds.all()
    if kind is not None:
        assert form.kind == kind
        assert len(form.slack) == n_slack


@pytest.mark.parametrize("names", list(product(ENCODING_NAMES, repeat=2)))
@pytest.mark.parametrize(
    ("sense", "rhs", "first", "second"),
    [
        ("==", 4, 1.0, 2.0),
        ("<=", 3, 1.0, 1.0),
        (">=", 3, 2.0, 1.0),
        ("<=", 0, 1.0, -1.0),
        ("<=", -1, -2.0, 1.0),
    ],
)
def test_forms_in_every_encoding(names, sense, rhs, first, second):
    _, penalty, holds = penalty_table(sense, rhs, {0: first, 1: second}, [3, 4], names)
    assert (penalty[holds] == 0).all()
    assert (penalty[~holds] >= 1).all()
    assert holds.any()
    assert not holds.all()


@pytest.mark.parametrize("names", list(product(("domain-wall", "one-hot"), repeat=2)))
def test_forms_of_unequal_steps(names):
    terms = {0: np.array([0.0, 4.0, 1.0, 5.0]), 1: np.array([2.0, 0.0, 3.0])}
    for sense, rhs in (("<=", 4), (">=", 4), ("==", 4)):
        _, penalty, holds = penalty_table(sense, rhs, terms, [4, 3], names)
        assert (penalty[holds] == 0).all()
        assert (penalty[~holds] >= 1).all()
        assert holds.any()
        assert not holds.all()


def test_penalties_are_never_negative_on_invalid_strings():
    for names in product(("domain-wall", "one-hot"), repeat=2):
        _, _, position, _, form = build("<=", 3, {0: 1.0, 1: 2.0}, [3, 4], names)
        bits = strings(position + len(form.slack))
        assert (values(form.form, bits) >= 0).all()


def test_slack_follows_the_first_position():
    _, _, position, _, form = build("<=", 9, {0: 3.0, 1: 5.0, 2: 4.0}, [2, 2, 2], ["binary"] * 3)
    assert form.first_slack == position == 3
    assert form.slack.tolist() == [1, 2, 4, 2]
    assert max(form.form.linear) == 6


def test_a_shorter_slack_is_used_only_if_it_is_shorter():
    for slack_range, top in ((4, 4), (0, 0), (50, 9)):
        *_, form = build("<=", 9, {0: 3.0, 1: 5.0, 2: 4.0}, [2, 2, 2], ["binary"] * 3, slack_range)
        assert form.slack.sum() == top


@pytest.mark.parametrize("name", ["domain-wall", "one-hot"])
def test_slack_has_exactly_the_range_of_the_row(name):
    terms = {0: np.array([0.0, 5.0, 0.0, 5.0, 0.0]), 1: 1.0, 2: 2.0}
    *_, row, form = build(">=", 3, terms, [5, 2, 2], [name, "binary", "binary"])
    assert row.slack_range == 5
    assert form.slack.sum() == 5


def test_bits_and_weights_of_a_row():
    _, chosen, _, row, _ = build("<=", 5, {0: 2.0, 1: -1.0}, [4, 3], ["binary", "one-hot"])
    bits, weights, constant = row_bits(row, chosen)
    # -1 times the state of a one-hot variable: -2 plus 2, 1, 0 on its three bits, the last left out
    assert (bits, weights.tolist(), constant) == ([0, 1, 2, 3], [2, 4, 2, 1], -2)
