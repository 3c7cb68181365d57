"""Energies over a grid of angles."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import DiagonalQAOA, SubspaceQAOA, landscape
from hybrid_opt.circuits.errors import CircuitError

MODEL = dimod.BinaryQuadraticModel({"a": 0.5, "b": 0.0, "c": -1.0}, {"ab": 1.0, "bc": -0.5}, 1.5, "SPIN")


@pytest.mark.parametrize("engine", [DiagonalQAOA(MODEL), SubspaceQAOA(MODEL, [("a", "b")])])
def test_every_point_is_the_engines_value(engine):
    found = landscape(engine, [0.1, 0.5, -0.3], [0.2, -0.7])
    assert found.values.shape == (3, 2)
    for i, gamma in enumerate(found.gammas):
        for j, beta in enumerate(found.betas):
            assert found.values[i, j] == pytest.approx(engine.value([gamma], [beta]), abs=1e-10)
    gamma, beta, lowest = found.best()
    assert lowest == found.values.min() == pytest.approx(engine.value([gamma], [beta]))


def test_the_grid_does_not_depend_on_the_unit():
    large = MODEL.copy()
    large.scale(1000.0)
    small, big = landscape(DiagonalQAOA(MODEL), points=5), landscape(DiagonalQAOA(large), points=5)
    np.testing.assert_allclose(big.values, 1000 * small.values, rtol=1e-9)
    np.testing.assert_allclose(big.gammas * 1000, small.gammas)
    assert (small.betas[0], small.betas[-1]) == (-np.pi / 2, np.pi / 2)


def test_a_constant_cost_has_a_landscape():
    assert np.ptp(landscape(DiagonalQAOA([2.0, 2.0]), points=3).values) == pytest.approx(0.0, abs=1e-12)


def test_drawing():
    found = landscape(DiagonalQAOA(MODEL), points=5)
    axes = found.plot({"rule": (0.5, -0.4)}).axes[0]
    assert [line.get_label() for line in axes.lines] == ["lowest of the grid", "rule"]
    assert axes.lines[0].get_xydata()[0].tolist() == list(found.best()[:2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gammas": []}, "gammas must be a list of finite angles"),
        ({"betas": [np.nan]}, "betas must be a list"),
        ({"gammas": [[0.1]]}, r"shape is \(1, 1\)"),
        ({"points": 1}, "points is 1"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(CircuitError, match=message):
        landscape(DiagonalQAOA(MODEL), **options)
