"""Figures of a distribution against sums over all its states."""

import numpy as np
import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.objectives import CVaR
from hybrid_opt.circuits.outcomes import Outcomes
from hybrid_opt.circuits.product_space import Factor, ProductSpace, binary_space

LEVELS = np.array([3.0, -1.0, 0.5, 9.0])


def coded(space, seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.random(space.dimension)
    probabilities /= probabilities.sum()
    codes = rng.integers(0, 3, size=space.dimension, dtype=np.uint8)  # level 3 never occurs
    return Outcomes(space, probabilities, LEVELS, codes), probabilities, LEVELS[codes]


SPACES = [
    binary_space(4),
    binary_space(12),
    ProductSpace(
        6,
        (
            Factor((5, 1, 2), np.eye(3, dtype=np.uint8)),
            Factor((0,), np.array([[0], [1]], dtype=np.uint8)),
            Factor((3, 4), np.array([[0, 1], [1, 0]], dtype=np.uint8)),
        ),
    ),
]


@pytest.mark.parametrize("space", SPACES)
def test_figures(space):
    outcomes, probabilities, energies = coded(space, 5)
    plain = Outcomes(space, probabilities, energies)
    bits = space.bits(range(space.dimension)).astype(float)
    z = 1 - 2 * bits
    for one in (outcomes, plain):
        assert one.value() == pytest.approx(probabilities @ energies)
        assert one.cvar(0.2) == pytest.approx(CVaR(0.2)(energies, probabilities)[0])
        assert one.p_optimum() == pytest.approx(probabilities[energies == -1.0].sum())
        assert one.p_optimum(0.5) == pytest.approx(probabilities[energies <= 0.5].sum())
        assert one.p_optimum(-2.0) == 0.0
        np.testing.assert_allclose(one.marginals(), probabilities @ bits, atol=1e-12)
        np.testing.assert_allclose(one.correlations(), z.T @ (probabilities[:, None] * z), atol=1e-12)
        histogram = one.histogram()
        assert histogram.energies.tolist() == [-1.0, 0.5, 3.0]
        expected = [probabilities[energies == level].sum() for level in histogram.energies]
        np.testing.assert_allclose(histogram.probabilities, expected)


def test_equal_energies_up_to_rounding_are_one_level():
    outcomes = Outcomes(binary_space(1), np.array([0.5, 0.5]), np.array([0.1 + 0.2, 0.3]))
    assert outcomes.histogram().energies.shape == (1,)
    spread = Outcomes(binary_space(2), np.full(4, 0.25), np.array([0.1 + 0.2, 0.3, 1.0, 1.0]))
    assert spread.p_optimum() == pytest.approx(0.5)


def test_samples_follow_the_probabilities():
    outcomes, probabilities, _ = coded(binary_space(4), 1)
    bits = outcomes.sample(40_000, seed=2)
    counts = np.bincount(bits @ np.array([8, 4, 2, 1]), minlength=16) / 40_000
    np.testing.assert_allclose(counts, probabilities, atol=0.01)
    assert outcomes.sample(20, seed=3).tolist() == outcomes.sample(20, seed=3).tolist()
    assert outcomes.sample(20, seed=3).tolist() != outcomes.sample(20, seed=4).tolist()


def test_states_without_probability_are_never_drawn():
    outcomes = Outcomes(binary_space(2), np.array([0.0, 0.5, 0.5, 0.0]), np.zeros(4))
    assert set(outcomes.sample(500, seed=0).sum(axis=1)) == {1}


def test_most_probable():
    outcomes = Outcomes(binary_space(2), np.array([0.1, 0.4, 0.4, 0.1]), np.zeros(4))
    bits, probabilities = outcomes.most_probable(2)
    assert bits.tolist() == [[0, 1], [1, 0]]
    assert probabilities.tolist() == [0.4, 0.4]
    assert len(outcomes.most_probable(9)[0]) == 4


def test_single_precision_counts_in_double():
    n = 22
    outcomes = Outcomes(binary_space(n), np.full(2**n, 2.0**-n, dtype=np.float32), np.zeros(2**n))
    np.testing.assert_allclose(outcomes.marginals(), 0.5, atol=1e-7)


def test_wrong_arguments():
    space = binary_space(2)
    with pytest.raises(CircuitError, match=r"shape \(3,\); it must be \(4,\)"):
        Outcomes(space, np.ones(3), np.ones(4))
    with pytest.raises(CircuitError, match="every one of the 4 states"):
        Outcomes(space, np.ones(4), np.ones(3))
    outcomes = Outcomes(space, np.full(4, 0.25), np.zeros(4))
    for shots in (0, -1, 1.5, True, None):
        with pytest.raises(CircuitError, match="shots is"):
            outcomes.sample(shots)
    with pytest.raises(CircuitError, match="seed is -1"):
        outcomes.sample(1, seed=-1)
    with pytest.raises(CircuitError, match="alpha is 0"):
        outcomes.cvar(0)
    with pytest.raises(CircuitError, match="count is 0"):
        outcomes.most_probable(0)


@pytest.mark.parametrize("optimum", ["low", np.nan, [0.0], True])
def test_an_optimum_that_is_no_number(optimum):
    outcomes = Outcomes(binary_space(1), np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    with pytest.raises(CircuitError, match=r"optimum is .* must be a finite number"):
        outcomes.p_optimum(optimum)


def test_figures_that_do_not_fit_say_what_they_need(monkeypatch):
    outcomes = Outcomes(binary_space(10), np.full(1024, 1 / 1024), np.arange(1024.0))
    with pytest.raises(CircuitTooLargeError, match=r"1,000,000,000,000,000 samples need .* PB.*Draw fewer"):
        outcomes.sample(10**15)
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    for figure in (outcomes.value, outcomes.histogram, outcomes.p_optimum, lambda: outcomes.sample(1)):
        with pytest.raises(CircuitTooLargeError, match="1,024 probabilities need"):
            figure()
