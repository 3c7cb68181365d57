"""The record of a training: counts, and its picture."""

import numpy as np

from hybrid_opt.circuits.trained_angles import GRADIENT_COST, TrainedAngles


def record():
    angles = TrainedAngles(np.zeros(2), np.zeros(2))
    for value, cost in ((3.0, 1), (1.0, GRADIENT_COST), (2.0, 1)):
        angles.note(value, cost, 10)
    return angles


def test_effort_is_counted():
    angles = record()
    assert (angles.evaluations, angles.gradients, angles.shots) == (2 + GRADIENT_COST, 1, 30)
    assert angles.costs == [1, 1 + GRADIENT_COST, 2 + GRADIENT_COST]
    assert angles.depth == 2


def test_drawing_shows_calls_best_and_optimum():
    axes = record().plot(optimum=0.5).axes[0]
    calls, best, line = axes.lines
    assert calls.get_ydata().tolist() == [3.0, 1.0, 2.0]
    assert best.get_ydata().tolist() == [3.0, 1.0, 1.0]
    assert set(line.get_ydata()) == {0.5}
    assert len(TrainedAngles(np.zeros(1), np.zeros(1)).plot().axes[0].lines) == 2
