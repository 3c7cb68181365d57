"""Kernel matrices in blocks: those of one process."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import FidelityKernel, ProjectedKernel, noise
from hybrid_opt.distributed import gram_matrix
from hybrid_opt.errors import OptionError

X = np.random.default_rng(0).uniform(-1, 1, (23, 3))
Y = np.random.default_rng(1).uniform(-1, 1, (9, 3))


@pytest.mark.parametrize("kind", [FidelityKernel, ProjectedKernel])
@pytest.mark.parametrize("others", [None, Y])
def test_bits_of_the_same_blocks_here_and_values_of_the_kernel(kind, others, cluster):
    kernel = kind(3, simulator="native")
    shares = []
    gram = gram_matrix(kernel, X, others, cluster=cluster, block=8, progress=lambda s, t: shares.append(s))
    assert np.array_equal(gram, gram_matrix(kernel, X, others, block=8))
    np.testing.assert_allclose(gram, kernel(X, others), rtol=0, atol=1e-13)
    assert shares[-1] == 1.0
    if others is None:
        assert np.array_equal(gram, gram.T)
        assert (np.diag(gram) == 1.0).all()


def test_states_from_aer_agree_as_well():
    kernel = FidelityKernel(3, compute="cpu")
    np.testing.assert_allclose(gram_matrix(kernel, X, block=5), kernel(X), rtol=0, atol=1e-13)


def test_corrections_act_on_the_whole_matrix():
    kernel = ProjectedKernel(3, simulator="native", correction="clip")
    np.testing.assert_allclose(gram_matrix(kernel, X, block=8), kernel(X), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [FidelityKernel, ProjectedKernel])
def test_exact_noise(kind):
    model = noise.depolarizing_noise(0.01, 0.02)
    kernel = kind(2, encoding="angle", noise_model=model, compute="cpu")
    small = X[:5, :2]
    np.testing.assert_allclose(gram_matrix(kernel, small, block=2), kernel(small), rtol=0, atol=1e-12)


def test_no_samples_make_an_empty_matrix():
    assert gram_matrix(FidelityKernel(3, simulator="native"), X[:0], X).shape == (0, 23)


@pytest.mark.parametrize(
    ("kernel", "block", "message"),
    [
        (FidelityKernel(3, shots=5, compute="cpu"), None, "has shots=5 .*, or call the kernel itself"),
        (len, None, "give a FidelityKernel or a ProjectedKernel"),
        (FidelityKernel(3, simulator="native"), 0, "block is 0"),
        (FidelityKernel(3, simulator="native", correction="depolarizing"), None, "measures the diagonal"),
    ],
)
def test_wrong_calls_are_refused(kernel, block, message):
    with pytest.raises(OptionError, match=message):
        gram_matrix(kernel, X, block=block)
