"""Probabilities and weighted states, on any number of threads."""

import numpy as np
import pytest

from hybrid_opt.circuits.state_figures import squared_moduli, weighted


@pytest.mark.parametrize("size", [1, 7, 4096, 10_000, 500_000])
@pytest.mark.parametrize("threads", [1, 3])
def test_against_numpy(size, threads):
    rng = np.random.default_rng(size)
    state = rng.normal(size=size) + 1j * rng.normal(size=size)
    np.testing.assert_allclose(squared_moduli(state, threads), np.abs(state) ** 2, atol=1e-14)
    weights = rng.normal(size=size)
    found = weighted(state, weights, threads=threads)
    np.testing.assert_array_equal(found.view(np.complex128), state * weights)
    codes = rng.integers(0, 3, size).astype(np.uint16)
    found = weighted(state, weights[:1].repeat(3) * np.arange(3), codes, threads)
    np.testing.assert_allclose(found.view(np.complex128), state * weights[0] * codes, atol=1e-14)
