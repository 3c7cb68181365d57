"""The four encodings: every state has a string, every string its meaning, costs are exact or refused."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hybrid_opt.qubo import Encoding
from hybrid_opt.qubo.encodings import ENCODING_NAMES, bit_coefficients, is_convex
from hybrid_opt.qubo.quadratic_form import QuadraticForm


def strings(n: int) -> np.ndarray:
    return np.array(list(product((0, 1), repeat=n)), dtype=np.int64).reshape(2**n, n)


def values(form: QuadraticForm, bits: np.ndarray) -> np.ndarray:
    total = np.full(len(bits), form.offset)
    for k, weight in form.linear.items():
        total = total + weight * bits[:, k]
    for (i, j), weight in form.quadratic.items():
        total = total + weight * bits[:, i] * bits[:, j]
    return total


def subset_sums(coefficients: np.ndarray) -> set[int]:
    sums = {0}
    for c in coefficients.tolist():
        sums |= {s + c for s in sums}
    return sums


def test_bit_coefficients_reach_exactly_zero_to_top():
    for top in range(300):
        coefficients = bit_coefficients(top)
        assert subset_sums(coefficients) == set(range(top + 1))
        assert len(coefficients) == int(np.ceil(np.log2(top + 1)))
        assert (coefficients > 0).all()


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (0, []),
        (1, [1]),
        (2, [1, 1]),
        (7, [1, 2, 4]),
        (31, [1, 2, 4, 8, 16]),
        (32, [1, 2, 4, 8, 16, 1]),
        (33, [1, 2, 4, 8, 16, 2]),
    ],
)
def test_bit_coefficients_around_powers_of_two(top, expected):
    assert bit_coefficients(top).tolist() == expected


def test_bit_coefficients_of_very_wide_ranges():
    coefficients = bit_coefficients(2**53 - 1)
    assert len(coefficients) == 53
    assert int(coefficients.sum()) == 2**53 - 1


@pytest.mark.parametrize("name", ENCODING_NAMES)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 9])
def test_every_state_has_a_valid_string(name, size):
    encoding = Encoding(name, size, first_bit=2)
    for state in range(size):
        whole = np.zeros((1, 2 + encoding.n_bits + 1), dtype=np.int64)
        whole[0, [0, 1, -1]] = 1  # bits of other variables must not matter
        whole[0, list(encoding.bits)] = encoding.encode(state)
        decoded, valid = encoding.decode(whole)
        assert (decoded.tolist(), valid.tolist()) == ([state], [True])


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("binary", [0, 1, 2, 2, 3, 3]),
        ("increments", [0, 1, 2, 3, 4, 5]),
        ("domain-wall", [0, 1, 2, 3, 4, 5]),
        ("one-hot", [0, 2, 3, 4, 5, 6]),
    ],
)
def test_bits_needed_for_one_to_six_states(name, bits):
    assert [Encoding(name, size, 0).n_bits for size in range(1, 7)] == bits


@pytest.mark.parametrize("size", [2, 3, 5, 6])
def test_decoding_every_string(size):
    for bits in strings(size - 1):
        ones = int(bits.sum())
        assert [int(a[0]) for a in Encoding("increments", size, 0).decode(bits[None])] == [ones, 1]
        sorted_first = bits.tolist() == [1] * ones + [0] * (size - 1 - ones)
        state, valid = Encoding("domain-wall", size, 0).decode(bits[None])
        assert bool(valid[0]) == sorted_first
        assert not sorted_first or state[0] == ones
    for bits in strings(size):
        state, valid = Encoding("one-hot", size, 0).decode(bits[None])
        assert bool(valid[0]) == (bits.sum() == 1)
        assert not valid[0] or bits[state[0]] == 1
    binary = Encoding("binary", size, 0)
    decoded, valid = binary.decode(strings(binary.n_bits))
    assert valid.all()
    assert set(decoded.tolist()) == set(range(size))


@pytest.mark.parametrize("name", ENCODING_NAMES)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_validity_is_zero_exactly_on_valid_strings_and_whole_elsewhere(name, size):
    encoding = Encoding(name, size, 0)
    bits = strings(encoding.n_bits)
    penalty = values(encoding.validity(), bits)
    valid = encoding.decode(bits)[1]
    assert (penalty[valid] == 0).all()
    assert (penalty[~valid] >= 1).all()
    assert (penalty == np.round(penalty)).all()
    assert encoding.always_valid == bool(valid.all())


def test_validity_counts_what_is_broken():
    bits = strings(5)
    wall = values(Encoding("domain-wall", 6, 0).validity(), bits)
    blocks = [sum(1 for k in range(1, 5) if b[k] and not b[k - 1]) for b in bits]
    assert wall.tolist() == blocks
    assert (
        values(Encoding("one-hot", 5, 0).validity(), bits).tolist() == ((bits.sum(axis=1) - 1) ** 2).tolist()
    )


TABLES = {
    "any": np.array([3.0, -1.0, 4.0, -1.5, 9.0]),
    "convex": np.array([3.0, -1.0, -2.0, -2.0, 5.0]),
    "quadratic": np.array([0.0, 1.0, 4.0, 9.0, 16.0]) - 3.0,
    "concave": np.array([0.0, 4.0, 7.0, 9.0, 10.0]),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", ["domain-wall", "one-hot"])
def test_domain_wall_and_one_hot_hold_every_table(name, kind):
    encoding = Encoding(name, 5, 0)
    bits = strings(encoding.n_bits)
    states, valid = encoding.decode(bits)
    form = encoding.cost(TABLES[kind])
    assert form is not None
    assert form.quadratic == {}
    assert values(form, bits)[valid] == pytest.approx(TABLES[kind][states[valid]])


def test_increments_hold_convex_tables_and_cost_no_less_on_any_string():
    encoding = Encoding("increments", 5, 0)
    bits = strings(4)
    states, _ = encoding.decode(bits)
    for kind in ("convex", "quadratic"):
        form = encoding.cost(TABLES[kind])
        assert form is not None
        assert form.quadratic == {}
        energies = values(form, bits)
        assert (energies >= TABLES[kind][states] - 1e-12).all()
        for state in range(5):
            assert energies[states == state].min() == pytest.approx(TABLES[kind][state])
            assert values(form, encoding.encode(state)[None]) == pytest.approx(TABLES[kind][state])
    assert encoding.cost(TABLES["any"]) is None
    assert encoding.cost(TABLES["concave"]) is None


def test_binary_holds_quadratics_and_any_table_of_up_to_four_states():
    rng = np.random.default_rng(0)
    for size in (2, 3, 4):
        table = rng.normal(size=size)
        encoding = Encoding("binary", size, 0)
        bits = strings(encoding.n_bits)
        form = encoding.cost(table)
        assert form is not None
        assert values(form, bits) == pytest.approx(table[encoding.decode(bits)[0]])
    for size in (5, 6, 7, 8, 13):
        encoding = Encoding("binary", size, 0)
        bits = strings(encoding.n_bits)
        state = np.arange(size)
        table = 2.0 - 3.0 * state + 0.25 * state**2
        form = encoding.cost(table)
        assert form is not None
        assert values(form, bits) == pytest.approx(table[encoding.decode(bits)[0]])
        assert encoding.cost(state**3.0) is None


def test_binary_of_many_states_is_checked_at_every_state():
    state = np.arange(1000.0)
    encoding = Encoding("binary", 1000, 0)
    table = 5.0 + 0.5 * state - 0.125 * state**2
    form = encoding.cost(table)
    assert form is not None
    for s in (0, 1, 2, 499, 511, 512, 999):
        assert values(form, encoding.encode(s)[None]) == pytest.approx(table[s])
    table[700] += 1e-3
    assert encoding.cost(table) is None


@pytest.mark.parametrize("name", ENCODING_NAMES)
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_affine_functions_on_every_valid_string(name, size):
    encoding = Encoding(name, size, 0)
    bits = strings(encoding.n_bits)
    states, valid = encoding.decode(bits)
    for constant, weights in (encoding.affine(-2.0, 1.5), encoding.linear(-2.0 + 1.5 * np.arange(size))):
        assert (constant + bits @ weights)[valid] == pytest.approx(-2.0 + 1.5 * states[valid])


def test_one_hot_weights_are_never_negative():
    constant, weights = Encoding("one-hot", 4, 0).linear(np.array([5.0, -2.0, 0.0, 7.0]))
    assert constant == -2.0
    assert weights.tolist() == [7.0, 0.0, 2.0, 9.0]


def test_convexity_allows_rounding_only():
    assert is_convex(np.array([0.1 * k for k in range(20)]))
    assert is_convex(np.array([1.0, 0.0]))
    assert is_convex(np.array([4.0]))
    assert not is_convex(np.array([0.0, 1.0, 1.999999]))
