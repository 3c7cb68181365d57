"""Basis states as products of factors."""

from itertools import product

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.product_space import Factor, ProductSpace, binary_space

FREE = np.array([[0], [1]], dtype=np.uint8)
ONE_OF_THREE = np.eye(3, dtype=np.uint8)


@pytest.fixture
def space():
    return ProductSpace(5, (Factor((4, 0, 2), ONE_OF_THREE), Factor((1,), FREE), Factor((3,), FREE)))


def test_states_in_c_order(space):
    assert (space.shape, space.dimension) == ((3, 2, 2), 12)
    expected = []
    for level, a, b in product(range(3), range(2), range(2)):
        bits = [0] * 5
        bits[(4, 0, 2)[level]] = 1
        bits[1], bits[3] = a, b
        expected.append(bits)
    assert space.bits(range(12)).tolist() == expected
    assert space.indices(expected).tolist() == list(range(12))


def test_strings_outside(space):
    assert space.indices([[1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 1, 1]]).tolist() == [-1, -1, 3]


@pytest.mark.parametrize("n", [1, 9, 10, 11, 20, 23])
def test_all_bit_strings(n):
    space = binary_space(n)
    assert space.dimension == 2**n
    rng = np.random.default_rng(n)
    indices = rng.integers(0, 2**n, size=50)
    bits = space.bits(indices)
    assert (bits @ (1 << np.arange(n - 1, -1, -1)) == indices).all()
    assert (space.indices(bits) == indices).all()


def test_marginals_of_factors(space):
    weights = np.arange(12.0)
    tensor = weights.reshape(3, 2, 2)
    np.testing.assert_array_equal(space.factor_marginals(weights, (0,)), tensor.sum((1, 2)))
    np.testing.assert_array_equal(space.factor_marginals(weights, (0, 2)), tensor.sum(1))


@pytest.mark.parametrize(
    ("n_bits", "factors", "message"),
    [
        (2, [((0,), FREE)], r"hold the bits \[0\]"),
        (1, [((0,), FREE), ((0,), FREE)], r"hold the bits \[0, 0\]"),
        (1, [], "hold the bits"),
        (1, [((0,), np.zeros((0, 1), dtype=np.uint8))], "at least one level"),
        (1, [((0,), np.array([[2]], dtype=np.uint8))], "something else than 0 and 1"),
        (1, [((0,), np.array([[1], [1]], dtype=np.uint8))], "lists a pattern twice"),
        (1, [((0,), ONE_OF_THREE)], r"shape \(3, 3\)"),
        (0, [], "n_bits is 0"),
    ],
)
def test_illegal_factors(n_bits, factors, message):
    with pytest.raises(CircuitError, match=message):
        ProductSpace(n_bits, tuple(Factor(*factor) for factor in factors))


def test_illegal_questions(space):
    with pytest.raises(CircuitError, match="from 0 to 11"):
        space.bits([12])
    with pytest.raises(CircuitError, match=r"shape \(1, 4\)"):
        space.indices([[0, 0, 0, 0]])
    with pytest.raises(CircuitError, match="n_bits is -1"):
        binary_space(-1)
