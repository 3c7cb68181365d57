"""A run counts and remembers, in units of its scale, and stops when evaluations or time are used up."""

from time import perf_counter

import numpy as np
import pytest

from hybrid_opt.circuits.vqe_run import EnoughError, Run


class Bowl:
    """An energy without a circuit."""

    def __init__(self, shots=None):
        self.shots, self.calls = shots, 0

    def energies(self, rows):
        self.calls += len(rows)
        return (rows**2).sum(axis=1), np.full(len(rows), 0.0 if self.shots is None else 0.3)

    def energy_and_gradient(self, weights):
        self.calls += 1
        return float((weights**2).sum()), 0.0 if self.shots is None else 0.3, 2 * weights


def started(most=10, deadline=np.inf, shots=None):
    steps = []
    return Run(Bowl(shots), np.array([1.0, 2.0]), most, deadline, 10.0, steps.append), steps


def test_energies_are_scaled_for_optimizers_and_kept_unscaled():
    run, steps = started()
    assert run.energy(np.array([3.0, 1.0])) == (1.0, 0.0)
    energy, error, gradient = run.gradient(np.array([1.0, 0.0]))
    assert (energy, error, gradient.tolist()) == (0.1, 0.0, [0.2, 0.0])
    assert run.energies == [10.0, 1.0]
    assert (run.evaluations, run.gradients, run.best_energy) == (2, 1, 1.0)
    run.step(np.array([1.0, 0.0]), energy, error, 0.2)
    assert (run.iterations[0].energy, run.iterations[0].gradient_norm) == (1.0, 2.0)
    assert run.iterations[0].evaluations == 2
    assert steps == [run]


def test_the_same_point_is_computed_once_without_shots():
    run, _ = started()
    for _ in range(3):
        run.gradient(np.array([1.0, 1.0]))
    assert run.function.calls == run.evaluations == 1
    noisy, _ = started(shots=5)
    for _ in range(3):
        noisy.gradient(np.array([1.0, 1.0]))
    assert noisy.function.calls == 3


def test_best_weights_are_a_copy():
    run, _ = started()
    weights = np.array([0.5, 0.0])
    run.energy(weights)
    weights[:] = 9.0
    assert run.best_weights.tolist() == [0.5, 0.0]


def test_enough():
    run, _ = started(most=3)
    run.pair(np.zeros((2, 2)))
    with pytest.raises(EnoughError):
        run.pair(np.zeros((2, 2)))
    run.energy(np.zeros(2))
    with pytest.raises(EnoughError):
        run.gradient(np.ones(2))
    assert (run.evaluations, run.late) == (3, False)


def test_the_first_energy_is_computed_however_late():
    run, _ = started(deadline=perf_counter() - 1.0)
    run.energy(np.zeros(2))
    with pytest.raises(EnoughError):
        run.energy(np.zeros(2))
    assert run.late
