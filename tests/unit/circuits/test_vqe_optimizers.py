"""Optimizers on functions without circuits: minima, stopping rules, noise."""

import numpy as np
import pytest

from hybrid_opt.circuits.vqe_optimizers import OPTIMIZERS, Settings, optimize, standing
from hybrid_opt.circuits.vqe_run import EnoughError, Run

LOWEST = np.array([0.4, -0.3, 0.2])


class Valley:
    """A skewed bowl with its minimum at LOWEST, with noise if there are shots."""

    def __init__(self, shots=None):
        self.shots, self.rng = shots, np.random.default_rng(0)
        self.matrix = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 0.5]])

    def _error(self):
        return 0.0 if self.shots is None else 1.0 / np.sqrt(self.shots)

    def energies(self, rows):
        moved = rows - LOWEST
        exact = np.einsum("bi,ij,bj->b", moved, self.matrix, moved) - 1.0
        return exact + self._error() * self.rng.normal(size=len(rows)), np.full(len(rows), self._error())

    def energy_and_gradient(self, weights):
        energies, errors = self.energies(weights[None])
        noise = self._error() * self.rng.normal(size=3)
        return float(energies[0]), float(errors[0]), 2 * self.matrix @ (weights - LOWEST) + noise


def settings(optimizer, **more):
    chosen = {"tolerance": 1e-12, "gradient_tolerance": 1e-7, "learning_rate": 0.05, "seed": 1, **more}
    return Settings(optimizer, **chosen)


def started(shots=None, most=3000):
    return Run(Valley(shots), np.zeros(3), most, np.inf, 1.0, lambda run: None)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_exact_minimum(optimizer):
    run = started()
    answer = optimize(run, settings(optimizer))
    assert answer == pytest.approx(LOWEST, abs=0.05 if optimizer == "SPSA" else 1e-4)
    assert run.converged
    assert run.reason


@pytest.mark.parametrize("optimizer", ["Adam", "SPSA", "COBYLA", "Nelder-Mead"])
def test_noisy_minimum(optimizer):
    run = started(shots=10_000)
    answer = optimize(run, settings(optimizer))
    moved = answer - LOWEST
    assert moved @ run.function.matrix @ moved < 0.05
    assert run.converged


def test_more_noise_stops_earlier_but_not_at_once():
    rough, fine = started(shots=20), started(shots=10**6)
    optimize(rough, settings("Adam"))
    optimize(fine, settings("Adam"))
    assert 40 <= len(rough.iterations) <= len(fine.iterations)


def test_steps_are_recorded_with_their_errors():
    run = started(shots=100)
    optimize(run, settings("SPSA"))
    assert run.iterations[0].standard_error == pytest.approx(0.1 / np.sqrt(2))
    assert run.iterations[0].gradient_norm is None
    evaluations = [step.evaluations for step in run.iterations]
    assert set(np.diff(evaluations)) == {2}


def test_standing_is_the_mean_of_the_last_steps_or_the_best_point():
    run = started(shots=100, most=60)
    with pytest.raises(EnoughError):
        optimize(run, settings("SPSA"))
    last = [step[2] for step in run.state["window"]]
    assert standing(run) == pytest.approx(np.mean(last[len(last) // 2 :], axis=0))
    exact = started(most=10)
    with pytest.raises(EnoughError):
        optimize(exact, settings("Adam"))
    assert standing(exact) is exact.best_weights


def test_directions_follow_the_seed():
    answers = []
    for seed in (1, 1, 2):
        run = started()
        answers.append(optimize(run, settings("SPSA", seed=seed)))
    assert np.array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])
