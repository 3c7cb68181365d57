"""Shots from probabilities: distribution, both ways of drawing, impossible outcomes."""

import numpy as np
import pytest
from scipy.stats import chisquare

from hybrid_opt.circuits import shot_drawing
from hybrid_opt.circuits.shot_drawing import draw_counts, draw_samples

PROBABILITIES = np.array([[0.1, 0.2, 0.0, 0.3, 0.0, 0.4, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0, 0.5, 0.0, 0.0, 0.0]])


@pytest.mark.parametrize("sparse", [0, 8])
def test_counts_follow_the_probabilities(monkeypatch, sparse):
    monkeypatch.setattr(shot_drawing, "_SPARSE", sparse)
    counts = draw_counts(PROBABILITIES, 5000, np.random.default_rng(1))
    for (outcomes, multiplicities), row in zip(counts, PROBABILITIES):
        assert outcomes.tolist() == np.flatnonzero(row).tolist()
        assert outcomes.dtype == multiplicities.dtype == np.int64
        assert multiplicities.sum() == 5000
        assert chisquare(multiplicities, 5000 * row[outcomes]).pvalue > 1e-4


def test_samples_follow_the_probabilities():
    samples = draw_samples(PROBABILITIES, 5000, np.random.default_rng(2))
    assert samples.shape == (2, 5000, 3)
    assert samples.dtype == np.uint8
    for bits, row in zip(samples, PROBABILITIES):
        outcomes, multiplicities = np.unique(bits @ [4, 2, 1], return_counts=True)
        assert outcomes.tolist() == np.flatnonzero(row).tolist()
        assert chisquare(multiplicities, 5000 * row[outcomes]).pvalue > 1e-4


def test_blocks_of_rows_change_nothing(monkeypatch):
    probabilities = np.random.default_rng(3).dirichlet(np.ones(4), size=50)
    whole = draw_counts(probabilities, 20, np.random.default_rng(4))
    monkeypatch.setattr(shot_drawing, "_BLOCK", 12)
    parts = draw_counts(probabilities, 20, np.random.default_rng(4))
    for (outcomes, multiplicities), (others, numbers) in zip(whole, parts, strict=True):
        assert outcomes.tolist() == others.tolist()
        assert multiplicities.tolist() == numbers.tolist()


def test_rounding_is_forgiven():
    rows = np.array([[0.5 + 1e-7, 0.5, -1e-17, 0.0], [1.0, -1e-12, 0.0, 0.0]])
    for outcomes, _ in draw_counts(rows, 1000, np.random.default_rng(5)):
        assert outcomes.max() < 2
    assert draw_samples(rows, 1000, np.random.default_rng(5))[:, :, 0].max() == 0


def test_last_outcome_that_is_possible_is_the_last_drawn():
    """A random number just below 1 may exceed the last edge, which rounding leaves below 1."""

    class Almost:
        def random(self, size):
            return np.full(size, np.nextafter(1, 0))

    outcomes = shot_drawing._outcomes(np.array([0.1] * 3 + [0.7, 0.0]), 3, Almost())
    assert outcomes.tolist() == [3, 3, 3]


def test_no_wires():
    assert draw_samples(np.ones((2, 1)), 3, np.random.default_rng(6)).shape == (2, 3, 0)
    assert draw_counts(np.ones((1, 1)), 3, np.random.default_rng(6)) == [(0, 3)]
