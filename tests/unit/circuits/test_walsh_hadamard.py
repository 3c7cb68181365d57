from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import hadamard

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.walsh_hadamard import walsh_hadamard


@pytest.mark.parametrize("n", range(12))
def test_against_the_matrix(n):
    vector = np.random.default_rng(n).normal(size=2**n)
    expected = hadamard(2**n) @ vector
    assert walsh_hadamard(vector) is vector
    assert np.allclose(vector, expected, atol=1e-12 * 2**n)


@pytest.mark.parametrize("n", [13, 16, 22])
def test_long_vectors(n):
    masks = np.array([0, 1, 2 ** (n - 1), 5 << (n - 4), 2**n - 1])
    vector = np.zeros(2**n)
    vector[masks] = [1.0, 2.0, 3.0, 4.0, 5.0]
    walsh_hadamard(vector)
    places = np.random.default_rng(n).integers(0, 2**n, 200)
    signs = (-1.0) ** np.bitwise_count(masks[:, None] & places)
    assert np.array_equal(vector[places], np.array([1.0, 2.0, 3.0, 4.0, 5.0]) @ signs)


def test_twice_is_the_length_and_threads_do_not_matter():
    vector = np.random.default_rng(1).normal(size=2**15)
    one, three = (walsh_hadamard(vector.copy(), threads=threads) for threads in (1, 3))
    assert np.array_equal(one, three)
    assert np.allclose(walsh_hadamard(one) / 2**15, vector, atol=1e-13)


@pytest.mark.parametrize(
    "vector", [np.zeros(3), np.zeros(0), np.zeros((2, 2)), np.zeros(4, np.float32), np.zeros(8)[::2]]
)
def test_arrays_that_cannot_be_transformed(vector):
    with pytest.raises(CircuitError, match="vector"):
        walsh_hadamard(vector)


def test_read_only():
    vector = np.zeros(4)
    vector.flags.writeable = False
    with pytest.raises(CircuitError, match="writable"):
        walsh_hadamard(vector)
