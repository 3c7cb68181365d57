"""SPSA: gains, calibration, and what a caller who breaks off gets."""

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.spsa_minimizer import minimize_spsa, tail_mean


def bowl(x):
    return float((x - 1) @ np.diag([1.0, 2.0, 3.0]) @ (x - 1))


def test_two_values_per_step():
    calls = []
    minimize_spsa(lambda x: calls.append(x) or bowl(x), np.zeros(3), steps=50, seed=0)
    assert len(calls) == 100


def test_noise_is_averaged():
    rng = np.random.default_rng(0)
    found = minimize_spsa(lambda x: bowl(x) + 0.05 * rng.normal(), np.zeros(3), steps=600, seed=1)
    assert bowl(found) < 0.02


def test_calibration_makes_the_first_moves_as_large_as_wanted():
    moves = []
    for seed in range(40):
        path = []
        # A plane: every slope is a sum of +-1 times a component, in any units.
        minimize_spsa(lambda x: 1e6 * x.sum(), np.zeros(3), steps=60, first_move=0.05, seed=seed, path=path)
        moves.append(np.abs(path[1] - path[0]).mean())
    assert 0.04 < np.mean(moves) < 0.06


def test_an_unlucky_slope_moves_no_further_than_three_steps():
    values = iter([1.0, 0.9] * 5 + [1000.0, 0.0] + [0.0, 0.0] * 100)
    path = []
    minimize_spsa(lambda x: next(values), np.zeros(2), steps=50, first_move=0.1, seed=0, path=path)
    np.testing.assert_allclose(np.abs(path[1]), 0.3)


def test_the_same_seed_repeats():
    runs = [minimize_spsa(bowl, np.zeros(3), steps=20, seed=seed) for seed in (1, 1, 2)]
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


def test_a_constant_stays_where_it_is():
    assert (minimize_spsa(lambda x: 2.0, np.ones(2), steps=30, seed=0) == 1).all()


def test_a_broken_off_run_leaves_its_path():
    path, calls = [], []

    def function(x):
        calls.append(x)
        if len(calls) > 40:
            raise KeyboardInterrupt
        return bowl(x)

    with pytest.raises(KeyboardInterrupt):
        minimize_spsa(function, np.zeros(3), steps=100, seed=0, path=path)
    assert (path[0] == 0).all()
    assert len(path) == 1 + 40 // 2 - 5


def test_tail_is_a_fifth():
    points = [np.array([float(k)]) for k in range(10)]
    assert tail_mean(points) == [8.5]


@pytest.mark.parametrize("steps", [0, 1.5, None])
def test_bad_steps(steps):
    with pytest.raises(CircuitError, match="steps"):
        minimize_spsa(bowl, np.zeros(3), steps=steps)
